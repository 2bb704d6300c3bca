"""Whom the directory knows by a user principal name or an e-mail address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """One more table."""
    op.create_table(
        "names",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("aad_object_id", TEXT, nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "name", name="pk_names"),
        sa.CheckConstraint("(kind = 'upn' OR kind = 'email')", name=op.f("ck_names_kind")),
        sa.CheckConstraint("tenant_id = lower(tenant_id)", name=op.f("ck_names_tenant_id_lower")),
        sa.CheckConstraint("aad_object_id = lower(aad_object_id)", name=op.f("ck_names_aad_object_id_lower")),
    )
    op.create_index("ix_names_found", "names", ["found_at"])
