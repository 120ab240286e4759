"""Sales → one order → Refund: how much, why, and a question before the money is sent. A form that is sent twice refunds once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import Response

from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.money import parse_amount, step_missed
from checkstand.domain.order import Order
from checkstand.domain.refund import Refund, RefundReason, RefundRefusal, RefundRefused, RefundRequest
from checkstand.domain.refund_shares import whole
from checkstand.flows.refunds.refund_order import refund_order
from checkstand.formats import format_money
from checkstand.routing import Routes
from checkstand.store.sales.orders import ORDERS
from checkstand.web.dashboard import words
from checkstand.web.dashboard.frame import Crumb, DashboardVisit, page, room
from checkstand.web.dashboard.product_form import major_text, no_amount

routes = Routes()
LONGEST_NOTE = 3000
REASONS: Final[Mapping[RefundReason, str]] = {
    "customer_request": "Requested by customer",
    "duplicate": "Duplicate payment",
    "fraudulent": "Fraudulent",
    "service_disruption": "Service disruption",
    "satisfaction_guarantee": "Satisfaction guarantee",
    "dispute_prevention": "Dispute prevention",
    "other": "Other",
}
_REFUSED: Final[Mapping[RefundRefusal, str]] = {
    RefundRefusal.REFUNDED_MEANWHILE: "Something was refunded since this form was opened. Check what is left, then try again.",
    RefundRefusal.REFUNDED_ALREADY: "This order has already been refunded in full.",
    RefundRefusal.REFUND_UNDERWAY: "A refund of the remaining amount is already in progress.",
    RefundRefusal.PAYMENT_DISPUTED: "The payment is disputed. Respond to the dispute instead.",
    RefundRefusal.PAYMENT_UNKNOWN: "This payment was made through a different gateway.",
    RefundRefusal.NOTHING_TO_REFUND: "Nothing was paid for this order.",
}
_CHIPS: Final = {
    "pending": words.Chip("In progress", "clock", "amber"),
    "succeeded": words.Chip("Refunded", "check", "green"),
    "failed": words.Chip("Failed", "cross", "red"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRow:
    """One refund as the checkout's page shows it."""

    at: words.Moment
    reason: str
    chip: words.Chip
    amount: str
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What the form holds, as it was typed."""

    amount: str = ""
    reason: str = "customer_request"
    comment: str = ""
    sure: bool = False


@dataclass(slots=True)
class _Meant:
    """What was typed, understood; `problems` by field."""

    amount_minor: int = 0
    reason: RefundReason = "other"
    problems: dict[str, str] = field(default_factory=dict)


def row_of(visit: DashboardVisit, refund: Refund) -> RefundRow:
    return RefundRow(
        at=words.moment(refund.created_at, visit.now),
        reason=refund.comment or REASONS[refund.reason],
        chip=_CHIPS[refund.status],
        amount=format_money(refund.total_minor, refund.currency),
        code=refund.failure_code,
    )


@routes.get("/{org}/sales/{order_id}/refund")
@room
async def form(visit: DashboardVisit) -> Response:
    """All that is left, to be changed."""
    order = await _order(visit)
    return _show(visit, order, Typed(amount=major_text(whole(order).left, order.currency)))


@routes.post("/{org}/sales/{order_id}/refund")
@room
async def send(visit: DashboardVisit) -> Response:
    """Send the money, or show what is wrong with all that was typed."""
    order = await _order(visit)
    given = visit.form
    typed = Typed(
        amount=given.text("amount"),
        reason=given.text("reason"),
        comment=given.text("comment"),
        sure=given.text("sure") == "yes",
    )
    meant = _understand(typed, order)
    if meant.problems:
        return _show(visit, order, typed, problems=meant.problems)
    seen = given.text("seen")
    asked = RefundRequest(
        total_minor=meant.amount_minor,
        reason=meant.reason,
        comment=typed.comment or None,
        seen_minor=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else -1,
    )
    try:
        refund = await refund_order(visit.ports, visit.organization, order.id, asked)
    except RefundRefused as refused:
        problems = {"amount": _REFUSED[refused.code]}
        return _show(visit, await _order(visit), typed, problems=problems)
    except Invalid:
        return _show(visit, await _order(visit), typed, problems={"amount": "That is more than the remaining amount."})
    if refund.status == "failed":
        problems = {"amount": f"The gateway declined the refund ({refund.failure_code}). Nothing was sent."}
        return _show(visit, await _order(visit), typed, problems=problems)
    notice = "refund-sent" if refund.status == "succeeded" else "refund-underway"
    return visit.go(f"/sales/checkouts/{order.checkout_id}", notice=notice)


async def _order(visit: DashboardVisit) -> Order:
    order = await ORDERS.by_id(visit.ports.db, visit.organization.id, visit.path_id("order_id", DodoPrefix.PAYMENT))
    if order is None:
        raise NotFound
    return order


def _understand(typed: Typed, order: Order) -> _Meant:
    meant = _Meant()
    left = whole(order).left
    try:
        meant.amount_minor = parse_amount(typed.amount, order.currency)
    except ValueError:
        meant.problems["amount"] = f"Enter an amount in {order.currency}, like {format_money(left, order.currency)}."
    else:
        if not 0 < meant.amount_minor <= left:
            meant.problems["amount"] = f"Enter an amount of at most {format_money(left, order.currency)}."
        elif meant.amount_minor != left and step_missed(meant.amount_minor, order.currency):
            meant.problems["amount"] = no_amount(typed.amount, order.currency)
    known = next((key for key in REASONS if key == typed.reason), None)
    if known is None:
        meant.problems["reason"] = "Choose a reason."
    else:
        meant.reason = known
    if len(typed.comment) > LONGEST_NOTE:
        meant.problems["comment"] = f"Use at most {LONGEST_NOTE:,} characters."
    if not typed.sure:
        meant.problems["sure"] = "Confirm that you want to refund the buyer."
    return meant


def _show(visit: DashboardVisit, order: Order, typed: Typed, *, problems: Mapping[str, str] | None = None) -> Response:
    here = visit.link(f"/sales/checkouts/{order.checkout_id}")
    return page(
        visit,
        "refund.html",
        title=f"Refund order #{order.number}",
        section="orders",
        status=422 if problems else 200,
        crumbs=[Crumb("Orders", visit.link("/sales")), Crumb(f"Order #{order.number}", here)],
        order=order,
        typed=typed,
        reasons=REASONS,
        paid=format_money(order.total_minor, order.currency),
        refunded=format_money(order.refunded_minor, order.currency) if order.refunded_minor else None,
        left=format_money(whole(order).left, order.currency),
        problems=problems or {},
    )
