"""The Teams app package: a zip with a manifest and two icons, which Teams installs (platform reference §10)."""
