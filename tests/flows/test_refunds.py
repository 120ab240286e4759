"""Refunds with the real database and the test gateway: money goes back once, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import asyncpg
import pytest

from checkstand.domain.errors import CheckstandError, Invalid, NotFound
from checkstand.domain.refund import RefundRefused, RefundRequest, RefundSucceeded
from checkstand.flows.orders.read_sale import sale_of_order, sale_of_payment
from checkstand.flows.recovery.reconcile import reconcile
from checkstand.flows.refunds.refund_order import refund_order
from checkstand.gateways.testbank.gateway import TestGateway
from checkstand.store import work
from checkstand.store.sales import refunds
from checkstand.store.sales.payments import ATTEMPTS
from tests.conftest import open_shop
from tests.flows.refunding import (
    REFUND_FAILS,
    REFUND_PENDS,
    ProcessDied,
    balances,
    bank_has_given_back,
    buy,
    decide,
    give_back,
    happened,
    later,
    order_of,
    with_dying_bank,
)


def test_a_refund_moves_money_books_and_status(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            checkout, order = await buy(shop)
            part = await give_back(shop, order, 300)
            after_part = await order_of(shop, checkout)
            assert (part.status, part.is_partial, after_part.status) == ("succeeded", True, "partially_refunded")
            assert await balances(shop) == {"gateway": 700, "revenue": -1000, "refunds": 300}
            rest = await give_back(shop, order)
            after = await order_of(shop, checkout)
            assert (rest.total_minor, after.status, after.refunded_minor) == (700, "refunded", 1000)
            assert await balances(shop) == {"revenue": -1000, "refunds": 1000}
            assert await bank_has_given_back(shop) == [300, 700]
            assert await happened(shop) == ["refund.created", "order.refunded", "refund.succeeded"] * 2
            sale = await sale_of_order(shop.ports, shop.demo.organization, order.id)
            assert [one.id for one in sale.refunds] == [part.id, rest.id]
            assert (await sale_of_payment(shop.ports, shop.demo.organization, order.id)).refunds == sale.refunds
            with pytest.raises(RefundRefused, match="refunded_already"):
                await give_back(shop, order, 1)

    asyncio.run(story())


def test_200_concurrent_partial_refunds_never_exceed_the_payment(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            checkout, order = await buy(shop)

            async def one() -> str:
                try:
                    return (await give_back(shop, order, 70)).status
                except CheckstandError as error:
                    return error.code

            outcome = Counter(await asyncio.gather(*(one() for _ in range(200))))
            assert outcome["succeeded"] == 14
            assert set(outcome) <= {"succeeded", "invalid"}
            after = await order_of(shop, checkout)
            assert (after.refunded_minor, after.status) == (980, "partially_refunded")
            assert await bank_has_given_back(shop) == [70] * 14
            assert await balances(shop) == {"gateway": 20, "revenue": -1000, "refunds": 980}

    asyncio.run(story())


def test_the_orders_own_row_refuses_more_than_was_paid(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            _, order = await buy(shop)
            with pytest.raises(asyncpg.CheckViolationError):
                await shop.ports.db.execute(
                    "UPDATE orders SET refunded_minor = 1001 WHERE organization_id = $1", shop.demo.organization.id
                )
            made = await give_back(shop, order, 600)
            assert not await refunds.reserve(shop.ports.db, made), "400 are left of 1000"

    asyncio.run(story())


@pytest.mark.parametrize("books_first", [True, False], ids=["after the bank booked it", "before the bank heard of it"])
def test_a_process_that_dies_in_the_middle_gives_back_once(database_url: str, books_first: bool) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            checkout, order = await buy(shop)
            with pytest.raises(ProcessDied):
                await give_back(with_dying_bank(shop, books_first=books_first), order, 400)
            left = await order_of(shop, checkout)
            assert (left.refunded_minor, left.status, await happened(shop)) == (400, "paid", [])
            with pytest.raises(Invalid):
                await give_back(shop, order, 700)
            assert await reconcile(shop.ports, shop.demo.organization) == 0, "it may still be under way"
            patient = later(shop, timedelta(seconds=31))
            due = await work.with_due_upkeep(shop.ports.db, real_now=patient.ports.real_now(), patience=timedelta(1))
            assert shop.demo.organization.id in due
            assert await reconcile(patient.ports, shop.demo.organization) == 1
            assert await reconcile(patient.ports, shop.demo.organization) == 0
            assert await bank_has_given_back(shop) == [400]
            assert (await order_of(shop, checkout)).status == "partially_refunded"
            assert await balances(shop) == {"gateway": 600, "revenue": -1000, "refunds": 400}
            assert await happened(shop) == ["refund.created", "order.refunded", "refund.succeeded"]

    asyncio.run(story())


def test_a_refund_that_fails_can_be_tried_again(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            checkout, order = await buy(shop, card=REFUND_FAILS)
            failed = await give_back(shop, order)
            after = await order_of(shop, checkout)
            assert (failed.status, failed.failure_code) == ("failed", "expired_or_canceled_card")
            assert (after.status, after.refunded_minor) == ("paid", 0)
            assert await happened(shop) == ["refund.created", "refund.failed"]
            assert await balances(shop) == {"gateway": 1000, "revenue": -1000}
            assert (await give_back(shop, order, 10)).status == "failed"
            assert await bank_has_given_back(shop) == []

    asyncio.run(story())


def test_a_refund_that_takes_its_time_holds_its_amount_until_the_bank_says(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            checkout, order = await buy(shop, card=REFUND_PENDS)
            waiting = await give_back(shop, order, 400)
            held = await order_of(shop, checkout)
            assert (waiting.status, held.status, held.refunded_minor) == ("pending", "paid", 400)
            assert await happened(shop) == ["refund.created"]
            assert await balances(shop) == {"gateway": 1000, "revenue": -1000}
            other = await give_back(shop, order, 600)
            with pytest.raises(RefundRefused, match="refund_underway"):
                await give_back(shop, order)
            done = await decide(shop, waiting, succeeded=True)
            assert (await decide(shop, waiting, succeeded=True), done.status) == (done, "succeeded")
            assert (await decide(shop, other, succeeded=False)).status == "failed"
            after = await order_of(shop, checkout)
            assert (after.status, after.refunded_minor) == ("partially_refunded", 400)
            assert await happened(shop) == [
                "refund.created", "refund.created", "refund.updated", "order.refunded", "refund.succeeded",
                "refund.updated", "refund.failed",
            ]  # fmt: skip

    asyncio.run(story())


def test_a_gateway_that_is_still_thinking_is_asked_again_after_an_hour(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            _, order = await buy(shop, card=REFUND_PENDS)
            waiting = await give_back(shop, order)
            bank = shop.ports.gateway
            assert isinstance(bank, TestGateway)
            assert await reconcile(later(shop, timedelta(hours=1, seconds=1)).ports, shop.demo.organization) == 0
            await bank.decide_refund(waiting, succeeded=True)
            assert await reconcile(later(shop, timedelta(hours=2)).ports, shop.demo.organization) == 0
            assert await reconcile(later(shop, timedelta(hours=2, seconds=2)).ports, shop.demo.organization) == 1
            assert await balances(shop) == {"revenue": -1000, "refunds": 1000}

    asyncio.run(story())


def test_money_that_comes_back_from_the_buyers_bank_is_ours_again(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            checkout, order = await buy(shop)
            sent = await give_back(shop, order)
            back = await decide(shop, sent, succeeded=False)
            after = await order_of(shop, checkout)
            assert (back.status, after.status, after.refunded_minor) == ("failed", "paid", 0)
            assert await balances(shop) == {"gateway": 1000, "revenue": -1000}
            assert (await happened(shop))[3:] == ["refund.updated", "order.updated", "refund.failed"]
            assert (await decide(shop, sent, succeeded=True)).status == "failed", "an end is an end"

    asyncio.run(story())


def test_a_bank_gives_back_no_more_than_it_took(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            checkout, order = await buy(shop)
            await give_back(shop, order, 900)
            # Our books forget what was given back: the bank's do not.
            await shop.ports.db.execute(
                "UPDATE orders SET refunded_minor = 0 WHERE organization_id = $1 AND id = $2",
                order.organization_id,
                order.id,
            )
            refused = await give_back(shop, order, 200)
            assert (refused.status, refused.failure_code) == ("failed", "amount_exceeds_charge")
            assert (await order_of(shop, checkout)).refunded_minor == 0

    asyncio.run(story())


def test_a_bank_that_is_asked_twice_under_one_key_gives_back_once(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            _, order = await buy(shop)
            made = await give_back(shop, order, 400)
            paid = await ATTEMPTS.by_id(shop.ports.db, order.organization_id, made.attempt_id)
            assert paid is not None
            answers = await asyncio.gather(*(shop.ports.gateway.refund(paid, made) for _ in range(5)))
            assert set(answers) == {RefundSucceeded(reference=made.gateway_reference or "")}
            assert await bank_has_given_back(shop) == [400]

    asyncio.run(story())


def test_what_was_free_or_is_unknown_is_not_refunded(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            _, free = await buy(shop, "free")
            with pytest.raises(RefundRefused, match="nothing_to_refund"):
                await give_back(shop, free)
            with pytest.raises(NotFound):
                await refund_order(shop.ports, shop.demo.organization, shop.ports.new_id(), RefundRequest())
            async with open_shop(database_url) as other:
                _, order = await buy(shop)
                with pytest.raises(NotFound):
                    await refund_order(other.ports, other.demo.organization, order.id, RefundRequest())

    asyncio.run(story())
