"""Behind a pooler in transaction mode, with CHECKSTAND_STATEMENT_CACHE=off: every command works, however often it is started."""

from __future__ import annotations

import asyncio
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import httpx2
import pytest

from tests.cli.pgbouncer import pgbouncer
from tests.cli.running import Place
from tests.cli.test_serve import COMPLETE, ended, free_port, serving
from tests.conftest import new_database

pytestmark = pytest.mark.xdist_group("pgbouncer")


def test_servers_workers_and_commands_share_two_sessions_of_a_pooler(at: Place, shared_cluster: str) -> None:
    direct = new_database(shared_cluster, "pooled")

    async def emptied() -> None:
        connection = await asyncpg.connect(direct)
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await connection.close()

    asyncio.run(emptied())
    with pgbouncer(direct) as url:
        settings = {**COMPLETE, "CHECKSTAND_DATABASE_URL": url, "CHECKSTAND_STATEMENT_CACHE": "off"}
        for _ in range(2):
            assert at.run("migrate", **settings).code == 0
        made = at.run("organization", "create", "--name", "Pooled", "--email", "ada@example.com", **settings)
        assert made.code == 0, made.err
        token = at.run("token", "create", "--name", "key", "--org", "pooled", **settings).out.strip()
        port = free_port()
        web = serving(at, port, **settings)
        workers = [_working(at, settings) for _ in range(4)]
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            client.headers["Authorization"] = f"Bearer {token}"
            price = {"amount_type": "fixed", "price_amount": 1000, "price_currency": "usd"}
            product = client.post(
                "/v1/products/", json={"name": "Thing", "recurring_interval": None, "prices": [price]}
            )
            assert product.status_code == 201, product.text
            wanted = {"products": [product.json()["id"]]}
            with ThreadPoolExecutor(8) as buyers:
                codes = list(buyers.map(lambda _: client.post("/v1/checkouts/", json=wanted).status_code, range(40)))
            assert codes == [201] * 40
            assert client.get("/v1/checkouts/").json()["pagination"]["total_count"] == 40
        for command in ("audit", "doctor"):
            done = at.run(command, **{**settings, "CHECKSTAND_PUBLIC_URL": f"http://127.0.0.1:{port}"})
            assert done.code == 0, done.out + done.err
        for process in (*workers, web):
            assert [line for line in ended(process) if line["level"] in ("warning", "error")] == []


def _working(at: Place, settings: dict[str, str]) -> subprocess.Popen[str]:
    worker = at.start("worker", **settings)
    assert worker.stderr is not None
    line = worker.stderr.readline()
    assert json.loads(line)["event"] == "working", line
    return worker
