"""Teams that have the app, and who is in them; an attempt may open a chat by the roster's id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bellwire.store.migrations.checks import widen

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
STEPS = ("open_chat", "post", "change", "take_back", "install")


def upgrade() -> None:
    """Make two tables, and widen a constraint."""
    _teams()
    _roster()
    widen("attempts", "step", STEPS, ("open_chat", "open_chat_as_member", *STEPS[1:]))


def _lower_case(table: str, *columns: str) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(f"{name} = lower({name})", name=op.f(f"ck_{table}_{name}_lower")) for name in columns]


def _teams() -> None:
    op.create_table(
        "teams",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("team_id", TEXT, nullable=False),
        sa.Column("service_url", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=True),
        sa.Column("installed_at", TIME, nullable=True),
        sa.Column("removed_at", TIME, nullable=True),
        sa.Column("read_at", TIME, nullable=True),
        sa.Column("due_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "sender", "team_id", name="pk_teams"),
        sa.CheckConstraint("team_id <> '' AND service_url <> ''", name=op.f("ck_teams_addresses")),
        *_lower_case("teams", "tenant_id"),
    )
    op.create_index("ix_teams_due", "teams", ["due_at"])


def _roster() -> None:
    op.create_table(
        "roster",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("aad_object_id", TEXT, nullable=False),
        sa.Column("team_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=True),
        sa.Column("guest", sa.Boolean, nullable=False),
        sa.Column("listed_at", TIME, nullable=False),
        sa.Column("refused", TEXT, nullable=True),
        sa.Column("refused_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "sender", "aad_object_id", "team_id", name="pk_roster"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "sender", "team_id"],
            ["teams.tenant_id", "teams.sender", "teams.team_id"],
            name="fk_roster_tenant_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("user_id <> ''", name=op.f("ck_roster_addresses")),
        sa.CheckConstraint("(refused IS NULL) = (refused_at IS NULL)", name=op.f("ck_roster_refused")),
        *_lower_case("roster", "tenant_id", "aad_object_id"),
    )
    op.create_index("ix_roster_team", "roster", ["tenant_id", "sender", "team_id"])
