"""What every gateway must do: the same stories for the test gateway and for Stripe."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from checkstand.domain.payment import Declined, NeedsAction, Processing, Succeeded
from tests.gateways.banks import BACK, Bank, Tell


def test_a_good_card_pays_once_and_says_which_card_it_was(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("visa")
        verdict = await bank.gateway.charge(attempt, return_url=BACK)
        assert isinstance(verdict, Succeeded)
        assert verdict.reference
        used = verdict.instrument
        assert (used.method, used.brand, used.last_four, used.funding) == ("card", "visa", "4242", "credit")
        assert (used.exp_month, used.exp_year) == (12, 2034)
        assert used.fingerprint
        assert await bank.taken(attempt) == [(1000, "USD")]

    tell(story)


@pytest.mark.parametrize(
    ("kind", "code"),
    [("declined", "generic_decline"), ("insufficient_funds", "insufficient_funds"), ("expired", "expired_card")],
)
def test_a_refusal_has_a_code_words_and_advice_and_takes_nothing(tell: Tell, kind: str, code: str) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt(kind)
        verdict = await bank.gateway.charge(attempt, return_url=BACK)
        assert isinstance(verdict, Declined)
        assert verdict.code == code
        assert verdict.message
        assert verdict.advice
        assert verdict.instrument is not None
        assert verdict.instrument.last_four
        assert await bank.taken(attempt) == []

    tell(story)


def test_the_same_key_is_answered_the_same_and_charged_once(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("visa")
        first = await bank.gateway.charge(attempt, return_url=BACK)
        assert await bank.gateway.charge(attempt, return_url=BACK) == first
        assert await bank.taken(attempt) == [(1000, "USD")]

    tell(story)


def test_the_same_key_at_the_same_time_is_charged_once(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("visa")
        await asyncio.gather(*(bank.gateway.charge(attempt, return_url=BACK) for _ in range(5)))
        assert isinstance(await bank.gateway.charge(attempt, return_url=BACK), Succeeded)
        assert await bank.taken(attempt) == [(1000, "USD")]

    tell(story)


def test_lookup_tells_what_became_of_a_charge(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        for kind in ("visa", "insufficient_funds", "processing"):
            attempt = bank.attempt(kind)
            charged = await bank.gateway.charge(attempt, return_url=BACK)
            known = await bank.gateway.lookup(attempt)
            assert type(known) is type(charged)
            assert getattr(known, "reference", None) == getattr(charged, "reference", None)

    tell(story)


def test_lookup_knows_nothing_of_what_was_never_charged(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        assert await bank.gateway.lookup(bank.attempt("visa")) is None

    tell(story)


@pytest.mark.parametrize("approved", [True, False])
def test_a_challenge_waits_for_the_buyer_and_then_pays_or_not(tell: Tell, approved: bool) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("3ds")
        verdict = await bank.gateway.charge(attempt, return_url=BACK)
        assert isinstance(verdict, NeedsAction)
        assert verdict.url.startswith("http")
        assert await bank.taken(attempt) == []
        attempt = replace(attempt, gateway_reference=verdict.reference)
        await bank.decide(attempt, approved)
        after = await bank.gateway.lookup(attempt)
        if approved:
            assert isinstance(after, Succeeded)
            assert await bank.taken(attempt) == [(1000, "USD")]
        else:
            assert isinstance(after, Declined)
            assert after.code == "authentication_failure"
            assert await bank.taken(attempt) == []
            assert await bank.gateway.lookup(attempt) == after

    tell(story)


def test_a_payment_called_off_while_its_buyer_is_at_the_bank_can_never_be_paid(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("3ds")
        verdict = await bank.gateway.charge(attempt, return_url=BACK)
        assert isinstance(verdict, NeedsAction)
        attempt = replace(attempt, gateway_reference=verdict.reference)
        for _ in range(2):  # two tabs
            after = await bank.gateway.cancel(attempt)
            assert isinstance(after, Declined)
            assert after.code == "customer_cancelled"
        await bank.decide(attempt, True)
        assert isinstance(await bank.gateway.lookup(attempt), Declined)
        assert await bank.taken(attempt) == []

    tell(story)


def test_what_was_approved_before_it_is_called_off_stays_paid(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("3ds")
        verdict = await bank.gateway.charge(attempt, return_url=BACK)
        assert isinstance(verdict, NeedsAction)
        attempt = replace(attempt, gateway_reference=verdict.reference)
        await bank.decide(attempt, True)
        assert isinstance(await bank.gateway.cancel(attempt), Succeeded)
        assert await bank.taken(attempt) == [(1000, "USD")]

    tell(story)


def test_what_takes_days_and_what_was_never_charged_is_not_called_off(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("processing")
        assert isinstance(await bank.gateway.charge(attempt, return_url=BACK), Processing)
        assert isinstance(await bank.gateway.cancel(attempt), Processing)
        assert await bank.gateway.cancel(bank.attempt("visa")) is None

    tell(story)


def test_a_payment_that_takes_days_is_processing_until_it_is_decided(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("processing")
        verdict = await bank.gateway.charge(attempt, return_url=BACK)
        assert isinstance(verdict, Processing)
        await bank.decide(attempt, True)
        assert isinstance(await bank.gateway.lookup(attempt), Succeeded)
        assert await bank.taken(attempt) == [(1000, "USD")]

    tell(story)


def test_a_card_that_is_only_saved_takes_no_money(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("visa", amount=0, purpose="setup")
        verdict = await bank.gateway.charge(attempt, return_url=BACK)
        assert isinstance(verdict, Succeeded)
        assert verdict.instrument.last_four == "4242"
        assert sum(amount for amount, _ in await bank.taken(attempt)) == 0

    tell(story)


def test_a_token_shows_its_card_before_anything_is_charged(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        token = bank.token("visa")
        seen = await bank.gateway.instrument(bank.organization_id, token)  # type: ignore[arg-type]
        assert seen is not None
        charged = await bank.gateway.charge(replace(bank.attempt("visa"), confirmation_token=token), return_url=BACK)
        assert isinstance(charged, Succeeded)
        assert seen.fingerprint == charged.instrument.fingerprint
        assert await bank.gateway.instrument(bank.organization_id, "ctoken_unknown") is None  # type: ignore[arg-type]

    tell(story)


def test_an_unknown_token_is_a_refusal_that_asks_for_the_card_again(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        attempt = replace(bank.attempt("visa"), confirmation_token="ctoken_of_nobody")
        verdict = await bank.gateway.charge(attempt, return_url=BACK)
        assert isinstance(verdict, Declined)
        assert verdict.code == "unknown_token"

    tell(story)
