"""What of an order may be given back, and to which of its items it belongs.

Rule: never more than was captured minus what is given back or on its way; not while the bank disputes the payment; not after the
window, where there is one (decisions: 90 days in the Dodo dialect, a setting). An item names a product: two lines of the same product
are given back as one (dodo.md 2.3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from checkstand.domain.dispute import Dispute, holds_money
from checkstand.domain.errors import Invalid
from checkstand.domain.money import to_step
from checkstand.domain.order import Order, OrderStatus
from checkstand.domain.payment import Attempt
from checkstand.domain.refund import (
    AskedItem,
    Part,
    Refund,
    RefundItem,
    RefundRefused,
    RefundReport,
    RefundRequest,
    by_net,
    by_total,
    spread,
)


def make_refund(
    order: Order,
    attempt: Attempt,
    earlier: Sequence[Refund],
    disputes: Sequence[Dispute],
    asked: RefundRequest,
    *,
    new_id: Callable[[], UUID],
    now: datetime,
) -> Refund:
    """The refund that was asked for, still to be sent. Raises RefundRefused, Invalid."""
    _require_refundable(order, earlier, disputes, asked, now)
    return _planned(order, attempt, earlier, asked, new_id=new_id, now=now)


def reported_refund(
    order: Order,
    attempt: Attempt,
    earlier: Sequence[Refund],
    report: RefundReport,
    *,
    new_id: Callable[[], UUID],
    now: datetime,
) -> Refund:
    """A refund that somebody made at the gateway: nobody is asked whether it may be, only how it divides. Raises Invalid when it is
    more than what is left.
    """
    left = whole(order).left
    amount = left if left and to_step(left, report.step_minor) == report.amount_minor else report.amount_minor
    asked = RefundRequest(total_minor=amount, reason=report.reason, comment="Made at the payment gateway.")
    made = _planned(order, attempt, earlier, asked, new_id=new_id, now=now)
    return replace(made, gateway_key=report.key, gateway_reference=report.reference)


def _planned(
    order: Order,
    attempt: Attempt,
    earlier: Sequence[Refund],
    asked: RefundRequest,
    *,
    new_id: Callable[[], UUID],
    now: datetime,
) -> Refund:
    items = tuple(item for item in plan(order, earlier, asked) if item.total_minor)
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
        raise RefundRefused("nothing_to_refund", order.id)
    if asked.seen_minor is not None and asked.seen_minor != order.refunded_minor:
        raise RefundRefused("refunded_meanwhile", order.id)
    if order.status == "refunded":
        raise RefundRefused("refunded_already", order.id)
    if any(holds_money(dispute.status) for dispute in disputes):
        raise RefundRefused("payment_disputed", order.id)
    if order.refunded_minor == order.total_minor:
        raise RefundRefused("refund_underway", order.id)
    if asked.window is not None and now > order.created_at + asked.window:
        raise RefundRefused("refund_window_over", order.id, days=asked.window.days)


def whole(order: Order) -> Part:
    """The order as one part; what is on its way counts as given back."""
    return Part(
        net_minor=order.net_minor,
        tax_minor=order.tax_minor,
        refunded_net_minor=order.refunded_minor - order.refunded_tax_minor,
        refunded_tax_minor=order.refunded_tax_minor,
    )


def parts_of(order: Order, refunds: Sequence[Refund]) -> list[Part]:
    """Each item of an order with what its refunds took of it; failed ones took nothing."""
    taken: dict[UUID, tuple[int, int]] = {}
    for item in (item for refund in refunds if refund.status != "failed" for item in refund.items):
        net, tax = taken.get(item.order_item_id, (0, 0))
        taken[item.order_item_id] = (net + item.net_minor, tax + item.tax_minor)
    found = []
    for bought in order.items:
        net, tax = taken.get(bought.id, (0, 0))
        part = Part(
            net_minor=bought.net_minor, tax_minor=bought.tax_minor, refunded_net_minor=net, refunded_tax_minor=tax
        )
        found.append(part)
    return found


def plan(order: Order, earlier: Sequence[Refund], asked: RefundRequest) -> list[RefundItem]:
    """What is taken from each item. Raises Invalid when there is not so much left."""
    parts, total = parts_of(order, earlier), whole(order)
    if asked.items:
        shares = _by_items(order, parts, asked.items)
    elif asked.net_minor is not None:
        _require(asked.net_minor <= total.net_left, "refund_exceeds", asked.net_minor)
        shares = spread(*by_net(total, asked.net_minor), parts)
    elif asked.total_minor is not None:
        _require(asked.total_minor <= total.left, "refund_exceeds", asked.total_minor)
        shares = spread(*by_total(total, asked.total_minor), parts)
    else:
        shares = [(part.net_left, part.tax_left) for part in parts]
    return [
        RefundItem(order_item_id=item.id, net_minor=net, tax_minor=tax)
        for item, (net, tax) in zip(order.items, shares, strict=True)
    ]


def _require(is_so: bool, code: str, amount_minor: int) -> None:
    if not is_so:
        raise Invalid.single(code, "amount", given=amount_minor)


def _by_items(order: Order, parts: Sequence[Part], asked: Sequence[AskedItem]) -> list[tuple[int, int]]:
    shares = [(0, 0)] * len(parts)
    if len({item.product_id for item in asked}) < len(asked):
        raise Invalid.single("refund_item_twice", "items")
    wanted = sum(item.amount_minor or 0 for item in asked)
    if wanted > whole(order).left:
        raise Invalid.single("refund_exceeds", "items", given=wanted)
    for number, item in enumerate(asked):
        places = [place for place, bought in enumerate(order.items) if bought.product_id == item.product_id]
        mine = [parts[place] for place in places]
        if not mine:
            raise Invalid.single("refund_item_unknown", "items", number, "item_id", given=str(item.product_id))
        for place, share in zip(places, spread(*_of_item(mine, item, number), mine), strict=True):
            shares[place] = share
    return shares


def _of_item(parts: Sequence[Part], asked: AskedItem, number: int) -> tuple[int, int]:
    """(net, tax) of what is asked for of one product's lines."""
    together = Part(
        net_minor=sum(part.net_minor for part in parts),
        tax_minor=sum(part.tax_minor for part in parts),
        refunded_net_minor=sum(part.refunded_net_minor for part in parts),
        refunded_tax_minor=sum(part.refunded_tax_minor for part in parts),
    )
    amount, where = asked.amount_minor, ("items", number, "amount")
    if together.left == 0:
        raise Invalid.single("refund_item_refunded", "items", number, "item_id", given=str(asked.product_id))
    if amount is None:
        return together.net_left, together.tax_left
    if amount < 1:
        raise Invalid.single("refund_item_too_low", *where, given=amount)
    if amount > (together.left if asked.tax_inclusive else together.net_left):
        raise Invalid.single("refund_item_too_high", *where, given=amount)
    return by_total(together, amount) if asked.tax_inclusive else by_net(together, amount)


def status_after(order: Order, refunds: Sequence[Refund]) -> OrderStatus:
    """An order's status once money has come back: all, some or none of it. What is only on its way does not count."""
    returned = returned_of(refunds)
    if returned.net_minor + returned.tax_minor == 0:
        return "paid"
    return "refunded" if returned.net_minor + returned.tax_minor == order.total_minor else "partially_refunded"


def returned_of(refunds: Sequence[Refund]) -> Part:
    """Net and tax of what has arrived with the buyer."""
    done = [refund for refund in refunds if refund.status == "succeeded"]
    return Part(net_minor=sum(one.net_minor for one in done), tax_minor=sum(one.tax_minor for one in done))
