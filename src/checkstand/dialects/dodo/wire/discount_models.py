"""Discounts on Dodo's wire: what create and update accept, and the whole object (docs/behaviour/dodo.md#discounts).

A row of `currency_options` says the most that is taken off in its currency, which for a flat discount is the discount itself, and the
least that the cart must come to. The billings of `subscription_cycles` are kept as they are; months are derived for the other API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from checkstand.dialects.dodo.answers import discount as answers
from checkstand.dialects.dodo.wire.models import INT32, Base, Count, Currency, Id, Metadata, Text, whole
from checkstand.dialects.dodo.wire.words import moment, shown
from checkstand.domain.discount import AmountOff, Discount, Duration, Percentage
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.ops.bounds import TIMES, in_time

MOST_MONTHS = 999
WHOLE = 10_000
_TIME = TypeAdapter(datetime)


def _moment(value: object) -> object:
    """A time as text; one without a zone is taken as UTC."""
    if not isinstance(value, str):
        return value
    try:
        return in_time(_TIME.validate_python(value))
    except ValueError as error:
        expected = f"Input should be a time such as 2026-03-01T12:00:00Z, {TIMES}"
        raise PydanticCustomError("time", expected) from error


def _upper(value: object) -> object:
    return value.strip().upper() or None if isinstance(value, str) else value


Positive = Annotated[int, Field(ge=1, le=INT32), BeforeValidator(whole)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Code = Annotated[Annotated[str, StringConstraints(min_length=3, max_length=255)] | None, BeforeValidator(_upper)]
Kind = Annotated[str, StringConstraints(max_length=255)]
ProductIds = Annotated[list[Id], Field(max_length=1000)]


class CurrencyOptionIn(Base):
    """What holds in one currency."""

    currency: Currency
    is_default: bool = False
    max_amount_possible: Positive | None = None
    minimum_subtotal: Count = 0


class DiscountPatch(Base):
    """`PATCH /discounts/{id}`: absent means unchanged, and so does null for what cannot be empty."""

    type: Kind | None = None
    amount: Positive | None = None
    code: Code = None
    name: Text = None
    restricted_to: ProductIds | None = None
    usage_limit: Positive | None = None
    per_customer_usage_limit: Positive | None = None
    subscription_cycles: Positive | None = None
    starts_at: Moment = None
    expires_at: Moment = None
    currency_options: Annotated[list[CurrencyOptionIn], Field(max_length=200)] | None = None
    customer_eligibility: Literal["any", "first_time", "existing", "specific"] | None = None
    preserve_on_plan_change: bool | None = None
    metadata: Metadata | None = None

    @model_validator(mode="after")
    def _distinct_options(self) -> DiscountPatch:
        rows = self.currency_options or []
        if len({row.currency for row in rows}) < len(rows):
            raise ValueError("currency_options: each currency may be there only once")
        if sum(row.is_default for row in rows) > 1:
            raise ValueError("currency_options: only one may be the default")
        return self


class DiscountIn(DiscountPatch):
    """`POST /discounts`."""

    type: Kind
    amount: Positive


class DiscountCustomersIn(Base):
    """`POST /discounts/{id}/customers`: whom a code of eligibility `specific` is for."""

    customer_ids: Annotated[list[Id], Field(max_length=1000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What type, amount and options come to."""

    takes: Percentage | AmountOff
    minimum_subtotals: Mapping[str, int]
    extras: Mapping[str, object]


def worth(kind: str, amount: int, rows: Sequence[CurrencyOptionIn], organization: Organization) -> Worth:
    """The discount's worth by currency. Raises Invalid for a type, a share or options that make none."""
    code = _why_not(kind, amount, rows, organization)
    if code is not None:
        raise Invalid([code])
    most = {row.currency: row.max_amount_possible for row in rows if row.max_amount_possible is not None}
    minimums = {row.currency: row.minimum_subtotal for row in rows}
    default = next((row.currency for row in rows if row.is_default), None)
    extras: dict[str, object] = {"default_currency": default} if default else {}
    if kind == "percentage":
        return Worth(takes=Percentage(basis_points=amount, caps=most), minimum_subtotals=minimums, extras=extras)
    return Worth(takes=AmountOff(amounts=most), minimum_subtotals=minimums, extras={**extras, "amount": amount})


def _why_not(kind: str, amount: int, rows: Sequence[CurrencyOptionIn], organization: Organization) -> Problem | None:
    if kind not in ("percentage", "flat"):
        return Problem(ProblemCode.DISCOUNT_TYPE_UNSUPPORTED, ("type",), kind)
    if kind == "percentage":
        return Problem(ProblemCode.DISCOUNT_PERCENTAGE_INVALID, ("amount",), amount) if amount > WHOLE else None
    if not rows or any(row.max_amount_possible is None for row in rows):
        return Problem(ProblemCode.DISCOUNT_OPTIONS_MISSING, ("currency_options",))
    own = organization.settings.default_currency
    if len(rows) > 1 and not any(row.is_default or row.currency == own for row in rows):
        return Problem(ProblemCode.DISCOUNT_DEFAULT_MISSING, ("currency_options",))
    return None


def kind_of(value: Discount) -> answers.DiscountType:
    return "percentage" if isinstance(value.takes, Percentage) else "flat"


def amount_of(value: Discount, organization: Organization) -> int:
    """The wire's one number: basis points; for a flat discount what was given, else the amount in the default currency."""
    if isinstance(value.takes, Percentage):
        return value.takes.basis_points
    given = value.extras.get("amount")
    if isinstance(given, int):
        return given
    default = _default_currency(value, organization)
    return min(value.takes.amounts.get(default or "", 0), INT32)


def options_of(value: Discount, organization: Organization) -> list[CurrencyOptionIn]:
    """The rows that make this discount, in the order they were given."""
    most = value.takes.caps if isinstance(value.takes, Percentage) else value.takes.amounts
    default = _default_currency(value, organization)
    return [
        CurrencyOptionIn.model_construct(
            currency=currency,
            is_default=currency == default,
            max_amount_possible=most.get(currency),
            minimum_subtotal=value.minimum_subtotals.get(currency, 0),
        )
        for currency in dict.fromkeys([*value.minimum_subtotals, *most])
    ]


def _default_currency(value: Discount, organization: Organization) -> str | None:
    """The currency that others are converted from: the one that was said, else the business's own, else the first there is."""
    said = value.extras.get("default_currency")
    if isinstance(value.takes, Percentage):
        return said if isinstance(said, str) else None
    amounts = value.takes.amounts
    wishes = [said, organization.settings.default_currency, next(iter(amounts), None)]
    return next((code for code in wishes if isinstance(code, str) and code in amounts), None)


def lasts(cycles: int | None) -> tuple[Duration, int | None]:
    """How the other API says a number of billings: once, for so many months, or forever.

    >>> lasts(1), lasts(12), lasts(None)
    (('once', None), ('repeating', 12), ('forever', None))
    """
    if cycles is None:
        return "forever", None
    return ("once", None) if cycles == 1 else ("repeating", min(cycles, MOST_MONTHS))


def cycles_of(value: Discount) -> int | None:
    """The billings that a discount lasts; one that was made in months has about as many."""
    if value.cycles is not None:
        return value.cycles
    return {"once": 1, "forever": None, "repeating": value.duration_months}[value.duration]


def discount(value: Discount, organization: Organization) -> answers.Discount:
    """The whole discount. One without a code has an empty one here: the contract wants text."""
    return {
        "discount_id": shown(DodoPrefix.DISCOUNT, value.id),
        "business_id": shown(DodoPrefix.BUSINESS, organization.id),
        "type": kind_of(value),
        "amount": amount_of(value, organization),
        "code": value.code or "",
        "name": None if value.extras.get("unnamed") else value.name,
        "restricted_to": [shown(DodoPrefix.PRODUCT, product_id) for product_id in value.product_ids],
        "usage_limit": value.max_redemptions,
        "per_customer_usage_limit": value.max_per_customer,
        "times_used": value.redemptions_count,
        "subscription_cycles": cycles_of(value),
        "starts_at": moment(value.starts_at) if value.starts_at else None,
        "expires_at": moment(value.ends_at) if value.ends_at else None,
        "currency_options": [_option(row) for row in options_of(value, organization)],
        "customer_eligibility": value.eligibility,
        "preserve_on_plan_change": bool(value.extras.get("preserve_on_plan_change")),
        "metadata": dict(value.metadata),
        "created_at": moment(value.created_at),
    }


def _option(row: CurrencyOptionIn) -> answers.CurrencyOption:
    return {
        "currency": row.currency,
        "is_default": row.is_default,
        "max_amount_possible": row.max_amount_possible,
        "minimum_subtotal": row.minimum_subtotal,
    }
