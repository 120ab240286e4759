"""What a posted form says about what is bought: the plan, seats, quantities, add-ons, amounts, codes, the currency.

A number that is out of range is kept in its field, named as wrong and not sent on; a stepper's button stops at the range's ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final
from uuid import UUID

from checkstand.domain.catalog import Custom, check_custom_amount, is_free
from checkstand.domain.checkout import Checkout
from checkstand.domain.country_currency import currency_of_country
from checkstand.domain.lines import Counts, Noun, bounds_of
from checkstand.domain.money import parse_amount
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.terms import LARGEST_COUNT, Counted, SeatBased, UnitBased
from checkstand.web.checkout.form.reader import Reader

LARGEST_QUANTITY: Final = 1_000_000
# How the names of the fields begin from which the total follows.
NUMBERS: Final = ("amount_", "quantity_", "seats", "units")
_QUANTITY = re.compile(r"^\d{1,40}$")
AMOUNT_TEXTS: Final[Mapping[ProblemCode, str]] = {
    ProblemCode.AMOUNT_BELOW_MINIMUM: "problem.amount.min",
    ProblemCode.AMOUNT_BELOW_PROCESSOR_MINIMUM: "problem.amount.gap",
    ProblemCode.AMOUNT_ABOVE_MAXIMUM: "problem.amount.max",
    ProblemCode.AMOUNT_ABOVE_CURRENCY_MAXIMUM: "problem.amount.max",
    ProblemCode.AMOUNT_OFF_STEP: "problem.amount.invalid",
}


class CountFlaw(StrEnum):
    """What is wrong with a number that was typed; the end of the key of its text."""

    NOT_WHOLE = "whole"
    TOO_FEW = "from"
    OUT_OF_RANGE = "range"


def read_goods(reader: Reader) -> None:
    """Read all of it. Where another plan was chosen, numbers and amounts on the page were the old one's."""
    if _read_product(reader):
        _read_counts(reader)
        _read_quantities(reader)
        if not _read_currency(reader):
            _read_amounts(reader)
    _read_discount(reader)


def _read_product(reader: Reader) -> bool:
    """The chosen plan. False when it is another one."""
    text = reader.typed.get("product", "")
    chosen = next((offer for offer in reader.checkout.offers if str(offer) == text), None)
    if chosen is None or chosen == reader.checkout.selected.id:
        return True
    reader.change("product_id", chosen)
    return False


def counted(checkout: Checkout) -> Iterator[tuple[int, Noun, Counted]]:
    """The lines of which the buyer says how many seats or units: position, noun, price. A cart has quantities instead."""
    for position, line in enumerate(checkout.lines if checkout.offers else ()):
        terms = checkout.price_of(line).terms
        if isinstance(terms, SeatBased):
            yield position, "seats", terms
        elif isinstance(terms, UnitBased):
            yield position, "units", terms


def range_of(checkout: Checkout, terms: Counted) -> tuple[int, int]:
    """The fewest and the most that this page takes."""
    least, most = bounds_of(terms, checkout.counts)
    return least, most if most < LARGEST_COUNT else max(least, LARGEST_QUANTITY)


def _read_counts(reader: Reader) -> None:
    wanted: dict[str, int] = {}
    for _, noun, terms in counted(reader.checkout):
        if noun not in reader.typed:
            continue
        least, most = range_of(reader.checkout, terms)
        number = _number(reader, noun, least, most)
        if isinstance(number, CountFlaw):
            reader.complain(noun, f"problem.{noun}.{number}", min=least, max=most)
        else:
            wanted[noun] = number
    if wanted:
        reader.change("counts", Counts(seats=wanted.get("seats"), units=wanted.get("units")))


def _number(reader: Reader, name: str, least: int, most: int, field: str = "") -> int | CountFlaw:
    """The number in a field, moved by its stepper; or what is wrong with it. A largest number that is out of reach is not told of."""
    text, step = reader.typed.get(field or name, ""), reader.step(name)
    if step and not text:
        return least
    if not _QUANTITY.match(text):
        return CountFlaw.NOT_WHOLE
    number = int(text)
    if step:
        return min(max(number + step, least), most)
    if least <= number <= most:
        return number
    return CountFlaw.TOO_FEW if number < least and most >= LARGEST_QUANTITY else CountFlaw.OUT_OF_RANGE


def _read_quantities(reader: Reader) -> None:
    quantities: dict[int, int] = {}
    for position, line in enumerate(reader.checkout.lines):
        name = f"quantity_{position}"
        if not line.buyer_sets_quantity:
            continue
        if line.part_of is not None:
            _read_addon(reader, position, quantities)
            continue
        if name not in reader.typed or (not reader.typed[name] and not reader.step(str(position))):
            continue
        quantity = _number(reader, str(position), 1, LARGEST_QUANTITY, name)
        if isinstance(quantity, CountFlaw):
            reader.complain(name, f"problem.quantity.{quantity}", min=1, max=LARGEST_QUANTITY)
        else:
            quantities[position] = quantity
    if quantities:
        reader.change("quantities", quantities)


def _read_addon(reader: Reader, position: int, quantities: dict[int, int]) -> None:
    """An add-on is a box to tick; how many there are of it is asked once it is ticked."""
    if "addons_asked" not in reader.typed:
        return
    name = f"quantity_{position}"
    if f"addon_{position}" not in reader.typed:
        quantities[position] = 0
        return
    if not reader.typed.get(name) and not reader.step(str(position)):
        quantities[position] = max(1, reader.checkout.lines[position].quantity)
        return
    quantity = _number(reader, str(position), 0, LARGEST_QUANTITY, name)
    if isinstance(quantity, CountFlaw):
        reader.complain(name, f"problem.quantity.{quantity}", min=0, max=LARGEST_QUANTITY)
    else:
        quantities[position] = quantity


def _read_amounts(reader: Reader) -> None:
    """The amounts that the buyer names, in the price's own currency, whatever is charged."""
    checkout = reader.checkout
    code = checkout.price_currency
    amounts: dict[int, int] = {}
    for position, line in enumerate(checkout.lines):
        terms = checkout.price_of(line).terms
        text = reader.typed.get(f"amount_{position}", "")
        if not isinstance(terms, Custom) or f"amount_{position}" not in reader.typed:
            continue
        if not text:
            key = "problem.amount.required" if len(checkout.lines) == 1 else "problem.amount.required_for"
            reader.complain(f"amount_{position}", key)
            continue
        try:
            amount = parse_amount(text, code)
        except ValueError:
            reader.complain(f"amount_{position}", "problem.amount.invalid")
            continue
        wrong = check_custom_amount(terms, amount, code)
        if wrong:
            reader.complain(f"amount_{position}", AMOUNT_TEXTS[wrong])
        else:
            amounts[position] = amount
    if amounts:
        reader.change("amounts", amounts)


def _read_discount(reader: Reader) -> None:
    button = reader.typed.get("do", "")
    if button == "remove":
        reader.change("discount_code", None)
    elif button.startswith("remove_"):
        known = {str(one.id): one.id for one in reader.checkout.discounts}
        removed: UUID | None = known.get(button.removeprefix("remove_"))
        if removed is not None:
            reader.change("removed_discount_id", removed)
    elif code := reader.typed.get("discount_code", ""):
        reader.change("discount_code", code[:256])


def takes_codes(checkout: Checkout) -> bool:
    """Whether a code can be typed: allowed, and something in the cart can be reduced."""
    products = (checkout.product(line.product_id) for line in checkout.lines if line.part_of is None)
    all_free = all(is_free(price) for product in products for price in product.active_prices)
    return checkout.options.allow_discount_codes and not all_free


def offered_currencies(checkout: Checkout, country: str | None, *, is_adaptive: bool) -> tuple[str, ...]:
    """What may be charged: the price's own currency, the buyer's own, and the one the session is in; where nothing is converted,
    the currencies that the product has prices in. Empty where there is nothing to choose.
    """
    if not checkout.profile.converts_currency:
        priced = tuple(dict.fromkeys(price.currency for price in checkout.selected.active_prices))
        return priced if len(priced) > 1 and checkout.currency in priced else ()
    if not is_adaptive:
        return ()
    local = currency_of_country(country) if country else None
    # Their own currency was tried, and nobody can be charged so much (or so little) in it.
    address = checkout.buyer.address
    is_settled = address is not None and address.country == country and checkout.wanted_currency is None
    was_left_out = is_settled and checkout.currency != local
    wanted = [
        checkout.price_currency,
        local if local in checkout.profile.converts_into and not was_left_out else None,
        checkout.currency,
    ]
    found = tuple(dict.fromkeys(code for code in wanted if code))
    return found if len(found) > 1 else ()


def _read_currency(reader: Reader) -> bool:
    """The chosen currency. True where it brings other prices, so that an amount on the page was meant in the old one."""
    code, checkout = reader.typed.get("currency", ""), reader.checkout
    if not checkout.options.allow_currency_selection or code == reader.typed.get("shown_currency", checkout.currency):
        return False
    profile = checkout.profile
    if code not in (profile.converts_into or offered_currencies(checkout, None, is_adaptive=False)):
        return False
    reader.change("currency", code)
    return not profile.converts_currency
