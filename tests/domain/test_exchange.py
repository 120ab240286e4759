"""Exchange: another currency's amounts, the fee included, without losing a unit on the way."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkstand.domain.currency import CURRENCIES, UnknownCurrency, currency
from checkstand.domain.exchange import Exchange, fee_for
from tests.tables import table

AMOUNTS = st.integers(min_value=0, max_value=10**12)
CODES = st.sampled_from(sorted(CURRENCIES))
RATES = st.decimals(min_value="0.000001", max_value="100000", allow_nan=False, allow_infinity=False, places=6).map(str)
FEES = st.sampled_from([0, 20_000, 30_000, 40_000])
EXCHANGES = st.builds(Exchange, base=CODES, currency=CODES, rate=RATES, fee_ppm=FEES, dated=st.just("2026-11-01"))


def exchange(base: str, other: str, rate: str, fee_ppm: int = 0) -> Exchange:
    return Exchange(base=base, currency=other, rate=rate, fee_ppm=fee_ppm, dated="2026-11-01")


# ---------------------------------------------------------------- minor units


@table(
    ("base", "other", "rate", "amount_minor", "expected"),
    [
        ("USD", "JPY", "157.25", 1000, 1573),  # $10.00: 1572.5 yen
        ("USD", "KWD", "0.308", 1000, 3080),  # $10.00: 3.080 dinars
        ("USD", "EUR", "0.92", 1000, 920),
        ("JPY", "USD", "0.0064", 1573, 1007),  # 1573 yen: 10.0672 dollars
        ("JPY", "KWD", "0.002", 1573, 3150),  # 3.146 dinars: the last digit of what is charged is 0
        ("USD", "ISK", "122.07", 1001, 122_200),  # 1221.92 kronur: whole ones are charged
        ("JPY", "KRW", "8.5", 3, 26),  # 25.5: half away from zero
        ("KWD", "USD", "3.25", 3080, 1001),
        ("KWD", "JPY", "500", 3080, 1540),
        ("KWD", "BHD", "1.2", 3080, 3700),
    ],
)
def test_minor_units_are_those_of_each_currency(
    base: str, other: str, rate: str, amount_minor: int, expected: int
) -> None:
    assert exchange(base, other, rate).convert(amount_minor) == expected


def test_the_fee_is_part_of_the_amount_and_rounded_with_it_once() -> None:
    # 10.00 at 0.92 is 9.20, with 4 % 9.568. Rounded twice, 1 cent at 0.5 with 4 % would still be 1; so would 0.52 be.
    assert exchange("USD", "EUR", "0.92", 40_000).convert(1000) == 957
    # 0.49 cents round to 0; with the fee they are 0.5096, which rounds to 1.
    assert exchange("USD", "EUR", "0.49").convert(1) == 0
    assert exchange("USD", "EUR", "0.49", 40_000).convert(1) == 1


def test_a_currency_that_is_in_no_list_is_refused() -> None:
    with pytest.raises(UnknownCurrency):
        exchange("USD", "BTC", "0.00001").convert(100)


# ---------------------------------------------------------------- properties


@given(EXCHANGES)
def test_nothing_stays_nothing(given_exchange: Exchange) -> None:
    assert given_exchange.convert(0) == 0


@given(EXCHANGES, AMOUNTS, AMOUNTS)
def test_a_larger_amount_never_becomes_a_smaller_one(given_exchange: Exchange, one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert given_exchange.convert(small) <= given_exchange.convert(large)


@given(EXCHANGES, AMOUNTS)
def test_a_refund_is_converted_as_its_charge_was(given_exchange: Exchange, amount_minor: int) -> None:
    assert given_exchange.convert(-amount_minor) == -given_exchange.convert(amount_minor)


@given(EXCHANGES, AMOUNTS)
def test_an_amount_is_what_exact_decimal_arithmetic_says(given_exchange: Exchange, amount_minor: int) -> None:
    # 60 digits hold the product of all factors exactly: none has more than 13.
    other = currency(given_exchange.currency)
    shift = other.exponent - currency(given_exchange.base).exponent
    fee = 1 + Decimal(given_exchange.fee_ppm) / 1_000_000
    exact = (Decimal(amount_minor) * Decimal(given_exchange.rate)).scaleb(shift) * fee / other.step_minor
    assert given_exchange.convert(amount_minor) == int(exact.quantize(Decimal(1), ROUND_HALF_UP)) * other.step_minor


@given(st.sampled_from(["USD", "JPY", "KWD"]), AMOUNTS)
def test_one_to_one_without_a_fee_changes_nothing(code: str, amount_minor: int) -> None:
    amount_minor -= amount_minor % currency(code).step_minor
    assert exchange(code, code, "1").convert(amount_minor) == amount_minor


# ---------------------------------------------------------------- the fee


@table(
    ("usd_minor", "fee_ppm"),
    [(0, 40_000), (499_99, 40_000), (500_00, 30_000), (1500_00, 30_000), (1500_01, 20_000), (10**9, 20_000)],
)
def test_the_fee_falls_with_the_orders_value(usd_minor: int, fee_ppm: int) -> None:
    assert fee_for(usd_minor) == fee_ppm
