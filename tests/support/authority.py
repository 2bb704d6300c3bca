"""A certificate authority of a test's own, as a company has one."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme


def trust(authority: trustme.CA, folder: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Have this process trust it, in the way in which an operator would; returns it."""
    authority.cert_pem.write_to_path(folder / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    return authority
