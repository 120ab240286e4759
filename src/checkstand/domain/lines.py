"""From a chosen product to the lines that are charged, and how many seats or units may be bought.

Rule: every static price of the currency is charged, the first of them is the product's own; a product that has
meters alone is charged nothing. Seats and units default to the session's minimum, else to the price's.

Source: docs/behaviour/polar.md#creating-a-checkout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from checkstand.domain.catalog import Price, is_static
from checkstand.domain.checkout import CountBounds, Line
from checkstand.domain.errors import Problem
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.terms import LARGEST_COUNT, Counted, Custom, SeatBased, UnitBased

Noun = Literal["seats", "units"]
_SOLD_BY: dict[Noun, type[SeatBased] | type[UnitBased]] = {"seats": SeatBased, "units": UnitBased}


@dataclass(frozen=True, slots=True, kw_only=True)
class _CountCodes:
    """What can be wrong with a number of seats or of units."""

    not_applicable: ProblemCode
    too_few: ProblemCode
    too_many: ProblemCode
    bounds_unwanted: ProblemCode
    minimum_too_low: ProblemCode
    maximum_too_high: ProblemCode


_CODES: Mapping[Noun, _CountCodes] = {
    "seats": _CountCodes(
        not_applicable=ProblemCode.SEATS_NOT_APPLICABLE,
        too_few=ProblemCode.TOO_FEW_SEATS,
        too_many=ProblemCode.TOO_MANY_SEATS,
        bounds_unwanted=ProblemCode.BOUNDS_NEED_SEATS,
        minimum_too_low=ProblemCode.MIN_SEATS_TOO_LOW,
        maximum_too_high=ProblemCode.MAX_SEATS_TOO_HIGH,
    ),
    "units": _CountCodes(
        not_applicable=ProblemCode.UNITS_NOT_APPLICABLE,
        too_few=ProblemCode.TOO_FEW_UNITS,
        too_many=ProblemCode.TOO_MANY_UNITS,
        bounds_unwanted=ProblemCode.BOUNDS_NEED_UNITS,
        minimum_too_low=ProblemCode.MIN_UNITS_TOO_LOW,
        maximum_too_high=ProblemCode.MAX_UNITS_TOO_HIGH,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many seats and units a request asks for, and what it narrows the buyer to."""

    seats: int | None = None
    units: int | None = None
    bounds: CountBounds = field(default_factory=CountBounds)


def charged_prices(prices: Sequence[Price]) -> tuple[Price, ...]:
    """What of a product's prices in one currency is charged: the static ones, else the first meter at nothing."""
    static = tuple(price for price in prices if is_static(price))
    return static or tuple(prices[:1])


def offer_lines(prices: Sequence[Price], counts: Counts, *, chosen_minor: int | None = None) -> tuple[Line, ...]:
    """The lines of one chosen product. Prices as of `charged_prices`; an amount counts only where the buyer may name one."""
    return tuple(
        Line(
            product_id=price.product_id,
            price_id=price.id,
            quantity=_quantity(price, counts),
            chosen_minor=chosen_minor if isinstance(price.terms, Custom) else None,
            part_of=0 if position else None,
        )
        for position, price in enumerate(prices)
    )


def _quantity(price: Price, counts: Counts) -> int:
    terms = price.terms
    if isinstance(terms, SeatBased):
        return _first_given(counts.seats, counts.bounds.min_seats, terms.minimum)
    if isinstance(terms, UnitBased):
        return _first_given(counts.units, counts.bounds.min_units, terms.minimum)
    return 1


def _first_given(*numbers: int | None) -> int:
    return next(number for number in numbers if number is not None)


def count_problems(prices: Sequence[Price], counts: Counts) -> list[Problem]:
    """What is wrong with the numbers, of the first step that finds something; seats before units."""
    for noun in ("seats", "units"):
        terms = next((price.terms for price in prices if isinstance(price.terms, _SOLD_BY[noun])), None)
        counted = terms if isinstance(terms, SeatBased | UnitBased) else None
        problems = _bound_problems(noun, counted, counts.bounds) or _number_problems(noun, counted, counts)
        if problems:
            return problems
    return []


def _bound_problems(noun: Noun, terms: Counted | None, bounds: CountBounds) -> list[Problem]:
    least, most = _session_bounds(noun, bounds)
    given = [(f"min_{noun}", least), (f"max_{noun}", most)]
    codes = _CODES[noun]
    if terms is None:
        return [Problem(codes.bounds_unwanted, (name,), value) for name, value in given if value is not None]
    problems = []
    if least is not None and least < terms.minimum:
        problems.append(Problem(codes.minimum_too_low, (f"min_{noun}",), least, {"number": terms.minimum}))
    if most is not None and terms.maximum is not None and most > terms.maximum:
        problems.append(Problem(codes.maximum_too_high, (f"max_{noun}",), most, {"number": terms.maximum}))
    return problems


def _number_problems(noun: Noun, terms: Counted | None, counts: Counts) -> list[Problem]:
    given = counts.seats if noun == "seats" else counts.units
    if terms is None:
        return [] if given is None else [Problem(_CODES[noun].not_applicable, (noun,), given)]
    least, most = bounds_of(terms, counts.bounds)
    wanted = least if given is None else given
    if wanted < least:
        return [Problem(_CODES[noun].too_few, (noun,), wanted, {"number": least})]
    if wanted > most:
        return [Problem(_CODES[noun].too_many, (noun,), wanted, {"number": most})]
    return []


def bounds_of(terms: Counted, bounds: CountBounds) -> tuple[int, int]:
    """The fewest and the most that may be bought: the price's own bounds, narrowed by the session's."""
    least, most = _session_bounds("seats" if isinstance(terms, SeatBased) else "units", bounds)
    return max(terms.minimum, least or 0), min(terms.maximum or LARGEST_COUNT, most or LARGEST_COUNT)


def _session_bounds(noun: Noun, bounds: CountBounds) -> tuple[int | None, int | None]:
    if noun == "seats":
        return bounds.min_seats, bounds.max_seats
    return bounds.min_units, bounds.max_units
