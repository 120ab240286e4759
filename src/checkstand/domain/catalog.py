"""Products and their prices.

A product has one or more prices, each in one currency; what a price asks is in `terms.py`. Whether it repeats is the product's
property. A price is never changed: a new one is added and the old one archived, so that a session keeps the price it showed.
An add-on is a product that is only sold as part of another line.

Source: docs/behaviour/polar.md#products-and-prices and docs/behaviour/dodo.md#products-and-prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from checkstand.domain.currency import currency as currency_of
from checkstand.domain.errors import Problem
from checkstand.domain.fields import AttachedField
from checkstand.domain.files import FileRef
from checkstand.domain.image import ImageRef
from checkstand.domain.money import divide_half_away, format_money, step_missed
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.terms import Custom as Custom
from checkstand.domain.terms import Fixed as Fixed
from checkstand.domain.terms import Metered, SeatBased, UnitBased, charged_amounts, is_nothing, named_amount
from checkstand.domain.terms import Terms as Terms
from checkstand.domain.terms import takes as takes

Metadata = Mapping[str, str | int | float | bool]
Source = Literal["catalog", "ad_hoc"]
# Polar's limits, for whoever names a product by its API or at the dashboard; Dodo's API allows 1 to 100.
SHORTEST_PRODUCT_NAME: Final = 3
LONGEST_PRODUCT_NAME: Final = 64
ProductKind = Literal["product", "addon"]
TaxBehavior = Literal["location", "inclusive", "exclusive"]
TaxCategory = Literal["digital_products", "saas", "e_book", "edtech", "live_tutoring"]


class Interval(StrEnum):
    """The unit of a billing period or trial."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Visibility(StrEnum):
    """Draft products cannot be sold; private ones are sold but not listed publicly."""

    DRAFT = "draft"
    PRIVATE = "private"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A number of intervals: every 3 months, a 14-day trial."""

    interval: Interval
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One way to pay for a product in one currency (upper-case ISO 4217)."""

    id: UUID
    product_id: UUID
    currency: str
    terms: Terms
    tax_behavior: TaxBehavior | None = None
    discount_percent: int = 0
    source: Source = "catalog"
    is_archived: bool = False
    created_at: datetime
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceDefinition:
    """A price as asked for, before it has an identity."""

    currency: str
    terms: Terms
    tax_behavior: TaxBehavior | None = None
    discount_percent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What is for sale. `addons` may be bought with it; `extras` keeps what only one API knows of as it was given."""

    id: UUID
    organization_id: UUID
    kind: ProductKind = "product"
    name: str
    description: str | None = None
    visibility: Visibility = Visibility.PUBLIC
    recurrence: Span | None = None
    term: Span | None = None
    trial: Span | None = None
    prices: tuple[Price, ...] = ()
    is_archived: bool = False
    tax_category: TaxCategory = "digital_products"
    addons: tuple[UUID, ...] = ()
    images: tuple[ImageRef, ...] = ()
    files: tuple[FileRef, ...] = ()
    fields: tuple[AttachedField, ...] = ()
    brand_id: UUID | None = None
    metadata: Metadata = field(default_factory=dict)
    extras: Mapping[str, object] = field(default_factory=dict)
    created_at: datetime
    modified_at: datetime | None = None

    @property
    def active_prices(self) -> tuple[Price, ...]:
        """Prices that can still be chosen, in the order they were given."""
        return tuple(price for price in self.prices if not price.is_archived)

    def price(self, price_id: UUID) -> Price | None:
        """The product's price with this id, archived ones included."""
        return next((price for price in self.prices if price.id == price_id), None)


def is_free(price: Price) -> bool:
    """True for a price that can never cost anything. Pay-what-you-want is never free, even where 0 is allowed."""
    return is_nothing(price.terms)


def is_static(price: Price) -> bool:
    """True for a price that is charged in the checkout; a meter is read later."""
    return not isinstance(price.terms, Metered)


def is_counted(price: Price) -> bool:
    """True where the buyer says how many seats or units."""
    return isinstance(price.terms, SeatBased | UnitBased)


def unit_amount(price: Price, *, chosen_minor: int | None) -> int:
    """What one unit costs after the price's own percentage, rounded half away from zero once, per unit."""
    terms = price.terms
    amount = named_amount(terms, chosen_minor) if isinstance(terms, Custom) else takes(terms)
    return _less(amount, price.discount_percent)


def line_amount(price: Price, *, quantity: int, chosen_minor: int | None) -> int:
    """What a line comes to before discounts and tax: a unit's amount times the quantity, or what the tiers say."""
    if is_counted(price):
        return _less(takes(price.terms, quantity=quantity), price.discount_percent)
    return unit_amount(price, chosen_minor=chosen_minor) * quantity


def _less(amount_minor: int, percent: int) -> int:
    return divide_half_away(amount_minor * (100 - percent), 100) if percent else amount_minor


def in_currency(prices: Iterable[Price], code: str) -> tuple[Price, ...]:
    """Active prices in one currency."""
    return tuple(price for price in prices if price.currency == code and not price.is_archived)


def choose_currency(prices: Sequence[Price], *, wanted: Sequence[str]) -> str | None:
    """The first wanted currency that the prices are offered in, else None."""
    offered = {price.currency for price in prices if not price.is_archived}
    return next((code for code in wanted if code in offered), None)


def check_custom_amount(terms: Custom, amount_minor: int, code: str) -> ProblemCode | None:
    """Why an amount chosen by the buyer is refused, or None. Order as docs/behaviour/polar.md#creating-a-checkout."""
    known = currency_of(code)
    if amount_minor < terms.minimum_minor:
        return ProblemCode.AMOUNT_BELOW_MINIMUM
    if 0 < amount_minor < known.smallest_charge_minor:
        return ProblemCode.AMOUNT_BELOW_PROCESSOR_MINIMUM
    if terms.maximum_minor is not None and amount_minor > terms.maximum_minor:
        return ProblemCode.AMOUNT_ABOVE_MAXIMUM
    if amount_minor > known.largest_charge_minor:
        return ProblemCode.AMOUNT_ABOVE_CURRENCY_MAXIMUM
    if step_missed(amount_minor, code):
        return ProblemCode.AMOUNT_OFF_STEP
    return None


def off_step_problems(definitions: Sequence[PriceDefinition]) -> list[Problem]:
    """Prices with an amount that no processor would charge: half a krona, the last digit of a dinar."""
    missed = [
        (definition, amount, step)
        for definition in definitions
        for amount in charged_amounts(definition.terms)
        if (step := step_missed(amount, definition.currency)) is not None
    ]
    return [
        Problem(ProblemCode.AMOUNT_OFF_STEP, ("prices",), amount, {"step": step, "currency": definition.currency})
        for definition, amount, step in missed[:1]
    ]


def amount_params(terms: Custom, code: str) -> dict[str, str]:
    """What an amount message needs, formatted: the currency's smallest and largest charge and its step, the price's bounds."""
    known = currency_of(code)
    largest = known.largest_charge_minor if terms.maximum_minor is None else terms.maximum_minor
    return {
        "smallest": format_money(known.smallest_charge_minor, code),
        "largest": format_money(known.largest_charge_minor, code),
        "minimum": format_money(terms.minimum_minor, code),
        "maximum": format_money(largest, code),
        "step": format_money(known.step_minor, code),
        "currency": code,
    }


_ONE_OF_A_KIND = {
    "fixed": ProblemCode.ONE_FIXED_PRICE_ONLY,
    "seat_based": ProblemCode.ONE_SEAT_PRICE_ONLY,
    "custom": ProblemCode.ONE_CUSTOM_PRICE_ONLY,
    "unit_based": ProblemCode.ONE_UNIT_PRICE_ONLY,
}


def _kind_problems(present: Sequence[str]) -> list[ProblemCode]:
    """What is wrong with the kinds of price that one currency has."""
    codes = [code for kind, code in _ONE_OF_A_KIND.items() if present.count(kind) > 1]
    if "seat_based" in present and "unit_based" in present:
        codes.append(ProblemCode.SEATS_OR_UNITS)
    if "custom" in present and {"fixed", "seat_based", "unit_based"} & set(present):
        codes.append(ProblemCode.CUSTOM_PRICE_STANDS_ALONE)
    return codes


def check_composition(definitions: Sequence[PriceDefinition], *, default_currency: str) -> list[Problem]:
    """Rules over a whole price list, per currency. Empty when the list can be sold."""
    problems: list[Problem] = []

    def wrong(code: ProblemCode) -> None:
        if all(problem.code != code for problem in problems):
            problems.append(Problem(code, ("prices",)))

    if not definitions:
        wrong(ProblemCode.PRICE_REQUIRED)
    kinds: dict[str, list[str]] = {}
    behaviors: dict[str, set[str | None]] = {}
    for definition in definitions:
        kinds.setdefault(definition.currency, []).append(definition.terms.kind)
        behaviors.setdefault(definition.currency, set()).add(definition.tax_behavior)
    for present in kinds.values():
        for code in _kind_problems(present):
            wrong(code)
    if any(len(found) > 1 for found in behaviors.values()):
        wrong(ProblemCode.ONE_TAX_BEHAVIOR_PER_CURRENCY)
    if len({frozenset(present) for present in kinds.values()}) > 1:
        wrong(ProblemCode.SAME_PRICE_TYPES_PER_CURRENCY)
    if default_currency not in kinds:
        wrong(ProblemCode.DEFAULT_CURRENCY_REQUIRED)
    return problems
