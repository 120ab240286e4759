"""Numbered SQL migrations, applied in order under an advisory lock, each in its own transaction.

A file is `migrations/NNNN_name.sql`. An applied one is remembered with a checksum: an edited file is refused, since a
database that ran the old text would differ from one that runs the new.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources

import asyncpg

from checkstand.store.database import open_connection

LOCK = 0x636865636B  # "check"


class MigrationError(Exception):
    """The schema cannot be brought up to date; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped() -> tuple[Migration, ...]:
    """The migrations that this version brings, in order."""
    folder = resources.files("checkstand.store") / "migrations"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return tuple(Migration(int(entry.name[:4]), entry.name[:-4], entry.read_text("utf-8")) for entry in files)


async def pending(connection: asyncpg.Connection) -> tuple[Migration, ...]:
    """The migrations that this database has not seen. Raises MigrationError when it saw a different text or a newer one."""
    known = await connection.fetchval("SELECT to_regclass('public.schema_migrations')")
    rows = await connection.fetch("SELECT number, checksum FROM schema_migrations") if known else []
    applied = {row["number"]: row["checksum"] for row in rows}
    migrations = shipped()
    newest = migrations[-1].number
    if any(number > newest for number in applied):
        raise MigrationError(
            "The database was made by a newer Checkstand. Install that version or use another database."
        )
    for migration in migrations:
        if applied.get(migration.number, migration.checksum) != migration.checksum:
            raise MigrationError(
                f"Migration {migration.name} differs from the one this database ran. "
                "Use the release that made the database, or start with an empty one."
            )
    return tuple(migration for migration in migrations if migration.number not in applied)


async def migrate(dsn: str) -> tuple[str, ...]:
    """Bring the schema up to date; returns the names of what was applied. Safe to run from many processes at once."""
    connection = await open_connection(dsn, statement_within_s=None)
    try:
        return await migrate_on(connection)
    finally:
        await connection.close()


async def migrate_on(connection: asyncpg.Connection) -> tuple[str, ...]:
    """The same on an open connection. Each step takes the lock for its own transaction, the only thing that a pooler keeps together,
    and looks again whether somebody else was faster.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY, name text NOT NULL, "
            "checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
    done = []
    while waiting := await pending(connection):
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            if waiting[0] not in await pending(connection):
                continue
            await connection.execute(waiting[0].sql)
            await connection.execute(
                "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)",
                waiting[0].number,
                waiting[0].name,
                waiting[0].checksum,
            )
        done.append(waiting[0].name)
    return tuple(done)
