"""Sessions made at the same time share commits; a row that cannot be stored fails alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest

from checkstand.store import checkouts, facts
from tests.conftest import open_shop
from tests.flows.test_purchase import make


def test_concurrent_creates_share_commits_and_each_keeps_its_own_facts(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            made = await asyncio.gather(*(make(shop) for _ in range(30)))
            commits = await shop.ports.db.fetchval(
                "SELECT count(DISTINCT xmin::text) FROM checkouts WHERE id = ANY($1)", [one.id for one in made]
            )
            assert commits < 20
            for one in made:
                told = await facts.timeline(shop.ports.db, one.organization_id, one.id)
                assert [str(fact.type) for fact in told] == ["checkout.created"]

    asyncio.run(story())


def test_a_row_that_cannot_be_stored_fails_alone(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            db = shop.ports.db
            first = await make(shop)
            good = [replace(first, id=uuid4(), client_secret=f"polar_c_{number}") for number in range(12)]
            rows = [*good[:6], first, *good[6:]]
            ends = await asyncio.gather(*(checkouts.create(db, row, []) for row in rows), return_exceptions=True)
            assert [type(end) for end in ends if end is not None] == [asyncpg.UniqueViolationError]
            assert len(await checkouts.by_ids(db, first.organization_id, [row.id for row in good])) == 12

    asyncio.run(story())


def test_a_caller_who_leaves_takes_nobody_along(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            tasks = [asyncio.create_task(make(shop)) for _ in range(20)]
            await asyncio.sleep(0.004)
            for task in tasks[::3]:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            stayed = [end for position, end in enumerate(ends) if position % 3]
            assert not [end for end in stayed if isinstance(end, BaseException)]

    asyncio.run(story())


@pytest.mark.parametrize("count", [1, 200])
def test_any_number_at_once_is_stored(database_url: str, count: int) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            made = await asyncio.gather(*(make(shop) for _ in range(count)))
            assert len({one.id for one in made}) == count

    asyncio.run(story())
