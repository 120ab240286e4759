"""Saved payment methods through the flows: what is kept, whom it is offered to, whose it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from checkstand.domain.address import Address
from checkstand.domain.checkout import CheckoutStatus, Options
from checkstand.domain.errors import Invalid, NotFound, PaymentDeclined
from checkstand.flows.checkout.read_checkout import read_checkout
from checkstand.flows.checkout.renew_checkout import renew_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.flows.payments.remove_method import remove_method
from checkstand.flows.recovery.reconcile import reconcile
from checkstand.store.bank_books import charges as books
from checkstand.store.people import payment_methods
from tests.conftest import Shop, open_shop
from tests.flows.saving import approve, bank, customer, forgotten, offered, pay, saved, session, tell, trial_of

# ---------------------------------------------------------------- what is kept


def test_a_trial_keeps_the_card_without_a_charge_and_a_later_purchase_pays_with_it(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await trial_of(shop)
        assert await books.captured(shop.ports.db, shop.demo.organization.id) == 0
        later = await session(shop, customer_id=ada)
        (card,) = await offered(shop, later)
        assert (card.instrument.last_four, card.is_recurring) == ("4242", True)
        paid = await pay(shop, later, method=card)
        assert paid.settled.status is CheckoutStatus.SUCCEEDED
        assert (paid.attempt.confirmation_token, paid.attempt.method_id) == (None, card.id)
        assert await books.captured(shop.ports.db, shop.demo.organization.id) == 1
        (after,) = await saved(shop, ada)
        assert after.last_used_at is not None
        assert card.last_used_at is not None
        assert after.last_used_at > card.last_used_at

    tell(database_url, story)


def test_a_subscription_keeps_its_card_and_a_one_time_purchase_keeps_none_unless_the_buyer_ticks_so(
    database_url: str,
) -> None:
    async def story(shop: Shop) -> None:
        ada = await customer(shop)
        await pay(shop, await session(shop, customer_id=ada.id))
        assert await saved(shop, ada.id) == []
        await pay(shop, await session(shop, customer_id=ada.id), keep=True)
        (ticked,) = await saved(shop, ada.id)
        assert not ticked.is_recurring
        await pay(shop, await session(shop, "monthly", customer_id=ada.id))
        (again,) = await saved(shop, ada.id)
        assert (again.id, again.is_recurring) == (ticked.id, True)

    tell(database_url, story)


def test_a_tick_keeps_nothing_for_a_buyer_whom_nobody_has_proven(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await customer(shop)
        paid = await pay(shop, await session(shop, email="ada@example.com"), keep=True)
        assert paid.settled.buyer.customer_id == ada.id
        assert await saved(shop, ada.id) == []

    tell(database_url, story)


def test_a_declined_card_is_not_kept(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await customer(shop)
        with pytest.raises(PaymentDeclined):
            await pay(shop, await session(shop, "monthly", customer_id=ada.id), token="ctoken_declined")
        assert await saved(shop, ada.id) == []

    tell(database_url, story)


def test_the_same_card_again_is_one_row_and_the_bank_forgets_the_older_name(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await trial_of(shop)
        (first,) = await saved(shop, ada)
        await pay(shop, await session(shop, "monthly", customer_id=ada))
        await pay(shop, await session(shop, "monthly", customer_id=ada), token="ctoken_mastercard")
        found = {one.instrument.last_four: one for one in await saved(shop, ada)}
        assert set(found) == {"4242", "4444"}
        assert found["4242"].id == first.id
        assert found["4242"].gateway_method != first.gateway_method
        await reconcile(shop.ports, shop.demo.organization)
        assert await forgotten(shop) == [first.gateway_method]

    tell(database_url, story)


def test_a_method_that_cannot_be_charged_again_is_not_kept_however_much_it_is_wished(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await customer(shop)
        dutch = CheckoutChanges(given=frozenset({"address"}), address=Address(country="NL"))
        checkout = await session(shop, customer_id=ada.id)
        paid = await pay(shop, checkout, token="ctoken_ideal", keep=True, changes=dutch)
        await approve(shop, paid.attempt)
        done = await read_checkout(shop.ports, shop.demo.organization, checkout.id)
        assert done.status is CheckoutStatus.SUCCEEDED
        assert await saved(shop, ada.id) == []
        await reconcile(shop.ports, shop.demo.organization)
        assert len(await forgotten(shop)) == 1, "the bank kept it, and was told not to"

    tell(database_url, story)


# ---------------------------------------------------------------- whom it is offered to


def test_an_email_address_alone_shows_nothing(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await trial_of(shop)
        assert len(await offered(shop, await session(shop, customer_id=ada))) == 1
        assert await offered(shop, await session(shop, email="ada@example.com")) == []
        assert await offered(shop, await session(shop, customer_id=ada, options=Options())) == []

    tell(database_url, story)


def test_a_card_saved_under_a_known_customers_email_by_a_stranger_is_never_offered_to_that_customer(
    database_url: str,
) -> None:
    async def story(shop: Shop) -> None:
        ada = await customer(shop)
        stranger = await session(shop, "monthly", email="Ada@example.com", options=Options())
        assert (await pay(shop, stranger)).settled.buyer.customer_id == ada.id
        (strange,) = await saved(shop, ada.id)
        theirs = await session(shop, customer_id=ada.id)
        assert await offered(shop, theirs) == []
        assert strange.is_recurring
        await pay(shop, theirs, keep=True)
        (own,) = await offered(shop, await session(shop, customer_id=ada.id))
        assert own.id == strange.id

    tell(database_url, story)


def test_a_customer_made_by_an_earlier_decline_of_a_stranger_is_not_the_sessions_own(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        checkout = await session(shop, "monthly", email="new@example.com", options=Options())
        with pytest.raises(PaymentDeclined):
            await pay(shop, checkout, token="ctoken_declined")
        again = await read_checkout(shop.ports, shop.demo.organization, checkout.id)
        assert again.buyer.is_new
        paid = await pay(shop, again)
        (card,) = await saved(shop, paid.settled.buyer.customer_id)
        assert card.is_offered

    tell(database_url, story)


def test_a_renewed_session_shows_nothing_although_the_first_one_did(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await trial_of(shop)
        first = await session(shop, customer_id=ada)
        assert len(await offered(shop, first)) == 1
        ended = replace(first, status=CheckoutStatus.EXPIRED)
        fresh = await renew_checkout(shop.ports, shop.demo.organization, ended)
        assert await offered(shop, fresh) == []

    tell(database_url, story)


def test_a_card_is_offered_until_the_end_of_its_month(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await trial_of(shop)
        (card,) = await saved(shop, ada)
        now = shop.ports.now(shop.demo.organization)
        this_month = replace(card.instrument, exp_month=now.month, exp_year=now.year)
        last_month = now.replace(day=1) - timedelta(days=1)
        for instrument, count in (
            (this_month, 1),
            (replace(card.instrument, exp_month=last_month.month, exp_year=last_month.year), 0),
        ):
            await payment_methods.save(shop.ports.db, replace(card, instrument=instrument))
            checkout = await session(shop, customer_id=ada)
            assert len(await offered(shop, checkout)) == count
        with pytest.raises(Invalid):
            await pay(shop, checkout, method=card)

    tell(database_url, story)


def test_a_card_of_a_kind_that_the_merchant_does_not_take_is_neither_offered_nor_charged(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await trial_of(shop)
        (card,) = await saved(shop, ada)
        debit_only = Options(show_saved_methods=True, allowed_methods=("debit",))
        checkout = await session(shop, customer_id=ada, options=debit_only)
        assert await offered(shop, checkout) == []
        with pytest.raises(Invalid):
            await pay(shop, checkout, method=card)

    tell(database_url, story)


# ---------------------------------------------------------------- whose it is


def test_a_method_of_another_customer_or_organization_names_nothing(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada, ben = await trial_of(shop), await trial_of(shop, "ben@example.com", "ctoken_mastercard")
        (bens,) = await saved(shop, ben)
        with pytest.raises(Invalid) as refused:
            await pay(shop, await session(shop, customer_id=ada), method=bens)
        assert refused.value.problems[0].code == "payment_method_unknown"
        with pytest.raises(NotFound):
            await remove_method(shop.ports, shop.demo.organization, ada, bens.id)
        with pytest.raises(Invalid):
            await pay(shop, await session(shop, email="ben@example.com"), method=bens)
        async with open_shop(database_url) as other:
            with pytest.raises(NotFound):
                await remove_method(other.ports, other.demo.organization, ben, bens.id)
        assert len(await saved(shop, ben)) == 1

    tell(database_url, story)


def test_the_bank_itself_refuses_a_method_of_another_customer(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ada = await trial_of(shop)
        (card,) = await saved(shop, ada)
        paid = await pay(shop, await session(shop, customer_id=ada), method=card)
        stolen = replace(paid.attempt, gateway_key=uuid4(), gateway_customer="tcus_of_somebody_else")
        verdict = await bank(shop).charge(stolen, return_url="http://pay.test/")
        assert getattr(verdict, "code", None) == "unknown_token"

    tell(database_url, story)
