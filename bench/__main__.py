"""`make bench`: creates and reads per second at 1, 8 and 32 connections with p50 and p99, beside two floors of the same run.

    python -m bench [--seconds 4] [--quick]

One web process, one durable PostgreSQL, all on this machine; the load comes from this process. The aims are those of the README.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import uvloop

from bench import floors
from bench.counting import count, full_cart
from bench.load import Result, http_request, run
from checkstand.embedded_postgres import binaries as embedded_binaries
from checkstand.embedded_postgres import cluster as embedded
from checkstand.store.migrate import migrate
from checkstand.testing.demo import plan_demo_shop

CONNECTIONS = (1, 8, 32)
MANY = 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each measurement takes")
    parser.add_argument("--quick", action="store_true", help="one second each, to see that it runs")
    given = parser.parse_args()
    seconds = 1.0 if given.quick else given.seconds
    folder = Path(tempfile.mkdtemp(prefix="checkstand-bench-"))
    folder.chmod(0o755)
    cluster = embedded.start(folder / "data", durable=True)
    try:
        uvloop.run(_measure(cluster.dsn, seconds))
        _starts(folder)
    finally:
        embedded.stop(cluster, mode="immediate")
        shutil.rmtree(folder, ignore_errors=True)


async def _measure(dsn: str, seconds: float) -> None:
    await migrate(dsn)
    key = secrets.token_hex(24)
    counted = await count(dsn, key)
    port, hello_port = _free_port(), _free_port()
    web = _serve(dsn, key, port)
    hello = floors.hello_server(hello_port)
    try:
        _wait(f"http://127.0.0.1:{port}/readyz")
        _wait(f"http://127.0.0.1:{hello_port}/")
        shop = await _shop(dsn, key, port)
        rates = await _loads(port, hello_port, shop, seconds)
        resident_mb = _resident_mb(web.pid)
        await _report(dsn, shop, rates, counted, seconds)
        print(f"\nweb process resident after the load   {resident_mb:8.0f} MB   aim <= 120")
    finally:
        for process in (web, hello):
            process.terminate()
            process.wait(timeout=10)


def _serve(dsn: str, key: str, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "CHECKSTAND_DATABASE_URL": dsn,
        "CHECKSTAND_SECRET_KEY": key,
        "CHECKSTAND_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CHECKSTAND_PORT": str(port),
        "CHECKSTAND_RATE_LIMITS": "off",
        "CHECKSTAND_LOG_LEVEL": "error",
    }
    return subprocess.Popen([sys.executable, "-m", "checkstand", "serve"], env=environment)


async def _shop(dsn: str, key: str, port: int) -> dict[str, str]:
    """The demo shop's token, a product and one session to read."""
    demo = plan_demo_shop(key.encode(), "demo", "Demo Shop", datetime.now(UTC))
    product = str(demo.products["one_time"].id)
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/checkouts/",
        data=json.dumps({"products": [product]}).encode(),
        headers={"Authorization": f"Bearer {demo.polar_token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        checkout = json.load(answer)
    made = [checkout["id"]]
    for _ in range(MANY - 1):
        with urllib.request.urlopen(request, timeout=10) as answer:
            made.append(json.load(answer)["id"])
    return {
        "many": " ".join(made),
        "token": demo.polar_token,
        "product": product,
        "checkout": checkout["id"],
        "organization": str(demo.organization.id),
        "cart": json.dumps(full_cart(demo)),
    }


async def _loads(port: int, hello_port: int, shop: dict[str, str], seconds: float) -> dict[tuple[str, int], Result]:
    headers = {"Authorization": f"Bearer {shop['token']}"}
    body = json.dumps({"products": [shop["product"]]}).encode()
    create = http_request("POST", "/v1/checkouts/", headers, body)
    read = http_request("GET", f"/v1/checkouts/{shop['checkout']}", headers)
    hello = http_request("GET", "/", {})
    # Every session in turn: more of them than the server keeps answers for, so each is read and rendered anew.
    each = itertools.cycle([http_request("GET", f"/v1/checkouts/{one}", headers) for one in shop["many"].split()])
    rates: dict[tuple[str, int], Result] = {}

    async def one(name: str, where: int, request: Callable[[], bytes], expected: int, connections: int) -> None:
        await run("127.0.0.1", where, request, expected=expected, connections=connections, seconds=min(1.0, seconds))
        rates[name, connections] = await run(
            "127.0.0.1", where, request, expected=expected, connections=connections, seconds=seconds
        )

    cart = http_request("POST", "/checkouts", headers, shop["cart"].encode())
    for connections in CONNECTIONS:
        await one("hello", hello_port, lambda: hello, 200, connections)
        await one("create", port, lambda: create, 201, connections)
        await one("cart", port, lambda: cart, 200, connections)
        await one("read", port, lambda: read, 200, connections)
        await one("read any", port, lambda: next(each), 200, connections)
    return rates


async def _report(
    dsn: str, shop: dict[str, str], rates: dict[tuple[str, int], Result], counted: dict[str, object], seconds: float
) -> None:
    binary = next(folder / "pgbench" for folder in embedded_binaries.installed() if (folder / "pgbench").exists())
    connection = await asyncpg.connect(dsn)
    document = await connection.fetchval("SELECT document::text FROM checkouts LIMIT 1")
    await connection.close()
    # pgbench takes every colon before a word for a variable of its own, inside strings too.
    harmless = re.sub(r":(?=\w)", r"\\u003a", json.dumps(json.loads(document)))
    names = {**{key: value for key, value in shop.items() if key != "cart"}, "document": harmless.replace("'", "''")}
    floor: dict[tuple[str, int], float] = {}
    for name, script in (("create", floors.CREATE), ("read", floors.READ)):
        text = _filled(script, names)
        for connections in CONNECTIONS:
            floor[name, connections] = floors.pgbench(
                binary, dsn, text, connections=connections, seconds=max(1, int(seconds))
            )
    print(f"{'':24}{'per second':>11}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}{'of pgbench':>12}{'of hello':>10}")
    for (name, connections), result in sorted(rates.items()):
        pg = floor.get((name, connections))
        of_pg = f"{result.per_second / pg:.2f}" if pg else ""
        of_hello = f"{result.per_second / rates['hello', connections].per_second:.3f}"
        print(
            f"{name:8}{connections:3} connections {result.per_second:11.0f}{result.percentile(0.5):9.2f}"
            f"{result.percentile(0.99):9.2f}{result.failures:8}{of_pg:>12}{of_hello:>10}"
        )
    for (name, connections), tps in sorted(floor.items()):
        print(f"pgbench {name:7}{connections:3} connections {tps:7.0f}")
    print("\naims at 8 connections: create >= 0.25 of pgbench, read >= 0.12 of hello, cart <= 2 plain creates")
    times = rates["create", 8].per_second / rates["cart", 8].per_second
    print(f"a create with a discount, tax and five cart lines costs {times:.2f} plain ones")
    for name, cost in counted.items():
        print(f"{name}, warm: {cost}")


def _filled(script: str, names: dict[str, str]) -> str:
    for key, value in names.items():
        script = script.replace("{" + key + "}", value)
    return script


def _starts(folder: Path) -> None:
    """Seconds from the command to the line that says it is ready, on no data and on the same data again."""
    for label, aim in (("cold", 3.0), ("warm", 2.0)):
        began = time.perf_counter()
        command = [sys.executable, "-m", "checkstand", "dev", "--port", "0", "--json", "--data", str(folder / "dev")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout is not None
        line = process.stdout.readline()
        ready = time.perf_counter() - began
        assert json.loads(line)["url"]
        resident = _resident_mb(process.pid)
        process.terminate()
        process.wait(timeout=15)
        print(f"dev ready, {label:5} {ready:28.2f} s    aim <= {aim:.0f}     ({resident:.0f} MB resident)")


def _resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    main()
