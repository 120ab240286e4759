"""Shared parts: one embedded PostgreSQL for the whole run, one database per worker, one organization per test."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import pytest

from checkstand.embedded_postgres import cluster as embedded
from checkstand.flows.organizations.authenticate import Authenticator
from checkstand.flows.ports import Ports
from checkstand.gateways.testbank.gateway import TestGateway
from checkstand.store.cache import Cache
from checkstand.store.database import Database
from checkstand.store.migrate import migrate
from checkstand.testing.demo import DemoShop, open_demo_shop

if TYPE_CHECKING:
    from tests.server import RunningServer

SECRET_KEY = "for tests alone, forty characters or more"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")

# Each worker, and each server that a test starts, would compile everything anew: minutes of a run. The files are ignored by git, and
# `make clean` removes them.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# All that the tests ask is on this machine. Reading the world's certificate authorities would cost each new HTTP client 40 ms, and each
# of Node's processes as much: there is none in this folder.
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)
for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
    os.environ.pop(name, None)

# Six thousand tests and what they import stay until the end: looking through them for garbage is of no use.
gc.disable()


def pytest_collection_finish() -> None:
    """Leave out of every later look for garbage what is here now."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def answers_are_as_published() -> Iterator[None]:
    """No answer of either API may differ from our own document, whatever the test is about."""
    yield
    if "tests.answers" in sys.modules:
        from tests.answers import taken

        assert taken() == []


_reached: set[tuple[str, str, str]] = set()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep which operations of the vendors' contracts this process reached; a worker hands them over."""
    if "tests.answers" in sys.modules:
        from tests.answers import reached

        _reached.update(reached)
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["reached"] = [list(one) for one in _reached]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    _reached.update((api, method, path) for api, method, path in getattr(node, "workeroutput", {}).get("reached", []))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """After a run of everything: which operations are served and no test reached."""
    asked = [word for word in config.invocation_params.args if isinstance(word, str)]
    is_whole = not any(word.startswith(("-k", "tests")) or word == "prove" for word in asked)
    if is_whole and _reached and config.cache is not None:
        from tests.operations import REMEMBERED, unreached

        config.cache.set(REMEMBERED, sorted(_reached))
        for line in unreached(_reached):
            terminalreporter.write_line(f"served, and reached by no test: {line}")


@pytest.fixture(scope="session")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One PostgreSQL for all workers of this run: the first starts it, the last to leave stops it."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if WORKER != "main" else root
    note, lock = root / "cluster.json", root / "cluster.lock"
    with _locked(lock):
        if note.exists():
            state = json.loads(note.read_text())
            state["users"] += 1
        else:
            folder = Path(tempfile.mkdtemp(prefix="checkstand-tests-"))
            owner = _start_detached(folder)
            state = {"folder": str(folder), "users": 1, **owner}
        note.write_text(json.dumps(state))
    yield state["dsn"]
    with _locked(lock):
        state = json.loads(note.read_text())
        state["users"] -= 1
        note.write_text(json.dumps(state))
        if state["users"] == 0:
            note.unlink()
            _stop_detached(state)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _start_detached(folder: Path) -> dict[str, str]:
    folder.chmod(0o755)  # when run as root, PostgreSQL is another user's process and has to get in
    cluster = embedded.start(folder, durable=False)
    return {"dsn": cluster.dsn, "data": str(cluster.data)}


def _stop_detached(state: dict[str, str]) -> None:
    """End the server without owning it: the worker that started it may have left already."""
    pid = int((Path(state["data"]) / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    shutil.rmtree(state["folder"], ignore_errors=True)


def new_database(cluster: str, name: str) -> str:
    """The address of an empty database of this name with the schema in it."""

    async def prepare() -> None:
        connection = await asyncpg.connect(cluster)
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()

    url = cluster.replace("@/checkstand?", f"@/{name}?")
    with ThreadPoolExecutor(1) as aside:  # where a browser is at work, this thread has a loop already
        aside.submit(asyncio.run, prepare()).result()
        aside.submit(asyncio.run, migrate(url)).result()
    return url


@pytest.fixture(scope="session")
def database_url(shared_cluster: str) -> str:
    """A database of this worker's own, with the schema in it."""
    return new_database(shared_cluster, f"test_{WORKER}")


@pytest.fixture(scope="session")
def quiet_database_url(shared_cluster: str) -> str:
    """Another one, in which no server of other tests is at work: for tests that run workers of their own."""
    return new_database(shared_cluster, f"quiet_{WORKER}")


@dataclass(frozen=True, slots=True)
class Shop:
    """An organization of the test's own and what is needed to act in it."""

    ports: Ports
    authenticator: Authenticator
    demo: DemoShop


@contextlib.asynccontextmanager
async def open_shop(url: str) -> AsyncIterator[Shop]:
    """Ports on the worker's database and a new demo shop in it."""
    db = await Database.connect(url)
    cache = Cache(db)
    try:
        await cache.listen()
        gateway = TestGateway(db=db, public_url=lambda: "http://pay.test", random_bytes=os.urandom)
        ports = Ports(db=db, cache=cache, gateway=gateway, public_url=lambda: "http://pay.test", private_webhooks=True)
        authenticator = Authenticator(SECRET_KEY.encode())
        demo = await open_demo_shop(ports, authenticator, slug=f"shop-{uuid4().hex[:12]}")
        yield Shop(ports, authenticator, demo)
    finally:
        await cache.close()
        await db.close()


@pytest.fixture(scope="session")
def server(database_url: str) -> Iterator[RunningServer]:
    """The whole application on a free port, one for all tests of a worker."""
    from tests.server import running_server

    with running_server(database_url) as running:
        yield running


@pytest.fixture
def shop(server: RunningServer) -> DemoShop:
    """A demo shop of the test's own, with keys of both dialects."""
    return server.new_shop()
