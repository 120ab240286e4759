"""One web process: uvicorn on a socket that is bound already, until it is told to stop.

Signals are the command's affair, not uvicorn's: a database may have to be stopped after the last request.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Sized

import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checkstand.cli.bounded_http import BoundedProtocol
from checkstand.cli.listening import BACKLOG, let_nobody_new_in
from checkstand.web.errors import unavailable

_LOOK_EVERY_S = 0.05
_HALF_MADE_S = 0.25  # how long a connection takes to be made, from its first packet
_CUT_OFF_WITHIN_S = 1.0


class _Server(uvicorn.Server):
    """Says when it accepts requests, leaves signals alone, and ends so that no caller is cut off in the middle."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], linger_s: float, closes_port: bool) -> None:
        super().__init__(config)
        self._ready = ready
        self._linger_s = linger_s
        self._closes_port = closes_port

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening first. Who is connected already may ask once more, within a moment, and is told that the connection ends;
        then requests under way are waited for, and what is left at the end is answered by `AnswersWhenCutOff`.
        """
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        if self._linger_s:
            for sock in sockets or [] if self._closes_port else []:
                let_nobody_new_in(sock)
            await asyncio.sleep(_HALF_MADE_S)
        waiting = [connection for sock in sockets or [] for connection in _accepted(sock)]
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        for connection in waiting:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        await self._until_nobody(self.server_state.connections, self._linger_s)
        await super().shutdown(sockets)
        await self._until_nobody(self.server_state.tasks, _CUT_OFF_WITHIN_S)

    def _protocol(self) -> asyncio.Protocol:
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol

    async def _until_nobody(self, waited_for: Sized, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while waited_for and time.monotonic() < deadline:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(_LOOK_EVERY_S)


def _accepted(listening: socket.socket) -> Iterator[socket.socket]:
    """The connections that the system has made for us already: those it would reset when the last to listen closes."""
    listening.setblocking(False)
    with contextlib.suppress(OSError):  # nobody waits any more, or nobody listened
        while True:
            connection, _address = listening.accept()
            connection.setblocking(False)
            yield connection


class AnswersWhenCutOff:
    """A request that is still at work when the server has to end is answered as one that the database did not answer: nobody knows
    yet what became of it. It must not pay again, and looks again later.

    This is around all else: an answer's beginning that is held back below (to be compressed) has not been sent.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = False

        async def noting(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except asyncio.CancelledError as cut_off:
            if began:
                raise
            response = await unavailable(Request(scope), cut_off)
            await response(scope, receive, send)


async def serve_web(
    app: ASGIApp,
    bound: socket.socket,
    stop: asyncio.Event,
    *,
    ready: Callable[[], None],
    drain_s: int,
    linger_s: float = 0.0,
    closes_port: bool = True,
    access_log: bool = False,
    protocol: type[BoundedProtocol] = BoundedProtocol,
) -> None:
    """Serve until `stop` is set. `ready` is called once requests are accepted.

    `drain_s`: how long requests may still run after the wish to stop; `linger_s`: how long somebody connected may still send one.
    `closes_port`: whether nobody listens any more when this process does not; else whoever stops them all closes the port.
    """
    config = uvicorn.Config(
        AnswersWhenCutOff(app),
        http=protocol,
        ws="none",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=access_log,
        proxy_headers=False,  # X-Forwarded-For is read where it matters, from trusted proxies only
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=drain_s,
    )
    server = _Server(config, ready, linger_s, closes_port)

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    try:
        await server.serve(sockets=[bound])
    finally:
        ending.cancel()
