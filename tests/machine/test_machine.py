"""The whole shop against a small model: any calls in any order, and after each one everything is as the model says.

`hypothesis` chooses the steps and, when one goes wrong, looks for the shortest way there. The steps run in one event loop on one pool,
without HTTP, each life of a shop with an organization of its own: so 50,000 of them take minutes.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from checkstand.flows.organizations.authenticate import Authenticator
from checkstand.flows.ports import Ports
from checkstand.store.cache import Cache
from checkstand.store.database import Database
from tests.conftest import SECRET_KEY
from tests.machine.bank import BadLine
from tests.machine.machine import ShopMachine
from tests.machine.world import Clock, Tally, World, open_world

STEPS_OF_ONE_LIFE = 100
PROVED = 50_000


@contextmanager
def machine(url: str) -> Iterator[type[ShopMachine]]:
    """A machine that opens its shops in this database."""
    with asyncio.Runner() as runner:
        db = runner.run(Database.connect(url, max_size=4))
        cache = Cache(db)

        async def open_shop() -> World:
            clock = Clock()
            bank = BadLine(db=db, public_url=_origin, random_bytes=os.urandom, real_now=clock)
            ports = Ports(db=db, cache=cache, gateway=bank, public_url=_origin, real_now=clock)
            return await open_world(ports, Authenticator(SECRET_KEY.encode()), bank, clock)

        class Machine(ShopMachine):
            pass

        Machine.runner, Machine.open_shop, Machine.tally = runner, staticmethod(open_shop), Tally()
        try:
            yield Machine
        finally:
            runner.run(cache.close())
            runner.run(db.close())


def _origin() -> str:
    return "http://pay.test"


def lives(number: int, *, always_the_same: bool) -> settings:
    return settings(
        max_examples=number,
        stateful_step_count=STEPS_OF_ONE_LIFE,
        derandomize=always_the_same,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


def test_any_1500_steps_leave_the_shop_as_the_model_says(quiet_database_url: str) -> None:
    with machine(quiet_database_url) as shops:
        run_state_machine_as_test(shops, settings=lives(15, always_the_same=True))
        assert shops.tally.steps >= 1_500
        assert min(shops.tally.seen[what] for what in ("purchases", "refunds", "disputes")) > 5


@pytest.mark.prove
def test_50000_steps_reach_no_illegal_state_and_keep_the_ledger_balanced(quiet_database_url: str) -> None:
    with machine(quiet_database_url) as shops:
        started = time.monotonic()
        while shops.tally.steps < PROVED:
            more = -(-(PROVED - shops.tally.steps) // STEPS_OF_ONE_LIFE)
            run_state_machine_as_test(shops, settings=lives(more, always_the_same=False))
        took_s, seen = time.monotonic() - started, shops.tally.seen
        print(
            f"\n{shops.tally.steps:,} steps in {took_s:.0f} s, {seen['purchases']:,} purchases, "
            f"{seen['refunds']:,} refunds, {seen['disputes']:,} disputes, 0 illegal"
        )
        assert min(seen[what] for what in ("purchases", "refunds", "disputes")) > 250
