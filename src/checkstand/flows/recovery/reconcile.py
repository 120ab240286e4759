"""Reconcile: finish what a crash or a lost reply interrupted.

An attempt without a verdict after half a minute is asked for at the gateway under its stored key. A gateway that never heard of it
is asked to charge now, under the same key: the buyer pressed pay, and the key makes sure it happens once. Refunds likewise.

What the gateway keeps of a payment is asked for where it could not say at once.

An attempt that the gateway promised to decide by now (a debit, a voucher, a page that the buyer left) is asked for too; so is one of
which it said nothing for an hour, for its news may have been lost on the way.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from checkstand.domain.organization import Organization
from checkstand.domain.payment import PENDING_STATUSES, Attempt, Unknown, Verdict
from checkstand.flows.checkout.confirm_checkout import charge
from checkstand.flows.payments.record_fee import fetch_due_fee
from checkstand.flows.payments.remove_method import forget_removed_methods
from checkstand.flows.payments.settle_payment import LATER, settle_payment
from checkstand.flows.ports import Ports
from checkstand.flows.refunds.refund_order import finish_refund
from checkstand.store import checkouts
from checkstand.store.sales import payments, refunds
from checkstand.store.sales.payments import ATTEMPTS

PATIENCE = timedelta(seconds=30)


async def reconcile(ports: Ports, organization: Organization) -> int:
    """How many attempts and refunds got their verdict, and how many payments their fee."""
    now = ports.now(organization)
    settled = 0
    for attempt in await payments.without_verdict(ports.db, organization_id=organization.id, before=now - PATIENCE):
        settled += await _resolve(ports, attempt)
    for attempt in await payments.to_ask_about(ports.db, organization_id=organization.id, now=now):
        settled += await _ask_again(ports, attempt, now)
    for refund in await refunds.undecided(ports.db, organization.id, now=now):
        settled += await finish_refund(ports, refund)
    for attempt in await payments.to_ask_for_fees(ports.db, organization_id=organization.id, now=now):
        settled += await fetch_due_fee(ports, attempt, now=now)
    await forget_removed_methods(ports, organization)
    return settled


async def _ask_again(ports: Ports, attempt: Attempt, now: datetime) -> bool:
    """Whether the gateway, which had accepted this, had something new to say of it."""
    if attempt.gateway != ports.gateway.name:
        return False
    verdict = await ports.gateway.lookup(attempt)
    if verdict is not None and not isinstance(verdict, Unknown):
        await settle_payment(ports, attempt, verdict)
    current = await ATTEMPTS.by_id(ports.db, attempt.organization_id, attempt.id)
    if current is None or current.status not in PENDING_STATUSES:
        return True
    await payments.ask_later(ports.db, attempt.organization_id, attempt.id, at=now + LATER)
    return current.status is not attempt.status


async def _resolve(ports: Ports, attempt: Attempt) -> bool:
    if attempt.gateway not in ("none", ports.gateway.name):
        return False  # from before another gateway was chosen: this one knows nothing of it and must not decide
    known = await ports.gateway.lookup(attempt) if attempt.gateway != "none" else None
    verdict = known or await _charge_now(ports, attempt)
    if isinstance(verdict, Unknown):
        return False
    await settle_payment(ports, attempt, verdict)
    return True


async def _charge_now(ports: Ports, attempt: Attempt) -> Verdict:
    checkout = await checkouts.by_id(ports.db, attempt.organization_id, attempt.checkout_id)
    assert checkout is not None, "an attempt belongs to a session"
    return await charge(ports, checkout, attempt)
