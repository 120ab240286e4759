"""The form of a new discount as data: what was typed, and what it means or why it cannot be understood.

Days are whole days of UTC: from the first moment of one to the last of another. A code has only letters and digits, as Polar's API
wants it, so that both APIs can show every discount.

    >>> basis_points_of("12.5"), basis_points_of("20 %"), basis_points_of("0,01"), basis_points_of("100.5")
    (1250, 2000, 1, None)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final, cast
from uuid import UUID

from checkstand.domain.currency import CURRENCIES, currency
from checkstand.domain.discount import AmountOff, Duration, Percentage
from checkstand.domain.money import parse_amount, step_missed
from checkstand.domain.terms import LARGEST_COUNT
from checkstand.formats import format_money
from checkstand.ops.bounds import in_time
from checkstand.web.dashboard.forms import Form
from checkstand.web.dashboard.product_form import Reading, no_amount

LONGEST_NAME = 100
SHORTEST_CODE, LONGEST_CODE = 3, 255  # what both APIs take
MOST_MONTHS = 999
MOST_ROWS = 20
KINDS: Final = {"percentage": "Percentage", "fixed": "Fixed amount"}
DURATIONS: Final[Mapping[str, tuple[str, str]]] = {
    "once": ("Once", "The first payment only."),
    "repeating": ("Several months", "Every payment in the first months."),
    "forever": ("Forever", "Every payment."),
}
_SHARE = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?\s*%?")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedAmount:
    """One currency's amount, as typed."""

    currency: str = ""
    amount: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedDiscount:
    """The whole form, as typed."""

    name: str = ""
    code: str = ""
    kind: str = "percentage"
    share: str = ""
    rows: tuple[TypedAmount, ...] = (TypedAmount(),)
    duration: str = "once"
    months: str = ""
    starts: str = ""
    ends: str = ""
    most: str = ""
    most_each: str = ""
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What the form means."""

    name: str
    code: str | None
    takes: Percentage | AmountOff
    duration: Duration
    duration_months: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    max_redemptions: int | None
    max_per_customer: int | None
    product_ids: tuple[UUID, ...]


def typed_from(form: Form) -> TypedDiscount:
    """What a browser sent."""
    currencies, amounts = form.every("amount_currency"), form.every("amount")
    rows = tuple(
        TypedAmount(currency=code[:10].upper(), amount=amount[:60])
        for code, amount in zip(currencies, amounts, strict=False)
    )
    kind, duration = form.text("kind"), form.text("duration")
    return TypedDiscount(
        name=form.text("name"),
        code=form.text("code"),
        kind=kind if kind in KINDS else "percentage",
        share=form.text("share")[:20],
        rows=rows[:MOST_ROWS] or (TypedAmount(),),
        duration=duration if duration in DURATIONS else "once",
        months=form.text("months")[:20],
        starts=form.text("starts")[:20],
        ends=form.text("ends")[:20],
        most=form.text("most")[:20],
        most_each=form.text("most_each")[:20],
        products=tuple(form.every("products")),
    )


def understand(typed: TypedDiscount, *, now: datetime) -> Understood | Mapping[str, str]:
    """What was meant, or the problems by field in the order of the form."""
    reading = Reading()
    if not typed.name:
        reading.wrong("name", "Enter a name. Buyers see it if there is no code.")
    elif len(typed.name) > LONGEST_NAME:
        reading.wrong("name", f"Use at most {LONGEST_NAME} characters; these are {len(typed.name)}.")
    if typed.code and not (typed.code.isalnum() and SHORTEST_CODE <= len(typed.code) <= LONGEST_CODE):
        reading.wrong("code", f"Use {SHORTEST_CODE} to {LONGEST_CODE} letters and digits, no spaces or symbols.")
    takes = _percentage(reading, typed.share) if typed.kind == "percentage" else _amounts(reading, typed)
    months = None
    if typed.duration == "repeating":
        months = _count(reading, "months", typed.months or "0", MOST_MONTHS)
    starts_at, ends_at = _days(reading, typed, now)
    most = _count(reading, "most", typed.most, LARGEST_COUNT)
    most_each = _count(reading, "most_each", typed.most_each, LARGEST_COUNT)
    if most is not None and most_each is not None and most_each > most:
        reading.wrong("most_each", "The limit per customer can’t be higher than the total.")
    product_ids = _ids(reading, typed.products)
    if reading.problems or takes is None:
        return reading.problems
    return Understood(
        name=typed.name,
        code=typed.code or None,
        takes=takes,
        duration=cast(Duration, typed.duration),
        duration_months=months,
        starts_at=starts_at,
        ends_at=ends_at,
        max_redemptions=most,
        max_per_customer=most_each,
        product_ids=product_ids,
    )


def basis_points_of(text: str) -> int | None:
    """A percentage above 0 and up to 100 with at most two decimals, in ten-thousandths; None for anything else."""
    found = _SHARE.fullmatch(text) if text.isascii() else None
    if found is None:
        return None
    points = int(Decimal(f"{found[1]}.{found[2] or 0}") * 100)
    return points if 1 <= points <= 10_000 else None


def _percentage(reading: Reading, text: str) -> Percentage | None:
    points = basis_points_of(text)
    if points is None:
        reading.wrong("share", "Enter a percentage above 0, up to 100, like 20 or 12.5.")
        return None
    return Percentage(basis_points=points)


def _amounts(reading: Reading, typed: TypedDiscount) -> AmountOff:
    found: dict[str, int] = {}
    for index, row in enumerate(typed.rows):
        if index > 0 and not row.amount:
            continue
        if row.currency not in CURRENCIES:
            reading.wrong(f"currency-{index}", "Choose a currency.")
        elif row.currency in found:
            reading.wrong(f"currency-{index}", f"{row.currency} has an amount already: one for each currency.")
        else:
            found[row.currency] = _amount(reading, f"amount-{index}", row)
    return AmountOff(amounts=found)


def _amount(reading: Reading, name: str, row: TypedAmount) -> int:
    """An amount that can be taken off; 0 where there is a problem with it."""
    if not row.amount:
        reading.wrong(name, "Enter the amount of the discount.")
        return 0
    try:
        amount = parse_amount(row.amount, row.currency)
    except ValueError:
        reading.wrong(name, no_amount(row.amount, row.currency))
        return 0
    most = currency(row.currency).largest_charge_minor
    if amount == 0:
        reading.wrong(name, "The discount must be more than zero.")
    elif amount > most:
        reading.wrong(name, f"The discount can be at most {format_money(most, row.currency)}.")
    elif step_missed(amount, row.currency):
        reading.wrong(name, no_amount(row.amount, row.currency))
    return amount


def _count(reading: Reading, name: str, text: str, most: int) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        reading.wrong(name, f"Enter a whole number from 1 to {most:,}.")
        return None
    return int(text)


def _days(reading: Reading, typed: TypedDiscount, now: datetime) -> tuple[datetime | None, datetime | None]:
    starts_at = _moment(reading, "starts", typed.starts, time.min)
    ends_at = _moment(reading, "ends", typed.ends, time.max)
    if ends_at is not None and starts_at is not None and ends_at < starts_at:
        reading.wrong("ends", "The end date must be after the start date.")
    elif ends_at is not None and ends_at <= now:
        reading.wrong("ends", "Choose a date in the future.")
    return starts_at, ends_at


def _moment(reading: Reading, name: str, text: str, at: time) -> datetime | None:
    if not text:
        return None
    try:
        return in_time(datetime.combine(date.fromisoformat(text), at, UTC))
    except ValueError:
        reading.wrong(name, "Choose a date, like 2030-12-31.")
        return None


def _ids(reading: Reading, texts: tuple[str, ...]) -> tuple[UUID, ...]:
    try:
        return tuple(dict.fromkeys(UUID(text) for text in texts))
    except ValueError:
        reading.wrong("products", "Select the products again: one of them could not be read.")
        return ()
