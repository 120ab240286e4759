"""What of an order may be given back, and what it is afterwards.

Rule: never more than was captured minus what is given back or on its way; not while the bank disputes the payment; not after the
window, where there is one (90 days in the Dodo dialect, a setting). To which items and taxes an amount belongs is in
`refund_shares.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from checkstand.domain.dispute import Dispute, holds_money
from checkstand.domain.money import to_step
from checkstand.domain.order import Order, OrderStatus
from checkstand.domain.payment import Attempt
from checkstand.domain.refund import (
    Refund,
    RefundBalance,
    RefundItem,
    RefundRefusal,
    RefundRefused,
    RefundReport,
    RefundRequest,
)
from checkstand.domain.refund_shares import plan, step_of, whole


def make_refund(
    order: Order,
    attempt: Attempt,
    earlier: Sequence[Refund],
    disputes: Sequence[Dispute],
    asked: RefundRequest,
    *,
    new_id: Callable[[], UUID],
    now: datetime,
    settled: Mapping[UUID, RefundBalance] = MappingProxyType({}),
) -> Refund:
    """The refund that was asked for, still to be sent. `settled`: as `plan` has it. Raises RefundRefused, Invalid."""
    _require_refundable(order, earlier, disputes, asked, now)
    items = plan(order, earlier, asked, settled=settled, step=step_of(order))
    return _made(order, attempt, items, asked, new_id=new_id, now=now)


def reported_refund(
    order: Order,
    attempt: Attempt,
    earlier: Sequence[Refund],
    report: RefundReport,
    *,
    new_id: Callable[[], UUID],
    now: datetime,
) -> Refund:
    """A refund that was made at the gateway itself: it is not judged, only divided over the items. Raises Invalid when it is
    more than what is left.
    """
    left = whole(order).left
    amount = left if left and to_step(left, report.step_minor) == report.amount_minor else report.amount_minor
    asked = RefundRequest(total_minor=amount, reason=report.reason, comment="Made at the payment gateway.")
    step = step_of(order)
    items = plan(order, earlier, asked, step=1 if amount % step else step)
    made = _made(order, attempt, items, asked, new_id=new_id, now=now)
    return replace(made, gateway_key=report.key, gateway_reference=report.reference)


def _made(
    order: Order,
    attempt: Attempt,
    planned: Sequence[RefundItem],
    asked: RefundRequest,
    *,
    new_id: Callable[[], UUID],
    now: datetime,
) -> Refund:
    items = tuple(item for item in planned if item.total_minor)
    net, tax = sum(item.net_minor for item in items), sum(item.tax_minor for item in items)
    return Refund(
        id=new_id(),
        organization_id=order.organization_id,
        order_id=order.id,
        checkout_id=order.checkout_id,
        customer_id=order.customer_id,
        attempt_id=attempt.id,
        status="pending",
        net_minor=net,
        tax_minor=tax,
        currency=order.currency,
        is_partial=net + tax < order.total_minor,
        reason=asked.reason,
        comment=asked.comment,
        revoke_benefits=asked.revoke_benefits,
        metadata=asked.metadata,
        items=items,
        gateway=attempt.gateway,
        gateway_key=new_id(),
        created_at=now,
    )


def _require_refundable(
    order: Order, earlier: Sequence[Refund], disputes: Sequence[Dispute], asked: RefundRequest, now: datetime
) -> None:
    """Raises RefundRefused."""
    if order.total_minor == 0:
        raise RefundRefused(RefundRefusal.NOTHING_TO_REFUND, order.id)
    if asked.seen_minor is not None and asked.seen_minor != order.refunded_minor:
        raise RefundRefused(RefundRefusal.REFUNDED_MEANWHILE, order.id)
    if order.status == "refunded":
        raise RefundRefused(RefundRefusal.REFUNDED_ALREADY, order.id)
    if any(holds_money(dispute.status) for dispute in disputes):
        raise RefundRefused(RefundRefusal.PAYMENT_DISPUTED, order.id)
    if order.refunded_minor == order.total_minor:
        raise RefundRefused(RefundRefusal.REFUND_UNDERWAY, order.id)
    if asked.window is not None and now > order.created_at + asked.window:
        raise RefundRefused(RefundRefusal.REFUND_WINDOW_OVER, order.id, days=asked.window.days)


def status_after(order: Order, refunds: Sequence[Refund]) -> OrderStatus:
    """An order's status once money has come back: all, some or none of it. What is only on its way does not count."""
    returned = returned_of(refunds)
    if returned.net_minor + returned.tax_minor == 0:
        return "paid"
    return "refunded" if returned.net_minor + returned.tax_minor == order.total_minor else "partially_refunded"


def returned_of(refunds: Sequence[Refund]) -> RefundBalance:
    """Net and tax of what has arrived with the buyer."""
    done = [refund for refund in refunds if refund.status == "succeeded"]
    return RefundBalance(net_minor=sum(one.net_minor for one in done), tax_minor=sum(one.tax_minor for one in done))
