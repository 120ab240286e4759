"""The worker that runs for ever: wakes, goes on after trouble, leaves politely, and looks after what expires."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Literal
from uuid import UUID

from checkstand.domain.checkout import Checkout, CheckoutStatus
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.store import checkouts, facts
from checkstand.webhooks.fan_out import FanOut, fan_out
from checkstand.worker.loop import Worker
from tests.webhooks.receiver import Answer, receiving
from tests.webhooks.stage import Stage, open_stage

WAITS_FOR_A_ROW = """
    SELECT count(*)
    FROM pg_stat_activity
    WHERE datname = current_database()
      AND wait_event_type = 'Lock'
"""


@contextlib.asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(worker.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def open_checkout(stage: Stage) -> Checkout:
    wanted = CartItem(product_id=stage.shop.demo.products["one_time"].id, where=("products", 0))
    request = CheckoutRequest(dialect="polar", wanted=(wanted,), choose_one=True)
    return await create_checkout(stage.ports, stage.organization, request)


class WakeUpCall(asyncio.Event):
    """What wakes a worker, and knows when one waits for it: its round is over then."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.awaited.set()
        try:
            return await super().wait()
        finally:
            self.awaited.clear()


def test_a_worker_that_starts_delivers_what_waited_for_it(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            await stage.endpoint(receiver.url)
            await stage.happen("first")
            async with running(stage.sleepy_worker(asyncio.Event())):
                await receiver.wait_for(1)

    asyncio.run(story())


def test_a_worker_that_is_woken_and_told_to_leave_in_one_moment_leaves(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage:
            woken = WakeUpCall()
            task = asyncio.create_task(stage.sleepy_worker(woken).run())
            await asyncio.wait_for(woken.awaited.wait(), 10)
            woken.set()
            await asyncio.sleep(0)
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=10)
            assert done == {task}

    asyncio.run(story())


def test_waking_it_delivers_at_once(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            await stage.endpoint(receiver.url)
            woken = WakeUpCall()
            async with running(stage.sleepy_worker(woken)):
                for number in range(1, 6):
                    await asyncio.wait_for(woken.awaited.wait(), 10)
                    await stage.happen(str(number))
                    woken.set()
                    await receiver.wait_for(number)

    asyncio.run(story())


def test_a_worker_in_another_process_finds_work_without_being_woken(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            await stage.endpoint(receiver.url)
            never_set = WakeUpCall()
            async with running(stage.another_worker(never_set)):
                await asyncio.wait_for(never_set.awaited.wait(), 10)
                await stage.happen("first")
                await receiver.wait_for(1)

    asyncio.run(story())


def test_a_receiver_that_answers_slowly_holds_up_no_other(quiet_database_url: str) -> None:
    async def story() -> None:
        async with (
            open_stage(quiet_database_url) as stage,
            receiving(lambda _request, _count: Answer(after_s=60.0)) as slow,
            receiving() as quick,
        ):
            await stage.endpoint(slow.url)
            await stage.endpoint(quick.url)
            async with running(stage.worker):
                await stage.happen("one", "two")
                stage.ports.wake()
                await quick.wait_for(2)
                await stage.happen("three")
                stage.ports.wake()
                await quick.wait_for(3)
                assert len(slow.received) == 1

    asyncio.run(story())


def test_trouble_in_a_round_does_not_end_the_worker(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            await stage.endpoint(receiver.url)
            trouble = [1]

            class Flaky(Worker):
                async def deliver_round(self) -> None:
                    if trouble:
                        trouble.pop()
                        raise ConnectionError("the database is away")
                    await super().deliver_round()

            worker = Flaky(stage.ports, stage.renderers, stage.woken)
            async with running(worker):
                await stage.happen("first")
                await receiver.wait_for(1)
                assert not trouble

    asyncio.run(story())


def test_a_worker_that_leaves_gives_back_what_it_could_not_finish(quiet_database_url: str) -> None:
    async def story() -> None:
        async with (
            open_stage(quiet_database_url) as stage,
            receiving(lambda _request, count: Answer(after_s=30.0 if count == 1 else 0.0)) as receiver,
        ):
            await stage.endpoint(receiver.url)
            async with running(stage.another_worker()):
                await stage.happen("first")
                await receiver.wait_for(1)
            assert await stage.drain() == (1, 0)
            assert receiver.received[0].id == receiver.received[1].id

    asyncio.run(story())


def test_a_session_whose_time_is_over_expires_and_is_told_of(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            await stage.endpoint(receiver.url)
            checkout = await open_checkout(stage)
            async with running(stage.worker):
                await stage.advance(timedelta(hours=25))
                await receiver.wait_for(1)
            stored = await checkouts.by_id(stage.ports.db, stage.organization.id, checkout.id)
            assert stored is not None
            assert stored.status is CheckoutStatus.EXPIRED
            assert b"checkout.expired" in receiver.received[0].body

    asyncio.run(story())


def test_draining_waits_for_deliveries_that_the_running_worker_is_at(quiet_database_url: str) -> None:
    async def story() -> None:
        async with (
            open_stage(quiet_database_url) as stage,
            receiving(lambda _request, _count: Answer(after_s=0.4)) as receiver,
        ):
            await stage.endpoint(receiver.url)
            async with running(stage.worker):
                await stage.happen("first")
                stage.ports.wake()
                await receiver.wait_for(1)
                assert await stage.drain() == (1, 0)
                assert (await stage.queue())[0].status == "delivered"

    asyncio.run(story())


def test_only_one_worker_at_a_time_turns_facts_into_deliveries(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage:
            await stage.endpoint("http://127.0.0.1:9/")
            await stage.happen("first")
            async with stage.ports.db.transaction() as tx:
                assert await facts.take_turn(tx)
                assert await fan_out(stage.ports, stage.renderers) is FanOut.ELSEWHERE
            assert await fan_out(stage.ports, stage.renderers) is FanOut.DONE
            assert len(await stage.queue()) == 1

    asyncio.run(story())


def test_workers_that_saw_the_same_facts_queue_each_event_once_and_in_order(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage:
            await stage.endpoint("http://127.0.0.1:9/")
            happened: list[UUID] = []
            for number in range(8):
                happened += [fact.id for fact in await stage.happen(f"a{number}", f"b{number}")]
                await asyncio.gather(*(fan_out(stage.ports, stage.renderers, limit=5 + number) for _ in range(5)))
            while await fan_out(stage.ports, stage.renderers) is not FanOut.DONE:
                await asyncio.sleep(0)
            assert [delivery.fact_id for delivery in await stage.queue()] == happened

    asyncio.run(story())


def test_sessions_of_others_expire_while_one_organizations_upkeep_hangs(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            neighbour = await stage.neighbour()
            stuck = await open_checkout(stage)
            await neighbour.endpoint(receiver.url)
            await open_checkout(neighbour)
            async with stage.ports.db.transaction() as tx:
                await tx.execute("SELECT FROM checkouts WHERE id = $1 FOR UPDATE", stuck.id)
                async with running(stage.worker):
                    await stage.advance(timedelta(hours=25))
                    while not await stage.ports.db.fetchval(WAITS_FOR_A_ROW):  # its upkeep has begun and hangs
                        await asyncio.sleep(0.05)
                    await neighbour.advance(timedelta(hours=25))
                    await receiver.wait_for(1)
                    assert b"checkout.expired" in receiver.received[0].body

    asyncio.run(story())
