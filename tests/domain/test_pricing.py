"""The parts of a quote always sum to its total, for every currency, cart and discount."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
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
from checkstand.domain.conversion import convert
from checkstand.domain.currency import CURRENCIES
from checkstand.domain.discount import AmountOff, Discount, Percentage, redemption_problem, takes_off
from checkstand.domain.exchange import Exchange
from checkstand.domain.pricing import Place, below_floor, quote
from checkstand.domain.quote import Quote, is_mixed
from checkstand.domain.tax import TaxComponent, TaxDecision
from checkstand.domain.terms import Metered, SeatBased, SeatTier, TierModel, UnitBased, UnitTier
from tests.tables import table

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ORG = UUID(int=1)
NO_TAX = Place(country="DE", taxes={"digital_products": TaxDecision(reason="not_collecting", country="DE")})


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


@st.composite
def catalogues(draw: st.DrawFn) -> tuple[str, list[Product], list[Line]]:
    """A cart in one currency: every kind of price, add-ons under their lines, behaviours and categories mixed."""
    code = draw(st.sampled_from(sorted(CURRENCIES)))
    products: list[Product] = []
    lines: list[Line] = []
    for number in range(draw(st.integers(1, 6))):
        item = replace(product(number, draw(terms()), code, percent=draw(st.integers(0, 100))))
        behavior = draw(st.sampled_from([None, "location", "inclusive", "exclusive"]))
        category = draw(st.sampled_from(["digital_products", "saas"]))
        item = replace(item, tax_category=category, prices=(replace(item.prices[0], tax_behavior=behavior),))
        products.append(item)
        roots = [position for position, line in enumerate(lines) if line.part_of is None]
        lines.append(
            Line(
                product_id=item.id,
                price_id=item.prices[0].id,
                quantity=draw(st.integers(0, 20)),
                chosen_minor=draw(st.one_of(st.none(), amounts)),
                part_of=draw(st.sampled_from([None, *roots])) if roots else None,
            )
        )
    return code, products, lines


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return Fixed(amount_minor=draw(amounts))
    if kind == 1:
        return Custom(minimum_minor=draw(amounts), preset_minor=draw(st.one_of(st.none(), amounts)))
    model: TierModel = draw(st.sampled_from(["volume", "graduated"]))
    rates = draw(st.lists(amounts, min_size=1, max_size=3))
    if kind == 2:
        seats = [SeatTier(minimum=1 + 5 * n, maximum=5 + 5 * n, unit_minor=rate) for n, rate in enumerate(rates)]
        return SeatBased(model=model, tiers=(*seats[:-1], replace(seats[-1], maximum=None)))
    if kind == 3:
        units = [UnitTier(bound=10 * (n + 1), unit_minor=rate) for n, rate in enumerate(rates)]
        return UnitBased(model=model, tiers=(*units[:-1], replace(units[-1], bound=None)))
    return Metered(meter_id=UUID(int=7), meter_name="Calls", unit_amount="0.5")


@st.composite
def places(draw: st.DrawFn) -> Place | None:
    if draw(st.booleans()):
        return None
    rates = draw(st.lists(st.integers(0, 300_000), min_size=1, max_size=2))
    components = tuple(TaxComponent(name=f"T{n}", rate_ppm=rate) for n, rate in enumerate(rates))
    country = draw(st.sampled_from(["DE", "US", "CA", "JP"]))
    standard = TaxDecision(reason="standard_rated", country=country, components=components)
    exempt = TaxDecision(reason="product_exempt", country=country)
    return Place(
        country=country, taxes={"digital_products": standard, "saas": draw(st.sampled_from([standard, exempt]))}
    )


discount_lists = st.lists(
    st.one_of(
        st.builds(Percentage, basis_points=st.integers(1, 10_000)),
        st.builds(AmountOff, amounts=st.dictionaries(st.sampled_from(sorted(CURRENCIES)), amounts, min_size=1)),
    ),
    max_size=3,
)
exchanges = st.one_of(
    st.none(),
    st.builds(
        Exchange,
        base=st.just("USD"),
        currency=st.sampled_from(sorted(CURRENCIES)),
        rate=st.sampled_from(["0.92", "1", "149.37", "0.30714", "26114.5"]),
        fee_ppm=st.sampled_from([0, 20_000, 40_000]),
        dated=st.just("2026-01-01"),
    ),
)


def assert_whole(priced: Quote) -> None:
    """Every part sums to its total, nothing is negative or off the currency's step, and each line is made of its own parts."""
    step = CURRENCIES[priced.currency].step_minor
    for name in ("subtotal_minor", "discount_minor", "net_minor", "tax_minor", "total_minor"):
        assert (getattr(priced, name) or 0) % step == 0
        assert all(getattr(line, name) >= 0 for line in priced.lines), name
        assert all(getattr(line, name) % step == 0 for line in priced.lines), name
        if not (is_mixed(priced.lines) and name in ("subtotal_minor", "discount_minor")):
            assert sum(getattr(line, name) for line in priced.lines) == (getattr(priced, name) or 0), name
    taxed = priced.total_minor if priced.tax_behavior == "inclusive" else priced.net_minor
    if priced.tax_minor is not None and (is_mixed(priced.lines) or all(line.tax_rate_ppm for line in priced.lines)):
        assert priced.subtotal_minor - priced.discount_minor == taxed
    assert priced.net_minor + (priced.tax_minor or 0) == priced.total_minor
    assert sum(one.amount_minor for one in priced.discounts) == priced.discount_minor
    assert 0 <= priced.due_minor <= priced.total_minor
    for line in priced.lines:
        assert line.net_minor + line.tax_minor == line.total_minor
        assert sum(share.amount_minor for share in line.taxes) == line.tax_minor
        assert all(share.amount_minor >= 0 for share in line.taxes)
        assert line.subtotal_minor - line.discount_minor == (line.total_minor if line.tax_inclusive else line.net_minor)


@settings(max_examples=300)
@given(catalogues(), discount_lists, places(), exchanges, st.booleans())
def test_the_parts_sum_to_the_total_for_random_catalogues_carts_discounts_places_and_currencies(
    cart: tuple[str, list[Product], list[Line]],
    taken: list[Percentage | AmountOff],
    place: Place | None,
    exchange: Exchange | None,
    on_trial: bool,
) -> None:
    code, products, lines = cart
    priced = quote(
        lines,
        products,
        currency=code,
        place=place,
        discounts=[replace(discount(rule), id=UUID(int=50 + n)) for n, rule in enumerate(taken)],
        in_trial=lambda item: on_trial and item.id.int % 2 == 0,
    )
    assert_whole(priced)
    if exchange is not None:
        converted = convert(priced, replace(exchange, base=code))
        assert converted.currency == exchange.currency
        assert_whole(converted)


def priced_one(terms: Terms, *, quantity: int = 1, place: Place | None = None, off: int = 0, **behavior: str) -> Quote:
    item = product(1, terms, "USD")
    item = replace(item, prices=(replace(item.prices[0], **behavior),))  # type: ignore[arg-type]
    line = Line(product_id=item.id, price_id=item.prices[0].id, quantity=quantity)
    taken = [discount(Percentage(basis_points=off))] if off else []
    return quote([line], [item], currency="USD", place=place, discounts=taken)


def taxed(country: str, *rates: int) -> Place:
    components = tuple(TaxComponent(name="T", rate_ppm=rate) for rate in rates)
    decision = TaxDecision(reason="standard_rated", country=country, components=components)
    return Place(country=country, taxes={"digital_products": decision})


@pytest.mark.parametrize(
    ("behavior", "net", "tax", "total"), [("exclusive", 1500, 300, 1800), ("inclusive", 1250, 250, 1500)]
)
def test_a_tax_is_added_to_an_exclusive_price_and_contained_in_an_inclusive_one(
    behavior: str, net: int, tax: int, total: int
) -> None:
    priced = priced_one(Fixed(amount_minor=1500), place=taxed("DE", 200_000), tax_behavior=behavior)
    assert (priced.net_minor, priced.tax_minor, priced.total_minor) == (net, tax, total)
    assert priced.tax_behavior == behavior


@pytest.mark.parametrize(
    ("country", "behavior"), [("US", "exclusive"), ("CA", "exclusive"), ("IN", "exclusive"), ("FR", "inclusive")]
)
def test_the_place_decides_whether_prices_contain_the_tax(country: str, behavior: str) -> None:
    assert priced_one(Fixed(amount_minor=1000), place=taxed(country, 100_000)).tax_behavior == behavior


@pytest.mark.parametrize(
    ("amount", "behavior", "each"),
    [(1010, "exclusive", [51, 101]), (1000, "exclusive", [50, 100]), (1161, "inclusive", [50, 101])],
)
def test_two_taxes_of_one_place_are_rounded_each_by_itself(amount: int, behavior: str, each: list[int]) -> None:
    priced = priced_one(Fixed(amount_minor=amount), place=taxed("CA", 50_000, 99_750), tax_behavior=behavior)
    [line] = priced.lines
    assert [share.amount_minor for share in line.taxes] == each
    assert priced.tax_minor == sum(each)


@pytest.mark.parametrize(("model", "expected"), [("volume", 4800), ("graduated", 5600)])
def test_six_seats_cost_what_their_tiers_say(model: TierModel, expected: int) -> None:
    tiers = (SeatTier(minimum=1, maximum=4, unit_minor=1000), SeatTier(minimum=5, maximum=None, unit_minor=800))
    assert priced_one(SeatBased(model=model, tiers=tiers), quantity=6).total_minor == expected


def test_a_percentage_is_taken_from_a_fixed_price_and_its_seats_together() -> None:
    item = product(1, Fixed(amount_minor=1005), "USD")
    seats = replace(
        item.prices[0],
        id=UUID(int=77),
        terms=SeatBased(model="volume", tiers=(SeatTier(minimum=1, maximum=None, unit_minor=101),)),
    )
    item = replace(item, prices=(*item.prices, seats))
    lines = [
        Line(product_id=item.id, price_id=item.prices[0].id),
        Line(product_id=item.id, price_id=seats.id, quantity=10, part_of=0),
    ]
    priced = quote(lines, [item], currency="USD", place=None, discounts=[discount(Percentage(basis_points=2500))])
    assert (priced.subtotal_minor, priced.discount_minor) == (2015, 504)
    assert_whole(priced)


def test_each_line_of_a_cart_is_rounded_by_itself() -> None:
    products = [product(n, Fixed(amount_minor=1), "USD") for n in range(3)]
    lines = [Line(product_id=item.id, price_id=item.prices[0].id) for item in products]
    priced = quote(lines, products, currency="USD", place=None, discounts=[discount(Percentage(basis_points=5000))])
    assert priced.discount_minor == 3


def test_an_add_on_follows_the_discount_of_its_line() -> None:
    plan, addon, other = (product(n, Fixed(amount_minor=1000), "USD") for n in range(3))
    lines = [
        Line(product_id=plan.id, price_id=plan.prices[0].id),
        Line(product_id=addon.id, price_id=addon.prices[0].id, quantity=3, part_of=0),
        Line(product_id=other.id, price_id=other.prices[0].id),
    ]
    only_plan = replace(discount(Percentage(basis_points=1000)), product_ids=(plan.id,))
    priced = quote(lines, [plan, addon, other], currency="USD", place=None, discounts=[only_plan])
    assert [line.discount_minor for line in priced.lines] == [100, 300, 0]


def test_stacked_discounts_take_from_what_the_earlier_ones_left() -> None:
    item = product(1, Fixed(amount_minor=1000), "USD")
    line = Line(product_id=item.id, price_id=item.prices[0].id)
    half = discount(Percentage(basis_points=5000))
    five = replace(discount(AmountOff(amounts={"USD": 600})), id=UUID(int=6))
    priced = quote([line], [item], currency="USD", place=None, discounts=[half, five])
    assert [one.amount_minor for one in priced.discounts] == [500, 500]
    assert priced.total_minor == 0


def test_a_converted_total_is_rounded_once_with_its_fee() -> None:
    item = product(1, Fixed(amount_minor=1000), "USD")
    line = Line(product_id=item.id, price_id=item.prices[0].id, quantity=3)
    euros = Exchange(base="USD", currency="EUR", rate="0.92", fee_ppm=40_000, dated="2026-01-01")
    priced = convert(quote([line], [item], currency="USD", place=None), euros)
    assert (priced.currency, priced.total_minor) == ("EUR", 2870)


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
    reason = redemption_problem(discount(rule), product_ids=frozenset(), currency="EUR", now=NOW)
    assert reason == "discount_other_currency"


def test_a_trial_takes_nothing_today_and_keeps_the_price_for_later() -> None:
    item = product(1, Fixed(amount_minor=2000), "USD")
    line = Line(product_id=item.id, price_id=item.prices[0].id)
    priced = quote([line], [item], currency="USD", place=NO_TAX, in_trial=lambda item: True)
    assert (priced.due_minor, priced.total_minor) == (0, 2000)


def test_tax_is_unknown_until_there_is_a_place_unless_nothing_is_charged() -> None:
    paid, free = product(1, Fixed(amount_minor=2000), "USD"), product(2, Fixed(amount_minor=0), "USD")
    for item, place, expected in ((paid, None, None), (paid, NO_TAX, 0), (free, None, 0)):
        line = Line(product_id=item.id, price_id=item.prices[0].id)
        assert quote([line], [item], currency="USD", place=place).tax_minor == expected


@table(
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


@table("code", sorted(CURRENCIES))
def test_the_floor_is_told_in_words_for_every_currency(code: str) -> None:
    floor = CURRENCIES[code].smallest_charge_minor
    assert below_floor(0, code) is None
    assert below_floor(floor, code) is None
    assert floor == 1 or below_floor(floor - 1, code)


def definition(currency: str, terms: Terms) -> PriceDefinition:
    return PriceDefinition(currency=currency, terms=terms)


@table(
    ("definitions", "codes"),
    [
        ([], ["price_required", "default_currency_required"]),
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
