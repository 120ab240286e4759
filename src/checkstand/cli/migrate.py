"""`checkstand migrate`: the database's schema is brought up to date, and what was done is listed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # loaded when they are needed: `--help` should not wait for the application
    from checkstand.ops.settings import Settings


@click.command("migrate")
@click.option(
    "--data", metavar="DIR", help="Data folder of the embedded database, if no CHECKSTAND_DATABASE_URL is set."
)
def command(data: str | None) -> None:
    """Bring the database's schema up to date.

    Works on CHECKSTAND_DATABASE_URL, else on the embedded database of the data folder. Doing it again does no harm, nor
    does doing it from several machines at once. Run it before each new version of `serve` and `worker`.
    """
    import asyncio

    from checkstand.cli.database import borrowed, folder_of
    from checkstand.ops.settings import from_environment

    settings = from_environment(os.environ)
    with borrowed(settings, folder_of(settings, data), make=True) as dsn:
        done = asyncio.run(_migrate(settings, dsn))
    for name in done:
        print(f"Applied {name}")
    print("The schema is up to date." if done else "The schema was up to date already.")


async def _migrate(settings: Settings, dsn: str) -> tuple[str, ...]:
    from checkstand.cli.database import connected
    from checkstand.store.migrate import migrate_on

    connection = await connected(settings, dsn)
    try:
        return await migrate_on(connection)
    finally:
        await connection.close()
