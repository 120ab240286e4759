"""Prices to Polar's JSON, one form per `amount_type`.

Source: docs/behaviour/polar.md#embedded-objects and docs/behaviour/polar.md#products-and-prices.
"""

from __future__ import annotations

from collections.abc import Sequence

from checkstand.dialects.polar.answers.price import (
    CountedTiers,
    MeteredPrice,
    Price,
    PriceIdentity,
    PriceSetting,
    SeatPrice,
    UnitPrice,
)
from checkstand.dialects.polar.wire.words import moment
from checkstand.domain import catalog
from checkstand.domain.catalog import Product, unit_amount
from checkstand.domain.terms import Custom, Fixed, Metered, SeatBased, UnitBased


def price(value: catalog.Price, product: Product) -> Price:
    """A price, with the interval of its product: the original repeats it there, and clients of 0.13 refuse null."""
    terms, which, how = value.terms, _identity(value), _setting(value, product)
    if isinstance(terms, Fixed):
        return {**which, "amount_type": "fixed", **how, "price_amount": unit_amount(value, chosen_minor=None)}
    if isinstance(terms, Custom):
        return {
            **which,
            "amount_type": "custom",
            **how,
            "minimum_amount": terms.minimum_minor,
            "maximum_amount": terms.maximum_minor,
            "preset_amount": terms.preset_minor,
        }
    if isinstance(terms, SeatBased):
        return _seats(which, how, terms)
    if isinstance(terms, UnitBased):
        return _units(which, how, terms)
    return _metered(which, how, terms)


def _identity(value: catalog.Price) -> PriceIdentity:
    return {
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "id": str(value.id),
        "source": value.source,
    }


def _setting(value: catalog.Price, product: Product) -> PriceSetting:
    return {
        "price_currency": value.currency.lower(),
        "tax_behavior": value.tax_behavior,
        "is_archived": value.is_archived,
        "product_id": str(value.product_id),
        "type": "recurring" if product.recurrence else "one_time",
        "recurring_interval": product.recurrence.interval if product.recurrence else None,
    }


def _counted(
    terms: SeatBased | UnitBased, tiers: Sequence[tuple[int | None, int]], *, minimum: int | None
) -> CountedTiers:
    """Tiers by their upper bounds; rates are decimal numbers in text. `minimum`: None where no one was set."""
    return {
        "tiers": {"type": terms.model, "tiers": [{"bound": bound, "unit_amount": str(rate)} for bound, rate in tiers]},
        "minimum_units": minimum,
        "maximum_units": terms.maximum,
    }


def _seats(which: PriceIdentity, how: PriceSetting, terms: SeatBased) -> SeatPrice:
    """Both forms: clients of 2027-01 read bounds."""
    return {
        **which,
        "amount_type": "seat_based",
        **how,
        "seat_tiers": {
            "seat_tier_type": terms.model,
            "tiers": [
                {"min_seats": tier.minimum, "max_seats": tier.maximum, "price_per_seat": tier.unit_minor}
                for tier in terms.tiers
            ],
            "minimum_seats": terms.minimum,
            "maximum_seats": terms.maximum,
        },
        "price_per_seat": terms.tiers[0].unit_minor,
        **_counted(terms, [(tier.maximum, tier.unit_minor) for tier in terms.tiers], minimum=terms.minimum),
    }


def _units(which: PriceIdentity, how: PriceSetting, terms: UnitBased) -> UnitPrice:
    return {
        **which,
        "amount_type": "unit_based",
        **how,
        **_counted(terms, [(tier.bound, tier.unit_minor) for tier in terms.tiers], minimum=terms.minimum_units),
        "unit_label": terms.unit_label,
    }


def _metered(which: PriceIdentity, how: PriceSetting, terms: Metered) -> MeteredPrice:
    return {
        **which,
        "amount_type": "metered_unit",
        **how,
        "unit_amount": terms.unit_amount,
        "cap_amount": terms.cap_minor,
        "meter_id": str(terms.meter_id),
        "meter": {
            "id": str(terms.meter_id),
            "name": terms.meter_name,
            "unit": "scalar",
            "custom_label": terms.unit,
            "custom_multiplier": None,
        },
    }
