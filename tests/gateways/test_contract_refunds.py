"""What every gateway must do with money that goes back, and that each can list its own books: the same stories for both."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from checkstand.domain.payment import Declined
from checkstand.domain.refund import RefundFailed, RefundSucceeded
from checkstand.gateways.base import StatementGateway
from tests.gateways.banks import BACK, Bank, Tell, stripe_bank
from tests.gateways.fake_stripe import SECRET_KEY, FakeStripe


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
        assert isinstance(gateway, StatementGateway)
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
            assert isinstance(gateway, StatementGateway)
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
            assert isinstance(bank.gateway, StatementGateway)
            attempt = await bank.paid(amount=138_742, currency="ISK")
            one = (await bank.gateway.captured(attempt.organization_id))[0]
            assert (one.amount_minor, one.currency) == (138_700, "ISK")
            assert abs(one.amount_minor - attempt.amount_minor) < one.step_minor

    asyncio.run(main())
