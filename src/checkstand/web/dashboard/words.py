"""How the dashboard says time and status. Times are relative with the exact moment beside them; colour is never alone.

>>> from datetime import UTC, datetime, timedelta
>>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
>>> relative(noon - timedelta(minutes=5), noon), relative(noon + timedelta(days=61), noon)
('5 minutes ago', 'in 61 days')
>>> span_text(Span(interval=Interval.MONTH, count=1)), span_text(Span(interval=Interval.WEEK, count=2))
('month', '2 weeks')
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from checkstand.domain.catalog import Interval, Product, Span, Visibility
from checkstand.domain.checkout import CheckoutStatus
from checkstand.domain.payment import AttemptStatus

__all__ = ["Chip", "Interval", "Moment", "moment", "relative", "span_text"]
_STEPS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as a page shows it: `iso` for machines, `absolute` on hover and focus, `relative` to read."""

    iso: str
    absolute: str
    relative: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A state: a word, an icon and a colour (blue, amber, green, grey, red)."""

    word: str
    icon: str
    tone: str


def moment(at: datetime, now: datetime) -> Moment:
    """A moment seen from now."""
    return Moment(at.isoformat(), at.strftime("%Y-%m-%d %H:%M:%S UTC"), relative(at, now))


def relative(at: datetime, now: datetime) -> str:
    """How long ago, or how soon, in the largest unit that fits."""
    seconds = (now - at).total_seconds()
    # What was just set to end in 90 days ends in 90 days, not 89 and a bit.
    size = seconds if seconds >= 0 else 30 - seconds
    for unit, length in _STEPS:
        if size >= length:
            count = int(size // length)
            text = f"{count} {unit}{'s' if count != 1 else ''}"
            return f"{text} ago" if seconds > 0 else f"in {text}"
    return "just now" if seconds >= 0 else "in a moment"


def span_text(span: Span) -> str:
    """A billing period after 'every' or '/'."""
    return str(span.interval) if span.count == 1 else f"{span.count} {span.interval}s"


def product_chip(product: Product) -> Chip:
    """Whether a product can be bought."""
    if product.is_archived:
        return Chip("Archived", "archive", "grey")
    if product.visibility is Visibility.DRAFT:
        return Chip("Draft", "edit", "grey")
    if product.visibility is Visibility.PRIVATE:
        return Chip("Private", "lock", "blue")
    return Chip("Active", "check", "green")


_CHECKOUT = {
    CheckoutStatus.OPEN: Chip("Open", "circle", "blue"),
    CheckoutStatus.CONFIRMED: Chip("Confirmed", "clock", "amber"),
    CheckoutStatus.SUCCEEDED: Chip("Succeeded", "check", "green"),
    CheckoutStatus.EXPIRED: Chip("Expired", "hourglass", "grey"),
    CheckoutStatus.FAILED: Chip("Failed", "cross", "red"),
}
_ATTEMPT = {
    AttemptStatus.STARTED: Chip("Awaiting response", "clock", "amber"),
    AttemptStatus.REQUIRES_ACTION: Chip("Awaiting authentication", "shield", "amber"),
    AttemptStatus.PROCESSING: Chip("Processing", "clock", "amber"),
    AttemptStatus.PARTIALLY_CAPTURED: Chip("Partially paid", "clock", "amber"),
    AttemptStatus.SUCCEEDED: Chip("Paid", "check", "green"),
    AttemptStatus.DECLINED: Chip("Declined", "cross", "red"),
    AttemptStatus.CANCELED: Chip("Cancelled", "cross", "grey"),
}
_ORDER = {
    "pending": Chip("Pending", "clock", "amber"),
    "paid": Chip("Paid", "check", "green"),
    "refunded": Chip("Refunded", "back", "grey"),
    "partially_refunded": Chip("Partially refunded", "back", "amber"),
    "void": Chip("Void", "cross", "grey"),
}


def checkout_chip(status: CheckoutStatus) -> Chip:
    return _CHECKOUT[status]


def attempt_chip(status: AttemptStatus) -> Chip:
    return _ATTEMPT[status]


def order_chip(status: str) -> Chip:
    return _ORDER[status]
