"""Fees: book what the gateway keeps of a payment, once, in the currency that it settles in.

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


async def take_fee(
    ports: Ports, tx: Transaction, attempt: Attempt, verdict: Succeeded, *, now: datetime, ask_in: timedelta = SOON
) -> bool:
    """Book the fee of a payment whose order is stored; True when that was news. Where it is not known yet, note when to ask."""
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


async def hear_of_fee(ports: Ports, attempt: Attempt) -> bool:
    """The gateway told something of a payment that is settled: maybe its fee. False: it could not be asked."""
    if not await payments.lacks_fee(ports.db, attempt.organization_id, attempt.id):
        return True
    verdict = await ports.gateway.lookup(attempt)
    if isinstance(verdict, Succeeded):
        organization = await ports.cache.organization(attempt.organization_id)
        async with ports.db.transaction() as tx:
            await take_fee(ports, tx, attempt, verdict, now=ports.now(organization))
    return not (verdict is None or isinstance(verdict, Unknown))


async def ask_for_fee(ports: Ports, attempt: Attempt, *, now: datetime) -> bool:
    """Whether the gateway says now what it kept; else it is asked again in a day."""
    if attempt.gateway != ports.gateway.name:
        return False
    verdict = await ports.gateway.lookup(attempt)
    async with ports.db.transaction() as tx:
        if isinstance(verdict, Succeeded) and verdict.fee is not None:
            return await take_fee(ports, tx, attempt, verdict, now=now)
        await payments.ask_fee_later(tx, attempt, at=now + LATER)
    return False
