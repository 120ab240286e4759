"""What a price asks: a set amount, one the buyer names, or one that follows from seats, units or a meter.

Rule: *volume* charges every unit at the rate of the tier that holds the quantity; *graduated* charges each tier's own
range at its own rate. A metered price shows a rate and charges nothing in a checkout.

    >>> tiers = (SeatTier(minimum=1, maximum=4, unit_minor=1000), SeatTier(minimum=5, maximum=None, unit_minor=800))
    >>> SeatBased(model="volume", tiers=tiers).amount(6), SeatBased(model="graduated", tiers=tiers).amount(6)
    (4800, 5600)

Source: docs/behaviour/polar.md#products-and-prices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

TierModel = Literal["volume", "graduated"]
LARGEST_COUNT = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A set amount; 0 is free."""

    amount_minor: int
    kind: Literal["fixed"] = "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom:
    """The buyer names the amount, within bounds."""

    minimum_minor: int
    maximum_minor: int | None = None
    preset_minor: int | None = None
    kind: Literal["custom"] = "custom"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatTier:
    """From `minimum` to `maximum` seats (None: any number more) at `unit_minor` each."""

    minimum: int
    maximum: int | None
    unit_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatBased:
    """So much for each seat. Tiers are contiguous and in order; the first and the last say how few and how many may be bought."""

    model: TierModel
    tiers: tuple[SeatTier, ...]
    kind: Literal["seat_based"] = "seat_based"

    @property
    def minimum(self) -> int:
        return self.tiers[0].minimum

    @property
    def maximum(self) -> int | None:
        return self.tiers[-1].maximum

    def amount(self, quantity: int) -> int:
        """What this many seats cost, in minor units. Seats below the first tier count at its rate."""
        return _tiered(self.model, [(tier.maximum, tier.unit_minor) for tier in self.tiers], quantity)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTier:
    """Up to `bound` units (None: any number more) at `unit_minor` each."""

    bound: int | None
    unit_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitBased:
    """So much for each unit, in advance. `unit_label`: locale to plural forms."""

    model: TierModel
    tiers: tuple[UnitTier, ...]
    minimum_units: int | None = None
    unit_label: Mapping[str, Mapping[str, str]] | None = None
    kind: Literal["unit_based"] = "unit_based"

    @property
    def minimum(self) -> int:
        return max(1, self.minimum_units or 1)

    @property
    def maximum(self) -> int | None:
        return self.tiers[-1].bound

    def amount(self, quantity: int) -> int:
        """What this many units cost, in minor units."""
        return _tiered(self.model, [(tier.bound, tier.unit_minor) for tier in self.tiers], quantity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """So much for each unit of a meter, billed later. `unit_amount`: minor units as a decimal number in text."""

    meter_id: UUID
    meter_name: str
    unit_amount: str
    cap_minor: int | None = None
    included_units: int | None = None
    label: str | None = None
    description: str | None = None
    unit: str | None = None
    kind: Literal["metered_unit"] = "metered_unit"


Counted = SeatBased | UnitBased
Terms = Fixed | Custom | SeatBased | UnitBased | Metered


def charged_amounts(terms: Terms) -> tuple[int, ...]:
    """Every amount that a price may be charged with as it stands, in minor units; none of a meter, which is billed later."""
    if isinstance(terms, Fixed):
        return (terms.amount_minor,)
    if isinstance(terms, Custom):
        return tuple(
            amount for amount in (terms.minimum_minor, terms.maximum_minor, terms.preset_minor) if amount is not None
        )
    return () if isinstance(terms, Metered) else tuple(tier.unit_minor for tier in terms.tiers)


def is_averaged(terms: Terms, quantity: int) -> bool:
    """Whether so many are charged at several rates: then the price of one is an average."""
    return (
        isinstance(terms, SeatBased | UnitBased)
        and terms.model == "graduated"
        and terms.amount(quantity) != terms.amount(1) * quantity
    )


def _tiered(model: TierModel, tiers: Sequence[tuple[int | None, int]], quantity: int) -> int:
    if model == "volume":
        rate = next((rate for bound, rate in tiers if bound is None or quantity <= bound), tiers[-1][1])
        return rate * quantity
    total, below = 0, 0
    for place, (bound, rate) in enumerate(tiers):
        upto = quantity if bound is None or place == len(tiers) - 1 else min(quantity, bound)
        total += max(0, upto - below) * rate
        below = max(below, upto)
    return total


def takes(terms: Terms, *, quantity: int = 1, chosen_minor: int | None = None) -> int:
    """The amount for a quantity: a chosen 0 is honoured, and so is a preset of 0. Metered: 0."""
    if isinstance(terms, Fixed):
        return terms.amount_minor * quantity
    if isinstance(terms, Custom):
        return named_amount(terms, chosen_minor) * quantity
    return 0 if isinstance(terms, Metered) else terms.amount(quantity)


def named_amount(terms: Custom, chosen_minor: int | None) -> int:
    """What a buyer who named this amount, or none yet, pays for one."""
    if chosen_minor is not None:
        return chosen_minor
    return terms.minimum_minor if terms.preset_minor is None else terms.preset_minor


def is_nothing(terms: Terms) -> bool:
    """True where it can never cost anything. Pay-what-you-want and meters always might."""
    if isinstance(terms, Fixed):
        return terms.amount_minor == 0
    return isinstance(terms, SeatBased | UnitBased) and all(tier.unit_minor == 0 for tier in terms.tiers)
