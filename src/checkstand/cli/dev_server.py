"""`checkstand dev`: the embedded database, the demo shop, web and worker in one process, and their orderly end.

The order is chosen for a quick start: the port first (a port in use is told at once), then the database, which is
mostly other processes' work, while this one imports the application. Whatever was started is stopped in reverse order,
also after Ctrl-C during the start.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from checkstand.cli import data_folder
from checkstand.cli.database import OwnedDatabase, connected
from checkstand.cli.listening import bind, url_of
from checkstand.cli.stopping import ignore_signals, interruptible, run_until, stop_event
from checkstand.cli.terminal import Failure, note, paint
from checkstand.embedded_postgres import cluster as embedded
from checkstand.ops.settings import THIS_MACHINE, Settings, from_environment

if TYPE_CHECKING:  # loaded in the background, while the database starts
    from checkstand.services import Services
    from checkstand.testing.demo import DemoShop

_EPHEMERAL = "checkstand-dev-"
_APPLICATION = ("checkstand.app", "checkstand.cli.web", "checkstand.cli.greeting", "checkstand.ops.logging")


@dataclass(frozen=True, slots=True, kw_only=True)
class DevOptions:
    """The command line of `checkstand dev`. None: not given."""

    host: str | None
    port: int | None
    data: str | None
    ephemeral: bool
    as_json: bool
    rate_limits: bool
    tax_everywhere: bool
    worlds: bool


def run(options: DevOptions) -> None:
    """Serve until SIGINT or SIGTERM."""
    given = from_environment(os.environ)
    if options.ephemeral and given.database_url:
        raise Failure("--ephemeral is for the embedded database: unset CHECKSTAND_DATABASE_URL, or leave it away.")
    _say_what_is_missing(options)
    host, port = options.host or given.host, given.port if options.port is None else options.port
    with interruptible(), contextlib.ExitStack() as started:
        bound = started.enter_context(bind(host, port))
        importing = _import_in_background()
        folder = started.enter_context(_folder(options, given))
        database = started.enter_context(_database(options, given, folder))
        started.callback(ignore_signals)  # which comes before the database's end
        settings = replace(
            given,
            public_url=given.public_url or url_of(bound),
            secret_key=given.secret_key or data_folder.secret_key(folder),
            data_dir=str(folder),
            rate_limits=options.rate_limits,
            private_webhooks=True,
            trusted_proxies=given.trusted_proxies or THIS_MACHINE,
        )
        importing()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(options, settings, database, bound, folder))


def _say_what_is_missing(options: DevOptions) -> None:
    if options.worlds:
        note("--worlds does nothing yet: only the demo shop's own keys are known.")


def _import_in_background() -> Callable[[], None]:
    """Load the application while the database starts; the answer waits for it, and raises what went wrong.

    Nothing of what is loaded ever becomes garbage: looking for it would cost a tenth of the time, and later collections
    need not look either.
    """
    failed: list[BaseException] = []

    def load() -> None:
        try:
            for name in _APPLICATION:
                import_module(name)
        except BaseException as error:  # noqa: BLE001 - raised again where somebody hears it
            failed.append(error)

    gc.disable()
    thread = threading.Thread(target=load, name="import", daemon=True)
    thread.start()

    def wait() -> None:
        thread.join()
        gc.freeze()
        gc.enable()
        if failed:
            raise failed[0]

    return wait


@contextlib.contextmanager
def _folder(options: DevOptions, given: Settings) -> Iterator[Path]:
    """The data folder; a temporary one is removed at the end, with those that killed servers left behind."""
    if not options.ephemeral:
        folder = data_folder.chosen_folder(options.data, given.data_dir)
        if given.database_url:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield folder
        return
    folder = Path(tempfile.mkdtemp(prefix=_EPHEMERAL))
    if os.geteuid() == 0:
        folder.chmod(0o711)  # PostgreSQL runs as another user then, and must pass through
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _remove_abandoned()


def _remove_abandoned() -> None:
    """Remove what `--ephemeral` servers that were killed left in the temporary folder, if they were this user's."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_EPHEMERAL}*"):
        with contextlib.suppress(OSError, embedded.EmbeddedError):
            mine = folder.stat().st_uid == os.geteuid()
            started = (folder / embedded.LOCK_NAME).exists()
            if mine and started and embedded.discard_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _database(options: DevOptions, given: Settings, folder: Path) -> Iterator[OwnedDatabase]:
    """The database to use: the one that is named, else the embedded one of the folder."""
    if given.database_url:
        yield OwnedDatabase(given.database_url)
        return
    if options.ephemeral:
        note(paint("Preparing a database ...", on=sys.stderr, faint=True))
    elif not embedded.exists(folder):
        note(paint("Preparing the database (first start only) ...", on=sys.stderr, faint=True))
    cluster = embedded.start(folder, durable=not options.ephemeral)
    try:
        yield OwnedDatabase(cluster.dsn, cluster)
    finally:
        (embedded.discard if options.ephemeral else embedded.stop)(cluster)


async def _serve(
    options: DevOptions, settings: Settings, database: OwnedDatabase, bound: socket.socket, folder: Path
) -> None:
    from checkstand.app import PublicUrl, create_app, front, open_services
    from checkstand.cli import greeting
    from checkstand.cli.web import serve_web
    from checkstand.domain.tax import EVERYWHERE
    from checkstand.flows.organizations.tax_registrations import change_registrations
    from checkstand.ops.logging import configure
    from checkstand.store.migrate import migrate_on
    from checkstand.testing.demo import open_demo_shop
    from checkstand.worker.loop import Worker

    stop = stop_event()
    configure(settings.log_level, as_json=False)
    connection = await connected(settings, database.dsn)
    await migrate_on(connection)
    await connection.close()
    async with open_services(settings, database.dsn, PublicUrl(settings.public_url)) as services:
        await _refuse_live(services)
        shop = await open_demo_shop(services.ports, services.authenticator)
        _refuse_another_key(shop, settings)
        if options.tax_everywhere:
            await change_registrations(services.ports, shop.organization.id, register=[EVERYWHERE])
        worker = services.drainer
        assert isinstance(worker, Worker)

        def ready() -> None:
            running = data_folder.Note(url=url_of(bound), pid=os.getpid(), access_token=shop.polar_token)
            data_folder.write_note(folder, running)
            greeting.say(
                shop, settings.public_url, kept_in=None if options.ephemeral else folder, as_json=options.as_json
            )

        web = serve_web(
            front(create_app(services)),
            bound,
            stop,
            ready=ready,
            drain_s=settings.drain_seconds,
            access_log=settings.log_level == "debug",
        )
        try:
            await run_until(stop, web, worker.run(), database.guard())
        finally:
            data_folder.remove_note(folder)


async def _refuse_live(services: Services) -> None:
    """`dev` makes a shop whose keys are printed: that has no place beside a merchant's money."""
    from checkstand.store import organizations

    if any(organization.mode == "live" for organization in await organizations.all_of_them(services.ports.db)):
        raise Failure(
            "The database that CHECKSTAND_DATABASE_URL names holds live organizations, and `dev` is for tests alone. "
            "Name another database, or unset the variable to use the embedded one."
        )


def _refuse_another_key(shop: DemoShop, settings: Settings) -> None:
    """The shop's keys are made from the secret key; under another one they would be printed, and not work."""
    from checkstand.testing.demo import demo_identity

    if shop.organization.id != demo_identity(settings.secret_key.encode(), f"{shop.organization.slug}/organization"):
        raise Failure(
            "The demo shop in this database was made with another secret key. Give the former one back "
            f"(CHECKSTAND_SECRET_KEY, or {data_folder.KEY_NAME} in the data folder), or begin with an empty folder: --data DIR."
        )
