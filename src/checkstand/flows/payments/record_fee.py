"""Record a fee: book what the gateway keeps of a payment, once, in the currency that it settles in.

Most gateways know it only a moment after the payment: then it is booked when they tell, or when they are asked an hour later. The
attempt's row is the guard: a fee is written there and into the ledger in one transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from checkstand.domain import ledger
from checkstand.domain.payment import Attempt, Succeeded, Unknown
from checkstand.flows.ports import Ports
from checkstand.store.database import Transaction
from checkstand.store.sales import payments

SOON = timedelta(hours=1)
LATER = timedelta(days=1)


async def record_fee(
    ports: Ports, tx: Transaction, attempt: Attempt, verdict: Succeeded, *, now: datetime, ask_in: timedelta = SOON
) -> bool:
    """True when the fee of this payment, whose order is stored, was booked now. One that is not known yet is asked for later."""
    if verdict.fee is None:
        if verdict.tells_fee_later:
            await payments.ask_fee_later(tx, attempt, at=now + ask_in)
        return False
    if not await payments.record_fee(tx, attempt, verdict.fee):
        return False
    entries = ledger.fee(amount_minor=verdict.fee.amount_minor, currency=verdict.fee.currency)
    numbered = [(ports.new_id(), entry) for entry in entries]
    await payments.add_entries(tx, attempt.organization_id, attempt.order_id, ports.new_id(), numbered, now)
    return True


async def fetch_missing_fee(ports: Ports, attempt: Attempt) -> bool:
    """Ask the gateway for the fee of a settled payment that has none yet. False: it could not be asked."""
    if not await payments.lacks_fee(ports.db, attempt.organization_id, attempt.id):
        return True
    verdict = await ports.gateway.lookup(attempt)
    if isinstance(verdict, Succeeded):
        organization = await ports.cache.organization(attempt.organization_id)
        async with ports.db.transaction() as tx:
            await record_fee(ports, tx, attempt, verdict, now=ports.now(organization))
    return not (verdict is None or isinstance(verdict, Unknown))


async def fetch_due_fee(ports: Ports, attempt: Attempt, *, now: datetime) -> bool:
    """True when the gateway told the fee that was due to be asked for, and it was booked; else it is asked again in a day."""
    if attempt.gateway != ports.gateway.name:
        return False
    verdict = await ports.gateway.lookup(attempt)
    async with ports.db.transaction() as tx:
        if isinstance(verdict, Succeeded) and verdict.fee is not None:
            return await record_fee(ports, tx, attempt, verdict, now=now)
        await payments.ask_fee_later(tx, attempt, at=now + LATER)
    return False
