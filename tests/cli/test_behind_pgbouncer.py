"""Behind a pooler in transaction mode, with CHECKSTAND_STATEMENT_CACHE=off: every command works, however often it is started."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import httpx2
import pytest

from tests.cli.forked import RunningCommand
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


def test_the_doctor_names_what_to_correct_in_the_databases_address(
    at: Place, database_url: str, tmp_path: Path
) -> None:
    def finding(url: str) -> str:
        found = json.loads(at.run("doctor", "--json", CHECKSTAND_DATABASE_URL=url).out)["checks"]
        check = next(check for check in found if check["name"] == "database")
        assert not check["ok"]
        assert "right" not in check["detail"] + check["advice"]
        return f"{check['detail']} {check['advice']}"

    with pgbouncer(database_url, password="right") as url:
        place, name = url.rpartition("@")[2].split("/")
        user = url.removeprefix("postgresql://").partition(":")[0]
        assert finding(url.replace("right", "wrong")) == (
            f"{place} refuses the user {user} (password authentication failed). "
            "Correct user and password in CHECKSTAND_DATABASE_URL, or what pg_hba.conf there allows."
        )
        assert finding(url.replace(f"/{name}", "/absent")) == (
            f"there is no database absent at {place}. "
            "Make it there (createdb absent), or correct the name in CHECKSTAND_DATABASE_URL."
        )
        assert finding(f"{url}?sslmode=require") == (
            f"{place} offers no TLS, and CHECKSTAND_DATABASE_URL asks for it. "
            "Turn TLS on there, or change sslmode in CHECKSTAND_DATABASE_URL."
        )
        assert finding(f"{url}?sslmode=verify-full&sslrootcert={tmp_path}/absent.crt") == (
            "a certificate's file that CHECKSTAND_DATABASE_URL names cannot be read (No such file or directory). "
            "Correct sslrootcert, sslcert or sslkey in it."
        )
    assert finding(url) == (
        f"nothing accepts connections at {place} (Connection refused). "
        "Start PostgreSQL there, or correct host and port in CHECKSTAND_DATABASE_URL."
    )
    absent = finding(database_url.replace(f"/{name}?", "/absent?"))
    assert absent.startswith("there is no database absent at /")
    unknown = finding("postgresql://u:right@nohost.invalid/x")
    assert unknown.startswith("no machine is found under the name nohost.invalid (")
    assert unknown.endswith("Correct the host in CHECKSTAND_DATABASE_URL, or look at this machine's DNS.")


def _working(at: Place, settings: dict[str, str]) -> RunningCommand:
    worker = at.start("worker", **settings)
    line = worker.stderr.readline()
    assert json.loads(line)["event"] == "working", line
    return worker
