"""The database is gone, frozen or full for a while: callers are told to come back, nothing breaks, and afterwards all goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from checkstand.domain.ids import DodoPrefix, short_id
from checkstand.embedded_postgres import cluster as embedded
from checkstand.embedded_postgres import server as embedded_server
from checkstand.store.cache import CHANNEL
from checkstand.store.migrate import migrate
from checkstand.testing.demo import DemoShop
from tests.server import RunningServer, running_server
from tests.store.embedded_place import ask, place, postmaster
from tests.waiting import eventually

pytestmark = pytest.mark.xdist_group("database-away")


@dataclass(frozen=True, slots=True)
class Stage:
    """A server on a database of its own, which a test may take away."""

    folder: Path
    dsn: str
    data: Path
    server: RunningServer
    shop: DemoShop

    def create(self, dialect: str = "polar") -> httpx2.Response:
        if dialect == "polar":
            return self.post("/v1/checkouts/", self.shop.polar_token, products=[str(self.shop.products["one_time"].id)])
        product_id = short_id(DodoPrefix.PRODUCT, self.shop.products["one_time"].id)
        cart = [{"product_id": product_id, "quantity": 1}]
        return self.post("/checkouts", self.shop.dodo_key, product_cart=cart)

    def post(self, path: str, token: str, **body: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.post(f"{self.server.url}{path}", headers=headers, json=body, timeout=30)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return httpx2.get(f"{self.server.url}{path}", headers=headers, timeout=30)

    def processes(self) -> list[int]:
        """The server's processes, the first of them last, so that nothing new is started while they are frozen."""
        first = postmaster(self.data)
        listed = subprocess.run(["pgrep", "-P", str(first)], capture_output=True, text=True, check=True).stdout
        return [*map(int, listed.split()), first]

    def recovers(self) -> bool:
        return eventually(lambda: self.get("/readyz").status_code == 200, within_s=20) and self.create().is_success


class Log:
    """What the server has said so far."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self._text = ""

    @property
    def text(self) -> str:
        said = self._capfd.readouterr()
        self._text += said.out + said.err
        return self._text


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with place() as folder:
        cluster = embedded.start(folder, durable=False)
        asyncio.run(migrate(cluster.dsn))
        with running_server(cluster.dsn) as server:
            yield Stage(folder, cluster.dsn, cluster.data, server, server.new_shop())
        embedded.stop(embedded.find(folder) or cluster)


def test_everybody_is_told_to_come_back_while_the_database_is_gone(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    log = Log(capfd)
    page = stage.create().json()["url"].removeprefix(stage.server.url)
    embedded.stop(embedded.find(stage.folder) or pytest.fail("no database runs"))
    try:
        answers = [
            stage.create("polar"),
            stage.create("dodo"),
            stage.get(page, Accept="text/html"),
            stage.get("/readyz"),
            stage.get("/healthz"),
        ]
        assert [answer.status_code for answer in answers] == [503] * 5
        assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
        assert answers[0].json()["error"] == "ServiceUnavailable"
        assert answers[1].json()["code"] == "SERVICE_UNAVAILABLE"
        assert answers[2].headers["content-type"].startswith("text/html")
        assert stage.get("/livez").status_code == 200
        assert eventually(lambda: "database_away" in log.text)
    finally:
        embedded.start(stage.folder, durable=False)
    assert stage.recovers()
    assert httpx2.head(f"{stage.server.url}/healthz").status_code == 200
    assert (stage.get("/healthz").json(), stage.get("/healthz").headers["polar-version"]) == (
        {"status": "ok"},
        "2026-04",
    )
    assert eventually(lambda: "database_back" in log.text)
    assert "Traceback" not in log.text
    assert log.text.count("database_away") == log.text.count("database_back") == 1


def test_news_of_other_processes_are_heard_again_after_a_restart(stage: Stage) -> None:

    embedded.stop(embedded.find(stage.folder) or pytest.fail("no database runs"))
    embedded.start(stage.folder, durable=False)
    assert stage.recovers()

    shop = stage.server.new_shop()
    remembered = stage.server.services.ports.cache
    stage.server.run(remembered.organization(shop.organization.id))

    def renamed() -> bool:
        return stage.server.run(remembered.organization(shop.organization.id)).name == "Renamed elsewhere"

    ask(stage.dsn, f"UPDATE organizations SET name = 'Renamed elsewhere' WHERE id = '{shop.organization.id}'")
    ask(stage.dsn, f"SELECT pg_notify('{CHANNEL}', '{shop.organization.id}')")
    assert eventually(renamed, within_s=3), "known only once it is forgotten by itself"


def test_a_frozen_database_is_noticed_within_seconds(stage: Stage) -> None:
    frozen = stage.processes()
    for pid in reversed(frozen):
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert min(_unready_after_s(stage) for _ in range(3)) < 2  # a busy machine may be slow once
        waited = stage.create()
        assert (waited.status_code, "retry-after" in waited.headers) == (503, True)
        assert time.monotonic() - began < 30
        # Once nobody can connect, nobody waits any more.
        assert eventually(lambda: _at_once(stage, "polar") and _at_once(stage, "dodo"), within_s=20)
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    assert stage.recovers()


def _unready_after_s(stage: Stage) -> float:
    began = time.monotonic()
    assert stage.get("/readyz").status_code == 503
    return time.monotonic() - began


def _at_once(stage: Stage, dialect: str) -> bool:
    began = time.monotonic()
    return stage.create(dialect).status_code == 503 and time.monotonic() - began < 1


def test_a_server_that_is_granted_two_connections_makes_do_with_them(stage: Stage) -> None:
    shop = stage.shop
    for statement in (
        "CREATE ROLE frugal LOGIN CONNECTION LIMIT 2",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO frugal",
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO frugal",
    ):
        ask(stage.dsn, statement)
    frugal = stage.dsn.replace(f"{embedded_server.NAME}@", "frugal@", 1)
    with running_server(frugal, with_worker=False) as server:
        few = Stage(stage.folder, frugal, stage.data, server, shop)
        with ThreadPoolExecutor(20) as buyers:
            codes = [answer.status_code for answer in buyers.map(lambda _: few.create(), range(60))]
        assert codes == [201] * 60
        assert few.get("/readyz").status_code == 200
    with pytest.raises(asyncpg.TooManyConnectionsError):
        asyncio.run(_three_connections(frugal))


async def _three_connections(dsn: str) -> None:
    """That the limit is real."""
    opened = []
    try:
        for _ in range(3):
            opened.append(await asyncpg.connect(dsn))
    finally:
        for connection in opened:
            await connection.close()
