"""Discounts as they are answered (docs/behaviour/dodo.md#discounts)."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from checkstand.answers import Minor, Moment
from checkstand.dialects.dodo.answers.common import CurrencyCode
from checkstand.domain.discount import Eligibility

DiscountType = Literal["percentage", "flat"]


class CurrencyOption(TypedDict):
    """What holds for a discount in one currency: the most that is taken off, and the least that the cart must come to."""

    currency: CurrencyCode
    is_default: bool
    max_amount_possible: Minor | None
    minimum_subtotal: Minor


class DiscountSummary(TypedDict):
    """What a payment tells of a discount. `amount` is in basis points for a percentage, else in the currency's smallest unit."""

    discount_id: str
    business_id: str
    type: DiscountType
    amount: int
    code: str
    name: str | None
    restricted_to: list[str]
    usage_limit: int | None
    times_used: int
    subscription_cycles: int | None
    expires_at: Moment | None
    preserve_on_plan_change: bool
    metadata: dict[str, str | int | float | bool]
    created_at: Moment


class Discount(DiscountSummary):
    """A discount. `amount` is in basis points for a percentage, in the currency's smallest unit for a flat one."""

    per_customer_usage_limit: int | None
    starts_at: Moment | None
    currency_options: list[CurrencyOption]
    customer_eligibility: Eligibility
