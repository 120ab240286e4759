"""Discounts: how much a code takes off, when it can be used, and by whom.

Rule: a percentage is taken from the whole discountable amount and rounded half away from zero once; an amount never takes a
total below zero. Free lines are left alone. How the sum is spread over lines is `pricing`'s business.

    >>> takes_off(Percentage(basis_points=1250), subtotal_minor=999, currency="USD")
    125

How often a code was used is counted where redemptions are kept; what follows from the count is said here.

Source: docs/behaviour/polar.md#discounts and docs/behaviour/dodo.md#discounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from checkstand.domain.catalog import Metadata
from checkstand.domain.money import percentage_of
from checkstand.domain.problem_codes import ProblemCode

Duration = Literal["once", "forever", "repeating"]
Eligibility = Literal["any", "first_time", "existing", "specific"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentage:
    """A share in basis points: 2000 is 20 %. `caps`: the most it takes off, by upper-case currency; no entry, no cap."""

    basis_points: int
    caps: Mapping[str, int] = field(default_factory=dict)
    kind: Literal["percentage"] = "percentage"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountOff:
    """A set amount per currency (upper-case code to minor units)."""

    amounts: Mapping[str, int]
    kind: Literal["fixed"] = "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A reduction that a merchant or a buyer may apply to a session. Empty `product_ids` means every product.

    `minimum_subtotals`: the least a cart must come to, by currency. `cycles`: how many billings it lasts (Dodo), None for the
    duration's own rule. `eligibility` says whose first or later purchase it must be; `specific` names the customers. `extras`
    keeps what only one API knows of as it was given.
    """

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
    max_per_customer: int | None = None
    redemptions_count: int = 0
    product_ids: tuple[UUID, ...] = ()
    minimum_subtotals: Mapping[str, int] = field(default_factory=dict)
    cycles: int | None = None
    eligibility: Eligibility = "any"
    customer_ids: tuple[UUID, ...] = ()
    metadata: Metadata = field(default_factory=dict)
    extras: Mapping[str, object] = field(default_factory=dict)
    created_at: datetime
    modified_at: datetime | None = None


def takes_off(rule: Percentage | AmountOff, *, subtotal_minor: int, currency: str) -> int:
    """What the discount is worth on a subtotal: 0 to the whole of it, in minor units."""
    if isinstance(rule, Percentage):
        off = percentage_of(subtotal_minor, rule.basis_points)
        cap = cap_of(rule, currency=currency)
        return off if cap is None else min(off, cap)
    return min(rule.amounts.get(currency, 0), subtotal_minor)


def cap_of(rule: Percentage | AmountOff, *, currency: str) -> int | None:
    """The most a percentage may take off a whole cart, however its lines are rounded; None when there is no such limit."""
    return rule.caps.get(currency) if isinstance(rule, Percentage) else None


def redemption_problem(
    discount: Discount,
    *,
    product_ids: frozenset[UUID],
    currency: str,
    now: datetime,
    subtotal_minor: int | None = None,
) -> ProblemCode | None:
    """The reason a discount cannot be used now, or None.

    `subtotal_minor`: what the lines that it may touch come to; None while that is not known, which nothing is refused for.
    """
    if discount.starts_at and discount.starts_at > now:
        return ProblemCode.DISCOUNT_NOT_STARTED
    if discount.ends_at and discount.ends_at < now:
        return ProblemCode.DISCOUNT_ENDED
    if discount.max_redemptions is not None and discount.redemptions_count >= discount.max_redemptions:
        return ProblemCode.DISCOUNT_USED_UP
    if discount.product_ids and not product_ids & frozenset(discount.product_ids):
        return ProblemCode.DISCOUNT_OTHER_PRODUCT
    if isinstance(discount.takes, AmountOff) and currency not in discount.takes.amounts:
        return ProblemCode.DISCOUNT_OTHER_CURRENCY
    if subtotal_minor is not None and subtotal_minor < discount.minimum_subtotals.get(currency, 0):
        return ProblemCode.DISCOUNT_MINIMUM_SUBTOTAL
    return None


def customer_problem(
    discount: Discount, *, uses: int, has_bought: bool, customer_id: UUID | None
) -> ProblemCode | None:
    """The reason this customer cannot use it, or None.

    `uses`: how often they used it in other sessions, payments under way included; `has_bought`: they paid for anything before.
    """
    if discount.max_per_customer is not None and uses >= discount.max_per_customer:
        return ProblemCode.DISCOUNT_CUSTOMER_LIMIT
    # A first purchase under way counts as a purchase, or two at the same time would both be the first.
    is_new = not has_bought and uses == 0
    may = {
        "any": True,
        "first_time": is_new,
        "existing": has_bought,
        "specific": customer_id in discount.customer_ids,
    }[discount.eligibility]
    return None if may else ProblemCode.DISCOUNT_NOT_ELIGIBLE


def unaliased_email(email: str) -> str:
    """The mailbox behind an address: lower case, without what follows a plus sign (docs/behaviour/polar.md#redemptions).

    >>> unaliased_email(" Ada+Shop@E.com ")
    'ada@e.com'
    """
    local, at, domain = email.strip().lower().rpartition("@")
    mailbox = local.partition("+")[0] or local
    return f"{mailbox}{at}{domain}"
