"""The processes of a production server: `serve` (one web process, or several on one port) and `worker`.

Both refuse to start on a missing setting or a schema that is not current, and log JSON to standard error. On SIGTERM nobody new is
let in, requests under way are waited for (CHECKSTAND_DRAIN_SECONDS), and an embedded database is stopped last. A signal that comes
while they are still starting ends them as politely.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
import uvloop

from checkstand import __version__
from checkstand.cli.database import OwnedDatabase, connected, owned
from checkstand.cli.failures import sentence
from checkstand.cli.listening import bind
from checkstand.cli.stopping import SIGNALS, ignore_signals, interruptible, run_until, stop_event
from checkstand.cli.supervisor import supervise
from checkstand.cli.terminal import Failure
from checkstand.embedded_postgres import cluster as embedded
from checkstand.ops.logging import configure
from checkstand.ops.settings import PREFIX, Settings, not_used_yet, require_for_serving
from checkstand.store.migrate import pending

_DATABASE_WAIT_S = 30.0
_PARENT_CHECK_S = 1.0
LINGER_S = 2.0

log = structlog.get_logger("checkstand")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The process that started this web process, where there are several: it bound the port and handed the socket down."""

    socket_fd: int
    pid: int


def run_web(settings: Settings, parent: Parent | None) -> None:
    """Serve until a signal."""
    _prepare(settings)
    with _until_told() if parent is None else _as_child(), contextlib.ExitStack() as started:
        bound = (
            bind(settings.host, settings.port, listens=False)
            if parent is None
            else socket.socket(fileno=parent.socket_fd)
        )
        started.enter_context(bound)
        database = started.enter_context(owned(settings))
        started.callback(ignore_signals)
        asyncio.run(_require_current_schema(settings, database.dsn))
        if settings.workers > 1:
            supervise(settings.workers, bound, database, drain_s=settings.drain_seconds + LINGER_S)
            return
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_web(settings, database, bound, parent))


@contextlib.contextmanager
def _until_told() -> Iterator[None]:
    """Inside, a signal that no loop has taken charge of ends the command well: being told to end is no failure of a service."""
    try:
        with interruptible():
            yield
    except KeyboardInterrupt:
        log.info("stopped")


@contextlib.contextmanager
def _as_child() -> Iterator[None]:
    """End at once on a signal until the loop handles signals: nothing is under way yet, and in the socket wait callers whom only
    those that listen take over. Its failures belong in the log that it shares with its parent, which is JSON line by line.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    except Exception as error:
        log.error("cannot_serve", reason=error.message if isinstance(error, Failure) else sentence(error))
        raise SystemExit(1) from error


def _prepare(settings: Settings) -> None:
    require_for_serving(settings)
    configure(settings.log_level, as_json=True)
    for name in not_used_yet(os.environ):
        log.warning("setting_does_nothing_yet", name=f"{PREFIX}{name}")


async def _web(settings: Settings, database: OwnedDatabase, bound: socket.socket, parent: Parent | None) -> None:
    from checkstand.app import PublicUrl, create_app, front, open_services
    from checkstand.cli.web import serve_web

    stop = stop_event()
    host, port = bound.getsockname()[:2]

    def ready() -> None:
        log.info("serving", host=host, port=port, public_url=settings.public_url, version=__version__)

    async with open_services(settings, database.dsn, PublicUrl(settings.public_url)) as services:
        web = serve_web(
            front(create_app(services)),
            bound,
            stop,
            ready=ready,
            drain_s=settings.drain_seconds,
            linger_s=LINGER_S,
            closes_port=parent is None,
            access_log=settings.log_level in ("debug", "info"),
        )
        beside = [database.guard()] if parent is None else [_stop_without(parent)]
        await run_until(stop, web, *beside)
    log.info("stopped")


async def _stop_without(parent: Parent) -> None:
    """End this process when its parent was killed: nothing else would, and it holds the port."""
    while os.getppid() == parent.pid:  # noqa: ASYNC110 - the system tells this to nobody
        await asyncio.sleep(_PARENT_CHECK_S)


def run_worker(settings: Settings) -> None:
    """Do due work until a signal."""
    _prepare(settings)
    with _until_told():
        dsn = settings.database_url or _beside_serve(Path(settings.data_dir))
        asyncio.run(_require_current_schema(settings, dsn))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(settings, dsn))


def _beside_serve(folder: Path) -> str:
    """The embedded database that `serve` owns, once it runs: both are often started at the same moment."""
    deadline = time.monotonic() + _DATABASE_WAIT_S
    while time.monotonic() < deadline:
        running = embedded.find(folder)
        if running is not None:
            return running.dsn
        time.sleep(0.2)
    raise Failure(
        f"No database runs in '{folder}' after {_DATABASE_WAIT_S:.0f} s. Start `checkstand serve` with the same "
        "CHECKSTAND_DATA_DIR first, or name a PostgreSQL in CHECKSTAND_DATABASE_URL."
    )


async def _work(settings: Settings, dsn: str) -> None:
    from checkstand.app import PublicUrl, open_services
    from checkstand.worker.loop import Worker

    stop = stop_event()
    async with open_services(settings, dsn, PublicUrl(settings.public_url)) as services:
        worker = services.drainer
        assert isinstance(worker, Worker)
        log.info("working", version=__version__)
        await run_until(stop, stop.wait(), worker.run())
    log.info("stopped")


async def _require_current_schema(settings: Settings, dsn: str) -> None:
    connection = await connected(settings, dsn)
    try:
        missing = await pending(connection)
    finally:
        await connection.close()
    if missing:
        raise Failure(
            f"The database's schema is not current ({', '.join(step.name for step in missing)} not applied). "
            "Run `checkstand migrate` with the same settings, then start again."
        )
