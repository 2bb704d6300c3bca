"""docs/scale.md holds what the model says. BELLWIRE_UPDATE_PICTURES=1 draws its picture anew."""

from __future__ import annotations

import os
from pathlib import Path

from bellwire.store import tables
from tests.pictures.scale import TENANTS, picture, row

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "scale.md").read_text(encoding="utf-8")


def test_the_table_is_the_models() -> None:
    assert [row(tenants) in PAGE for tenants in TENANTS] == [True] * len(TENANTS)


def test_the_picture_is_what_is_drawn_today() -> None:
    path = DOCS / "pictures" / "scale-cost.svg"
    if os.environ.get("BELLWIRE_UPDATE_PICTURES") == "1":
        path.write_text(picture(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == picture(), "draw it anew with BELLWIRE_UPDATE_PICTURES=1"
    assert "](pictures/scale-cost.svg)" in PAGE


def test_the_page_knows_every_table_whose_key_has_no_tenant() -> None:
    """So that nobody adds one without a word on how it would be sharded."""
    without = [name for name, table in tables.metadata.tables.items() if "tenant_id" not in table.primary_key.columns]
    assert [name for name in without if f"`{name}`" not in PAGE] == []
