"""Amounts: rounding, dividing, printing and reading never lose or invent a minor unit."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkstand.domain.currency import CURRENCIES, UnknownCurrency
from checkstand.domain.money import Money, divide_half_away, format_money, parse_amount, percentage_of, split
from tests.tables import table

AMOUNTS = st.integers(min_value=-(10**13), max_value=10**13)
WEIGHTS = st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=20)
CODES = st.sampled_from(sorted(CURRENCIES))


# ---------------------------------------------------------------- rounding


@table(
    ("amount_minor", "basis_points", "expected"),
    [
        (1010, 2500, 253),
        (1, 5000, 1),
        (999, 2550, 255),
        (333, 1500, 50),
        (-1010, 2500, -253),
        (7, 0, 0),
        (7, 10_000, 7),
    ],
)
def test_a_percentage_is_rounded_half_away_from_zero(amount_minor: int, basis_points: int, expected: int) -> None:
    assert percentage_of(amount_minor, basis_points) == expected


@given(AMOUNTS, st.integers(min_value=-(10**6), max_value=10**6).filter(bool))
def test_division_rounds_as_decimal_arithmetic_does(numerator: int, denominator: int) -> None:
    # 25 digits of quotient are enough to tell a half from its neighbours at this size.
    exact = Decimal(numerator) / Decimal(denominator)
    assert divide_half_away(numerator, denominator) == int(exact.to_integral_value(ROUND_HALF_UP))


@given(AMOUNTS, st.integers(min_value=1, max_value=10**6))
def test_division_is_the_same_rule_on_both_sides_of_zero(numerator: int, denominator: int) -> None:
    assert divide_half_away(-numerator, denominator) == -divide_half_away(numerator, denominator)
    assert divide_half_away(numerator, -denominator) == -divide_half_away(numerator, denominator)


@given(AMOUNTS, st.integers(min_value=0, max_value=10_000))
def test_a_percentage_never_exceeds_the_amount_and_keeps_its_sign(amount_minor: int, basis_points: int) -> None:
    part = percentage_of(amount_minor, basis_points)
    assert abs(part) <= abs(amount_minor)
    assert part * amount_minor >= 0


def test_division_by_zero_is_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        divide_half_away(1, 0)


# ---------------------------------------------------------------- dividing among parts


@given(AMOUNTS, WEIGHTS)
def test_the_parts_of_a_split_sum_to_the_total(amount_minor: int, weights: list[int]) -> None:
    parts = split(amount_minor, weights)
    assert sum(parts) == amount_minor
    assert len(parts) == len(weights)


@table("code", sorted(CURRENCIES))
def test_the_smallest_and_the_largest_charge_of_every_currency_split_without_loss(code: str) -> None:
    entry = CURRENCIES[code]
    for amount_minor in (entry.smallest_charge_minor, entry.largest_charge_minor, -entry.largest_charge_minor):
        assert sum(split(amount_minor, [3, 0, 7, 11, 1])) == amount_minor


@given(AMOUNTS, WEIGHTS.filter(any))
def test_each_part_is_less_than_one_unit_off_its_exact_share(amount_minor: int, weights: list[int]) -> None:
    total = sum(weights)
    for part, weight in zip(split(amount_minor, weights), weights, strict=True):
        assert abs(part * total - amount_minor * weight) < total


@given(WEIGHTS.filter(any), st.data())
def test_a_discount_no_larger_than_its_lines_takes_no_line_below_zero(lines: list[int], data: st.DataObject) -> None:
    discount = data.draw(st.integers(min_value=0, max_value=sum(lines)))
    assert all(0 <= part <= line for part, line in zip(split(discount, lines), lines, strict=True))


@given(AMOUNTS, WEIGHTS)
def test_a_negative_total_splits_as_its_positive_does(amount_minor: int, weights: list[int]) -> None:
    assert split(-amount_minor, weights) == tuple(-part for part in split(amount_minor, weights))


def test_weights_of_zero_only_mean_equal_parts() -> None:
    assert split(10, [0, 0, 0]) == (4, 3, 3)


def test_a_split_refuses_what_it_cannot_divide() -> None:
    with pytest.raises(ValueError, match="negative"):
        split(10, [1, -1])
    with pytest.raises(ValueError, match="no parts"):
        split(10, [])
    assert split(0, []) == ()


# ---------------------------------------------------------------- Money


def test_money_of_one_currency_adds_subtracts_and_compares() -> None:
    assert Money(150, "usd") + Money(50, "USD") == Money(200, "USD")
    assert Money(150, "usd") - Money(200, "usd") == Money(-50, "usd") == -Money(50, "usd")
    assert Money(1, "usd") < Money(2, "usd") <= Money(2, "usd")
    assert Money(2, "usd") > Money(1, "usd") >= Money(1, "usd")
    assert Money(1, "usd")
    assert not Money(0, "usd")
    assert str(Money(123456, "eur")) == "€1,234.56"


def test_money_of_two_currencies_does_not_mix() -> None:
    dollars, euros = Money(100, "USD"), Money(100, "EUR")
    assert dollars != euros
    for mix in (Money.__add__, Money.__sub__, Money.__lt__, Money.__le__, Money.__gt__, Money.__ge__):
        with pytest.raises(ValueError, match="different currencies"):
            mix(dollars, euros)


def test_money_of_an_unknown_currency_cannot_be_made() -> None:
    with pytest.raises(UnknownCurrency):
        Money(1, "XXX")


# ---------------------------------------------------------------- text


@table(
    ("amount_minor", "code", "text"),
    [
        (50, "usd", "$0.50"),
        (99_999_999, "usd", "$999,999.99"),
        (80, "jpy", "¥80"),
        (1_234_567, "jpy", "¥1,234,567"),
        (1000, "kwd", "KWD 1.000"),
        (5, "eur", "€0.05"),
        (-123_456, "gbp", "-£1,234.56"),
        (6000, "inr", "₹60.00"),
        (70, "cad", "CA$0.70"),
        (70, "aud", "A$0.70"),
        (200_000, "ugx", "UGX 2,000"),
        (0, "chf", "CHF 0.00"),
    ],
)
def test_amounts_print_as_us_english_text(amount_minor: int, code: str, text: str) -> None:
    assert format_money(amount_minor, code) == text


@given(st.integers(min_value=0, max_value=10**13), CODES)
def test_a_printed_amount_reads_back_in_every_currency(amount_minor: int, code: str) -> None:
    assert parse_amount(format_money(amount_minor, code), code) == amount_minor


@table("code", sorted(CURRENCIES))
def test_the_bounds_of_every_currency_read_back(code: str) -> None:
    entry = CURRENCIES[code]
    for amount_minor in (0, 1, entry.smallest_charge_minor, entry.largest_charge_minor):
        assert parse_amount(format_money(amount_minor, code), code.lower()) == amount_minor


@table(
    ("text", "code", "amount_minor"),
    [
        ("12", "usd", 1200),
        ("12.5", "usd", 1250),
        ("12.50", "usd", 1250),
        ("12,50", "eur", 1250),
        (".5", "usd", 50),
        ("0", "usd", 0),
        ("1,234", "usd", 123_400),
        ("1,234.5", "usd", 123_450),
        ("1.234,50", "eur", 123_450),
        ("1.234.567", "eur", 123_456_700),
        ("1 234,50", "eur", 123_450),
        ("1\u00a0234,50", "eur", 123_450),
        ("1\u202f234,50\u00a0€", "eur", 123_450),
        ("1'234.50", "chf", 123_450),
        ("1’234.50 CHF", "chf", 123_450),
        ("1,23,456.50", "inr", 12_345_650),
        ("$12", "usd", 1200),
        ("usd 12.50", "USD", 1250),
        ("$5 USD", "usd", 500),
        ("$5", "aud", 500),
        ("A$5", "aud", 500),
        ("¥1200", "jpy", 1200),
        ("￥1,200", "jpy", 1200),
        ("１２００", "jpy", 1200),
        ("¥5", "cny", 500),
        ("١٢٫٥", "aed", 1250),
        ("1.234", "kwd", 1234),
        ("1,5", "kwd", 1500),
        ("0,500", "kwd", 500),
        ("1,234.5", "kwd", 1_234_500),
        ("  7  ", "usd", 700),
    ],
)
def test_amounts_are_read_as_people_type_them(text: str, code: str, amount_minor: int) -> None:
    assert parse_amount(text, code) == amount_minor


@table(
    ("text", "code"),
    [
        ("", "usd"),
        (" ", "usd"),
        ("$", "usd"),
        ("abc", "usd"),
        ("-5", "usd"),
        ("+5", "usd"),
        ("1e3", "usd"),
        ("nan", "usd"),
        ("5.", "usd"),
        ("12.505", "usd"),
        ("0,500", "usd"),
        ("12.5", "jpy"),
        ("12,50", "jpy"),
        ("1.2345", "kwd"),
        ("1,234", "kwd"),  # one dinar or a thousand
        ("1,2,3", "usd"),
        ("12 34", "usd"),
        ("1 234.567,50", "eur"),
        ("1,234.5.6", "usd"),
        ("1..5", "usd"),
        ("€5", "usd"),
        ("5 EUR", "usd"),
        ("$5", "eur"),
        ("5²", "usd"),
        ("½", "usd"),
        ("0x10", "usd"),
        ("1_000", "usd"),
        ("9" * 41, "usd"),
    ],
)
def test_nonsense_and_too_many_decimals_are_refused(text: str, code: str) -> None:
    with pytest.raises(ValueError, match="is not an amount of"):
        parse_amount(text, code)


@given(st.text(max_size=50), CODES)
def test_any_text_is_either_an_amount_or_a_value_error(text: str, code: str) -> None:
    try:
        assert parse_amount(text, code) >= 0
    except ValueError as refusal:
        assert "is not an amount of" in str(refusal)  # noqa: PT017  (both outcomes are right)


def test_an_unknown_currency_is_neither_printed_nor_read() -> None:
    with pytest.raises(UnknownCurrency):
        format_money(1, "zzz")
    with pytest.raises(UnknownCurrency):
        parse_amount("1", "zzz")
