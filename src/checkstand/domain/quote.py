"""A priced cart: what each line comes to, and all of them together. How that comes about is in `pricing.py`.

Rule: the parts sum to their wholes in every currency. Sums are of one kind: where some prices contain their tax and others do not,
subtotal and discount are without tax, and tax is what is added to them.

Amounts are in minor units.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from checkstand.domain.currency import currency as currency_of
from checkstand.domain.money import divide_half_away
from checkstand.domain.tax import MILLION, TaxReason, TaxShare


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """What one line comes to, in minor units. `subtotal_minor` is before the discount; it contains the tax where `tax_inclusive`.

    `net_minor` is without tax, `total_minor` with it. `taxes` are its taxes one by one; `tax_rate_ppm` and `tax_name` are all of them
    together. `is_deferred`: nothing is taken for it today, since its trial comes first.
    """

    product_id: UUID
    price_id: UUID
    label: str
    quantity: int
    unit_minor: int
    subtotal_minor: int
    discount_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    part_of: int | None = None
    tax_inclusive: bool = False
    tax_rate_ppm: int = 0
    tax_reason: TaxReason | None = None
    tax_name: str | None = None
    taxes: tuple[TaxShare, ...] = ()
    is_deferred: bool = False

    @property
    def tax_shares(self) -> tuple[TaxShare, ...]:
        """Its taxes one by one; all of them as one where the line was priced before they were kept apart."""
        if self.taxes or not (self.tax_rate_ppm or self.tax_minor):
            return self.taxes
        return (TaxShare(name=self.tax_name or "", rate_ppm=self.tax_rate_ppm, amount_minor=self.tax_minor),)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxKind:
    """A tax of a cart as it is told: lines of the same kind are told together. Without a name and rate: why there is none."""

    name: str | None
    rate_ppm: int
    reason: TaxReason | None
    is_inclusive: bool


def tax_sums(lines: Iterable[QuoteLine]) -> dict[TaxKind, int]:
    """What each tax comes to over all lines, in their order."""
    found: dict[TaxKind, int] = {}
    for line in lines:
        for share in line.tax_shares or (TaxShare(name="", rate_ppm=0, amount_minor=0),):
            kind = TaxKind(
                name=share.name or None,
                rate_ppm=share.rate_ppm,
                reason=line.tax_reason,
                is_inclusive=line.tax_inclusive,
            )
            found[kind] = found.get(kind, 0) + share.amount_minor
    return found


def is_mixed(lines: Iterable[QuoteLine]) -> bool:
    """True when some of the lines contain their tax and others do not: then everything that is summed up is without tax."""
    return len({line.tax_inclusive for line in lines if line.tax_rate_ppm}) > 1


def net_discount(line: QuoteLine, currency: str) -> int:
    """What is taken off a line's price without tax."""
    if not line.tax_inclusive:
        return line.discount_minor
    step = currency_of(currency).step_minor
    return divide_half_away(line.discount_minor * MILLION, (MILLION + line.tax_rate_ppm) * step) * step


def without_tax(lines: Sequence[QuoteLine], currency: str) -> tuple[int, int]:
    """(subtotal, discount) of lines, both without tax: the first minus the second is their net amount."""
    discount = sum(net_discount(line, currency) for line in lines)
    return sum(line.net_minor for line in lines) + discount, discount


def subtotal_and_discount(lines: Sequence[QuoteLine], currency: str) -> tuple[int, int]:
    """(subtotal, discount) of lines: as their prices are meant, or both without tax where the lines are mixed."""
    if is_mixed(lines):
        return without_tax(lines, currency)
    return sum(line.subtotal_minor for line in lines), sum(line.discount_minor for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedDiscount:
    """What one of a session's discounts takes off."""

    discount_id: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A priced cart. `tax_minor` None: not enough is known yet. `due_minor` is what is taken today (0 in a trial).

    `subtotal_minor` and the discounts contain the tax where `tax_behavior` is inclusive, which no cart is that mixes both kinds.
    """

    currency: str
    lines: tuple[QuoteLine, ...]
    subtotal_minor: int
    discount_minor: int
    net_minor: int
    tax_minor: int | None
    tax_behavior: Literal["inclusive", "exclusive"] | None
    total_minor: int
    due_minor: int
    discounts: tuple[AppliedDiscount, ...] = ()

    @property
    def tax_due_minor(self) -> int:
        """The tax in what is taken today."""
        return sum(line.tax_minor for line in self.lines if not line.is_deferred)
