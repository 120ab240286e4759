"""The pool of connections: a caller that is cancelled or gives up leaves nothing behind, and none waits for ever."""

from __future__ import annotations

import asyncio
import random

import pytest

from checkstand.store.database import Database, DatabaseUnavailable


def test_callers_that_are_cancelled_at_any_moment_cost_the_others_no_connection(database_url: str) -> None:
    chance = random.Random(11)

    async def story() -> None:
        db = await Database.connect(database_url, max_size=3)

        async def call() -> None:
            if chance.random() < 0.5:
                await db.fetchval("SELECT pg_sleep($1::float)", chance.random() / 200)
                return
            async with db.transaction() as tx:
                await tx.fetchval("SELECT pg_sleep($1::float)", chance.random() / 200)

        calls = [asyncio.create_task(call()) for _ in range(150)]
        while not all(one.done() for one in calls):
            await asyncio.sleep(chance.random() / 100)
            chance.choice(calls).cancel()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(result) for result in results} <= {type(None), asyncio.CancelledError}
        held = [await db.pool.acquire() for _ in range(3)]
        assert not any(connection.is_closed() or connection.is_in_transaction() for connection in held)
        for connection in held:
            db.pool.release(connection)
        await db.close()

    asyncio.run(asyncio.wait_for(story(), 60))


def test_who_waits_too_long_for_a_connection_is_told_and_the_next_one_gets_it(database_url: str) -> None:
    async def story() -> None:
        db = Database(database_url, max_size=1, patience_s=0.2)
        held = await db.pool.acquire()
        with pytest.raises(DatabaseUnavailable, match="no connection was free"):
            await db.fetchval("SELECT 1")
        waiting = asyncio.create_task(db.fetchval("SELECT 2"))
        await asyncio.sleep(0.05)
        db.pool.release(held)
        assert await waiting == 2
        await db.close()

    asyncio.run(story())
