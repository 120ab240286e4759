"""Deliveries from fact to receiver: what is sent, in which order, how often, and when it is given up."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta
from uuid import UUID

import pytest
from dodopayments import DodoPayments
from polar.webhooks import validate_event
from standardwebhooks import Webhook

from checkstand.domain.facts import FactType
from checkstand.store.delivery import webhooks
from checkstand.webhooks.fan_out import fan_out
from tests.webhooks.receiver import Answer, Received, always, receiving
from tests.webhooks.stage import Stage, open_stage


def notes(received: list[Received]) -> list[str]:
    return [json.loads(request.body)["note"] for request in received]


def test_a_polar_event_arrives_signed_for_every_generation_of_receiver(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            endpoint = await stage.endpoint(receiver.url)
            await stage.happen("first")
            assert await stage.drain() == (1, 0)
            got = receiver.received[0]
            delivery = (await stage.queue())[0]
            assert got.id == str(delivery.id)
            assert got.headers["content-type"] == "application/json"
            assert got.headers["user-agent"] == "polar.sh webhooks"
            types = frozenset({"product.created"})
            assert validate_event(got.body, got.headers, endpoint.secret, types, dict)["note"] == "first"
            assert Webhook(base64.b64encode(endpoint.secret.encode()).decode()).verify(got.body, got.headers)
            assert Webhook(endpoint.secret).verify(got.body, got.headers)
            assert (delivery.status, delivery.attempts, delivery.last_http_code) == ("delivered", 1, 200)

    asyncio.run(story())


def test_a_dodo_event_arrives_as_its_sdk_expects_with_the_endpoints_own_headers(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            own = {"X-Shop": "berlin", "Webhook-Id": "forged", "Content-Length": "3"}
            endpoint = await stage.endpoint(receiver.url, "dodo", events=(), headers=own)
            await stage.happen("first")
            assert await stage.drain() == (1, 0)
            got = receiver.received[0]
            assert got.headers["x-shop"] == "berlin"
            assert got.id.startswith("msg_")
            client = DodoPayments(bearer_token="unused", webhook_key=endpoint.secret)
            event = client.webhooks.unwrap(got.body.decode(), headers=got.headers)
            assert str(event.type) == "product.created"

    asyncio.run(story())


def test_only_the_events_that_an_endpoint_asked_for_are_sent(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            await stage.endpoint(f"{receiver.url}/polar-some", events=("checkout.expired",))
            await stage.endpoint(f"{receiver.url}/polar-none", events=())
            await stage.endpoint(f"{receiver.url}/dodo-some", "dodo", events=("checkout.expired",))
            await stage.endpoint(f"{receiver.url}/dodo-all", "dodo", events=())
            await stage.happen("made")
            await stage.happen("over", kind=FactType.CHECKOUT_EXPIRED)
            assert await stage.drain() == (4, 0)
            assert sorted(receiver.paths()) == sorted(
                ["/hook/polar-some", "/hook/dodo-some", "/hook/dodo-all", "/hook/dodo-all"]
            )

    asyncio.run(story())


def test_an_endpoint_hears_nothing_of_what_happened_before_it_existed(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            await stage.advance(timedelta(days=30))
            await stage.happen("before")
            await stage.endpoint(receiver.url)
            await stage.happen("after")
            assert await stage.drain() == (1, 0)
            assert notes(receiver.received) == ["after"]

    asyncio.run(story())


def test_events_of_one_endpoint_arrive_in_order_one_at_a_time(quiet_database_url: str) -> None:
    async def story() -> None:
        slow = Answer(after_s=0.005)
        async with open_stage(quiet_database_url) as stage, receiving(lambda _request, _count: slow) as receiver:
            await stage.endpoint(receiver.url)
            expected = [str(number) for number in range(40)]
            await stage.happen(*expected[:20])
            for note in expected[20:]:
                await stage.happen(note)
            assert await stage.drain() == (40, 0)
            assert notes(receiver.received) == expected
            assert receiver.most_at_once == 1

    asyncio.run(story())


def test_a_failing_event_holds_up_no_later_one_beyond_its_first_try(quiet_database_url: str) -> None:
    async def story() -> None:
        def answer(request: Received, _count: int) -> Answer:
            return Answer(status=500 if b'"bad"' in request.body else 200)

        async with open_stage(quiet_database_url) as stage, receiving(answer) as receiver:
            await stage.endpoint(receiver.url)
            await stage.happen("bad", "good", "better")
            assert await stage.drain() == (2, 1)
            assert notes(receiver.received) == ["bad", "good", "better"]

    asyncio.run(story())


def test_a_slow_endpoint_holds_up_no_other(quiet_database_url: str) -> None:
    async def story() -> None:
        async with (
            open_stage(quiet_database_url) as stage,
            receiving(lambda _request, _count: Answer(after_s=60.0)) as slow,
            receiving() as quick,
        ):
            await stage.endpoint(slow.url)
            await stage.endpoint(quick.url)
            await stage.happen("one", "two", "three")
            draining = asyncio.create_task(stage.drain())
            await quick.wait_for(3)
            assert len(slow.received) == 1
            draining.cancel()

    asyncio.run(story())


def test_a_failed_event_is_tried_again_by_the_organizations_clock_until_it_arrives(quiet_database_url: str) -> None:
    async def story() -> None:
        def answer(_request: Received, count: int) -> Answer:
            return Answer(status=200 if count == 4 else 503, body=f"try {count}".encode())

        async with open_stage(quiet_database_url) as stage, receiving(answer) as receiver:
            endpoint = await stage.endpoint(receiver.url)
            await stage.happen("stubborn")
            assert await stage.drain() == (0, 1)
            for seconds in (4, 8):
                await stage.advance(timedelta(seconds=seconds - 2))
                assert await stage.drain() == (0, 0), "tried too early"
                await stage.advance(timedelta(seconds=2))
                assert await stage.drain() == (0, 1)
            await stage.advance(timedelta(seconds=16))
            assert await stage.drain() == (1, 0)
            assert len({request.id for request in receiver.received}) == 1
            assert len({request.body for request in receiver.received}) == 1
            for request in receiver.received:  # each signed at its own real time, whatever the clock of the shop says
                assert Webhook(endpoint.secret).verify(request.body, request.headers)
            delivery = (await stage.queue())[0]
            tries = await stage.tries(delivery.id)
            assert [(item.http_code, item.response) for item in tries] == [
                (503, "try 1"),
                (503, "try 2"),
                (503, "try 3"),
                (200, "try 4"),
            ]
            assert (delivery.status, delivery.attempts) == ("delivered", 4)

    asyncio.run(story())


def test_dodo_tries_again_at_once_and_shows_the_object_as_it_is_then(quiet_database_url: str) -> None:
    async def story() -> None:
        async with (
            open_stage(quiet_database_url) as stage,
            receiving(lambda _request, count: Answer(status=200 if count > 1 else 500)) as receiver,
        ):
            await stage.endpoint(receiver.url, "dodo")
            await stage.happen("first")
            assert await stage.drain() == (1, 1)
            assert [json.loads(request.body)["asked"] for request in receiver.received] == [1, 2]

    asyncio.run(story())


@pytest.mark.parametrize("status", [301, 302, 307, 404, 410, 500])
def test_anything_but_2xx_is_a_failure(quiet_database_url: str, status: int) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving(always(status)) as receiver:
            await stage.endpoint(receiver.url)
            await stage.happen("first")
            assert await stage.drain() == (0, 1)
            assert (await stage.queue())[0].last_http_code == status

    asyncio.run(story())


def test_a_receiver_that_hangs_up_is_a_failure_with_words(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving(always(0)) as receiver:
            await stage.endpoint(receiver.url)
            await stage.happen("first")
            assert await stage.drain() == (0, 1)
            delivery = (await stage.queue())[0]
            entry = (await stage.tries(delivery.id))[0]
            assert (entry.http_code, entry.succeeded) == (None, False)
            assert "disconnected" in entry.response

    asyncio.run(story())


def test_a_delivery_of_a_worker_that_died_is_taken_up_with_the_same_id_when_its_lease_ends(
    quiet_database_url: str,
) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            await stage.endpoint(receiver.url)
            await stage.happen("first", "second")
            assert await stage.drain() == (2, 0)
            await stage.happen("third")
            await fan_out(stage.ports, stage.renderers)
            held = (await stage.lease())[0]
            assert await stage.lease() == []
            await stage.worker.deliver_round()
            await asyncio.sleep(0.1)
            assert len(receiver.received) == 2, "somebody else's lease was not respected"
            stage.clock.ahead += timedelta(seconds=21)
            assert await stage.drain() == (1, 0)
            assert receiver.received[2].id == str(held.delivery.id)

    asyncio.run(story())


def test_many_workers_never_deliver_the_same_event_twice(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            for _ in range(3):
                await stage.endpoint(receiver.url)
            crowd = [stage.another_worker() for _ in range(4)]
            for number in range(15):
                await stage.happen(f"a{number}", f"b{number}")
            await asyncio.gather(*(worker.drain(stage.organization) for worker in crowd))
            assert len(receiver.received) == 90
            assert len({request.id for request in receiver.received}) == 90
            for worker in crowd:
                await worker.aclose()

    asyncio.run(story())


def test_order_is_kept_when_many_workers_deliver(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            await stage.endpoint(receiver.url)
            crowd = [stage.another_worker() for _ in range(4)]
            expected = [str(number) for number in range(60)]
            await stage.happen(*expected)
            await asyncio.gather(*(worker.drain(stage.organization) for worker in crowd))
            assert notes(receiver.received) == expected
            for worker in crowd:
                await worker.aclose()

    asyncio.run(story())


def test_a_polar_endpoint_whose_last_ten_events_failed_for_good_is_disabled(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving(always(500)) as receiver:
            endpoint = await stage.endpoint(receiver.url)
            await stage.happen(*map(str, range(10)))
            for _ in range(9):
                await stage.drain()
                assert await _is_enabled(stage, endpoint.id)
                await stage.advance(timedelta(minutes=21))
            await stage.happen("eleventh")
            await stage.drain()
            assert not await _is_enabled(stage, endpoint.id)
            assert [item.status for item in await stage.queue()] == ["failed"] * 10 + ["skipped"]
            assert [item.attempts for item in await stage.queue()] == [10] * 10 + [1]
            seen = len(receiver.received)
            await stage.happen("unheard")
            await stage.advance(timedelta(hours=1))
            assert await stage.drain() == (0, 0)
            assert len(receiver.received) == seen
            assert len(await stage.queue()) == 11

    asyncio.run(story())


async def _is_enabled(stage: Stage, endpoint_id: UUID) -> bool:
    found = await webhooks.endpoint_by_id(stage.ports.db, stage.organization.id, endpoint_id)
    assert found is not None
    return found.enabled


def test_one_success_among_the_last_ten_keeps_an_endpoint(quiet_database_url: str) -> None:
    async def story() -> None:
        def answer(request: Received, _count: int) -> Answer:
            return Answer(status=200 if b'"5"' in request.body else 500)

        async with open_stage(quiet_database_url) as stage, receiving(answer) as receiver:
            endpoint = await stage.endpoint(receiver.url)
            await stage.happen(*map(str, range(10)))
            for _ in range(10):
                await stage.drain()
                await stage.advance(timedelta(minutes=21))
            assert await _is_enabled(stage, endpoint.id)

    asyncio.run(story())


def test_what_waits_for_a_removed_endpoint_is_skipped_even_in_the_middle_of_a_try(quiet_database_url: str) -> None:
    async def story() -> None:
        async with (
            open_stage(quiet_database_url) as stage,
            receiving(lambda _request, _count: Answer(status=500, after_s=1.0)) as receiver,
        ):
            endpoint = await stage.endpoint(receiver.url)
            await stage.happen("first", "second")
            draining = asyncio.create_task(stage.drain())
            await receiver.wait_for(1)
            await webhooks.delete_endpoint(stage.ports.db, stage.organization.id, endpoint.id, now=await stage.now())
            assert await draining == (0, 1)
            assert [item.status for item in await stage.queue()] == ["skipped", "skipped"]
            assert len(receiver.received) == 1

    asyncio.run(story())


def test_an_event_that_cannot_be_rendered_stops_nobody_and_is_tried_again(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            await stage.endpoint(receiver.url)
            stage.renderers["polar"].breaks = True
            await stage.happen("first")
            assert await stage.drain() == (0, 1)
            entry = (await stage.tries((await stage.queue())[0].id))[0]
            assert entry.response == "The event could not be rendered: LookupError."
            stage.renderers["polar"].breaks = False
            await stage.happen("second")
            assert await stage.drain() == (1, 0)
            await stage.advance(timedelta(seconds=5))
            assert await stage.drain() == (1, 0)
            assert notes(receiver.received) == ["second", "first"]

    asyncio.run(story())


def test_an_endpoints_rate_limit_spreads_its_events(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            await stage.endpoint(receiver.url, "dodo", rate_limit=10)
            await stage.happen(*map(str, range(5)))
            began = asyncio.get_running_loop().time()
            assert await stage.drain() == (5, 0)
            assert asyncio.get_running_loop().time() - began >= 0.4

    asyncio.run(story())
