"""Which database a command works on: the one that is named, else the embedded one of the data folder.

Rule: `serve` owns an embedded database for its life; commands beside it use the running one, and where none runs they
start it for as long as they take.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from checkstand.cli.data_folder import chosen_folder, known_secret_key
from checkstand.cli.terminal import Failure
from checkstand.ops.settings import Settings
from checkstand.store import embedded


@contextlib.contextmanager
def owned(settings: Settings) -> Iterator[str]:
    """The database's address for a process that lives as long as the embedded one."""
    if settings.database_url:
        yield settings.database_url
        return
    cluster = embedded.start(Path(settings.data_dir))
    try:
        yield cluster.dsn
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
