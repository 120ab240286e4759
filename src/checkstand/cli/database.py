"""Which database a command works on: the one that is named, else the embedded one of the data folder.

Rule: `serve` owns an embedded database for its life; commands beside it use the running one, and where none runs they
start it for as long as they take. A database that is starting itself is waited for: both are often started together.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog

from checkstand.cli.data_folder import chosen_folder, known_secret_key
from checkstand.cli.terminal import Failure
from checkstand.embedded_postgres import cluster as embedded
from checkstand.ops.settings import Settings
from checkstand.store.database import open_connection
from checkstand.store.unavailable import unavailable

_TRY_AGAIN_AFTER_S = 0.5
_LOOK_EVERY_S = 1.0
log = structlog.get_logger("checkstand")


@dataclass(frozen=True, slots=True)
class OwnedDatabase:
    """The database that a server lives with: its address, and the embedded cluster where it owns one."""

    dsn: str
    cluster: embedded.Cluster | None = None

    def revive(self) -> None:
        """Start the embedded server again if it was killed. Raises EmbeddedError when it cannot be: then nothing can go on."""
        if self.cluster is not None and embedded.revive(self.cluster):
            log.warning("embedded_database_started_again", data=str(self.cluster.data), log=str(self.cluster.log))

    async def guard(self) -> None:
        """Keep the embedded server running until cancelled. Raises EmbeddedError."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if self.cluster is not None:
                await asyncio.to_thread(self.revive)


@contextlib.contextmanager
def owned(settings: Settings) -> Iterator[OwnedDatabase]:
    """The database for a process that lives as long as the embedded one."""
    if settings.database_url:
        yield OwnedDatabase(settings.database_url)
        return
    cluster = embedded.start(Path(settings.data_dir))
    try:
        yield OwnedDatabase(cluster.dsn, cluster)
    finally:
        embedded.stop(cluster)


@contextlib.contextmanager
def borrowed(settings: Settings, folder: Path, *, make: bool = False) -> Iterator[str]:
    """The database's address for one command. `make`: an embedded one that does not exist yet is made."""
    if settings.database_url:
        yield settings.database_url
        return
    running = embedded.find(folder)
    if running is not None:
        yield running.dsn
        return
    if not make and not embedded.exists(folder):
        raise Failure(
            f"There is no database in '{folder}'. Start `checkstand dev` once, name its folder with --data DIR, "
            "or name a PostgreSQL in CHECKSTAND_DATABASE_URL."
        )
    cluster = embedded.start(folder)
    try:
        yield cluster.dsn
    finally:
        embedded.stop(cluster)


def folder_of(settings: Settings, given: str | None) -> Path:
    """The data folder that a command line or the settings name, else the user's own."""
    return chosen_folder(given, settings.data_dir)


def key_of(settings: Settings, folder: Path) -> str:
    """The secret key that tokens are hashed with: the settings', else the one that `dev` made in the data folder."""
    key = settings.secret_key or known_secret_key(folder)
    if key is None:
        raise Failure(
            "The server's secret key is not known. Set CHECKSTAND_SECRET_KEY to the server's, or start "
            f"`checkstand dev` once, which makes one in '{folder}'."
        )
    return key


async def connected(settings: Settings, dsn: str) -> asyncpg.Connection:
    """A connection to the database, waited for as long as the settings say, with a line when that begins.

    Raises DatabaseUnavailable, and at once what no waiting mends: a wrong password, user or name.
    """
    deadline = time.monotonic() + settings.database_wait_seconds
    said = False
    while True:
        try:
            return await open_connection(dsn, statement_cache=settings.statement_cache, statement_within_s=None)
        except (asyncpg.PostgresError, OSError) as error:
            told = unavailable(error)
            if told is None:
                raise
            if time.monotonic() >= deadline:
                raise told from error
            if not said:
                log.warning("waiting_for_the_database", reason=str(told), for_s=settings.database_wait_seconds)
                said = True
        await asyncio.sleep(_TRY_AGAIN_AFTER_S)
