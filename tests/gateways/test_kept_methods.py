"""What every gateway that keeps payment methods must do: the same stories for the test gateway and for Stripe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from checkstand.domain.payment import Attempt, Declined, NeedsAction, Purpose, Succeeded
from tests.gateways.banks import BACK, Bank, Tell


async def keeping(bank: Bank, kind: str, **more: Any) -> Attempt:
    """An attempt whose method the gateway shall keep, for a customer of its own."""
    attempt = bank.attempt(kind, **more)
    customer = await bank.gateway.customer(attempt.organization_id, uuid4(), key=uuid4())
    assert customer
    return replace(attempt, saves="again", gateway_customer=customer)


def next_with(bank: Bank, first: Attempt, saved_as: str | None) -> Attempt:
    """A new attempt with what the first one kept."""
    return replace(
        bank.attempt("visa"), confirmation_token=None, gateway_method=saved_as, gateway_customer=first.gateway_customer
    )


@pytest.mark.parametrize("purpose", ["payment", "setup"])
def test_a_kept_method_pays_again_for_its_own_customer_alone(tell: Tell, purpose: Purpose) -> None:
    async def story(bank: Bank) -> None:
        first = await keeping(bank, "visa", purpose=purpose, amount=0 if purpose == "setup" else 1000)
        kept = await bank.gateway.charge(first, return_url=BACK)
        assert isinstance(kept, Succeeded)
        assert kept.saved_as
        again = next_with(bank, first, kept.saved_as)
        paid = await bank.gateway.charge(again, return_url=BACK)
        assert isinstance(paid, Succeeded)
        assert paid.instrument.last_four == "4242"
        assert await bank.taken(again) == [(1000, "USD")]
        stranger = await keeping(bank, "visa")
        stolen = replace(next_with(bank, first, kept.saved_as), gateway_customer=stranger.gateway_customer)
        assert isinstance(await bank.gateway.charge(stolen, return_url=BACK), Declined)
        assert await bank.taken(stolen) == []

    tell(story)


def test_what_nobody_asked_to_keep_is_not_kept(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        verdict = await bank.gateway.charge(bank.attempt("visa"), return_url=BACK)
        assert isinstance(verdict, Succeeded)
        assert verdict.saved_as is None

    tell(story)


def test_a_method_is_kept_when_the_buyer_has_come_back_from_the_bank_and_asks_again_the_next_time(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        first = await keeping(bank, "3ds")
        assert isinstance(await bank.gateway.charge(first, return_url=BACK), NeedsAction)
        await bank.decide(first, True)
        kept = await bank.gateway.lookup(first)
        assert isinstance(kept, Succeeded)
        assert kept.saved_as
        assert isinstance(
            await bank.gateway.charge(next_with(bank, first, kept.saved_as), return_url=BACK), NeedsAction
        )

    tell(story)


def test_a_forgotten_method_pays_no_more_and_is_forgotten_twice_without_harm(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        first = await keeping(bank, "visa")
        kept = await bank.gateway.charge(first, return_url=BACK)
        assert isinstance(kept, Succeeded)
        assert kept.saved_as
        before = next_with(bank, first, kept.saved_as)
        assert isinstance(await bank.gateway.charge(before, return_url=BACK), Succeeded)
        for _ in range(2):
            assert await bank.gateway.forget(first.organization_id, kept.saved_as)
        after = next_with(bank, first, kept.saved_as)
        assert isinstance(await bank.gateway.charge(after, return_url=BACK), Declined)
        assert await bank.taken(after) == []
        assert isinstance(await bank.gateway.charge(before, return_url=BACK), Succeeded), "its first answer stands"

    tell(story)


def test_a_customer_asked_for_twice_under_one_key_is_one(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        owner, key = uuid4(), uuid4()
        names = {await bank.gateway.customer(bank.attempt("visa").organization_id, owner, key=key) for _ in range(2)}
        assert len(names) == 1
        assert None not in names

    tell(story)
