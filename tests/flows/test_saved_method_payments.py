"""Saved payment methods through the flows: what pays with one, and what removing one means."""

from __future__ import annotations

import asyncio

import pytest

from checkstand.domain.checkout import CheckoutStatus, Options
from checkstand.domain.discount import Percentage
from checkstand.domain.errors import DiscountLimitReached, Invalid, NotFound, PaymentDeclined
from checkstand.domain.payment import NeedsAction, Succeeded
from checkstand.flows.catalogue.save_discount import create_discount
from checkstand.flows.checkout.read_checkout import read_checkout
from checkstand.flows.customers.save_customer import delete_customer
from checkstand.flows.payments.remove_method import remove_method
from checkstand.flows.recovery.reconcile import reconcile
from tests.conftest import Shop
from tests.flows.saving import approve, customer, forgotten, offered, pay, saved, session, tell, token, trial_of

# ---------------------------------------------------------------- charging it


@pytest.mark.parametrize(
    ("number", "asks_again"), [("4000002760003184", True), ("4000002500003155", False)], ids=["always", "once"]
)
def test_three_d_secure_asks_again_for_a_saved_card_that_always_asks(
    database_url: str, number: str, asks_again: bool
) -> None:
    async def story(shop: Shop) -> None:
        ada = await customer(shop)
        first = await pay(shop, await session(shop, "monthly", customer_id=ada.id), token=await token(shop, number))
        assert isinstance(first.verdict, NeedsAction)
        assert await saved(shop, ada.id) == [], "nothing is kept before the bank has said yes"
        await approve(shop, first.attempt)
        (card,) = await saved(shop, ada.id)
        again = await pay(shop, await session(shop, customer_id=ada.id), method=card)
        assert isinstance(again.verdict, NeedsAction if asks_again else Succeeded)
        if asks_again:
            await approve(shop, again.attempt)

    tell(database_url, story)


def test_a_saved_card_that_fails_later_is_declined_and_another_way_pays(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await customer(shop)
        await pay(shop, await session(shop, "monthly", customer_id=ada.id), token=await token(shop, "4000000000000341"))
        (card,) = await saved(shop, ada.id)
        checkout = await session(shop, customer_id=ada.id)
        with pytest.raises(PaymentDeclined):
            await pay(shop, checkout, method=card)
        reopened = await read_checkout(shop.ports, shop.demo.organization, checkout.id)
        assert (await pay(shop, reopened)).settled.status is CheckoutStatus.SUCCEEDED

    tell(database_url, story)


def test_a_card_that_the_bank_refuses_for_good_is_not_offered_until_it_pays_anew(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await trial_of(shop)
        (card,) = await saved(shop, ada)
        await shop.ports.db.execute(
            "UPDATE test_gateway_methods SET behaviour = 'decline:lost_card' WHERE organization_id = $1",
            shop.demo.organization.id,
        )
        checkout = await session(shop, customer_id=ada)
        with pytest.raises(PaymentDeclined):
            await pay(shop, checkout, method=card)
        reopened = await read_checkout(shop.ports, shop.demo.organization, checkout.id)
        assert await offered(shop, reopened) == []
        with pytest.raises(Invalid):
            await pay(shop, reopened, method=card)
        await pay(shop, reopened, keep=True)
        assert len(await offered(shop, await session(shop, customer_id=ada))) == 1

    tell(database_url, story)


def test_a_limit_per_customer_knows_a_saved_card_again(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        organization = shop.demo.organization
        takes = Percentage(basis_points=1000)
        once = {"name": "Once", "code": "ONCE", "takes": takes, "max_per_customer": 1}
        await create_discount(shop.ports, organization, once)
        stranger = await session(shop, email="else@example.com", discount_codes=("ONCE",), options=Options())
        await pay(shop, stranger)
        ada = await trial_of(shop)
        (card,) = await saved(shop, ada)
        with pytest.raises(DiscountLimitReached):
            await pay(shop, await session(shop, customer_id=ada, discount_codes=("ONCE",)), method=card)

    tell(database_url, story)


# ---------------------------------------------------------------- removing it


def test_a_removed_method_is_neither_offered_nor_charged_and_the_bank_has_forgotten_it(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await trial_of(shop)
        (card,) = await saved(shop, ada)
        checkout = await session(shop, customer_id=ada)
        await remove_method(shop.ports, shop.demo.organization, ada, card.id)
        assert await offered(shop, checkout) == []
        with pytest.raises(Invalid):
            await pay(shop, checkout, method=card)
        with pytest.raises(NotFound):
            await remove_method(shop.ports, shop.demo.organization, ada, card.id)
        assert await forgotten(shop) == [card.gateway_method]

    tell(database_url, story)


def test_removal_while_a_payment_is_under_way_lets_it_finish_and_forgets_the_card_then(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await customer(shop)
        always = await token(shop, "4000002760003184")
        first = await pay(shop, await session(shop, "monthly", customer_id=ada.id), token=always)
        await approve(shop, first.attempt)
        (card,) = await saved(shop, ada.id)
        waiting = await pay(shop, await session(shop, customer_id=ada.id), method=card)
        await remove_method(shop.ports, shop.demo.organization, ada.id, card.id)
        assert await forgotten(shop) == []
        await approve(shop, waiting.attempt)
        done = await read_checkout(shop.ports, shop.demo.organization, waiting.settled.id)
        assert done.status is CheckoutStatus.SUCCEEDED
        assert await saved(shop, ada.id) == []
        await reconcile(shop.ports, shop.demo.organization)
        assert await forgotten(shop) == [card.gateway_method]

    tell(database_url, story)


def test_of_removal_and_payment_at_the_same_moment_either_comes_first_and_nothing_is_left_over(
    database_url: str,
) -> None:
    async def story(shop: Shop) -> None:
        ada = await trial_of(shop)
        for _ in range(6):
            (card,) = await saved(shop, ada)
            checkout = await session(shop, customer_id=ada)
            paid, removed = await asyncio.gather(
                pay(shop, checkout, method=card),
                remove_method(shop.ports, shop.demo.organization, ada, card.id),
                return_exceptions=True,
            )
            assert removed is None
            after = await read_checkout(shop.ports, shop.demo.organization, checkout.id)
            succeeded = not isinstance(paid, BaseException)
            assert succeeded or isinstance(paid, Invalid), paid
            assert after.status is (CheckoutStatus.SUCCEEDED if succeeded else CheckoutStatus.OPEN)
            await reconcile(shop.ports, shop.demo.organization)
            assert card.gateway_method in await forgotten(shop)
            await pay(shop, await session(shop, "monthly", customer_id=ada))

    tell(database_url, story)


def test_two_sessions_that_save_the_same_card_at_once_leave_one_row(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await customer(shop)
        both = [await session(shop, "monthly", customer_id=ada.id) for _ in range(4)]
        await asyncio.gather(*(pay(shop, one) for one in both))
        assert len(await saved(shop, ada.id)) == 1
        owners = await shop.ports.db.fetchval(
            "SELECT count(*) FROM gateway_customers WHERE organization_id = $1", shop.demo.organization.id
        )
        assert owners == 1

    tell(database_url, story)


def test_a_deleted_customers_methods_are_removed_and_forgotten(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await trial_of(shop)
        (card,) = await saved(shop, ada)
        await delete_customer(shop.ports, shop.demo.organization, ada)
        assert await saved(shop, ada) == []
        await reconcile(shop.ports, shop.demo.organization)
        assert await forgotten(shop) == [card.gateway_method]

    tell(database_url, story)
