"""The built-in test gateway: a bank that keeps its own books, so that crashes can be compared with the truth.

Cards are Stripe's well-known numbers; the form's data becomes a token here and is forgotten, and only brand and last four digits
are kept. A charge is booked under the attempt's key in a transaction of its own, like a real bank's: what our side loses in a
crash, the bank still knows. What is decided later is decided by the organization's clock, when somebody asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from checkstand.domain import ids
from checkstand.domain.ledger import Moved
from checkstand.domain.organization import Mode
from checkstand.domain.payment import (
    Attempt,
    Declined,
    Instrument,
    NeedsAction,
    Processing,
    Succeeded,
    Unknown,
    Verdict,
    decline,
)
from checkstand.domain.refund import (
    Refund,
    RefundFailed,
    RefundPending,
    RefundSucceeded,
    RefundUnknown,
    RefundVerdict,
)
from checkstand.gateways.base import CardFrames
from checkstand.gateways.testbank import methods as test_methods
from checkstand.gateways.testbank.cards import (
    CardDetails,
    behaviour_of,
    cvc_flaw,
    digits_of,
    expiry_flaw,
    instrument_of,
    later_behaviour,
    number_flaw,
)
from checkstand.gateways.testbank.methods import MethodDetails, listed_token
from checkstand.store.bank_books import charges as books
from checkstand.store.bank_books import methods as kept
from checkstand.store.bank_books import refunds as returned
from checkstand.store.bank_books.charges import BankCharge, BankToken
from checkstand.store.bank_books.methods import BankMethod
from checkstand.store.bank_books.refunds import BankRefund
from checkstand.store.database import Database

WAITING = ("requires_action", "processing")


@dataclass(slots=True)
class TestGateway:
    """Satisfies `Gateway`. `delay_s` makes the bank slow, for tests of what happens meanwhile; `real_now` is the bank's clock."""

    __test__ = False

    db: Database
    public_url: Callable[[], str]
    random_bytes: Callable[[int], bytes]
    delay_s: float = 0.0
    name: str = "test"
    publishable_key: str = "pk_test_checkstand"
    frames: CardFrames | None = None
    real_now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def serves(self, mode: Mode) -> bool:
        """Test organizations alone: its cards are free."""
        return mode == "test"

    async def tokenize(self, organization_id: UUID, card: CardDetails, *, now: datetime) -> str | Declined:
        """A token for typed card data, or why the data cannot be used. Nothing of the number but its end is kept."""
        code = (
            number_flaw(card.number)
            or expiry_flaw(card.exp_month, card.exp_year, now=now)
            or cvc_flaw(card.cvc, card.number)
        )
        if code:
            return decline(code)
        behaviour, instrument = behaviour_of(card.number) or "", instrument_of(digits_of(card.number), card)
        return await self._keep(organization_id, behaviour, instrument, now)

    async def tokenize_method(self, organization_id: UUID, details: MethodDetails, *, now: datetime) -> str | Declined:
        """A token for a method that is no card, or why its data cannot be used. Nothing of an account but its end is kept."""
        found = test_methods.behaviour_of(details)
        if isinstance(found, str):
            return decline(found, method=details.method)
        return await self._keep(organization_id, *found, now)

    async def _keep(self, organization_id: UUID, behaviour: str, instrument: Instrument, now: datetime) -> str:
        token = BankToken(
            organization_id=organization_id,
            id=ids.secret("ctoken_", random_bytes=self.random_bytes),
            behaviour=behaviour,
            instrument=instrument,
            created_at=now,
        )
        await books.TOKENS.insert(self.db, token)
        return token.id

    async def charge(self, attempt: Attempt, *, return_url: str) -> Verdict:
        """Book the charge under the attempt's key; asked again under the same key, the first answer stands."""
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if attempt.gateway_method is not None and (known := await self.lookup(attempt)) is not None:
            return known  # the method may have been forgotten since
        token = await self._token(attempt)
        if token is None:
            return decline("unknown_token")
        start = test_methods.start_of(token.behaviour, token.instrument.method, attempt.created_at, self.random_bytes)
        charge = BankCharge(
            organization_id=attempt.organization_id,
            id=attempt.gateway_key,
            reference=ids.secret("tpay_", random_bytes=self.random_bytes),
            amount_minor=attempt.amount_minor,
            currency=attempt.currency,
            behaviour=token.behaviour,
            instrument=token.instrument,
            state=start.state,
            decline_code=start.code,
            return_url=return_url,
            created_at=attempt.created_at,
            due_at=start.due_at,
            due_code=start.due_code,
            voucher=start.voucher,
        )
        async with self.db.transaction() as tx:
            await books.add_charge(tx, charge)
            if attempt.saves is not None and attempt.gateway_method is None:
                await kept.add(tx, self._method(attempt, token))
        return await self.lookup(attempt) or Unknown(reason="the bank lost the charge it just booked")

    async def lookup(self, attempt: Attempt) -> Verdict | None:
        """What the bank's books say under the attempt's key; what is due by the organization's clock is decided first."""
        charge = await books.CHARGES.by_id(self.db, attempt.organization_id, attempt.gateway_key)
        if charge is not None and charge.due_at is not None and charge.state in WAITING:
            charge = await books.decide_if_due(self.db, charge.organization_id, charge.id, real_now=self.real_now())
        verdict = self._verdict(charge) if charge else None
        if not isinstance(verdict, Succeeded) or attempt.saves is None:
            return verdict
        saved = attempt.gateway_method
        saved = saved or await kept.saved_with(self.db, attempt.organization_id, attempt.gateway_key)
        return replace(verdict, saved_as=saved)

    async def cancel(self, attempt: Attempt) -> Verdict | None:
        """Strike a charge that waits for its buyer from the books; what is decided, or decides itself, stays."""
        verdict = await self.lookup(attempt)
        if not isinstance(verdict, NeedsAction):
            return verdict
        await books.cancel(self.db, attempt.organization_id, attempt.gateway_key)
        return await self.lookup(attempt)

    async def customer(self, organization_id: UUID, owner_id: UUID, *, key: UUID) -> str | None:
        """This bank knows its customers by their key alone."""
        return f"tcus_{key.hex}"

    async def forget(self, organization_id: UUID, gateway_method: str) -> bool:
        """Strike a saved method from the books."""
        await kept.forget(self.db, organization_id, gateway_method, now=self.real_now())
        return True

    def _method(self, attempt: Attempt, token: BankToken) -> BankMethod:
        assert attempt.gateway_customer is not None, "a method is kept for somebody"
        return BankMethod(
            organization_id=attempt.organization_id,
            id=ids.secret("tpm_", random_bytes=self.random_bytes),
            charge_id=attempt.gateway_key,
            customer=attempt.gateway_customer,
            behaviour=later_behaviour(token.behaviour, token.instrument),
            instrument=token.instrument,
            created_at=attempt.created_at,
        )

    async def decide(self, charge: BankCharge, *, approved: bool, code: str = "authentication_failure") -> None:
        """The buyer's answer at the bank's challenge, or the end of a delayed payment."""
        after = charge.behaviour.partition(":")[2] if charge.behaviour.startswith("challenge") else ""
        if approved and not after:
            await books.decide(self.db, charge.organization_id, charge.id, state="succeeded", decline_code=None)
        else:
            reason = after if approved else code
            await books.decide(self.db, charge.organization_id, charge.id, state="declined", decline_code=reason)

    async def receive(self, charge: BankCharge, captured_minor: int) -> None:
        """A part of the money arrives, from 1 to one less than all of it; the rest may come, or the bank sends the part back."""
        assert 0 < captured_minor < charge.amount_minor, "a part is neither nothing nor everything"
        await books.receive(self.db, charge.organization_id, charge.id, captured_minor=captured_minor)

    async def instrument(self, organization_id: UUID, confirmation_token: str) -> Instrument | None:
        """The card or method behind a token."""
        listed = listed_token(confirmation_token)
        if listed is not None:
            return listed[1]
        token = await books.token(self.db, organization_id, confirmation_token)
        return token.instrument if token else None

    async def refund(self, attempt: Attempt, refund: Refund) -> RefundVerdict:
        """Book the refund under its key; asked again under the same key, the first answer stands."""
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        charge = await books.CHARGES.by_id(self.db, attempt.organization_id, attempt.gateway_key)
        if charge is None or charge.state != "succeeded":
            return RefundFailed(code="charge_not_captured")
        state, code = REFUNDS.get(charge.behaviour.partition(":")[2], ("succeeded", None))
        asked = BankRefund(
            organization_id=refund.organization_id,
            id=refund.gateway_key,
            charge_id=charge.id,
            reference=ids.secret("tref_", random_bytes=self.random_bytes),
            amount_minor=refund.total_minor,
            currency=refund.currency,
            state=state,
            failure_code=code,
            created_at=refund.created_at,
        )
        return _refund_verdict(await returned.add_refund(self.db, asked))

    async def lookup_refund(self, attempt: Attempt, refund: Refund) -> RefundVerdict | None:
        """What the bank's books say under the refund's key."""
        found = await returned.REFUNDS.by_id(self.db, refund.organization_id, refund.gateway_key)
        return _refund_verdict(found) if found else None

    async def decide_refund(self, refund: Refund, *, succeeded: bool) -> RefundVerdict:
        """The end of a refund that waits; or the bank takes back that it has sent the money."""
        state, code = ("succeeded", None) if succeeded else ("failed", "lost_or_stolen_card")
        found = await returned.decide_refund(
            self.db, refund.organization_id, refund.gateway_key, state=state, failure_code=code
        )
        return _refund_verdict(found) if found else RefundUnknown(reason="the bank never heard of the refund")

    async def captured(self, organization_id: UUID) -> Sequence[Moved]:
        """Everything the bank took."""
        return await returned.charges(self.db, organization_id)

    async def refunded(self, organization_id: UUID) -> Sequence[Moved]:
        """Everything the bank gave back."""
        return await returned.refunds(self.db, organization_id)

    async def _token(self, attempt: Attempt) -> BankToken | None:
        if attempt.gateway_method is not None:
            return await self._saved(attempt, attempt.gateway_method)
        name = attempt.confirmation_token or ""
        listed = listed_token(name)
        if listed is not None:
            return BankToken(
                organization_id=attempt.organization_id,
                id=name,
                behaviour=listed[0],
                instrument=listed[1],
                created_at=attempt.created_at,
            )
        return await books.token(self.db, attempt.organization_id, name)

    async def _saved(self, attempt: Attempt, method_id: str) -> BankToken | None:
        """What a saved method does, as if it had been typed again."""
        method = await kept.usable(self.db, attempt.organization_id, method_id, customer=attempt.gateway_customer)
        if method is None:
            return None
        return BankToken(
            organization_id=method.organization_id,
            id=method.id,
            behaviour=method.behaviour,
            instrument=method.instrument,
            created_at=method.created_at,
        )

    def _verdict(self, charge: BankCharge) -> Verdict:
        if charge.state == "succeeded":
            return Succeeded(reference=charge.reference, instrument=charge.instrument)
        if charge.state == "processing":
            return Processing(
                reference=charge.reference,
                instrument=charge.instrument,
                decided_by=charge.due_at,
                voucher=charge.voucher,
                captured_minor=charge.captured_minor,
            )
        if charge.state == "requires_action":
            url = f"{self.public_url()}/bank/{charge.reference}"
            return NeedsAction(
                reference=charge.reference, url=url, instrument=charge.instrument, decided_by=charge.due_at
            )
        return decline(
            charge.decline_code or "generic_decline", reference=charge.reference, instrument=charge.instrument
        )


# What a card does when it is refunded, by the second word of its behaviour.
REFUNDS = {"refund_fails": ("failed", "expired_or_canceled_card"), "refund_pends": ("pending", None)}


def _refund_verdict(refund: BankRefund) -> RefundVerdict:
    if refund.state == "succeeded":
        return RefundSucceeded(reference=refund.reference)
    if refund.state == "pending":
        return RefundPending(reference=refund.reference)
    return RefundFailed(code=refund.failure_code or "unknown", reference=refund.reference)
