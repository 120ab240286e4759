"""The lines of an invoice sum to its totals, whatever mixture of prices with and without their tax a cart holds."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as some

from checkstand.domain.document_lines import billed_lines, tax_rows
from checkstand.domain.money import price_of_one
from checkstand.domain.order import OrderItem
from checkstand.domain.quote import QuoteLine, is_mixed, subtotal_and_discount
from checkstand.domain.tax import TaxShare, taxes_on

RATES = ((), (190_000,), (200_000,), (50_000, 99_750))


@some.composite
def quoted(draw: some.DrawFn) -> QuoteLine:
    """A line as pricing makes it."""
    unit, quantity = draw(some.integers(0, 100_000)), draw(some.integers(1, 20))
    subtotal, rates, inclusive = unit * quantity, draw(some.sampled_from(RATES)), draw(some.booleans())
    discount = draw(some.integers(0, subtotal))
    amounts = taxes_on(subtotal - discount, rates, inclusive=inclusive)
    names = ("GST", "QST") if len(rates) > 1 else ("VAT",)
    shares = tuple(
        TaxShare(name=name, rate_ppm=rate, amount_minor=amount)
        for name, rate, amount in zip(names, rates, amounts, strict=False)
    )
    tax, left = sum(amounts), subtotal - discount
    return QuoteLine(
        product_id=uuid4(),
        price_id=uuid4(),
        label="Thing",
        quantity=quantity,
        unit_minor=unit,
        subtotal_minor=subtotal,
        discount_minor=discount,
        net_minor=left - tax if inclusive else left,
        tax_minor=tax,
        total_minor=left if inclusive else left + tax,
        tax_inclusive=inclusive,
        tax_rate_ppm=sum(rates),
        tax_reason="standard_rated" if rates else "not_collecting",
        taxes=shares,
    )


def item_of(line: QuoteLine) -> OrderItem:
    return OrderItem(
        id=uuid4(),
        product_id=line.product_id,
        price_id=line.price_id,
        label=line.label,
        quantity=line.quantity,
        amount_minor=line.subtotal_minor,
        discount_minor=line.discount_minor,
        tax_minor=line.tax_minor,
        net_minor=line.net_minor,
        taxes=line.taxes,
    )


@given(some.lists(quoted(), min_size=1, max_size=5))
def test_amounts_of_the_lines_are_of_one_kind_and_sum_to_the_subtotal(lines: list[QuoteLine]) -> None:
    billed = billed_lines([item_of(line) for line in lines], lines, "EUR")
    subtotal, discount = subtotal_and_discount(lines, "EUR")
    assert sum(line.amount_minor for line in billed) == subtotal
    assert len({line.tax_inclusive for line in billed if line.tax_rate_ppm}) <= 1
    net = sum(line.net_minor for line in billed)
    if is_mixed(lines):
        assert subtotal - discount == net
    rows = tax_rows(billed)
    assert sum(row.tax_minor for row in rows) == sum(line.tax_minor for line in lines)
    for row in rows:
        taxed = [line for line in lines if any(share.rate_ppm == row.rate_ppm for share in line.taxes)]
        assert row.net_minor == sum(line.net_minor for line in taxed)


@given(some.lists(quoted(), min_size=1, max_size=5))
def test_the_unit_price_times_the_quantity_makes_the_amount_that_the_line_prints(lines: list[QuoteLine]) -> None:
    for line in billed_lines([item_of(line) for line in lines], lines, "EUR"):
        assert line.unit_net is not None
        assert line.quantity is not None
        contained = line.tax_rate_ppm if line.tax_inclusive else 0
        made = Fraction(line.unit_net) * line.quantity * (10**6 + contained) / 10**6
        assert abs(made - line.amount_minor) <= Fraction(1, 2)


@given(
    amount=some.integers(0, 10**11),
    quantity=some.integers(1, 10**6),
    rate=some.sampled_from([0, 55_000, 190_000, 200_000, 255_000, 149_750]),
)
def test_a_unit_price_has_decimals_enough_to_make_the_amount_again_and_two_where_that_is_enough(
    amount: int, quantity: int, rate: int
) -> None:
    one = price_of_one(amount, quantity, contained_ppm=rate)
    whole = Fraction(10**6 + rate, 10**6)
    decimals = max(0, -int(Decimal(one).as_tuple().exponent))
    assert abs(Fraction(one) * whole - Fraction(amount, quantity)) <= whole / (2 * 10 ** max(decimals, 2))
    assert decimals <= 6
    assert abs(Fraction(one) * quantity * whole - amount) <= (Fraction(1, 2) if quantity < 500_000 else 1)
    if quantity <= 80:
        assert decimals <= 2
