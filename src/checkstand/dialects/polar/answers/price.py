"""Prices (docs/behaviour/polar.md#embedded-objects and docs/behaviour/polar.md#products-and-prices), told apart by `amount_type`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypeAliasType, TypedDict

from checkstand.answers import Minor, Moment, Uuid
from checkstand.dialects.polar.answers.common import CurrencyCode
from checkstand.domain.catalog import Interval, Source, TaxBehavior
from checkstand.domain.terms import TierModel


class PriceIdentity(TypedDict):
    """Which price it is. One of `ad_hoc` was made for a single checkout."""

    created_at: Moment
    modified_at: Moment | None
    id: Uuid
    source: Source


class PriceSetting(TypedDict):
    """What every price says beside its amount. The interval is its product's."""

    price_currency: CurrencyCode
    tax_behavior: TaxBehavior | None
    is_archived: bool
    product_id: Uuid
    type: Literal["one_time", "recurring"]
    recurring_interval: Interval | None


class FixedPrice(PriceIdentity, PriceSetting):
    """A set amount; 0 is free."""

    amount_type: Literal["fixed"]
    price_amount: Minor


class CustomPrice(PriceIdentity, PriceSetting):
    """The buyer names the amount."""

    amount_type: Literal["custom"]
    minimum_amount: Minor
    maximum_amount: Minor | None
    preset_amount: Minor | None


class Tier(TypedDict):
    """Up to `bound` seats or units, null for any number more, at one rate: a decimal number of the currency's smallest unit."""

    bound: int | None
    unit_amount: str


class Tiers(TypedDict):
    """Tiers by their upper bounds. `volume` charges all at the rate of the tier that holds them, `graduated` each tier at its own."""

    type: TierModel
    tiers: list[Tier]


class CountedTiers(TypedDict):
    """What prices by the seat and by the unit have in common. `maximum_units` is null for any number more."""

    tiers: Tiers
    minimum_units: int | None
    maximum_units: int | None


class SeatTier(TypedDict):
    """A range of seats at one rate; `max_seats` is null for any number more."""

    min_seats: int
    max_seats: int | None
    price_per_seat: Minor


class SeatTiers(TypedDict):
    """The same tiers as ranges, for clients that know no bounds."""

    seat_tier_type: TierModel
    tiers: list[SeatTier]
    minimum_seats: int
    maximum_seats: int | None


class SeatPrice(PriceIdentity, PriceSetting, CountedTiers):
    """So much for each seat. `price_per_seat` is the first tier's."""

    amount_type: Literal["seat_based"]
    seat_tiers: SeatTiers
    price_per_seat: Minor


class UnitPrice(PriceIdentity, PriceSetting, CountedTiers):
    """So much for each unit, in advance. `unit_label`: plural forms by locale."""

    amount_type: Literal["unit_based"]
    unit_label: Mapping[str, Mapping[str, str]] | None


class PriceMeter(TypedDict):
    """The meter that a price is charged by."""

    id: Uuid
    name: str
    unit: Literal["scalar"]
    custom_label: str | None
    custom_multiplier: None


class MeteredPrice(PriceIdentity, PriceSetting):
    """So much for each unit that a meter counts, billed later. `unit_amount` is a decimal number of the currency's smallest unit."""

    amount_type: Literal["metered_unit"]
    unit_amount: str
    cap_amount: Minor | None
    meter_id: Uuid
    meter: PriceMeter


Price = TypeAliasType(
    "Price",
    Annotated[
        FixedPrice | CustomPrice | SeatPrice | UnitPrice | MeteredPrice,
        Field(discriminator="amount_type", description="A price, by its `amount_type`."),
    ],
)
