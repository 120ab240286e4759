"""Discounts on Dodo's wire: what create and update accept, and the whole object (docs/behaviour/dodo.md#discounts).

A row of `currency_options` says the most that is taken off in its currency, which for a flat discount is the discount itself, and the
least that the cart must come to. The billings of `subscription_cycles` are kept as they are; months are derived for the other API.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from checkstand.dialects.dodo.answers import discount as answers
from checkstand.dialects.dodo.wire.models import INT32, Base, Count, Currency, Id, Metadata, Text, whole
from checkstand.dialects.dodo.wire.words import moment, shown
from checkstand.domain.changes import KeyChanges
from checkstand.domain.discount import Discount, Percentage
from checkstand.domain.discount_worth import CurrencyOption, WorthKind, WorthParts, number_of, options_of
from checkstand.domain.errors import Invalid
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.ops.bounds import TIMES, in_time

MOST_MONTHS = 999
KINDS: Mapping[str, WorthKind] = {"percentage": "percentage", "flat": "fixed"}
# Told of the worth in one part, or translated below.
_WORTH = frozenset({"type", "amount", "currency_options", "subscription_cycles"})
APART = _WORTH | {"name", "restricted_to", "preserve_on_plan_change"}
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

    def meant(self) -> CurrencyOption:
        return CurrencyOption(
            currency=self.currency,
            most_minor=self.max_amount_possible,
            minimum_subtotal_minor=self.minimum_subtotal,
            is_default=self.is_default,
        )


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

    renamed: ClassVar[Mapping[str, str]] = {
        "usage_limit": "max_redemptions",
        "per_customer_usage_limit": "max_per_customer",
        "expires_at": "ends_at",
        "customer_eligibility": "eligibility",
    }
    lasting = frozenset({"code", "customer_eligibility", "metadata"})
    apart = APART

    @model_validator(mode="after")
    def _distinct_options(self) -> DiscountPatch:
        rows = self.currency_options or []
        if len({row.currency for row in rows}) < len(rows):
            raise ValueError("currency_options: each currency may be there only once")
        if sum(row.is_default for row in rows) > 1:
            raise ValueError("currency_options: only one may be the default")
        return self

    def worth(self) -> WorthParts:
        """Those parts of what it takes off that were sent. Raises Invalid for a type that there is none of."""
        if self.type is not None and self.type not in KINDS:
            raise Invalid.single(ProblemCode.DISCOUNT_TYPE_UNSUPPORTED, "type", given=self.type)
        rows = self.currency_options
        return WorthParts(
            kind=KINDS[self.type] if self.type is not None else None,
            basis_points=self.amount,
            amount=self.amount,
            options=None if rows is None else tuple(row.meant() for row in rows),
        )

    def given(self) -> dict[str, object]:
        """What was sent but `restricted_to`, whose products must be found first."""
        found = {**super().given(), "worth": self.worth()}
        if self.name:
            found["name"] = self.name
        if self.gave("subscription_cycles"):
            found |= lasts(self.subscription_cycles)
        return {**found, "extras": self._extras()}

    def _extras(self) -> KeyChanges:
        """What this API alone knows of it. A name that was taken away is the code again."""
        put: dict[str, object] = {}
        if self.preserve_on_plan_change is not None:
            put["preserve_on_plan_change"] = self.preserve_on_plan_change
        if not self.gave("name"):
            return KeyChanges(put)
        return KeyChanges(put, frozenset({"unnamed"})) if self.name else KeyChanges({**put, "unnamed": True})


class DiscountIn(DiscountPatch):
    """`POST /discounts`."""

    type: Kind
    amount: Positive

    def given(self) -> dict[str, object]:
        return {**super().given(), **lasts(self.subscription_cycles)}

    def _extras(self) -> KeyChanges:
        sent = super()._extras()
        return KeyChanges({"dialect": "dodo", **({} if self.name else {"unnamed": True}), **sent.put})


class DiscountCustomersIn(Base):
    """`POST /discounts/{id}/customers`: whom a code of eligibility `specific` is for."""

    customer_ids: Annotated[list[Id], Field(max_length=1000)]


def kind_of(value: Discount) -> answers.DiscountType:
    return "percentage" if isinstance(value.takes, Percentage) else "flat"


def lasts(cycles: int | None) -> dict[str, object]:
    """A discount's fields for a number of billings, which for the other API are once, so many months, or forever.

    >>> lasts(12)
    {'cycles': 12, 'duration': 'repeating', 'duration_months': 12}
    """
    if cycles is None:
        return {"cycles": None, "duration": "forever", "duration_months": None}
    if cycles == 1:
        return {"cycles": 1, "duration": "once", "duration_months": None}
    return {"cycles": cycles, "duration": "repeating", "duration_months": min(cycles, MOST_MONTHS)}


def cycles_of(value: Discount) -> int | None:
    """The billings that a discount lasts; one that was made in months has about as many."""
    if value.cycles is not None:
        return value.cycles
    return {"once": 1, "forever": None, "repeating": value.duration_months}[value.duration]


def discount(value: Discount, organization: Organization) -> answers.Discount:
    """The whole discount. One without a code has an empty one here: the contract wants text."""
    own_currency = organization.settings.default_currency
    return {
        "discount_id": shown(DodoPrefix.DISCOUNT, value.id),
        "business_id": shown(DodoPrefix.BUSINESS, organization.id),
        "type": kind_of(value),
        "amount": number_of(value, own_currency),
        "code": value.code or "",
        "name": None if value.extras.get("unnamed") else value.name,
        "restricted_to": [shown(DodoPrefix.PRODUCT, product_id) for product_id in value.product_ids],
        "usage_limit": value.max_redemptions,
        "per_customer_usage_limit": value.max_per_customer,
        "times_used": value.redemptions_count,
        "subscription_cycles": cycles_of(value),
        "starts_at": moment(value.starts_at) if value.starts_at else None,
        "expires_at": moment(value.ends_at) if value.ends_at else None,
        "currency_options": [_option(row) for row in options_of(value, own_currency)],
        "customer_eligibility": value.eligibility,
        "preserve_on_plan_change": bool(value.extras.get("preserve_on_plan_change")),
        "metadata": dict(value.metadata),
        "created_at": moment(value.created_at),
    }


def _option(row: CurrencyOption) -> answers.CurrencyOption:
    return {
        "currency": row.currency,
        "is_default": row.is_default,
        "max_amount_possible": row.most_minor,
        "minimum_subtotal": row.minimum_subtotal_minor,
    }
