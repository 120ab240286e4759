"""A real server for tests: the whole application on a free port, in a thread with a loop of its own, on the worker's database.

`server.new_shop()` makes an organization of the test's own with the demo catalogue and keys; `server.run(coroutine)` runs something
inside the server's loop, for looking at the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import uuid4

import uvicorn
from starlette.types import ASGIApp

from checkstand.app import DIALECTS, PublicUrl, create_app, front, open_services
from checkstand.cli.bounded_http import BoundedProtocol
from checkstand.dialects.api import DialectParts
from checkstand.flows.ports import Ports
from checkstand.ops.settings import THIS_MACHINE, Settings
from checkstand.services import Services
from checkstand.store import organizations
from checkstand.testing.demo import DemoShop, open_demo_shop
from checkstand.web.dashboard.session import IDLE
from tests.answers import Checked
from tests.conftest import SECRET_KEY

T = TypeVar("T")


@dataclass(slots=True)
class RunningServer:
    """One server, and the way into its loop."""

    url: str
    services: Services
    loop: asyncio.AbstractEventLoop
    with_worker: bool
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run something in the server's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout=60)

    def new_shop(self) -> DemoShop:
        """A demo shop of the test's own."""
        services = self.services
        return self.run(open_demo_shop(services.ports, services.authenticator, slug=f"shop-{uuid4().hex[:12]}"))

    def signed_in(self, shop: DemoShop) -> str:
        """The cookie of a member who is signed in to the shop's dashboard."""
        ports, hashed = self.services.ports, self.services.authenticator.hash
        token, now = uuid4().hex + uuid4().hex, ports.real_now()

        async def begin() -> None:
            found = await organizations.user_with_password(ports.db, shop.email)
            assert found is not None
            await organizations.add_session(
                ports.db, hashed(token), found[0].id, uuid4().hex, now=now, expires_at=now + IDLE
            )

        self.run(begin())
        return token

    def value(self, query: str, *arguments: object) -> Any:
        """One value from the database."""
        return self.run(self.services.ports.db.fetchval(query, *arguments))


@contextlib.contextmanager
def running_server(
    database_url: str,
    *,
    with_worker: bool = True,
    rate_limits: bool = False,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    world: Callable[[Ports], Ports] = lambda ports: ports,
    dialects: Sequence[DialectParts] = DIALECTS,
    **settings: Any,
) -> Iterator[RunningServer]:
    """The application as `serve` runs it, until the block ends. `settings` are more of `Settings` (a gateway and its keys); `around`
    may look at what goes in and out; `world` may give it other rates or another clock; `dialects` are the APIs that it speaks.
    """
    ready = threading.Event()
    found: list[RunningServer] = []
    failure: list[BaseException] = []
    stop = threading.Event()

    def main() -> None:
        try:
            given = {"rate_limits": rate_limits, **settings}
            asyncio.run(_serve(database_url, with_worker, around, world, dialects, given, ready, stop, found))
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failure.append(error)
            ready.set()

    thread = threading.Thread(target=main, daemon=True)
    thread.start()
    ready.wait(timeout=30)
    if failure:
        raise failure[0]
    try:
        yield found[0]
    finally:
        stop.set()
        thread.join(timeout=20)


async def _serve(
    database_url: str,
    with_worker: bool,
    around: Callable[[ASGIApp], ASGIApp],
    world: Callable[[Ports], Ports],
    dialects: Sequence[DialectParts],
    more: dict[str, Any],
    ready: threading.Event,
    stop: threading.Event,
    found: list[RunningServer],
) -> None:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Else each answer of two packets waits 40 ms for the first one to be acknowledged.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    like_dev = {"private_webhooks": True, "trusted_proxies": THIS_MACHINE}
    settings = replace(Settings(), **{"secret_key": SECRET_KEY, "public_url": url, **like_dev, **more})
    async with open_services(settings, database_url, PublicUrl(url), dialects=dialects) as opened:
        services = replace(opened, ports=world(opened.ports))
        config = uvicorn.Config(
            around(Checked(front(create_app(services, dialects)))),
            http=BoundedProtocol,
            log_config=None,  # the process belongs to the tests: how it logs is theirs
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        working = asyncio.create_task(services.drainer.run()) if with_worker else None
        while not server.started:
            if serving.done():
                await serving
            await asyncio.sleep(0.01)
        found.append(RunningServer(url, services, asyncio.get_running_loop(), with_worker))
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.05)
        if working is not None:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
        server.should_exit = True
        await serving
