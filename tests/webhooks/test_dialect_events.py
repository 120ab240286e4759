"""A purchase with both dialects' real events: what merchants' own SDKs make of each delivery, and in which order they come."""

from __future__ import annotations

import asyncio
import json

from dodopayments import DodoPayments
from polar.v2026_04.webhooks import validate_event

from checkstand.dialects.dodo.webhooks.events import Events as DodoEvents
from checkstand.dialects.polar.webhooks.events import Events as PolarEvents
from checkstand.domain.profile import Dialect
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.testing.buyer import Purchase, pay
from checkstand.worker.loop import Worker
from tests.answers import event_differences
from tests.flows.refunding import REFUND_FAILS, REFUND_PENDS, decide, give_back
from tests.flows.refunding import buy as buy_with
from tests.webhooks.receiver import Answer, receiving
from tests.webhooks.stage import Stage, open_stage

POLAR_EVENTS = (
    "checkout.created",
    "checkout.updated",
    "checkout.expired",
    "customer.created",
    "customer.state_changed",
    "order.created",
    "order.updated",
    "order.paid",
)


async def buy(stage: Stage, dialect: Dialect) -> None:
    wanted = CartItem(product_id=stage.shop.demo.products["one_time"].id, where=("products", 0))
    request = CheckoutRequest(dialect=dialect, wanted=(wanted,), choose_one=dialect == "polar")
    checkout = await create_checkout(stage.ports, stage.organization, request)
    await pay(stage.ports, stage.organization, checkout, Purchase(email="ada@example.com"))


def real_worker(stage: Stage) -> Worker:
    return Worker(stage.ports, {"polar": PolarEvents(), "dodo": DodoEvents()}, asyncio.Event())


def test_the_polar_sdk_loads_every_event_of_a_purchase_in_the_order_of_the_original(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            endpoint = await stage.endpoint(receiver.url, events=POLAR_EVENTS)
            await buy(stage, "polar")
            worker = real_worker(stage)
            assert await worker.drain(stage.organization) == (len(receiver.received), 0)
            await worker.aclose()
            loaded = [validate_event(got.body, got.headers, endpoint.secret) for got in receiver.received]
            assert [event_differences(json.loads(got.body)) for got in receiver.received] == [[]] * len(loaded)
            names = [event.type for event in loaded]
            assert names[0] == "checkout.created"
            assert names[-2:] == ["checkout.updated", "order.updated"], "the invoice comes last"
            assert names.index("order.created") < names.index("order.paid")
            assert {"customer.created", "customer.state_changed"} < set(names)

    asyncio.run(story())


def test_the_dodo_sdk_unwraps_a_payment_that_succeeded(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            endpoint = await stage.endpoint(receiver.url, "dodo", events=())
            await buy(stage, "dodo")
            worker = real_worker(stage)
            assert await worker.drain(stage.organization) == (1, 0)
            await worker.aclose()
            got = receiver.received[0]
            client = DodoPayments(bearer_token="unused", webhook_key=endpoint.secret)
            event = client.webhooks.unwrap(got.body.decode(), headers=got.headers)
            assert event.type == "payment.succeeded"
            assert event.data.payment_id.startswith("pay_")
            assert event.data.total_amount == 1000

    asyncio.run(story())


def test_a_polar_event_tried_again_still_shows_the_object_as_it_was(quiet_database_url: str) -> None:
    async def story() -> None:
        def answer(request: object, count: int) -> Answer:
            return Answer(status=500 if count == 1 else 200)

        async with open_stage(quiet_database_url) as stage, receiving(answer) as receiver:
            endpoint = await stage.endpoint(receiver.url, events=("checkout.created",))
            await buy(stage, "polar")
            worker = real_worker(stage)
            assert await worker.drain(stage.organization) == (0, 1)
            delivery = (await stage.queue())[0]
            assert delivery.next_attempt_at is not None
            await stage.advance(delivery.next_attempt_at - await stage.now())
            assert await worker.drain(stage.organization) == (1, 0)
            await worker.aclose()
            first, second = receiver.received
            assert first.body == second.body
            event = validate_event(second.body, second.headers, endpoint.secret)
            assert event.type == "checkout.created"
            assert event.data.status == "open"

    asyncio.run(story())


def test_polar_hears_of_each_refund_that_it_was_made_and_then_how_it_ended(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            await stage.endpoint(receiver.url, events=("refund.created", "refund.updated", "order.refunded"))
            worker = real_worker(stage)

            async def told() -> list[tuple[str, str]]:
                receiver.received.clear()
                await worker.drain(stage.organization)
                events = [json.loads(got.body) for got in receiver.received]
                return [(event["type"], event["data"]["status"]) for event in events]

            _, order = await buy_with(stage.shop, card=REFUND_PENDS)
            waiting = await give_back(stage.shop, order)
            assert await told() == [("refund.created", "pending")]
            await decide(stage.shop, waiting, succeeded=True)
            assert await told() == [("order.refunded", "refunded"), ("refund.updated", "succeeded")]
            await decide(stage.shop, waiting, succeeded=False)
            assert await told() == [("refund.updated", "failed")], "the buyer's bank sent it back"
            _, order = await buy_with(stage.shop, card=REFUND_FAILS)
            await give_back(stage.shop, order)
            assert await told() == [("refund.created", "failed"), ("refund.updated", "failed")]
            await worker.aclose()

    asyncio.run(story())
