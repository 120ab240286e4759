"""Discounts: how much a code takes off.

Rule: a percentage is taken from the whole discountable amount and rounded half away from zero once; an amount never takes a
total below zero. Free lines are left alone. How the sum is spread over lines is `pricing`'s business.

    >>> takes_off(Percentage(basis_points=1250), subtotal_minor=999, currency="USD")
    125

Who may redeem a code, and how often, is checked where a redemption is reserved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from checkstand.domain.catalog import Metadata
from checkstand.domain.money import percentage_of

Duration = Literal["once", "forever", "repeating"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentage:
    """A share in basis points: 2000 is 20 %."""

    basis_points: int
    kind: Literal["percentage"] = "percentage"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountOff:
    """A set amount per currency (upper-case code to minor units)."""

    amounts: Mapping[str, int]
    kind: Literal["fixed"] = "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A reduction that a merchant or a buyer may apply to a session. Empty `product_ids` means every product."""

    id: UUID
    organization_id: UUID
    name: str
    code: str | None
    takes: Percentage | AmountOff
    duration: Duration = "once"
    duration_months: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_redemptions: int | None = None
    redemptions_count: int = 0
    product_ids: tuple[UUID, ...] = ()
    metadata: Metadata = field(default_factory=dict)
    created_at: datetime
    modified_at: datetime | None = None


def takes_off(rule: Percentage | AmountOff, *, subtotal_minor: int, currency: str) -> int:
    """What the discount is worth on a subtotal: 0 to the whole of it, in minor units."""
    if isinstance(rule, Percentage):
        return percentage_of(subtotal_minor, rule.basis_points)
    return min(rule.amounts.get(currency, 0), subtotal_minor)


def why_not(discount: Discount, *, product_ids: frozenset[UUID], currency: str, now: datetime) -> str | None:
    """The reason a discount cannot be used now (a stable code), or None."""
    if discount.starts_at and discount.starts_at > now:
        return "discount_not_started"
    if discount.ends_at and discount.ends_at < now:
        return "discount_ended"
    if discount.max_redemptions is not None and discount.redemptions_count >= discount.max_redemptions:
        return "discount_used_up"
    if discount.product_ids and not product_ids & frozenset(discount.product_ids):
        return "discount_other_product"
    if isinstance(discount.takes, AmountOff) and currency not in discount.takes.amounts:
        return "discount_other_currency"
    return None
