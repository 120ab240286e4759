"""One web process: uvicorn on a socket that is bound already, until it is told to stop.

Signals are the command's affair, not uvicorn's: a database may have to be stopped after the last request.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from checkstand.cli.bounded_http import BoundedProtocol
from checkstand.cli.listening import BACKLOG

GRACE_S = 1
"""How long requests may still run after the wish to stop: event streams never end by themselves."""


class _Server(uvicorn.Server):
    """Says when it accepts requests, and leaves signals alone."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


async def serve_web(
    app: ASGIApp,
    bound: socket.socket,
    stop: asyncio.Event,
    *,
    ready: Callable[[], None],
    access_log: bool = False,
    protocol: type[BoundedProtocol] = BoundedProtocol,
) -> None:
    """Serve until `stop` is set. `ready` is called once requests are accepted."""
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=access_log,
        proxy_headers=False,  # X-Forwarded-For is read where it matters, from trusted proxies only
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = _Server(config, ready)

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    try:
        await server.serve(sockets=[bound])
    finally:
        ending.cancel()
