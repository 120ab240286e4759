"""A checkout's story in sentences: what happened to it, each try to pay and each webhook, merged by time.

What happened and what was answered are kept as facts; here they only get words that a person at a support desk can repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from checkstand.domain.checkout import Checkout
from checkstand.domain.facts import Fact, FactType
from checkstand.domain.order import Order
from checkstand.domain.payment import Attempt, decline
from checkstand.domain.webhook import Delivery
from checkstand.formats import format_money
from checkstand.web.dashboard import words
from checkstand.web.dashboard.money_back import MoneyBack

_BRANDS = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "rupay": "RuPay"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line of the story."""

    at: words.Moment
    clock: str
    icon: str
    tone: str
    title: str
    text: str | None = None
    code: str | None = None


_PLAIN: dict[FactType, tuple[str, str, str, str | None]] = {
    FactType.CHECKOUT_OPENED: ("eye", "grey", "Page opened", "The buyer looked at the checkout page."),
    FactType.CHECKOUT_UPDATED: ("edit", "grey", "Details changed", "By the buyer on the page or by your server."),
    FactType.CHECKOUT_CONFIRMED: (
        "lock",
        "amber",
        "Confirmed",
        "The payment was submitted for processing.",
    ),
    FactType.CHECKOUT_REOPENED: ("back", "blue", "Reopened", "The buyer can try another payment method."),
    FactType.CHECKOUT_SUCCEEDED: ("check", "green", "Checkout succeeded", None),
    FactType.CHECKOUT_EXPIRED: (
        "hourglass",
        "grey",
        "Expired",
        "No one paid in time. Create a new session to try again.",
    ),
    FactType.PAYMENT_ACTION_REQUIRED: (
        "shield",
        "amber",
        "Bank authentication required",
        "The buyer was sent to their bank to confirm the payment (3-D Secure).",
    ),
    FactType.PAYMENT_PROCESSING: (
        "clock",
        "amber",
        "Payment is processing",
        "The result comes later. Nothing to do for the buyer.",
    ),
    FactType.CUSTOMER_CREATED: ("person", "grey", "Customer created", None),
    FactType.CUSTOMER_UPDATED: (
        "person",
        "grey",
        "Returning customer",
        "A returning customer made a purchase; their details were updated.",
    ),
    FactType.REFUND_CREATED: ("back", "blue", "Refund sent to the gateway", None),
    FactType.REFUND_UPDATED: ("back", "blue", "Refund updated by the gateway", None),
    FactType.REFUND_SUCCEEDED: ("back", "green", "Refund succeeded", "The money is on its way to the buyer."),
    FactType.REFUND_FAILED: ("cross", "red", "Refund failed", None),
    FactType.ORDER_UPDATED: ("receipt", "grey", "Order updated", None),
    FactType.ORDER_INVOICED: ("receipt", "grey", "Invoice issued", None),
    FactType.DISPUTE_OPENED: ("warning", "red", "Dispute opened", "The buyer’s bank has withheld the money for now."),
    FactType.DISPUTE_CHALLENGED: ("shield", "amber", "Dispute challenged", "The bank is reviewing the evidence."),
    FactType.DISPUTE_ACCEPTED: ("cross", "grey", "Dispute accepted", "The buyer keeps the money."),
    FactType.DISPUTE_CANCELLED: ("check", "green", "Dispute cancelled", "The money was returned to you."),
    FactType.DISPUTE_EXPIRED: (
        "hourglass",
        "red",
        "Dispute expired",
        "No response was submitted: the buyer keeps the money.",
    ),
    FactType.DISPUTE_WON: ("check", "green", "Dispute won", "The money was returned to you."),
    FactType.DISPUTE_LOST: ("cross", "red", "Dispute lost", "The buyer keeps the money."),
}


def entries(
    checkout: Checkout,
    happened: Sequence[Fact],
    attempts: Sequence[Attempt],
    sent: Sequence[tuple[Delivery, str]],
    order: Order | None,
    back: MoneyBack,
    *,
    now: datetime,
) -> list[TimelineEntry]:
    """The whole story, oldest first. At the same moment: pressing pay, then what came of it, then who was told."""
    told: list[tuple[datetime, int, TimelineEntry]] = []
    for attempt in attempts:
        told.append((attempt.created_at, 0, _attempt(attempt, now)))
    arrived = [(fact.occurred_at, fact.subject_id) for fact in happened if fact.type is FactType.REFUND_SUCCEEDED]
    for fact in happened:
        if fact.type is FactType.ORDER_REFUNDED and order:
            by_then = sum(back.minor_of(refund_id) for at, refund_id in arrived if at <= fact.occurred_at)
            told.append((fact.occurred_at, 1, _refunded(order, by_then, fact.occurred_at, now)))
        else:
            told.append((fact.occurred_at, 1, _fact(checkout, fact, attempts, order, back, now)))
    for delivery, url in sent:
        told.append((delivery.created_at, 2, _delivery(delivery, url, now)))
    return [entry for _, _, entry in sorted(told, key=lambda item: item[:2])]


def _entry(
    at: datetime, now: datetime, icon: str, tone: str, title: str, text: str | None, code: str | None = None
) -> TimelineEntry:
    return TimelineEntry(
        at=words.moment(at, now),
        clock=at.strftime("%H:%M:%S"),
        icon=icon,
        tone=tone,
        title=title,
        text=text,
        code=code,
    )


def _attempt(attempt: Attempt, now: datetime) -> TimelineEntry:
    amount = format_money(attempt.amount_minor, attempt.currency)
    title = "Pay pressed" if attempt.purpose == "payment" else "Payment method entered"
    return _entry(attempt.created_at, now, "card", "grey", title, f"{method_text(attempt)} · {amount}")


def _refunded(order: Order, refunded_minor: int, at: datetime, now: datetime) -> TimelineEntry:
    """What of the order had gone back by then."""
    is_whole = refunded_minor >= order.total_minor
    amount, total = format_money(refunded_minor, order.currency), format_money(order.total_minor, order.currency)
    title = f"Order #{order.number} {'refunded in full' if is_whole else 'partially refunded'}"
    return _entry(at, now, "receipt", "grey", title, amount if is_whole else f"{amount} of {total}")


def _declined(fact: Fact, attempts: Sequence[Attempt], now: datetime) -> TimelineEntry:
    """What the buyer was told, in the words for what they tried to pay with."""
    code = fact.detail or "generic_decline"
    tried = next((attempt for attempt in attempts if attempt.modified_at == fact.occurred_at), None)
    said = decline(code, instrument=tried.instrument if tried else None)
    was_stopped = code == "customer_cancelled"
    tone, title = ("grey", "Stopped by the buyer") if was_stopped else ("red", "Declined")
    text = f"The buyer was told: “{said.message} {said.advice}”"
    return _entry(fact.occurred_at, now, "cross", tone, title, text, code)


def _fact(
    checkout: Checkout,
    fact: Fact,
    attempts: Sequence[Attempt],
    order: Order | None,
    back: MoneyBack,
    now: datetime,
) -> TimelineEntry:
    at = fact.occurred_at
    if fact.type is FactType.CHECKOUT_CREATED:
        total = format_money(order.total_minor if order else checkout.quote.due_minor, checkout.currency)
        text = f"{checkout.selected.name} · {total} · {checkout.profile.title} session"
        return _entry(at, now, "plus", "blue", "Session created", text)
    if fact.type is FactType.PAYMENT_DECLINED:
        return _declined(fact, attempts, now)
    if fact.type is FactType.PAYMENT_SUCCEEDED:
        return _entry(at, now, "check", "green", "Payment succeeded", _brand_text(fact.detail))
    if fact.type is FactType.ORDER_PAID:
        number = f"Order #{order.number}" if order else "Order"
        amount = format_money(order.total_minor, order.currency) if order else None
        return _entry(at, now, "receipt", "green", f"{number} created", amount)
    icon, tone, title, known = _PLAIN.get(fact.type, ("circle", "grey", str(fact.type), None))
    lost = checkout.ignored_external_id if fact.type in (FactType.CUSTOMER_UPDATED, FactType.CUSTOMER_CREATED) else None
    ignored = f"The external ID “{lost}” of this session was not given to them." if lost else None
    said = (back.amount_of(fact.subject_id), known or fact.detail, ignored)
    return _entry(at, now, icon, tone, title, " · ".join(part for part in said if part) or None)


def _delivery(delivery: Delivery, url: str, now: datetime) -> TimelineEntry:
    host = urlsplit(url).netloc or url
    tries = f"{delivery.attempts} {'try' if delivery.attempts == 1 else 'tries'}"
    code = f"HTTP {delivery.last_http_code}" if delivery.last_http_code else "no answer"
    tone, text = {
        "pending": ("amber", f"to {host} · waiting" + (f" after {tries}, {code}" if delivery.attempts else "")),
        "delivered": ("green", f"to {host} · {code} · {tries}"),
        "failed": ("red", f"to {host} · {code} · gave up after {tries}"),
        "skipped": ("grey", f"to {host} · not sent: the endpoint was switched off"),
    }[delivery.status]
    return _entry(delivery.created_at, now, "send", tone, f"Webhook {delivery.event_type}", text)


def method_text(attempt: Attempt) -> str:
    """How it was tried to pay: 'Visa •••• 4242'."""
    used = attempt.instrument
    if used is None:
        return "Nothing to pay" if attempt.gateway == "none" else "Payment method"
    if used.last_four:
        return f"{_BRANDS.get(used.brand or '', used.brand or 'Card')} •••• {used.last_four}"
    return "Nothing to pay" if used.method == "none" else used.method.replace("_", " ").capitalize()


def _brand_text(detail: str | None) -> str | None:
    """What a fact keeps of the card, with the network's name as people write it."""
    if detail is None:
        return None
    brand, _, rest = detail.partition(" ")
    if not rest:
        return {"none": "Nothing had to be paid.", "test": "By the test gateway."}.get(detail, detail)
    return f"{_BRANDS.get(brand, brand)} {rest}"
