"""How a session's total came about, step by step: which price, which rule, which rate, which rounding.

Made from the session as it is stored, so it tells of the quote that was charged and not of one that would be made now.

    >>> rate_text(99_750), rate_text(190_000)
    ('9.975%', '19%')
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from checkstand.domain.address import Address
from checkstand.domain.catalog import Price
from checkstand.domain.checkout import Checkout, Line
from checkstand.domain.discount import Discount, Percentage, cap_of
from checkstand.domain.money import format_money
from checkstand.domain.quote import Quote, QuoteLine, is_mixed, tax_sums
from checkstand.domain.tax import supplied_in
from checkstand.domain.terms import Custom, Fixed, Metered, SeatBased, UnitBased

StepKind = Literal["line", "subtotal", "discount", "tax", "total", "exchange", "trial", "due"]
ROUNDING = "Amounts are whole minor units; every step that divides is rounded half away from zero, once."
LONGEST_STATE_CODE = 3
REASONS = {
    "standard_rated": "the standard rate applies",
    "reduced_rated": "a reduced rate applies",
    "zero_rated": "the rate is zero",
    "not_collecting": "the seller is not registered for tax there",
    "product_exempt": "this kind of product is not taxed there",
    "reverse_charge": "the buyer is a business with a valid tax id and accounts for the tax itself",
    "not_subject_to_tax": "it is not subject to tax",
    "not_supported": "the place is not supported",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step towards the total: what was done, in words, and the amount it came to in minor units of `currency`."""

    kind: StepKind
    text: str
    amount_minor: int | None
    currency: str


def explain(checkout: Checkout, *, seller_country: str | None) -> tuple[Step, ...]:
    """The account of a session's total. `seller_country` tells whose tax a business pays that buys under a number from there."""
    quote = checkout.base_quote or checkout.quote
    steps = [
        *_lines(checkout, quote),
        _step("subtotal", _subtotal_text(quote), quote.subtotal_minor, quote),
        *_discounts(checkout, quote),
        *_taxes(checkout, quote, seller_country),
        _step("total", _total_text(quote), quote.total_minor, quote),
    ]
    if checkout.exchange is not None:
        steps.append(_exchange(checkout))
    if any(line.is_deferred for line in checkout.quote.lines):
        ends = f" until {checkout.trial_end.date().isoformat()}" if checkout.trial_end else ""
        text = f"A trial{ends}: what it covers is not charged today"
        steps.append(_step("trial", text, checkout.quote.due_minor - checkout.quote.total_minor, checkout.quote))
    steps.append(_step("due", "Due today", checkout.quote.due_minor, checkout.quote))
    return tuple(steps)


def _step(kind: StepKind, text: str, amount_minor: int | None, quote: Quote) -> Step:
    return Step(kind=kind, text=text, amount_minor=amount_minor, currency=quote.currency)


def _lines(checkout: Checkout, quote: Quote) -> Iterator[Step]:
    for line, quoted in zip(checkout.lines, quote.lines, strict=True):
        price = checkout.price_of(line)
        kind = _kind_text(quoted) if is_mixed(quote.lines) else ""
        yield _step("line", f"{quoted.label}: {_line_text(line, price, quoted)}{kind}", quoted.subtotal_minor, quote)


def _kind_text(quoted: QuoteLine) -> str:
    return ", tax included" if quoted.tax_inclusive else ", without tax"


def _subtotal_text(quote: Quote) -> str:
    return "Sum of the lines, without tax" if is_mixed(quote.lines) else "Sum of the lines"


def _line_text(line: Line, price: Price, quoted: QuoteLine) -> str:
    unit = format_money(quoted.unit_minor, price.currency)
    terms = price.terms
    own = f", after the price's own {price.discount_percent}% off" if price.discount_percent else ""
    if isinstance(terms, Metered):
        return f"by usage of {terms.meter_name}, nothing now"
    if isinstance(terms, SeatBased | UnitBased):
        noun = "seats" if isinstance(terms, SeatBased) else "units"
        how = "all at their tier's rate" if terms.model == "volume" else "each tier at its own rate"
        return f"{quoted.quantity} {noun}, {how} ({terms.model}){own}"
    named = ""
    if isinstance(terms, Custom):
        named = " (named by the buyer)" if line.chosen_minor is not None else " (preset)"
        if line.chosen_minor is None and terms.preset_minor is None:
            named = " (the minimum)"
    assert isinstance(terms, Fixed | Custom)
    return f"{quoted.quantity} × {unit}{named}{own}"


def _discounts(checkout: Checkout, quote: Quote) -> Iterator[Step]:
    by_id = {discount.id: discount for discount in checkout.discounts}
    for applied in quote.discounts:
        discount = by_id[applied.discount_id]
        kind = ", without tax" if is_mixed(quote.lines) else ""
        yield _step("discount", f"{_discount_text(discount, quote)}{kind}", -applied.amount_minor, quote)


def _discount_text(discount: Discount, quote: Quote) -> str:
    name = discount.code or discount.name
    if isinstance(discount.takes, Percentage):
        share = rate_text(discount.takes.basis_points * 100)
        cap = cap_of(discount.takes, currency=quote.currency)
        limit = f", at most {format_money(cap, quote.currency)} in all" if cap is not None else ""
        return f"{name}: {share} of what it applies to, rounded once per cart line{limit}"
    amount = format_money(discount.takes.amounts.get(quote.currency, 0), quote.currency)
    return f"{name}: {amount} off, at most what it applies to"


def _taxes(checkout: Checkout, quote: Quote, seller_country: str | None) -> Iterator[Step]:
    if quote.tax_minor is None:
        yield _step("tax", "Tax: not known yet, an address is needed", None, quote)
        return
    place = _place(checkout, seller_country)
    for tax, amount in tax_sums(quote.lines).items():
        because = REASONS.get(tax.reason or "", "nothing is charged")
        if not tax.rate_ppm:
            kept = ", and the price stays the same" if tax.reason == "reverse_charge" and tax.is_inclusive else ""
            yield _step("tax", f"Tax: none in {place}; {because}{kept}", amount, quote)
            continue
        how = "contained in the price" if tax.is_inclusive else "added to the price"
        text = f"{tax.name or 'Tax'} {rate_text(tax.rate_ppm)} in {place}, {how}, rounded once per cart line; {because}"
        yield _step("tax", text, amount, quote)


def _place(checkout: Checkout, seller_country: str | None) -> str:
    """Where a sale is taxed: by the address, but by the number of a business that buys under one of the seller's country."""
    address, number = checkout.buyer.address, checkout.buyer.tax_id
    if address is None:
        return "no address"
    supplied = supplied_in(address.country, tax_id=number, seller_country=seller_country)
    return _place_name(address) if supplied == address.country else f"{supplied} (by the tax id {number})"


def _place_name(address: Address) -> str:
    """A place with its country: many states' codes are other countries'. BE is Berlin in Germany, and Belgium."""
    state, country = address.state, address.country
    if not state or state.startswith(f"{country}-"):
        return state or country
    return f"{country}-{state}" if state.isalnum() and len(state) <= LONGEST_STATE_CODE else f"{state}, {country}"


def _total_text(quote: Quote) -> str:
    return "Total, tax included" if quote.tax_minor else "Total"


def _exchange(checkout: Checkout) -> Step:
    exchange = checkout.exchange
    assert exchange is not None
    fee = f" plus a {rate_text(exchange.fee_ppm)} conversion fee" if exchange.fee_ppm else ""
    text = (
        f"Converted once: 1 {exchange.base} = {exchange.rate} {exchange.currency} (as of {exchange.dated}){fee}; "
        "the parts are divided so that they sum to it, and each tax is taken from it once"
    )
    return _step("exchange", text, checkout.quote.total_minor, checkout.quote)


def rate_text(ppm: int) -> str:
    """Millionths as a percentage without trailing zeros."""
    value = Fraction(ppm, 10_000)
    whole, rest = divmod(value.numerator * 10_000 // value.denominator, 10_000)
    decimals = f"{rest:04d}".rstrip("0")
    return f"{whole}.{decimals}%" if decimals else f"{whole}%"
