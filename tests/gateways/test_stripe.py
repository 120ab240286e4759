"""What is Stripe's own: answers that never come, amounts it refuses, keys it does not know, intents that must be closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from checkstand.domain.payment import Declined, NeedsAction, Succeeded, Unknown
from checkstand.gateways.stripe.gateway import StripeGateway
from tests.gateways.banks import BACK, Bank, stripe_bank
from tests.gateways.fake_stripe import PUBLISHABLE_KEY, SECRET_KEY, FakeStripe

Story = Callable[[Bank], Awaitable[None]]


def tell(fake: FakeStripe, story: Story, *, retries: int = 0, timeout_s: float = 5) -> None:
    async def main() -> None:
        async with stripe_bank(fake, retries=retries, timeout_s=timeout_s) as bank:
            await story(bank)

    try:
        asyncio.run(main())
    finally:
        fake.recover()


@pytest.mark.parametrize("kind", ["drop", "late", "hang"])
def test_a_charge_whose_answer_is_lost_is_unknown_and_found_by_looking(fake: FakeStripe, kind: str) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("visa")
        fake.fault(kind, seconds=5)
        assert isinstance(await bank.gateway.charge(attempt, return_url=BACK), Unknown)
        assert isinstance(await bank.gateway.lookup(attempt), Succeeded)
        assert await bank.taken(attempt) == [(1000, "USD")]

    # Time enough for an answer that does come, on a machine that has much to do.
    tell(fake, story, timeout_s=1 if kind == "hang" else 10)


@pytest.mark.parametrize("kind", ["drop", "500"])
def test_the_client_tries_again_by_itself_under_the_same_key(fake: FakeStripe, kind: str) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("visa")
        fake.fault(kind)
        assert isinstance(await bank.gateway.charge(attempt, return_url=BACK), Succeeded)
        assert await bank.taken(attempt) == [(1000, "USD")]

    tell(fake, story, retries=2)


@pytest.mark.parametrize("kind", ["500", "429"])
def test_a_charge_that_was_not_carried_out_is_unknown_and_made_under_the_same_key(fake: FakeStripe, kind: str) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("visa")
        fake.fault(kind)
        assert isinstance(await bank.gateway.charge(attempt, return_url=BACK), Unknown)
        assert await bank.gateway.lookup(attempt) is None
        assert isinstance(await bank.gateway.charge(attempt, return_url=BACK), Succeeded)
        assert await bank.taken(attempt) == [(1000, "USD")]

    tell(fake, story)


def test_what_the_search_does_not_find_yet_is_found_by_asking_again_under_the_key(fake: FakeStripe) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("visa")
        fake.fault("drop")
        fake.switch(hide_from_search=True)
        assert isinstance(await bank.gateway.charge(attempt, return_url=BACK), Unknown)
        assert await bank.gateway.lookup(attempt) is None
        assert isinstance(await bank.gateway.charge(attempt, return_url=BACK), Succeeded)
        assert await bank.taken(attempt) == [(1000, "USD")]

    tell(fake, story)


def test_a_key_with_other_parameters_charges_nothing_and_is_looked_up(fake: FakeStripe) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("visa")
        assert isinstance(await bank.gateway.charge(attempt, return_url=BACK), Succeeded)
        other = replace(attempt, amount_minor=2000)
        assert isinstance(await bank.gateway.charge(other, return_url=BACK), Unknown)
        assert isinstance(await bank.gateway.lookup(other), Succeeded)
        assert await bank.taken(attempt) == [(1000, "USD")]

    tell(fake, story)


def test_a_token_that_was_used_up_never_pays_twice(fake: FakeStripe) -> None:
    async def story(bank: Bank) -> None:
        first = bank.attempt("visa")
        second = replace(bank.attempt("visa"), confirmation_token=first.confirmation_token)
        assert isinstance(await bank.gateway.charge(first, return_url=BACK), Succeeded)
        verdict = await bank.gateway.charge(second, return_url=BACK)
        assert isinstance(verdict, Declined)
        assert verdict.code == "unknown_token"
        assert await bank.taken(second) == []

    tell(fake, story)


def test_an_intent_that_failed_its_challenge_is_closed_so_that_it_cannot_be_paid_later(fake: FakeStripe) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("3ds")
        verdict = await bank.gateway.charge(attempt, return_url=BACK)
        assert isinstance(verdict, NeedsAction)
        assert verdict.client_secret
        await bank.decide(attempt, False)
        assert isinstance(await bank.gateway.lookup(attempt), Declined)
        intents = {one["id"]: one["status"] for one in fake.books()["payment_intents"]}
        assert intents[verdict.reference] == "canceled"

    tell(fake, story)


def test_a_bank_page_that_was_left_is_given_up_after_an_hour_and_not_before(fake: FakeStripe) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("3ds")
        asked = await bank.gateway.charge(attempt, return_url=BACK)
        assert isinstance(asked, NeedsAction)
        assert isinstance(await bank.gateway.lookup(attempt), NeedsAction)
        hasty = StripeGateway(
            secret_key=SECRET_KEY, publishable_key=PUBLISHABLE_KEY, api_base=fake.url, answer_within_s=-1
        )
        given_up = await hasty.lookup(attempt)
        await hasty.aclose()
        assert isinstance(given_up, Declined)
        assert given_up.code == "authentication_timeout"
        intents = {one["id"]: one["status"] for one in fake.books()["payment_intents"]}
        assert intents[asked.reference] == "canceled"

    tell(fake, story)


@pytest.mark.parametrize(
    ("currency", "amount", "charged"),
    [("ISK", 138_742, 138_700), ("UGX", 250_050, 250_100), ("KWD", 5_124, 5_120), ("JPY", 1_999, 1_999)],
)
def test_an_amount_that_stripe_refuses_is_charged_as_the_nearest_it_takes(
    fake: FakeStripe, currency: str, amount: int, charged: int
) -> None:
    async def story(bank: Bank) -> None:
        attempt = bank.attempt("visa", amount=amount, currency=currency)
        assert isinstance(await bank.gateway.charge(attempt, return_url=BACK), Succeeded)
        assert await bank.taken(attempt) == [(charged, currency)]
        assert fake.paid(attempt=str(attempt.id))[0]["metadata"]["amount_minor"] == str(amount)

    tell(fake, story)


def test_a_key_that_stripe_does_not_know_is_a_refusal_that_charges_nothing(fake: FakeStripe) -> None:
    async def main() -> None:
        gateway = StripeGateway(
            secret_key="sk_test_revoked0123456789", publishable_key=PUBLISHABLE_KEY, api_base=fake.url, retries=0
        )
        async with stripe_bank(fake) as bank:
            attempt = bank.attempt("visa")
            verdict = await gateway.charge(attempt, return_url=BACK)
            assert isinstance(verdict, Declined)
            assert verdict.code == "processing_error"
            assert await bank.taken(attempt) == []
        await gateway.aclose()

    asyncio.run(main())


def test_nobody_at_the_address_is_unknown(fake: FakeStripe) -> None:
    async def main() -> None:
        gateway = StripeGateway(
            secret_key="sk_test_standin0123456789",
            publishable_key=PUBLISHABLE_KEY,
            api_base="http://127.0.0.1:9",
            retries=0,
        )
        async with stripe_bank(fake) as bank:
            attempt = bank.attempt("visa")
            assert isinstance(await gateway.charge(attempt, return_url=BACK), Unknown)
            assert isinstance(await gateway.lookup(attempt), Unknown)
        await gateway.aclose()

    asyncio.run(main())


def test_a_key_serves_organizations_of_its_own_mode_alone() -> None:
    for mode, other in (("test", "live"), ("live", "test")):
        gateway = StripeGateway(secret_key=f"sk_{mode}_0123456789", publishable_key=f"pk_{mode}_0123456789")
        assert gateway.serves(mode)  # type: ignore[arg-type]
        assert not gateway.serves(other)  # type: ignore[arg-type]
