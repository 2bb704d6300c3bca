"""Callbacks on their way out: signed, told to each receiver by itself, again until they are taken."""
