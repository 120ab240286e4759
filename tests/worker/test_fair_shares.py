"""What one organization can make slow holds up no other: receivers that never answer, names that resolve in ten seconds, facts en masse."""

from __future__ import annotations

import asyncio
import doctest

from checkstand.ops import shares
from checkstand.ops.shares import Shares
from checkstand.webhooks.fan_out import MOST_DELIVERIES_OF_ONE, FanOut, fan_out
from tests.webhooks.neighbours import leave_nothing, percentile, waits_beside
from tests.webhooks.stage import open_stage


def test_the_examples_hold() -> None:
    assert doctest.testmod(shares).failed == 0


def test_ninety_receivers_that_never_answer_and_eight_slow_names_delay_nobody_elses_webhooks(
    quiet_database_url: str,
) -> None:
    waits = asyncio.run(
        waits_beside(quiet_database_url, hanging=90, slow_names=8, events=12, others=2, of_each=20, every_s=0.1)
    )
    assert len(waits) == 40
    assert percentile(waits, 0.95) < 1.0, waits  # of so few: `make prove` measures p99 of a thousand


def test_the_more_owners_hold_places_the_less_each_may_hold_and_a_newcomer_finds_one() -> None:
    places = Shares(places=64, most_of_one=8)
    held = []
    for owner in range(12):
        taken = 0
        while places.take(owner):
            taken += 1
        held.append(taken)
    assert held[:4] == [8, 8, 8, 8]
    assert held == sorted(held, reverse=True)
    assert min(held) >= 1
    assert places.take("newcomer")
    assert places.is_beyond(0), "whoever came first is asked to give back"
    assert not places.is_beyond("newcomer")


def test_room_is_what_can_be_taken() -> None:
    places = Shares(places=10, most_of_one=8)
    for owner in ("a", "b", "c", "d", "e"):
        room, taken = places.room(owner), 0
        while places.take(owner):
            taken += 1
        assert taken == room
        assert places.room(owner) == 0


def test_who_waits_for_a_place_gets_one_when_somebody_gives_it_back_unless_it_is_beyond_its_share() -> None:
    async def story() -> None:
        places = Shares(places=2, most_of_one=1)
        assert places.take("a")
        greedy = asyncio.create_task(places.wait("a"))
        await asyncio.sleep(0)
        assert places.take("b")
        late = asyncio.create_task(places.wait("c"))
        await asyncio.sleep(0)
        places.release("b")
        await asyncio.wait_for(late, 1)
        assert not greedy.done(), "it waits longer, but has its share already"
        places.release("a")
        await asyncio.wait_for(greedy, 1)
        assert places.free == 0

    asyncio.run(story())


def test_who_stops_waiting_for_a_place_leaves_none_taken() -> None:
    async def story() -> None:
        places = Shares(places=1, most_of_one=1)
        assert places.take("a")
        for _ in range(2):
            given_up = asyncio.create_task(places.wait("b"))
            await asyncio.sleep(0)
            given_up.cancel()
            await asyncio.gather(given_up, return_exceptions=True)
        in_time = asyncio.create_task(places.wait("b"))
        await asyncio.sleep(0)
        places.release("a")
        in_time.cancel()  # in the moment in which it was given the place
        await asyncio.gather(in_time, return_exceptions=True)
        assert places.free == 1

    asyncio.run(story())


def test_an_organization_with_thousands_of_facts_does_not_delay_the_next_ones_first(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage:
            neighbour = await stage.neighbour()
            for one in (stage, neighbour):
                await one.endpoint("http://127.0.0.1:9/")
            for number in range(9):
                await stage.endpoint(f"http://127.0.0.1:9/{number}")
            await stage.happen(*map(str, range(1000)))
            last = await neighbour.happen("first", "second")
            assert await fan_out(stage.ports, stage.renderers) is FanOut.MORE
            assert [delivery.fact_id for delivery in await neighbour.queue()] == [fact.id for fact in last]
            assert len(await stage.queue()) == MOST_DELIVERIES_OF_ONE
            notes = [delivery.fact_id for delivery in await stage.queue()]
            assert len(set(notes)) == MOST_DELIVERIES_OF_ONE / 10, "a fact is told to all who listen or not yet"
            assert stage.renderers["polar"].asked <= MOST_DELIVERIES_OF_ONE / 10 + 2, "ten endpoints share one text"
            await leave_nothing(stage)
            await leave_nothing(neighbour)

    asyncio.run(story())
