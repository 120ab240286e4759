"""A production server is stopped, started again, or loses its database: no request is cut off, and it recovers by itself."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from checkstand.embedded_postgres import cluster as embedded
from checkstand.embedded_postgres import server as embedded_server
from tests.cli.running import Place
from tests.cli.test_serve import answers, ended, free_port, serving
from tests.conftest import open_shop
from tests.gateways.fake_stripe import FakeStripe, running_fake
from tests.store.embedded_place import postmaster
from tests.waiting import eventually

pytestmark = pytest.mark.xdist_group("cli-serve-ending")


@dataclass(slots=True)
class Payment:
    """A buyer who confirms a checkout through the API while the server is being stopped."""

    url: str
    token: str
    product: str
    fake: FakeStripe
    got: list[httpx2.Response] = field(default_factory=list)

    def begin(self) -> threading.Thread:
        headers = {"Authorization": f"Bearer {self.token}"}
        made = httpx2.post(f"{self.url}/v1/checkouts/", headers=headers, json={"products": [self.product]}, timeout=60)
        body = {
            "customer_email": "ada@example.com",
            "customer_name": "Ada",
            "customer_billing_address": {"country": "DE"},
            "confirmation_token_id": self.fake.token(),
        }
        where = f"{self.url}/v1/checkouts/client/{made.json()['client_secret']}/confirm"
        paying = threading.Thread(target=lambda: self.got.append(httpx2.post(where, json=body, timeout=60)))
        met = self.fake.met()
        paying.start()
        assert eventually(lambda: self.fake.met() > met), "the gateway is thinking"
        return paying


@pytest.mark.parametrize(("drain_s", "status"), [("30", 200), ("1", 503)])
def test_a_payment_that_the_gateway_thinks_about_is_waited_for_else_told_to_look_again(
    at: Place, quiet_database_url: str, drain_s: str, status: int
) -> None:
    async def shop() -> tuple[str, str]:
        async with open_shop(quiet_database_url) as opened:
            return opened.demo.polar_token, str(opened.demo.products["one_time"].id)

    token, product = asyncio.run(shop())
    with running_fake() as fake:
        port = free_port()
        gateway = {f"CHECKSTAND_{name.upper()}": value for name, value in fake.settings().items()}
        settings = {**gateway, "CHECKSTAND_DATABASE_URL": quiet_database_url, "CHECKSTAND_DRAIN_SECONDS": drain_s}
        process = serving(at, port, **settings)
        fake.fault("hang", seconds=5)
        payment = Payment(f"http://127.0.0.1:{port}", token, product, fake)
        paying = payment.begin()
        process.send_signal(signal.SIGTERM)
        assert eventually(lambda: not listens(port), within_s=3), "nobody new is let in"
        paying.join(timeout=30)
        process.communicate(timeout=30)
        assert process.returncode == 0
    answer = payment.got[0]
    assert answer.status_code == status, answer.text
    assert "Internal Server Error" not in answer.text
    if status == 200:
        assert answer.json()["status"] in ("confirmed", "succeeded")
    else:
        assert answer.json()["error"] == "ServiceUnavailable"


def listens(port: int) -> bool:
    try:
        http.client.HTTPConnection("127.0.0.1", port, timeout=2).connect()
    except ConnectionRefusedError:
        return False
    return True


@dataclass(slots=True)
class Crowd:
    """Callers that ask without a pause, each time on a new connection or (half of them) on one that they keep.

    Where nobody listens they try again, as a load balancer does; everything else that is no answer is a failure.
    """

    port: int
    answered: int = 0
    failures: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def start(self, callers: int) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._call, args=(number % 2 == 0,)) for number in range(callers)]
        for thread in threads:
            thread.start()
        return threads

    def _call(self, keeps: bool) -> None:
        kept: http.client.HTTPConnection | None = None
        while not self.over.is_set():
            connection = kept or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                if kept is None:
                    connection.connect()
            except ConnectionRefusedError:
                time.sleep(0.02)
                continue
            except OSError as error:
                self._failed(f"connecting: {error!r}")
                continue
            try:
                connection.request("GET", "/readyz")
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                self._failed(f"{'kept' if kept else 'new'}: {error!r}")
                kept = None
                continue
            kept = connection if keeps and not answer.will_close else None
            if kept is None:
                connection.close()
            with self._counting:
                self.answered += 1
                if answer.status != 200:
                    self.failures.append(f"status {answer.status}")

    def _failed(self, what: str) -> None:
        with self._counting:
            self.failures.append(what)


def restart_under_load(at: Place, database_url: str, *, requests: int, restarts: int) -> Crowd:
    """Stop and start a server of two processes again and again while a crowd asks, until so many requests were answered."""
    port = free_port()
    settings = {"CHECKSTAND_DATABASE_URL": database_url, "CHECKSTAND_WORKERS": "2", "CHECKSTAND_LOG_LEVEL": "warning"}
    process = serving(at, port, **settings)
    crowd = Crowd(port)
    threads = crowd.start(6)
    try:
        for restart in range(restarts):
            wanted = requests * (restart + 1) // (restarts + 1)
            assert eventually(lambda wanted=wanted: crowd.answered >= wanted, within_s=300)  # type: ignore[misc]
            ended(process)
            process = serving(at, port, **settings)
        assert eventually(lambda: crowd.answered >= requests, within_s=300)
    finally:
        crowd.over.set()
        for thread in threads:
            thread.join(timeout=40)
    ended(process)
    return crowd


def test_a_server_of_two_processes_restarts_under_load_without_a_failed_request(at: Place, database_url: str) -> None:
    crowd = restart_under_load(at, database_url, requests=400, restarts=1)
    assert crowd.failures == []


@pytest.mark.prove
def test_no_request_of_ten_thousand_fails_over_five_restarts(at: Place, database_url: str) -> None:
    crowd = restart_under_load(at, database_url, requests=10_000, restarts=5)
    print(f"{crowd.answered} requests answered over 5 restarts of 2 processes, {len(crowd.failures)} failed")
    assert crowd.failures == []


def runs_anew(folder: Path, killed: int) -> bool:
    """Whether a database of the folder runs in another process than the killed one."""
    found = embedded.find(folder)
    running = embedded_server.read(found.data) if found else None
    return running is not None and running.pid != killed


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_killed_embedded_database_is_started_again_and_serving_goes_on(at: Place, workers: str) -> None:
    folder = at.folder / "data"
    settings = {"CHECKSTAND_DATABASE_URL": "", "CHECKSTAND_DATA_DIR": str(folder), "CHECKSTAND_WORKERS": workers}
    assert at.run("migrate", **settings).code == 0
    port = free_port()
    process = serving(at, port, **settings)
    running = embedded.find(folder)
    assert running is not None
    killed = postmaster(running.data)
    os.kill(killed, signal.SIGKILL)
    assert eventually(lambda: runs_anew(folder, killed))
    assert eventually(lambda: answers(port))
    lines = ended(process)
    assert [line["event"] for line in lines].count("embedded_database_started_again") == 1
    assert "Traceback" not in json.dumps(lines)


def test_a_killed_database_of_a_development_server_is_started_again(at: Place) -> None:
    dev = at.dev("--data", str(at.folder / "data"))
    running = embedded.find(at.folder / "data")
    assert running is not None
    killed = postmaster(running.data)
    os.kill(killed, signal.SIGKILL)
    port = urlsplit(dev.url).port or 0
    assert eventually(lambda: runs_anew(running.data.parent, killed))
    assert eventually(lambda: answers(port), within_s=30)
    done = dev.stop()
    assert done.code == 0
    assert "embedded_database_started_again" in done.err
