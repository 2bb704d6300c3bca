"""An attempt may ask for an install."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Connection, text

revision = "0002"
down_revision = "0001"

STEPS = ("open_chat", "post", "change", "take_back")
OUTCOMES = ("sent", "opened", "retry", "heal", "undeliverable", "unknown", "halt")


def upgrade() -> None:
    """Widen two constraints."""
    conn = op.get_bind()
    widened = {
        _one_of("step", *STEPS): _one_of("step", *STEPS, "install"),
        _one_of("outcome", *OUTCOMES): _one_of("outcome", *OUTCOMES, "installed"),
    }
    if conn.dialect.name == "sqlite":
        _make_anew(conn, widened)
        return
    for name, condition in zip(("step", "outcome"), widened.values(), strict=True):
        op.drop_constraint(op.f(f"ck_attempts_{name}"), "attempts")
        op.create_check_constraint(op.f(f"ck_attempts_{name}"), "attempts", text(condition))


def _make_anew(conn: Connection, changes: dict[str, str]) -> None:
    """SQLite changes no constraint: the table is made again under its own name, and filled."""
    (sql,) = conn.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'attempts'").scalars()
    indexes = conn.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'attempts' AND type = 'index' AND sql IS NOT NULL"
    ).scalars()
    indexes_again = list(indexes)
    for before, after in changes.items():
        sql = sql.replace(before, after)
    conn.exec_driver_sql("ALTER TABLE attempts RENAME TO attempts_before")
    conn.exec_driver_sql(sql)
    conn.exec_driver_sql("INSERT INTO attempts SELECT * FROM attempts_before")
    conn.exec_driver_sql("DROP TABLE attempts_before")
    for index in indexes_again:
        conn.exec_driver_sql(index)


def _one_of(column: str, *values: str) -> str:
    return f"({' OR '.join(f'{column} = {value!r}' for value in values)})"
