"""Refund: take the amount from what the order has left, commit, and only then ask the gateway to send it.

The refund and its gateway key are committed before the gateway hears of anything; reserving locks the order's row, and its constraint
refuses what would exceed the payment. A process that dies in between leaves a pending refund, which `reconcile` finishes under the
same key: nothing is given back twice.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.order import Order
from checkstand.domain.organization import Organization
from checkstand.domain.payment import Attempt, AttemptStatus
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.refund import Refund, RefundBalance, RefundRefusal, RefundRefused, RefundRequest, RefundUnknown
from checkstand.domain.refund_shares import settled_items
from checkstand.domain.refunding import make_refund
from checkstand.flows.ports import Ports
from checkstand.flows.refunds.settle_refund import settle_refund
from checkstand.flows.steps import Step
from checkstand.store import checkouts
from checkstand.store.database import Transaction
from checkstand.store.sales import disputes, payments, refunds
from checkstand.store.sales.orders import ORDERS
from checkstand.store.sales.payments import ATTEMPTS

PATIENCE = timedelta(seconds=30)


async def refund_order(ports: Ports, organization: Organization, order_id: UUID, asked: RefundRequest) -> Refund:
    """The refund after the gateway's first word. Raises NotFound, RefundRefused, Invalid: then nothing was moved."""
    ports.reached(Step.REFUND_ASKED)
    now = ports.now(organization)
    async with ports.db.transaction() as tx:
        order = await ORDERS.by_id(tx, organization.id, order_id, hold=True)
        if order is None:
            raise NotFound
        attempt = await _captured(ports, tx, order)
        settled = await _settled(tx, order) if any(item.is_settled for item in asked.items) else {}
        earlier = (await refunds.of_orders(tx, organization.id, [order.id])).get(order.id, ())
        disputed = (await disputes.of_orders(tx, organization.id, [order.id])).get(order.id, ())
        made = make_refund(order, attempt, earlier, disputed, asked, new_id=ports.new_id, now=now, settled=settled)
        if not await refunds.reserve(tx, made):
            raise Invalid.single(ProblemCode.REFUND_EXCEEDS, "amount", given=made.total_minor)
        ports.reached(Step.REFUND_RESERVED)
        await refunds.add(tx, made, ask_again_at=now + PATIENCE)
    ports.reached(Step.REFUND_COMMITTED)
    verdict = await ports.gateway.refund(attempt, made)
    ports.reached(Step.REFUND_ANSWERED)
    return await settle_refund(ports, made, verdict)


async def _captured(ports: Ports, tx: Transaction, order: Order) -> Attempt:
    """The attempt that paid. Raises RefundRefused when no payment was made, or one through a gateway that is not here."""
    if order.total_minor == 0:
        raise RefundRefused(RefundRefusal.NOTHING_TO_REFUND, order.id)
    tries = (await payments.of_checkouts(tx, order.organization_id, [order.checkout_id])).get(order.checkout_id, ())
    for attempt in tries:
        if attempt.status is AttemptStatus.SUCCEEDED and attempt.gateway == ports.gateway.name:
            return attempt
    raise RefundRefused(RefundRefusal.PAYMENT_UNKNOWN, order.id)


async def _settled(tx: Transaction, order: Order) -> dict[UUID, RefundBalance]:
    """What the items came to in the currency of their prices, as their session says."""
    checkout = await checkouts.by_id(tx, order.organization_id, order.checkout_id)
    assert checkout is not None, "an order is stored with its session"
    return settled_items(order, checkout)


async def finish_refund(ports: Ports, refund: Refund) -> bool:
    """Ask the gateway what became of an undecided refund; send it, under its key, if it never arrived. True: it is decided."""
    attempt = await ATTEMPTS.by_id(ports.db, refund.organization_id, refund.attempt_id)
    assert attempt is not None, "a refund's attempt cannot be removed"
    if attempt.gateway != ports.gateway.name:
        return False
    verdict = await ports.gateway.lookup_refund(attempt, refund) or await ports.gateway.refund(attempt, refund)
    if isinstance(verdict, RefundUnknown):
        return False
    return (await settle_refund(ports, refund, verdict)).status != "pending"
