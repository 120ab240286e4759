"""What every gateway must do, whoever it is: the same stories for the test gateway and for Stripe."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from checkstand.domain.payment import Attempt, AttemptStatus, Declined, NeedsAction, Processing, Purpose, Succeeded
from checkstand.domain.refund import Refund, RefundFailed, RefundItem, RefundSucceeded
from checkstand.gateways.base import Gateway, Statement
from checkstand.gateways.stripe import StripeGateway
from checkstand.gateways.test import TestGateway
from checkstand.store import test_gateway as books
from checkstand.store import test_gateway_refunds as returned_books
from tests.conftest import open_shop
from tests.gateways.fake_stripe import PUBLISHABLE_KEY, SECRET_KEY, FakeStripe

BACK = "http://pay.test/checkout/x/confirmation"


@dataclass(frozen=True, slots=True)
class Bank:
    """A gateway with its other side: tokens as a browser gets them, the buyer at the bank, the bank's books."""

    gateway: Gateway
    organization_id: object
    token: Callable[[str], str]
    decide: Callable[[Attempt, bool], Awaitable[None]]
    taken: Callable[[Attempt], Awaitable[list[tuple[int, str]]]]
    returned: Callable[[Attempt], Awaitable[list[int]]]

    def attempt(self, kind: str, *, amount: int = 1000, currency: str = "USD", purpose: Purpose = "payment") -> Attempt:
        return Attempt(
            id=uuid4(),
            organization_id=self.organization_id,  # type: ignore[arg-type]
            checkout_id=uuid4(),
            order_id=uuid4(),
            purpose=purpose,
            status=AttemptStatus.STARTED,
            gateway=self.gateway.name,
            gateway_key=uuid4(),
            confirmation_token=self.token(kind),
            amount_minor=amount,
            currency=currency,
            created_at=datetime.now(UTC),
        )

    async def paid(self, kind: str = "visa", *, amount: int = 1000, currency: str = "USD") -> Attempt:
        """An attempt that succeeded, as it is stored then."""
        attempt = self.attempt(kind, amount=amount, currency=currency)
        verdict = await self.gateway.charge(attempt, return_url=BACK)
        assert isinstance(verdict, Succeeded)
        return replace(attempt, status=AttemptStatus.SUCCEEDED, gateway_reference=verdict.reference)

    def refund(self, attempt: Attempt, amount: int) -> Refund:
        """A refund of a part of an attempt, not sent yet."""
        return Refund(
            id=uuid4(),
            organization_id=attempt.organization_id,
            order_id=attempt.order_id,
            checkout_id=attempt.checkout_id,
            customer_id=uuid4(),
            attempt_id=attempt.id,
            status="pending",
            net_minor=amount,
            tax_minor=0,
            currency=attempt.currency,
            is_partial=amount < attempt.amount_minor,
            reason="other",
            items=(RefundItem(order_item_id=uuid4(), net_minor=amount, tax_minor=0),),
            gateway=attempt.gateway,
            gateway_key=uuid4(),
            created_at=datetime.now(UTC),
        )


@contextlib.asynccontextmanager
async def built_in_bank(database_url: str) -> AsyncIterator[Bank]:
    async with open_shop(database_url) as shop:
        gateway = shop.ports.gateway
        assert isinstance(gateway, TestGateway)

        async def decide(attempt: Attempt, approved: bool) -> None:
            charge = await books.charge_by_key(shop.ports.db, attempt.organization_id, attempt.gateway_key)
            assert charge is not None
            await gateway.decide(charge, approved=approved)

        async def taken(attempt: Attempt) -> list[tuple[int, str]]:
            charge = await books.charge_by_key(shop.ports.db, attempt.organization_id, attempt.gateway_key)
            paid = charge is not None and charge.state == "succeeded"
            return [(charge.amount_minor, charge.currency)] if charge and paid else []

        async def returned(attempt: Attempt) -> list[int]:
            gave = await returned_books.refunds(shop.ports.db, attempt.organization_id)
            return [one.amount_minor for one in gave]

        organization = shop.demo.organization
        yield Bank(gateway, organization.id, lambda kind: f"ctoken_{kind}", decide, taken, returned)


@contextlib.asynccontextmanager
async def stripe_bank(fake: FakeStripe, *, retries: int = 0, timeout_s: float = 5) -> AsyncIterator[Bank]:
    gateway = StripeGateway(
        secret_key=SECRET_KEY, publishable_key=PUBLISHABLE_KEY, api_base=fake.url, retries=retries, timeout_s=timeout_s
    )

    def intents(attempt: Attempt) -> list[dict[str, object]]:
        known = fake.books()
        return [
            one
            for one in known["payment_intents"] + known["setup_intents"]
            if one["metadata"].get("attempt") == str(attempt.id)
        ]

    async def decide(attempt: Attempt, approved: bool) -> None:
        fake.finish(str(intents(attempt)[0]["id"]), "succeeded" if approved else "failed")

    async def taken(attempt: Attempt) -> list[tuple[int, str]]:
        return [(charge["amount"], charge["currency"].upper()) for charge in fake.paid(attempt=str(attempt.id))]

    async def returned(attempt: Attempt) -> list[int]:
        mine = {str(one["id"]) for one in intents(attempt)}
        gave = [
            one for one in fake.books()["refunds"] if one["payment_intent"] in mine and one["status"] == "succeeded"
        ]
        return [one["amount"] for one in reversed(gave)]

    try:
        yield Bank(gateway, uuid4(), fake.token, decide, taken, returned)
    finally:
        await gateway.aclose()


Story = Callable[[Bank], Awaitable[None]]


@pytest.fixture(params=["test", "stripe"])
def tell(request: pytest.FixtureRequest, database_url: str, fake: FakeStripe) -> Callable[[Story], None]:
    """Runs a story against one of the gateways."""

    def run(story: Story) -> None:
        async def main() -> None:
            opened = built_in_bank(database_url) if request.param == "test" else stripe_bank(fake)
            async with opened as bank:
                await story(bank)

        asyncio.run(main())

    return run


Tell = Callable[[Story], None]


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


@pytest.mark.parametrize("amount", [1, 333, 1000])
def test_a_refund_gives_back_what_it_says_and_is_found_again(tell: Tell, amount: int) -> None:
    async def story(bank: Bank) -> None:
        attempt = await bank.paid()
        refund = bank.refund(attempt, amount)
        assert await bank.gateway.lookup_refund(attempt, refund) is None
        verdict = await bank.gateway.refund(attempt, refund)
        assert isinstance(verdict, RefundSucceeded)
        assert verdict.reference
        assert await bank.gateway.lookup_refund(attempt, refund) == verdict
        sent = replace(refund, gateway_reference=verdict.reference)
        assert await bank.gateway.lookup_refund(attempt, sent) == verdict
        assert await bank.returned(attempt) == [amount]

    tell(story)


def test_a_refund_under_the_same_key_gives_back_once(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        attempt = await bank.paid()
        refund = bank.refund(attempt, 400)
        first = await bank.gateway.refund(attempt, refund)
        assert isinstance(first, RefundSucceeded)
        assert await bank.gateway.refund(attempt, refund) == first
        assert await bank.returned(attempt) == [400]

    tell(story)


def test_a_payment_goes_back_in_pieces_and_never_beyond_what_is_left(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        attempt = await bank.paid()
        for amount in (300, 200):
            assert isinstance(await bank.gateway.refund(attempt, bank.refund(attempt, amount)), RefundSucceeded)
        beyond = await bank.gateway.refund(attempt, bank.refund(attempt, 501))
        assert isinstance(beyond, RefundFailed)
        assert beyond.code
        assert isinstance(await bank.gateway.refund(attempt, bank.refund(attempt, 500)), RefundSucceeded)
        assert isinstance(await bank.gateway.refund(attempt, bank.refund(attempt, 1)), RefundFailed)
        assert await bank.returned(attempt) == [300, 200, 500]

    tell(story)


def test_what_was_never_paid_is_not_given_back(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        unknown = bank.attempt("visa")
        refused = await bank.gateway.refund(unknown, bank.refund(unknown, 100))
        assert isinstance(refused, RefundFailed)
        assert await bank.gateway.lookup_refund(unknown, bank.refund(unknown, 100)) is None
        declined = bank.attempt("declined")
        verdict = await bank.gateway.charge(declined, return_url=BACK)
        assert isinstance(verdict, Declined)
        declined = replace(declined, gateway_reference=verdict.reference)
        assert isinstance(await bank.gateway.refund(declined, bank.refund(declined, 100)), RefundFailed)
        assert await bank.returned(declined) == []

    tell(story)


def test_a_statement_lists_what_was_taken_and_given_back_under_our_keys(tell: Tell) -> None:
    async def story(bank: Bank) -> None:
        gateway = bank.gateway
        assert isinstance(gateway, Statement)
        first, second = await bank.paid(amount=1000), await bank.paid(amount=2500)
        await gateway.charge(bank.attempt("declined"), return_url=BACK)
        refund = bank.refund(first, 300)
        await gateway.refund(first, refund)
        taken = [(one.key, one.amount_minor, one.currency) for one in await gateway.captured(first.organization_id)]
        assert taken == [(first.gateway_key, 1000, "USD"), (second.gateway_key, 2500, "USD")]
        gave = [(one.key, one.amount_minor, one.currency) for one in await gateway.refunded(first.organization_id)]
        assert gave == [(refund.gateway_key, 300, "USD")]
        assert await gateway.captured(uuid4()) == []
        assert await gateway.refunded(uuid4()) == []

    tell(story)


def test_a_statement_of_many_pages_is_read_to_its_end(fake: FakeStripe) -> None:
    """Stripe lists a hundred at most at a time."""

    async def main() -> None:
        async with stripe_bank(fake) as bank:
            gateway = bank.gateway
            assert isinstance(gateway, Statement)
            oldest = await bank.paid()
            for _ in range(101):
                form = {"amount": "700", "currency": "usd", "confirm": "true", "payment_method": "pm_card_visa"}
                fake.client.post("/v1/payment_intents", data=form, headers={"Authorization": f"Bearer {SECRET_KEY}"})
            newest = await bank.paid()
            listed = await gateway.captured(oldest.organization_id)
            assert [one.key for one in listed] == [oldest.gateway_key, newest.gateway_key]

    asyncio.run(main())


def test_a_rounded_amount_is_the_same_in_the_statement(fake: FakeStripe) -> None:
    async def main() -> None:
        async with stripe_bank(fake) as bank:
            assert isinstance(bank.gateway, Statement)
            attempt = await bank.paid(amount=138_742, currency="ISK")
            one = (await bank.gateway.captured(attempt.organization_id))[0]
            assert (one.amount_minor, one.currency) == (138_700, "ISK")
            assert abs(one.amount_minor - attempt.amount_minor) < one.step_minor

    asyncio.run(main())
