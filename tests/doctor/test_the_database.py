"""The database: not there, not readable, not ours, not writable, of another version; and what its rows tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import asyncpg
from sqlalchemy import text

from bellwire.service.doctor.finding import Level
from tests.doctor.conftest import Patient


async def test_a_file_that_is_not_there_stays_away(patient: Patient, tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    found = await patient.look("database", database_url=f"sqlite+aiosqlite:///{file}")
    assert found.level is Level.UNTOLD
    assert not file.exists()


async def test_a_folder_that_is_not_there_stops_everything(patient: Patient, tmp_path: Path) -> None:
    found = await patient.look("database", database_url=f"sqlite+aiosqlite:///{tmp_path}/missing/bellwire.db")
    assert found.level is Level.STOPS
    assert "folder" in (found.remedy or "")


async def test_a_file_of_something_else(patient: Patient, tmp_path: Path) -> None:
    file = tmp_path / "letter.db"
    file.write_text("Dear database, " * 1000)
    found = await patient.look("database", database_url=f"sqlite+aiosqlite:///{file}")
    assert found.level is Level.STOPS
    assert "NOTADB" in found.detail


async def test_a_server_that_does_not_answer(patient: Patient) -> None:
    found = await patient.look("database", database_url="postgresql+asyncpg://postgres:hunter2@127.0.0.1:9/none")
    assert found.level is Level.STOPS
    assert "hunter2" not in repr(found)


async def test_a_database_that_takes_no_writes(patient: Patient, postgres_url: str) -> None:
    plain = postgres_url.replace("+asyncpg", "")
    connection = await asyncpg.connect(plain)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        found = await patient.look("database", database_url=postgres_url)
    finally:
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await connection.close()
    assert found.level is Level.STOPS
    assert "cannot be written to" in found.detail


async def test_tables_of_a_newer_version(patient_on_either: Patient) -> None:
    await set_version(patient_on_either, "r9999_later")
    found = await patient_on_either.look("database")
    assert found.level is Level.STOPS
    assert "r9999_later" in found.detail


async def test_tables_of_no_version_are_yet_to_be_made(patient: Patient, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    found = await patient.look("database", database_url=f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")
    assert found.level is Level.UNTOLD
    assert "no tables" in found.detail


async def test_chats_at_hosts_of_another_cloud_are_counted(patient_on_either: Patient) -> None:
    for name in ("Adele Vance", "Megan Bowen"):
        await patient_on_either.teams.person(name).install()
    cloud = replace(patient_on_either.installation.cloud, service_hosts=("teams.example",))
    found = await patient_on_either.look("service hosts", cloud=cloud)
    assert found.level is Level.STOPS
    assert "2 of 2" in found.detail


async def test_that_nothing_ever_came_in_is_said(patient_on_either: Patient) -> None:
    found = await patient_on_either.look("activities")
    assert found.level is Level.UNTOLD
    assert "Install the app" in (found.remedy or "")


async def set_version(patient: Patient, version: str) -> None:
    await patient.service.bellwire.database.write(
        lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    )
    await patient.service.bellwire.database.write(lambda conn: conn.execute(text("DELETE FROM oldest_code")))
