"""The parts of a quote always sum to its total, for every currency, cart and discount."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkstand.domain.catalog import (
    Custom,
    Fixed,
    Price,
    PriceDefinition,
    Product,
    Terms,
    check_composition,
    check_custom_amount,
    takes,
)
from checkstand.domain.checkout import Line
from checkstand.domain.currency import CURRENCIES
from checkstand.domain.discount import AmountOff, Discount, Percentage, takes_off, why_not
from checkstand.domain.errors import Invalid
from checkstand.domain.pricing import below_floor, quote

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ORG = UUID(int=1)


def product(number: int, terms: Terms, currency: str, *, percent: int = 0) -> Product:
    identity = UUID(int=1000 + number)
    price = Price(
        id=UUID(int=2000 + number),
        product_id=identity,
        currency=currency,
        terms=terms,
        discount_percent=percent,
        created_at=NOW,
    )
    return Product(id=identity, organization_id=ORG, name=f"P{number}", prices=(price,), created_at=NOW)


def discount(rule: Percentage | AmountOff) -> Discount:
    return Discount(id=UUID(int=5), organization_id=ORG, name="D", code="D", takes=rule, created_at=NOW)


amounts = st.integers(min_value=0, max_value=100_000)
carts = st.lists(st.tuples(amounts, st.integers(0, 20), st.integers(0, 100)), min_size=1, max_size=8)
rules = st.one_of(
    st.none(),
    st.builds(Percentage, basis_points=st.integers(1, 10_000)),
    st.builds(AmountOff, amounts=st.dictionaries(st.sampled_from(sorted(CURRENCIES)), amounts, min_size=1)),
)


@given(st.sampled_from(sorted(CURRENCIES)), carts, rules, st.sampled_from([None, "DE", "US"]))
def test_the_parts_sum_to_the_total_for_every_currency(
    code: str, cart: list[tuple[int, int, int]], rule: Percentage | AmountOff | None, country: str | None
) -> None:
    products = [
        product(n, Fixed(amount_minor=amount), code, percent=percent) for n, (amount, _, percent) in enumerate(cart)
    ]
    lines = [
        Line(product_id=item.id, price_id=item.prices[0].id, quantity=quantity)
        for item, (_, quantity, _) in zip(products, cart, strict=True)
    ]
    priced = quote(
        lines, products, currency=code, country=country, discount=discount(rule) if rule is not None else None
    )
    assert sum(line.subtotal_minor for line in priced.lines) == priced.subtotal_minor
    assert sum(line.discount_minor for line in priced.lines) == priced.discount_minor
    assert sum(line.total_minor for line in priced.lines) == priced.total_minor
    assert priced.subtotal_minor - priced.discount_minor == priced.net_minor == priced.total_minor
    assert 0 <= priced.discount_minor <= priced.subtotal_minor
    assert all(0 <= line.discount_minor <= line.subtotal_minor for line in priced.lines)


@given(amounts, st.integers(1, 10_000))
def test_a_percentage_is_rounded_once_half_away_from_zero(amount: int, points: int) -> None:
    taken = takes_off(Percentage(basis_points=points), subtotal_minor=amount, currency="USD")
    assert abs(taken * 10_000 - amount * points) * 2 <= 10_000
    if (amount * points * 2) % 20_000 == 10_000:
        assert taken * 10_000 > amount * points


def test_an_amount_off_never_goes_below_zero_and_knows_only_its_currencies() -> None:
    rule = AmountOff(amounts={"USD": 500})
    assert takes_off(rule, subtotal_minor=300, currency="USD") == 300
    assert takes_off(rule, subtotal_minor=300, currency="EUR") == 0
    reason = why_not(discount(rule), product_ids=frozenset(), currency="EUR", now=NOW)
    assert reason == "discount_other_currency"


def test_a_total_beyond_32_bits_is_refused() -> None:
    item = product(1, Fixed(amount_minor=99_999_999), "USD")
    line = Line(product_id=item.id, price_id=item.prices[0].id, quantity=100)
    with pytest.raises(Invalid) as refused:
        quote([line], [item], currency="USD", country=None)
    assert refused.value.problems[0].code == "total_too_large"


def test_a_trial_takes_nothing_today_and_keeps_the_price_for_later() -> None:
    item = product(1, Fixed(amount_minor=2000), "USD")
    line = Line(product_id=item.id, price_id=item.prices[0].id)
    priced = quote([line], [item], currency="USD", country="DE", in_trial=True)
    assert (priced.due_minor, priced.total_minor) == (0, 2000)


def test_tax_is_unknown_until_there_is_a_place_unless_nothing_is_charged() -> None:
    paid, free = product(1, Fixed(amount_minor=2000), "USD"), product(2, Fixed(amount_minor=0), "USD")
    for item, country, expected in ((paid, None, None), (paid, "DE", 0), (free, None, 0)):
        line = Line(product_id=item.id, price_id=item.prices[0].id)
        assert quote([line], [item], currency="USD", country=country).tax_minor == expected


@pytest.mark.parametrize(
    ("terms", "chosen", "expected"),
    [
        (Custom(minimum_minor=500, preset_minor=1500), None, 1500),
        (Custom(minimum_minor=500), None, 500),
        (Custom(minimum_minor=0, preset_minor=0), None, 0),
        (Custom(minimum_minor=0, preset_minor=700), 0, 0),
        (Fixed(amount_minor=900), 42, 900),
    ],
)
def test_what_one_unit_costs(terms: Terms, chosen: int | None, expected: int) -> None:
    assert takes(terms, chosen_minor=chosen) == expected


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (0, None),
        (10, "amount_below_processor_minimum"),
        (50, None),
        (1001, "amount_above_maximum"),
    ],
)
def test_bounds_of_a_chosen_amount(amount: int, code: str | None) -> None:
    assert check_custom_amount(Custom(minimum_minor=0, maximum_minor=1000), amount, "USD") == code


@pytest.mark.parametrize("code", sorted(CURRENCIES))
def test_the_floor_is_told_in_words_for_every_currency(code: str) -> None:
    floor = CURRENCIES[code].smallest_charge_minor
    assert below_floor(0, code) is None
    assert below_floor(floor, code) is None
    assert floor == 1 or below_floor(floor - 1, code)


def definition(currency: str, terms: Terms) -> PriceDefinition:
    return PriceDefinition(currency=currency, terms=terms)


@pytest.mark.parametrize(
    ("definitions", "codes"),
    [
        ([], ["price_required"]),
        ([definition("USD", Fixed(amount_minor=1))] * 2, ["one_fixed_price_only"]),
        (
            [definition("USD", Fixed(amount_minor=1)), definition("USD", Custom(minimum_minor=50))],
            ["custom_price_stands_alone"],
        ),
        ([definition("EUR", Fixed(amount_minor=1))], ["default_currency_required"]),
        (
            [definition("USD", Fixed(amount_minor=1)), definition("EUR", Custom(minimum_minor=50))],
            ["same_price_types_per_currency"],
        ),
        ([definition("USD", Fixed(amount_minor=1)), definition("EUR", Fixed(amount_minor=1))], []),
    ],
)
def test_which_price_lists_can_be_sold(definitions: list[PriceDefinition], codes: list[str]) -> None:
    assert [problem.code for problem in check_composition(definitions, default_currency="USD")] == codes
