"""The gateways as the contract tests see them: each with its other side, the buyer at the bank and the bank's own books."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from checkstand.domain.payment import Attempt, AttemptStatus, Purpose, Succeeded
from checkstand.domain.refund import Refund, RefundItem
from checkstand.gateways.base import Gateway
from checkstand.gateways.stripe.gateway import StripeGateway
from checkstand.gateways.testbank.gateway import TestGateway
from checkstand.store.bank_books import charges as books
from checkstand.store.bank_books import refunds as returned_books
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
            charge = await books.CHARGES.by_id(shop.ports.db, attempt.organization_id, attempt.gateway_key)
            assert charge is not None
            await gateway.decide(charge, approved=approved)

        async def taken(attempt: Attempt) -> list[tuple[int, str]]:
            charge = await books.CHARGES.by_id(shop.ports.db, attempt.organization_id, attempt.gateway_key)
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
Tell = Callable[[Story], None]
