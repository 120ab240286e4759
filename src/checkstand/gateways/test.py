"""The built-in test gateway: a bank that keeps its own books, so that crashes can be compared with the truth.

Cards are Stripe's well-known numbers; the form's data becomes a token here and is forgotten, and only brand and last four digits
are kept. A charge is booked under the attempt's key in a transaction of its own, like a real bank's: what our side loses in a
crash, the bank still knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from checkstand.domain import ids
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
from checkstand.gateways.base import CardFrames
from checkstand.gateways.test_cards import TOKENS, CardDetails, behaviour_of, digits_of, instrument_of, passes_luhn
from checkstand.store import test_gateway as books
from checkstand.store.database import Database
from checkstand.store.test_gateway import BankCharge, BankToken


@dataclass(slots=True)
class TestGateway:
    """Satisfies `Gateway`. `delay_s` makes the bank slow, for tests of what happens meanwhile."""

    __test__ = False

    db: Database
    public_url: Callable[[], str]
    random_bytes: Callable[[int], bytes]
    delay_s: float = 0.0
    name: str = "test"
    publishable_key: str = "pk_test_checkstand"
    frames: CardFrames | None = None

    def serves(self, mode: Mode) -> bool:
        """Test organizations alone: its cards are free."""
        return mode == "test"

    async def tokenize(self, organization_id: UUID, card: CardDetails, *, now: datetime) -> str | Declined:
        """A token for typed card data, or why the data cannot be used. Nothing of the number but its end is kept."""
        digits = digits_of(card.number)
        if not 12 <= len(digits) <= 19 or not passes_luhn(digits):
            return decline("incorrect_number")
        behaviour = behaviour_of(digits)
        if behaviour is None:
            return decline("live_in_test")
        if not 1 <= card.exp_month <= 12:
            return decline("invalid_expiry")
        if (card.exp_year, card.exp_month) < (now.year, now.month):
            return decline("expired_card")
        instrument = instrument_of(digits, card)
        if not card.cvc.isdigit() or len(card.cvc) != (4 if instrument.brand == "amex" else 3):
            return decline("incorrect_cvc")
        token = BankToken(
            organization_id=organization_id,
            id=ids.secret("ctoken_", random_bytes=self.random_bytes),
            behaviour=behaviour,
            instrument=instrument,
            created_at=now,
        )
        await books.add_token(self.db, token)
        return token.id

    async def charge(self, attempt: Attempt, *, return_url: str) -> Verdict:
        """Book the charge under the attempt's key; asked again under the same key, the first answer stands."""
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        token = await self._token(attempt)
        if token is None:
            return decline("unknown_token")
        state, code = _first_state(token.behaviour)
        charge = BankCharge(
            organization_id=attempt.organization_id,
            id=attempt.gateway_key,
            reference=ids.secret("tpay_", random_bytes=self.random_bytes),
            amount_minor=attempt.amount_minor,
            currency=attempt.currency,
            behaviour=token.behaviour,
            instrument=token.instrument,
            state=state,
            decline_code=code,
            return_url=return_url,
            created_at=attempt.created_at,
        )
        await books.add_charge(self.db, charge)
        return await self.lookup(attempt) or Unknown(reason="the bank lost the charge it just booked")

    async def lookup(self, attempt: Attempt) -> Verdict | None:
        """What the bank's books say under the attempt's key."""
        charge = await books.charge_by_key(self.db, attempt.organization_id, attempt.gateway_key)
        return self._verdict(charge) if charge else None

    async def decide(self, charge: BankCharge, *, approved: bool, code: str = "authentication_failure") -> None:
        """The buyer's answer at the bank's challenge, or the end of a delayed payment."""
        after = charge.behaviour.partition(":")[2] if charge.behaviour.startswith("challenge") else ""
        if approved and not after:
            await books.decide(self.db, charge.organization_id, charge.id, state="succeeded", decline_code=None)
        else:
            reason = after if approved else code
            await books.decide(self.db, charge.organization_id, charge.id, state="declined", decline_code=reason)

    async def instrument(self, organization_id: UUID, confirmation_token: str) -> Instrument | None:
        """The card behind a token."""
        if confirmation_token in TOKENS:
            return instrument_of(TOKENS[confirmation_token][1])
        token = await books.token(self.db, organization_id, confirmation_token)
        return token.instrument if token else None

    async def _token(self, attempt: Attempt) -> BankToken | None:
        name = attempt.confirmation_token or ""
        if name in TOKENS:
            behaviour, number = TOKENS[name]
            return BankToken(
                organization_id=attempt.organization_id,
                id=name,
                behaviour=behaviour,
                instrument=instrument_of(number),
                created_at=attempt.created_at,
            )
        return await books.token(self.db, attempt.organization_id, name)

    def _verdict(self, charge: BankCharge) -> Verdict:
        if charge.state == "succeeded":
            return Succeeded(reference=charge.reference, instrument=charge.instrument)
        if charge.state == "processing":
            return Processing(reference=charge.reference, instrument=charge.instrument)
        if charge.state == "requires_action":
            url = f"{self.public_url()}/bank/{charge.reference}"
            return NeedsAction(reference=charge.reference, url=url, instrument=charge.instrument)
        return decline(
            charge.decline_code or "generic_decline", reference=charge.reference, instrument=charge.instrument
        )


def _first_state(behaviour: str) -> tuple[str, str | None]:
    kind, _, code = behaviour.partition(":")
    if kind == "decline":
        return "declined", code
    return {"succeed": "succeeded", "challenge": "requires_action", "process": "processing"}[kind], None
