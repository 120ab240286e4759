"""Sums of a cart that a person can check: capped codes, two taxes of one place, prices with and without tax, whole kronur."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checkstand.domain.catalog import Fixed
from checkstand.domain.checkout import Line
from checkstand.domain.conversion import convert
from checkstand.domain.discount import AmountOff, Percentage
from checkstand.domain.exchange import Exchange
from checkstand.domain.pricing import Place, quote
from checkstand.domain.quote import Quote, tax_sums
from checkstand.domain.tax import TaxComponent, TaxDecision
from tests.domain.test_pricing import discount, product

QUEBEC = (TaxComponent(name="GST", rate_ppm=50_000), TaxComponent(name="QST", rate_ppm=99_750))
GERMANY = (TaxComponent(name="VAT", rate_ppm=190_000),)


def place(*components: TaxComponent, country: str = "DE") -> Place:
    decision = TaxDecision(reason="standard_rated", country=country, components=components)
    return Place(country=country, taxes={"digital_products": decision})


def cart(
    *prices: int,
    at: Place | None = None,
    off: Percentage | AmountOff | None = None,
    behaviors: tuple[str | None, ...] = (),
    currency: str = "USD",
) -> Quote:
    """One of each of these prices."""
    products = [product(number, Fixed(amount_minor=price), currency) for number, price in enumerate(prices)]
    for number, behavior in enumerate(behaviors):
        price = replace(products[number].prices[0], tax_behavior=behavior)  # type: ignore[arg-type]
        products[number] = replace(products[number], prices=(price,))
    lines = [Line(product_id=item.id, price_id=item.prices[0].id) for item in products]
    return quote(lines, products, currency=currency, place=at, discounts=[discount(off)] if off else [])


def test_a_capped_percentage_is_spread_in_proportion_to_what_it_would_have_taken() -> None:
    priced = cart(100_000, 300, off=Percentage(basis_points=2000, caps={"USD": 300}))
    assert [line.discount_minor for line in priced.lines] == [299, 1]
    assert priced.discounts[0].amount_minor == 300


def test_a_cap_that_is_not_reached_changes_nothing() -> None:
    priced = cart(1000, 300, off=Percentage(basis_points=2000, caps={"USD": 300}))
    assert [line.discount_minor for line in priced.lines] == [200, 60]


def test_two_taxes_of_one_place_have_their_own_rates_and_sums_each_rounded_once() -> None:
    priced = cart(1000, 333, at=place(*QUEBEC, country="CA"))
    assert [(kind.name, kind.rate_ppm, amount) for kind, amount in tax_sums(priced.lines).items()] == [
        ("GST", 50_000, 50 + 17),
        ("QST", 99_750, 100 + 33),
    ]
    assert (priced.tax_minor, priced.total_minor) == (200, 1533)


def test_two_taxes_that_a_price_contains_leave_the_rest_as_its_net_amount() -> None:
    priced = cart(11_498, at=place(*QUEBEC), behaviors=("inclusive",))
    assert list(tax_sums(priced.lines).values()) == [500, 998]
    assert (priced.net_minor, priced.total_minor) == (10_000, 11_498)


def test_an_add_on_shares_each_tax_of_its_line_to_the_cent() -> None:
    plan, addon = (product(number, Fixed(amount_minor=price), "USD") for number, price in enumerate((333, 334)))
    lines = [
        Line(product_id=plan.id, price_id=plan.prices[0].id),
        Line(product_id=addon.id, price_id=addon.prices[0].id, part_of=0),
    ]
    priced = quote(lines, [plan, addon], currency="USD", place=place(*QUEBEC, country="CA"))
    assert list(tax_sums(priced.lines).values()) == [33, 67]
    assert all(sum(share.amount_minor for share in line.taxes) == line.tax_minor for line in priced.lines)


def test_prices_with_and_without_their_tax_are_summed_up_without_it() -> None:
    priced = cart(11_900, 10_000, at=place(*GERMANY), behaviors=("inclusive", "exclusive"))
    assert [(line.subtotal_minor, line.tax_inclusive) for line in priced.lines] == [(11_900, True), (10_000, False)]
    assert (priced.subtotal_minor, priced.tax_minor, priced.total_minor) == (20_000, 3800, 23_800)
    assert priced.tax_behavior == "exclusive"


def test_a_discount_on_prices_with_and_without_tax_is_told_without_it() -> None:
    half = Percentage(basis_points=5000)
    priced = cart(11_900, 10_000, at=place(*GERMANY), behaviors=("inclusive", "exclusive"), off=half)
    assert (priced.subtotal_minor, priced.discount_minor, priced.net_minor) == (20_000, 10_000, 10_000)
    assert (priced.discounts[0].amount_minor, priced.total_minor) == (10_000, 11_900)


@pytest.mark.parametrize("behaviors", [("inclusive", "inclusive"), ("exclusive", "exclusive")])
def test_prices_of_one_kind_are_summed_up_as_they_are(behaviors: tuple[str, str]) -> None:
    assert cart(11_900, 10_000, at=place(*GERMANY), behaviors=behaviors).subtotal_minor == 21_900


EUROS = Exchange(base="USD", currency="EUR", rate="0.895113", fee_ppm=40_000, dated="2026-11-01")


@pytest.mark.parametrize(
    ("goods", "behavior", "total", "net"),
    [((999, 999, 999), "inclusive", 2790, 2345), ((839, 840, 840), "exclusive", 2791, 2345)],
)
def test_the_tax_of_a_converted_cart_is_taken_once_from_what_it_came_to(
    goods: tuple[int, ...], behavior: str, total: int, net: int
) -> None:
    priced = convert(cart(*goods, at=place(*GERMANY), behaviors=(behavior,) * 3), EUROS)
    assert (priced.total_minor, priced.net_minor, priced.tax_minor) == (total, net, total - net)
    assert sum(line.tax_minor for line in priced.lines) == total - net


def test_the_goods_of_each_rate_of_a_converted_cart_are_taxed_by_themselves() -> None:
    books, things = product(0, Fixed(amount_minor=1070), "USD"), product(1, Fixed(amount_minor=1190), "USD")
    books = replace(books, tax_category="e_book")
    components = (TaxComponent(name="VAT", rate_ppm=70_000),)
    reduced = TaxDecision(reason="reduced_rated", country="DE", components=components)
    both = replace(place(*GERMANY), taxes={**place(*GERMANY).taxes, "e_book": reduced})
    lines = [Line(product_id=item.id, price_id=item.prices[0].id) for item in (books, things)]
    priced = convert(quote(lines, [books, things], currency="USD", place=both), EUROS)
    for line, rate in zip(priced.lines, (7, 19), strict=True):
        assert abs(line.total_minor * rate - line.tax_minor * (100 + rate)) * 2 <= 100 + rate


def test_every_part_of_a_price_in_kronur_is_whole_kronur() -> None:
    iceland = place(TaxComponent(name="VSK", rate_ppm=240_000), country="IS")
    priced = cart(799_900, at=iceland, off=Percentage(basis_points=1507), currency="ISK")
    assert (priced.subtotal_minor, priced.discount_minor, priced.total_minor) == (799_900, 120_500, 679_400)
    assert (priced.net_minor, priced.tax_minor) == (547_900, 131_500)


def test_a_total_that_is_converted_into_kronur_or_dinars_can_be_charged_as_it_stands() -> None:
    to = Exchange(base="USD", currency="ISK", rate="122.0701", fee_ppm=40_000, dated="2026-11-01")
    assert convert(cart(1999), to).total_minor == 253_800
    assert convert(cart(1999), replace(to, currency="KWD", rate="0.308")).total_minor == 6400


def test_a_discount_of_an_amount_in_kronur_takes_whole_kronur() -> None:
    assert cart(799_900, off=AmountOff(amounts={"ISK": 12_345}), currency="ISK").discount_minor == 12_300
