"""Checkout links: an address that makes a new session for each visitor, and short addresses.

A link may lock the number of seats or units, if every one of its products is sold that way and allows the number. Its
trial means something only while one of its products is billed again, and is kept until other products are chosen. What
a visitor's address adds is not here but in the flow that opens it.

Source: docs/behaviour/polar.md#checkout-links.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from checkstand.domain.catalog import Metadata, Product, Span
from checkstand.domain.checkout import CountBounds
from checkstand.domain.discount import Discount
from checkstand.domain.errors import Problem, Scalar
from checkstand.domain.lines import Counts, Noun
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.terms import LARGEST_COUNT, SeatBased, UnitBased

MOST_SEATS = 10_000
_NOT_EVERYWHERE: Mapping[Noun, ProblemCode] = {
    "seats": ProblemCode.LINK_SEATS_NOT_EVERYWHERE,
    "units": ProblemCode.LINK_UNITS_NOT_EVERYWHERE,
}
_OUT_OF_BOUNDS: Mapping[Noun, ProblemCode] = {
    "seats": ProblemCode.LINK_SEATS_OUT_OF_BOUNDS,
    "units": ProblemCode.LINK_UNITS_OUT_OF_BOUNDS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutLink:
    """What is sold by a link and how. `price_id`: the oldest form of the API names one price, which is all that is charged."""

    id: UUID
    organization_id: UUID
    client_secret: str
    label: str | None = None
    product_ids: tuple[UUID, ...]
    price_id: UUID | None = None
    discount_id: UUID | None = None
    seats: int | None = None
    units: int | None = None
    allow_discount_codes: bool = True
    require_billing_address: bool = False
    success_url: str | None = None
    back_url: str | None = None
    trial: Span | None = None
    metadata: Metadata = field(default_factory=dict)
    created_at: datetime
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortLink:
    """A short address and the path on this server that it stands for: a product's static link, or one session's page."""

    id: str
    organization_id: UUID
    product_id: UUID | None = None
    target: str
    created_at: datetime


def lock_problem(products: Sequence[Product], noun: Noun, number: int | None) -> Problem | None:
    """Why a link on these products cannot lock this number, or None."""
    if number is None:
        return None
    for product in products:
        bounds = _bounds(product, noun)
        if not bounds:
            return Problem(_NOT_EVERYWHERE[noun], (noun,), number)
        for currency, least, most in bounds:
            if not least <= number <= most:
                params: dict[str, Scalar] = {"product": product.name, "min": least, "max": most, "currency": currency}
                return Problem(_OUT_OF_BOUNDS[noun], (noun,), number, params)
    return None


def _bounds(product: Product, noun: Noun) -> list[tuple[str, int, int]]:
    """Currency, fewest and most of each price that is counted by the noun."""
    if noun == "seats":
        return [
            (price.currency, price.terms.minimum, price.terms.maximum or MOST_SEATS)
            for price in product.active_prices
            if isinstance(price.terms, SeatBased)
        ]
    return [
        (price.currency, price.terms.minimum, price.terms.maximum or LARGEST_COUNT)
        for price in product.active_prices
        if isinstance(price.terms, UnitBased)
    ]


def locked_counts(link: CheckoutLink) -> Counts:
    """The link's number as wanted, fewest and most at once: the buyer cannot change it."""
    bounds = CountBounds(min_seats=link.seats, max_seats=link.seats, min_units=link.units, max_units=link.units)
    return Counts(seats=link.seats, units=link.units, bounds=bounds)


def fits_all(discount: Discount | None, products: Sequence[Product]) -> bool:
    """Whether a link may carry a discount: it must fit all products. Dates and limits are asked when the link is opened."""
    if discount is None:
        return False
    return not discount.product_ids or all(product.id in discount.product_ids for product in products)


def usable_trial(trial: Span | None, products: Sequence[Product]) -> Span | None:
    """The trial, where there is anything to try."""
    return trial if any(product.recurrence for product in products) else None
