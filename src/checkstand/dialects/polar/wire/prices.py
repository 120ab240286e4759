"""Prices that are sent in, and what they become in the catalogue. How a price is shown is in `shown/prices.py`.

Source: docs/behaviour/polar.md#products-and-prices.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    UUID4,
    BaseModel,
    Field,
    ValidationInfo,
    computed_field,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from checkstand.dialects.polar.wire.models import INT32, Base, Currency, Many
from checkstand.domain.catalog import PriceDefinition
from checkstand.domain.currency import currency
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.meter import Meter
from checkstand.domain.money import format_money
from checkstand.domain.organization import OrganizationSettings
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.terms import (
    Custom,
    Fixed,
    Metered,
    SeatBased,
    SeatTier,
    Terms,
    TierModel,
    UnitBased,
    UnitTier,
)
from checkstand.ops.bounds import INT64, MOST_ERRORS

Behavior = Literal["location", "inclusive", "exclusive"] | None
MOST_PRICES = 500
MOST_TIERS = 100
TOO_SMALL = "Amount must be at least {smallest} or 0 for free pricing"
TOO_LARGE = "Amount must be at most {largest}"


class PriceFields(Base):
    """What every price has."""

    price_currency: Currency = "usd"
    tax_behavior: Behavior = None


class FixedPriceIn(PriceFields):
    """A set amount: 0, or between the currency's smallest and largest charge."""

    amount_type: Literal["fixed"]
    price_amount: int = Field(ge=0)

    @field_validator("price_amount")
    @classmethod
    def _chargeable(cls, value: int, info: ValidationInfo) -> int:
        return check_price(value, info, TOO_SMALL)


class CustomPriceIn(PriceFields):
    """The buyer names the amount."""

    amount_type: Literal["custom"]
    minimum_amount: int = Field(default=50, ge=0, lt=INT64)
    maximum_amount: int | None = Field(default=None, ge=1, lt=INT64)
    preset_amount: int | None = Field(default=None, ge=0, lt=INT64)

    @field_validator("minimum_amount", "maximum_amount", "preset_amount")
    @classmethod
    def _chargeable(cls, value: int | None, info: ValidationInfo) -> int | None:
        return None if value is None else check_price(value, info, TOO_SMALL)


class FreePriceIn(PriceFields):
    """The old way to say that something costs nothing: read as a set amount of 0."""

    amount_type: Literal["free"]

    @field_serializer("amount_type")
    def _as_fixed(self, _value: str) -> str:
        return "fixed"

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorator of a property
    @property
    def price_amount(self) -> int:
        """What it costs."""
        return 0


class SeatTierIn(Base):
    """A range of seats at one rate."""

    min_seats: int = Field(ge=1, le=INT32)
    max_seats: int | None = Field(default=None, ge=1, le=INT32)
    price_per_seat: int = Field(ge=0, le=INT32)


class SeatTiersIn(Base):
    """Contiguous ranges; given out of order, they are sorted."""

    seat_tier_type: TierModel = "volume"
    tiers: list[SeatTierIn] = Field(min_length=1, max_length=MOST_TIERS)

    @field_validator("tiers")
    @classmethod
    def _contiguous(cls, value: list[SeatTierIn]) -> list[SeatTierIn]:
        tiers = sorted(value, key=lambda tier: tier.min_seats)
        for tier, following in itertools.pairwise(tiers):
            if tier.max_seats is None:
                raise ValueError("Only the last tier can have unlimited max_seats (None)")
            if following.min_seats != tier.max_seats + 1:
                raise ValueError(
                    f"Gap or overlap between tiers: tier ending at {tier.max_seats} and tier starting at "
                    f"{following.min_seats}"
                )
        last = tiers[-1].max_seats
        if last is not None and tiers[0].min_seats > last:
            raise ValueError(
                f"minimum_seats must not exceed the last tier's max_seats, got {tiers[0].min_seats} > {last}"
            )
        return tiers

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorator of a property
    @property
    def minimum_seats(self) -> int:
        """The fewest seats that can be bought."""
        return self.tiers[0].min_seats

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorator of a property
    @property
    def maximum_seats(self) -> int | None:
        """The most seats that can be bought; None for any number."""
        return self.tiers[-1].max_seats


class SeatPriceIn(PriceFields):
    """So much for each seat. Clients of 2027-01 name the tiers' upper bounds, as for units."""

    amount_type: Literal["seat_based"]
    seat_tiers: SeatTiersIn

    @model_validator(mode="before")
    @classmethod
    def _by_bounds(cls, given: object) -> object:
        if not isinstance(given, dict) or "seat_tiers" in given or not isinstance(given.get("tiers"), dict):
            return given
        form = given["tiers"]
        ranges = _ranges(form.get("tiers"), given.get("minimum_units"))
        return {**given, "seat_tiers": {"seat_tier_type": form.get("type", "volume"), "tiers": ranges}}


def _ranges(tiers: object, minimum: object) -> object:
    """Tiers by upper bounds as ranges of seats; what is none is left to be refused."""
    if not isinstance(tiers, list) or not all(isinstance(tier, dict) for tier in tiers):
        return tiers
    first = minimum or 1
    ranges: list[dict[str, object]] = []
    for tier in sorted(tiers, key=lambda tier: _bound(tier.get("bound"))):
        bound = tier.get("bound")
        ranges.append({"min_seats": first, "max_seats": bound, "price_per_seat": tier.get("unit_amount")})
        first = _bound(bound) + 1
    return ranges


def _bound(value: object) -> int:
    return value if isinstance(value, int) else INT32


class UnitTierIn(Base):
    """Up to `bound` units at one rate."""

    bound: int | None = Field(default=None, ge=1, le=INT32)
    unit_amount: Decimal = Field(ge=0, le=INT32, allow_inf_nan=False)


class UnitTiersIn(Base):
    """Ranges by their upper bounds; given out of order, they are sorted."""

    type: TierModel = "volume"
    tiers: list[UnitTierIn] = Field(min_length=1, max_length=MOST_TIERS)

    @field_validator("tiers")
    @classmethod
    def _unique(cls, value: list[UnitTierIn]) -> list[UnitTierIn]:
        bounds = [tier.bound for tier in value]
        for bound in bounds:
            if bounds.count(bound) > 1:
                shown = "null" if bound is None else bound
                raise PydanticCustomError(
                    "duplicate_tier_bound", "Tier bound values must be unique, got {bound} twice", {"bound": shown}
                )
        return sorted(value, key=lambda tier: INT32 + 1 if tier.bound is None else tier.bound)


class UnitPriceIn(PriceFields):
    """So much for each unit, in advance."""

    amount_type: Literal["unit_based"]
    tiers: UnitTiersIn
    minimum_units: int | None = Field(default=None, ge=1, le=INT32)
    unit_label: Annotated[dict[str, Annotated[dict[str, str], Many]], Many] | None = None

    @model_validator(mode="after")
    def _in_smallest_unit(self) -> UnitPriceIn:
        odd = next((tier.unit_amount for tier in self.tiers.tiers if tier.unit_amount % 1), None)
        if odd is not None:
            raise ValueError(f"Unit tier rates must be in smallest currency unit, got {odd}")
        last = self.tiers.tiers[-1].bound
        if last is not None and self.minimum_units is not None and self.minimum_units > last:
            raise ValueError(f"minimum_units must not exceed the last tier's bound, got {self.minimum_units} > {last}")
        return self

    @field_validator("unit_label")
    @classmethod
    def _has_other(cls, value: dict[str, dict[str, str]] | None) -> dict[str, dict[str, str]] | None:
        if any(not forms.get("other") for forms in (value or {}).values()):
            raise PydanticCustomError("missing_other_plural", "Each locale must include a non-empty 'other' form")
        return value


class MeteredPriceIn(PriceFields):
    """So much for each unit that a meter counts, billed later."""

    amount_type: Literal["metered_unit"]
    meter_id: UUID4
    unit_amount: Annotated[Decimal, Field(gt=0, max_digits=17, decimal_places=12, allow_inf_nan=False)]
    cap_amount: int | None = Field(default=None, ge=0, le=INT32)


AnyPrice = FixedPriceIn | CustomPriceIn | FreePriceIn | SeatPriceIn | UnitPriceIn | MeteredPriceIn
PriceIn = Annotated[AnyPrice, Field(discriminator="amount_type")]
Prices = Annotated[list[PriceIn], Field(min_length=1, max_length=MOST_PRICES)]


def check_price(value: int, info: ValidationInfo, message: str) -> int:
    """A price's amount against its currency's bounds."""
    code = str(info.data.get("price_currency", "usd"))
    known = currency(code)
    if value and value < known.smallest_charge_minor:
        smallest = format_money(known.smallest_charge_minor, code)
        raise PydanticCustomError("minimum_price", message.replace("{smallest}", smallest))
    if value > known.largest_charge_minor:
        largest = format_money(known.largest_charge_minor, code)
        raise PydanticCustomError("maximum_price", TOO_LARGE.replace("{largest}", largest))
    return value


PriceList = Sequence[BaseModel] | Mapping[UUID, Sequence[BaseModel]]


@contextlib.contextmanager
def told_with_prices(prices: PriceList) -> Iterator[None]:
    """Inside, what is wrong with the body's prices, or with one of them, is told with what was read of them.

    Only for as many problems as are told at most, and each list is written once: a body may have thousands of prices.
    """
    try:
        yield
    except Invalid as refused:
        written: dict[tuple[str | int, ...], object] = {}
        told = list(refused.problems)
        for place, one in enumerate(told[:MOST_ERRORS]):
            if one.where[0] == "prices" and one.given is None:
                if one.where not in written:
                    written[one.where] = _written_at(prices, one.where[1:])
                told[place] = replace(one, given=written[one.where])
        raise Invalid(told) from refused


def _written_at(prices: PriceList, where: Sequence[str | int]) -> object:
    """The whole list, a product's list, or one price of either, as it was read."""
    if isinstance(prices, Mapping):
        listed = prices.get(UUID(str(where[0])), ())
        where = where[1:]
    else:
        listed = prices
    if where and isinstance(where[0], int):
        return listed[where[0]].model_dump(mode="json")
    return [price.model_dump(mode="json") for price in listed]


def meter_ids(prices: Sequence[object]) -> list[UUID]:
    """The meters that a price list names."""
    return [price.meter_id for price in prices if isinstance(price, MeteredPriceIn)]


def price_definitions(
    prices: Sequence[AnyPrice | None],
    *,
    where: tuple[str | int, ...],
    recurring: bool,
    settings: OrganizationSettings,
    meters: dict[UUID, Meter],
    metered: Iterable[UUID] = (),
) -> tuple[tuple[PriceDefinition, ...], list[Problem]]:
    """The prices that can be sold here, and a problem for each that cannot: such a price is left out, and the rest still judged.

    None stands where the list names a price that is there already; `metered` are the meters that such prices have.
    """
    kept: list[PriceDefinition] = []
    problems: list[Problem] = []
    used = set(metered)
    for position, price in enumerate(prices):
        if price is None:
            continue
        place = (*where, position)
        problem = _why_not(price, place, recurring=recurring, settings=settings, meters=meters, used=used)
        if problem is not None:
            problems.append(problem)
            continue
        if isinstance(price, MeteredPriceIn):
            used.add(price.meter_id)
        kept.append(
            PriceDefinition(
                currency=price.price_currency.upper(), terms=_terms(price, meters), tax_behavior=price.tax_behavior
            )
        )
    return tuple(kept), problems


def _why_not(
    price: AnyPrice,
    place: tuple[str | int, ...],
    *,
    recurring: bool,
    settings: OrganizationSettings,
    meters: dict[UUID, Meter],
    used: set[UUID],
) -> Problem | None:
    if isinstance(price, SeatPriceIn):
        return None if settings.seat_pricing else Problem(ProblemCode.SEAT_PRICING_DISABLED, place)
    if isinstance(price, UnitPriceIn):
        if not settings.unit_pricing:
            return Problem(ProblemCode.UNIT_PRICING_DISABLED, place)
        return None if recurring else Problem(ProblemCode.UNIT_PRICING_ON_ONE_TIME, place)
    if not isinstance(price, MeteredPriceIn):
        return None
    if not recurring:
        return Problem(ProblemCode.METERED_ON_ONE_TIME, place)
    given = str(price.meter_id)
    if price.meter_id not in meters:
        return Problem(ProblemCode.METER_UNKNOWN, (*place, "meter_id"), given)
    return Problem(ProblemCode.METER_USED_TWICE, (*place, "meter_id"), given) if price.meter_id in used else None


def _terms(price: AnyPrice, meters: dict[UUID, Meter]) -> Terms:
    if isinstance(price, FixedPriceIn):
        return Fixed(amount_minor=price.price_amount)
    if isinstance(price, CustomPriceIn):
        return Custom(
            minimum_minor=price.minimum_amount, maximum_minor=price.maximum_amount, preset_minor=price.preset_amount
        )
    if isinstance(price, SeatPriceIn):
        tiers = price.seat_tiers.tiers
        return SeatBased(
            model=price.seat_tiers.seat_tier_type,
            tiers=tuple(
                SeatTier(minimum=tier.min_seats, maximum=tier.max_seats, unit_minor=tier.price_per_seat)
                for tier in tiers
            ),
        )
    if isinstance(price, UnitPriceIn):
        return UnitBased(
            model=price.tiers.type,
            tiers=tuple(UnitTier(bound=tier.bound, unit_minor=int(tier.unit_amount)) for tier in price.tiers.tiers),
            minimum_units=price.minimum_units,
            unit_label=price.unit_label,
        )
    if isinstance(price, MeteredPriceIn):
        return Metered(
            meter_id=price.meter_id,
            meter_name=meters[price.meter_id].name,
            unit_amount=format(price.unit_amount, "f"),
            cap_minor=price.cap_amount,
        )
    return Fixed(amount_minor=0)
