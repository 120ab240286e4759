"""Sales → Checkouts: every session with its state, and one session's whole story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from starlette.responses import Response

from checkstand.domain import ids
from checkstand.domain.checkout import Buyer, Checkout, CheckoutStatus, is_over
from checkstand.domain.explain import ROUNDING, Step, StepKind, explain, rate_text
from checkstand.domain.order import Order
from checkstand.domain.payment import DECLINES, Attempt
from checkstand.domain.quote import is_mixed, tax_sums
from checkstand.flows import tax_ids
from checkstand.flows.checkout.read_checkout import read_checkout
from checkstand.formats import format_money
from checkstand.providers.postal import address_lines
from checkstand.routing import Routes
from checkstand.store import checkouts, facts
from checkstand.store.codec import encode
from checkstand.store.delivery import webhooks
from checkstand.store.sales import disputes, orders, payments
from checkstand.store.sales import refunds as stored_refunds
from checkstand.web.dashboard import documents, money_back, refunds, timeline, words
from checkstand.web.dashboard.frame import Crumb, DashboardVisit, either_id, page, room
from checkstand.web.dashboard.lists import PAGE_SIZE, offset, pager
from checkstand.web.dashboard.money_back import MoneyBack

routes = Routes()
_STEPS: Mapping[StepKind, str] = {
    "line": "Line",
    "discount": "Discount",
    "tax": "Tax",
    "exchange": "Conversion",
    "trial": "Trial",
}

_TAX_ID_STATES: Mapping[tax_ids.TaxIdState, str] = {
    tax_ids.TaxIdState.CHECKED: "Checked by its digits",
    tax_ids.TaxIdState.FORM: "Has the right form; its digits could not be checked",
    tax_ids.TaxIdState.UNKNOWN: "Could not be checked: it changes no tax",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRow:
    """One session in a list."""

    href: str
    chip: words.Chip
    customer: str | None
    product: str
    more_lines: int
    amount: str
    created: words.Moment
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step towards the total; `amount` is None where it is not known yet. A sum needs no label beside its words."""

    label: str
    text: str
    amount: str | None
    is_sum: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One try to pay."""

    at: words.Moment
    method: str
    chip: words.Chip
    amount: str
    reason: str | None
    advice: str | None
    code: str | None
    reference: str | None


def status_chip(visit: DashboardVisit, checkout: Checkout) -> words.Chip:
    """The state as a buyer would find it: an open session whose time has passed is expired, noted yet or not."""
    status = checkout.status
    if status is CheckoutStatus.OPEN and is_over(checkout, visit.now):
        status = CheckoutStatus.EXPIRED
    return words.checkout_chip(status)


async def rows_of(visit: DashboardVisit, found: Sequence[Checkout]) -> list[CheckoutRow]:
    """Sessions as lists show them: a sale whose money went back says so."""
    paid = tuple(checkout.id for checkout in found if checkout.status is CheckoutStatus.SUCCEEDED)
    bought: Mapping[UUID, Order] = {}
    if paid:
        wanted = orders.OrderFilter(checkout_ids=paid)
        sold = await orders.search(visit.ports.db, visit.organization.id, wanted, sorting=[], offset=0, limit=len(paid))
        bought = {order.checkout_id: order for order in sold.items}
    return [row_of(visit, checkout, bought.get(checkout.id)) for checkout in found]


def row_of(visit: DashboardVisit, checkout: Checkout, order: Order | None = None) -> CheckoutRow:
    """A session as lists show it: its amount is what was charged, or would be now."""
    is_back = order is not None and order.status != "paid"
    return CheckoutRow(
        href=visit.link(f"/sales/checkouts/{checkout.id}"),
        chip=words.order_chip(order.status) if order and is_back else status_chip(visit, checkout),
        customer=checkout.buyer.email,
        product=checkout.selected.name,
        more_lines=len(checkout.lines) - 1,
        amount=format_money(checkout.quote.due_minor, checkout.currency),
        created=words.moment(checkout.created_at, visit.now),
        source=f"{checkout.profile.title} API",
    )


@routes.get("/{org}/sales/checkouts")
@room
async def listing(visit: DashboardVisit) -> Response:
    """Sessions, newest first, narrowed by status, e-mail or id."""
    status, text = visit.query("status"), visit.query("q")
    if status not in [str(item) for item in CheckoutStatus]:
        status = ""
    by_id = either_id(text, ids.DodoPrefix.CHECKOUT_SESSION)
    if by_id is not None and await checkouts.by_id(visit.ports.db, visit.organization.id, by_id):
        return visit.go(f"/sales/checkouts/{by_id}")
    wanted = checkouts.CheckoutFilter(statuses=(status,) if status else (), email_contains=text or None)
    found = await checkouts.search(
        visit.ports.db, visit.organization.id, wanted, sorting=["-created_at"], offset=offset(visit), limit=PAGE_SIZE
    )
    return page(
        visit,
        "checkouts.html",
        title="Checkouts",
        section="checkouts",
        rows=await rows_of(visit, found.items),
        pager=pager(visit, found),
        chosen=status,
        text=text,
        statuses=[(str(item), words.checkout_chip(item).word) for item in CheckoutStatus],
        is_narrowed=bool(status or text),
    )


@routes.get("/{org}/sales/checkouts/{checkout_id}")
@room
async def detail(visit: DashboardVisit) -> Response:
    """One session: what it is, all that happened to it, each try to pay."""
    checkout = await read_checkout(
        visit.ports, visit.organization, visit.path_id("checkout_id", ids.DodoPrefix.CHECKOUT_SESSION)
    )
    db, organization_id = visit.ports.db, visit.organization.id
    attempts = (await payments.of_checkouts(db, organization_id, [checkout.id])).get(checkout.id, ())
    happened = await facts.timeline(db, organization_id, checkout.id)
    sent = await webhooks.deliveries_of_checkout(db, organization_id, checkout.id)
    wanted = orders.OrderFilter(checkout_ids=(checkout.id,))
    bought = await orders.search(db, organization_id, wanted, sorting=[], offset=0, limit=1)
    order = bought.items[0] if bought.items else None
    returned = (await stored_refunds.of_orders(db, organization_id, [order.id])).get(order.id, ()) if order else ()
    disputed = (await disputes.of_orders(db, organization_id, [order.id])).get(order.id, ()) if order else ()
    return page(
        visit,
        "checkout.html",
        title=f"Checkout {str(checkout.id)[:8]}",
        section="checkouts",
        crumbs=[Crumb("Checkouts", visit.link("/sales/checkouts"))],
        checkout=checkout,
        row=row_of(visit, checkout, order),
        short_id=ids.short_id(ids.DodoPrefix.CHECKOUT_SESSION, checkout.id),
        buyer_page=visit.ports.public_url() + checkout.page_path,
        can_be_paid=checkout.status is CheckoutStatus.OPEN and not is_over(checkout, visit.now),
        expires=words.moment(checkout.expires_at, visit.now),
        entries=timeline.entries(
            checkout, happened, attempts, sent, order, MoneyBack(returned, disputed), now=visit.now
        ),
        attempts=[_attempt_row(visit, attempt) for attempt in attempts],
        summary=_summary(checkout),
        total=_total(checkout, order),
        returned=money_back.rows_of(order, returned, disputed),
        steps=[_step_row(step) for step in explain(checkout, seller_country=visit.organization.settings.country)],
        rounding=ROUNDING,
        tax_id_state=_tax_id_state(checkout.buyer),
        address=address_lines(checkout.buyer.address) if checkout.buyer.address else [],
        order=order,
        refunds=[refunds.row_of(visit, refund) for refund in returned],
        documents=documents.rows_of(visit, order, returned),
        can_be_refunded=visit.may_change and order is not None and order.refunded_minor < order.total_minor,
        raw=raw_json(checkout),
    )


def _attempt_row(visit: DashboardVisit, attempt: Attempt) -> AttemptRow:
    reason, advice = DECLINES.get(attempt.decline_code or "", (attempt.decline_message, None))
    return AttemptRow(
        at=words.moment(attempt.created_at, visit.now),
        method=timeline.method_text(attempt),
        chip=words.attempt_chip(attempt.status),
        amount=format_money(attempt.amount_minor, attempt.currency),
        reason=reason if attempt.decline_code else None,
        advice=advice if attempt.decline_code else None,
        code=attempt.decline_code,
        reference=attempt.gateway_reference,
    )


def _step_row(step: Step) -> StepRow:
    label = _STEPS.get(step.kind, "")
    text = step.text.removeprefix(f"{label}: ")
    return StepRow(
        label=label,
        text=text[:1].upper() + text[1:],
        amount=None if step.amount_minor is None else format_money(step.amount_minor, step.currency),
        is_sum=step.kind not in _STEPS,
    )


def _summary(checkout: Checkout) -> Sequence[tuple[str, str]]:
    """The sum as the buyer sees it, line by line."""
    quote, code = checkout.quote, checkout.currency
    mixed = is_mixed(quote.lines)
    rows = []
    for line in quote.lines:
        label = f"{line.label} × {line.quantity}" if line.quantity != 1 else line.label
        kind = (", tax included" if line.tax_inclusive else ", without tax") if mixed and line.tax_rate_ppm else ""
        rows.append((f"{label}{kind}", format_money(line.subtotal_minor, code)))
    if mixed:
        rows.append(("Subtotal without tax", format_money(quote.subtotal_minor, code)))
    if quote.discount_minor:
        names = ", ".join(discount.code or discount.name for discount in checkout.discounts)
        rows.append((f"Discount {names}", format_money(-quote.discount_minor, code)))
    if quote.tax_minor is None:
        rows.append(("Tax", "Not known yet"))
    included = ", included" if quote.tax_behavior == "inclusive" else ""
    taxes: dict[str, int] = {}
    for tax, amount in tax_sums(quote.lines).items():
        label = f"{tax.name or 'Tax'} {rate_text(tax.rate_ppm)}{included}"
        taxes[label] = taxes.get(label, 0) + amount
    return [*rows, *((label, format_money(amount, code)) for label, amount in taxes.items() if amount)]


def _total(checkout: Checkout, order: Order | None) -> Sequence[tuple[str, str]]:
    """The sum, and what of it is charged at once where a trial puts off the rest."""
    quote, code = checkout.quote, checkout.currency
    if quote.due_minor == quote.total_minor:
        return [("Total", format_money(quote.total_minor, code))]
    return [
        ("Total after trial", format_money(quote.total_minor, code)),
        ("Charged" if order else "Due today", format_money(quote.due_minor, code)),
    ]


def _tax_id_state(buyer: Buyer) -> str:
    """How far the buyer's number was checked; nothing where there is none."""
    state = tax_ids.state_of(buyer.tax_id, buyer.address.country if buyer.address else None)
    return _TAX_ID_STATES[state] if state else ""


def raw_json(checkout: Checkout) -> str:
    """The stored session, readable, without the secret that a payment in progress is continued with."""
    document: dict[str, object] = orjson.loads(encode(checkout))
    payment = document.get("payment")
    if isinstance(payment, Mapping):
        document["payment"] = {**payment, "intent_secret": "(hidden)"}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
