"""No secret is written down: what a server logs and what its database holds, after thirty of them went through every door.

Both ways to run are tried at log level debug, `dev` for its readable lines and `serve` with a worker for JSON. What the database may
hold is said canary by canary, with the reason; `SECURITY.md` lists the same.
"""

from __future__ import annotations

import asyncio
import io
import signal
import time
from datetime import UTC, datetime

import asyncpg

from checkstand.embedded_postgres import cluster as embedded
from checkstand.testing.demo import DemoShop, plan_demo_shop
from tests.cli.running import Place, open_place
from tests.cli.test_serve import answers, free_port
from tests.conftest import SECRET_KEY, new_database, open_shop
from tests.secrecy.canaries import Flock, Walk, hatch, outside, random, token, typed


def settings_of(flock: Flock) -> dict[str, str]:
    """Secrets that come in by the environment."""
    return {
        "CHECKSTAND_LOG_LEVEL": "debug",
        "CHECKSTAND_RATE_LIMITS": "off",
        "CHECKSTAND_PRIVATE_WEBHOOKS": "on",
        "CHECKSTAND_STRIPE_SECRET_KEY": flock["Stripe secret key"],
        "CHECKSTAND_STRIPE_WEBHOOK_SECRET": flock["Stripe webhook secret"],
        "CHECKSTAND_SMTP_URL": "smtp://bird:" + flock["mail server's password"] + "@127.0.0.1:9",
    }


async def dump(url: str) -> str:
    """Every row of every table, as text."""
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        text = io.BytesIO()
        for row in names:
            await connection.copy_from_table(row["tablename"], output=text)
        assert len(names) > 25
        return text.getvalue().decode()
    finally:
        await connection.close()


async def break_something(url: str, *, back: bool) -> None:
    """The server's own faults are logged with a traceback: take a table away, or give it back."""
    connection = await asyncpg.connect(url)
    await connection.execute(
        f"ALTER TABLE {'lost' if back else 'checkouts'} RENAME TO {'checkouts' if back else 'lost'}"
    )
    await connection.close()


def walk_through(url: str, database: str, shop: DemoShop, flock: Flock) -> Walk:
    walk = Walk(url, shop, flock)
    walk.everywhere()
    assert list(outside(walk.answers)) == []
    made = walk.session()
    asyncio.run(break_something(database, back=False))
    body = {"confirmation_token_id": flock["confirmation token"], "customer_name": "Ada"}
    faults = [
        walk.call("POST", f"/v1/checkouts/client/{made['client_secret']}/confirm", json=body),
        walk.polar("GET", "/v1/checkouts/"),
        walk.call("GET", f"/checkout/{made['client_secret']}"),
        walk.dodo("POST", "/checkouts", {"product_cart": [], "card": flock["card number in a broken body"]}),
    ]
    asyncio.run(break_something(database, back=True))
    assert [answer.status_code for answer in faults][:3] == [500, 500, 500]
    return walk


def test_a_server_in_production_writes_no_secret_down(shared_cluster: str) -> None:
    database = new_database(shared_cluster, "secrecy_serve")
    flock, shop = asyncio.run(_shop(database))
    with open_place() as at:
        port = free_port()
        password = flock.add(typed("database password", random("", 20)))
        given = {
            "CHECKSTAND_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "CHECKSTAND_SECRET_KEY": flock.add(typed("server's secret key", SECRET_KEY)),
            "CHECKSTAND_DATABASE_URL": database.replace("checkstand@/", f"checkstand:{password}@/"),
            "CHECKSTAND_PORT": str(port),
            **settings_of(flock),
        }
        web, worker = at.start("serve", **given), at.start("worker", **given)
        while not answers(port):
            assert web.poll() is None, web.communicate()
            time.sleep(0.05)
        walk = walk_through(f"http://127.0.0.1:{port}", database, shop, flock)
        told = [_said_by_commands(at, given, flock)]
        for process in (worker, web):
            process.send_signal(signal.SIGTERM)
            told += process.communicate(timeout=30)
    _assert_secret(walk, "".join(told), asyncio.run(dump(database)))


async def _shop(database: str) -> tuple[Flock, DemoShop]:
    async with open_shop(database) as shop:
        return hatch(shop.demo), shop.demo


def _said_by_commands(at: Place, given: dict[str, str], flock: Flock) -> str:
    """What an operator's commands say, the good and the refused ones; a new token is shown once, on standard output."""
    made = at.run("token", "create", "--name", "canary", **given)
    assert made.code == 0, made.err
    shown = next(word for word in made.out.split() if word.startswith(("polar_oat_", "dodo_")))
    flock.add(token("access token made by a command", shown))
    refused = [
        at.run("serve", **{**given, "CHECKSTAND_DATABASE_URL": f"mysql://bird:{flock['database password']}@db/shop"}),
        at.run("doctor", **{**given, "CHECKSTAND_GATEWAY": "stripe", "CHECKSTAND_STRIPE_PUBLISHABLE_KEY": "pk_wrong"}),
        at.run(
            "doctor",
            **{**given, "CHECKSTAND_DATABASE_URL": f"postgresql://bird:{flock['database password']}@127.0.0.1:9/shop"},
        ),
        at.run("audit", **given),
    ]
    return made.err + "".join(done.out + done.err for done in refused)


def test_a_server_for_development_writes_no_secret_down() -> None:
    key = random("", 48)
    shop = plan_demo_shop(key.encode(), "demo", "Demo Shop", datetime.now(UTC))
    flock = hatch(shop)
    flock.add(typed("server's secret key", key))
    with open_place() as at:
        folder = at.folder / "data"
        dev = at.dev("--data", str(folder), CHECKSTAND_SECRET_KEY=key, **settings_of(flock))
        cluster = embedded.find(folder)
        assert cluster is not None
        walk = walk_through(dev.url, cluster.dsn, shop, flock)
        bought = at.run("buy", walk.session()["url"], "--card", flock["card number that pays"])
        assert bought.code == 0, bought.err
        held = asyncio.run(dump(cluster.dsn))
        ended = dev.stop()
        logs = [path.read_text(errors="replace") for path in folder.rglob("*.log")]
        assert logs, "PostgreSQL's own log belongs to what is looked through"
    _assert_secret(walk, "".join([ended.out, ended.err, bought.out, bought.err, *logs]), held)


def _assert_secret(walk: Walk, told: str, held: str) -> None:
    """Nothing in what was said, and in the database nothing but what it has to keep."""
    flock = walk.flock
    assert len(flock.birds) >= 30
    assert told.count("request") > 50 and "fault" in told, "the log is the one of these requests"
    assert walk.shop.organization.slug in held and "ada@example.com" in held, "the dump is the one of this shop"
    assert flock.found_in(told) == []
    assert flock.found_in(held, but_kept=True) == []
    kept = {bird.name for bird in flock.birds.values() if bird.kept}
    assert kept <= set(flock.found_in(held)), "what is said to be kept is looked for where it is"
