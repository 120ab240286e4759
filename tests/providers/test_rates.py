"""The table of exchange rates: complete, plausible, and consistent in every direction."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkstand.domain.currency import CURRENCIES
from checkstand.domain.exchange import Exchange
from checkstand.flows.currencies import exchange_to
from checkstand.providers.rates import EmbeddedRates, Rate
from tests.tables import table

CODES = st.sampled_from(sorted(CURRENCIES))


def rate(base: str, currency: str) -> Rate:
    found = asyncio.run(EmbeddedRates().rate(base, currency))
    assert found is not None
    return found


def exchange(base: str, currency: str, amount_minor: int, *, with_fee: bool = True) -> Exchange | None:
    return asyncio.run(
        exchange_to(EmbeddedRates(), base=base, currency=currency, amount_minor=amount_minor, with_fee=with_fee)
    )


class OnlyFromEuros:
    """A provider that knows one pair."""

    async def rate(self, base: str, currency: str) -> Rate | None:
        if (base, currency) != ("EUR", "SEK"):
            return None
        return Rate(base=base, currency=currency, rate="11", dated="2026-11-01")


# ---------------------------------------------------------------- the table


@table("code", sorted(CURRENCIES))
def test_every_currency_has_a_dated_rate_as_plain_decimal_text(code: str) -> None:
    found = rate("USD", code)
    assert (found.base, found.currency) == ("USD", code)
    assert re.fullmatch(r"\d+(\.\d*[1-9])?", found.rate)
    assert Fraction(found.rate) > 0
    assert date(2026, 9, 1) <= date.fromisoformat(found.dated) <= date(2026, 11, 1)


@table("code", sorted(CURRENCIES))
def test_the_smallest_charge_of_each_currency_is_worth_some_cents_to_some_dollars(code: str) -> None:
    # A shifted decimal point, or a rate the wrong way round, would be off by far more. Old lists set the outliers.
    entry = CURRENCIES[code]
    usd = Fraction(rate(code, "USD").rate) * entry.smallest_charge_minor / 10**entry.exponent
    assert Fraction(1, 100) < usd < 10


def test_currencies_tied_to_another_follow_it_exactly() -> None:
    for base, currency, factor in [
        ("EUR", "XOF", "655.957"),
        ("EUR", "BGN", "1.95583"),
        ("EUR", "HRK", "7.5345"),
        ("USD", "AED", "3.6725"),
        ("GBP", "GIP", "1"),
        ("ZAR", "NAD", "1"),
        ("SLE", "SLL", "1000"),
    ]:
        assert rate(base, currency).rate == factor


@given(CODES, CODES)
def test_a_rate_and_its_inverse_agree(one: str, other: str) -> None:
    there, back = rate(one, other), rate(other, one)
    assert abs(Fraction(there.rate) * Fraction(back.rate) - 1) < Fraction(1, 10**8)
    assert there.dated == back.dated


@given(CODES, CODES, CODES)
def test_a_rate_is_the_same_by_way_of_a_third_currency(one: str, other: str, third: str) -> None:
    direct = Fraction(rate(one, other).rate)
    detour = Fraction(rate(one, third).rate) * Fraction(rate(third, other).rate)
    assert abs(detour / direct - 1) < Fraction(1, 10**8)


@given(CODES)
def test_a_currency_is_worth_one_of_itself(code: str) -> None:
    assert rate(code, code).rate == "1"


def test_a_cross_rate_is_as_old_as_the_older_of_its_two_lines() -> None:
    assert rate("EUR", "GBP").dated == "2026-10-30"
    assert rate("EUR", "TJS").dated == rate("TJS", "EUR").dated == "2026-09-29"


def test_even_the_smallest_rate_keeps_ten_digits() -> None:
    assert len(Decimal(rate("LBP", "KWD").rate).as_tuple().digits) >= 9


@pytest.mark.parametrize(("base", "currency"), [("USD", "XXX"), ("BTC", "USD"), ("", ""), ("usd", "EUR")])
def test_an_unknown_code_has_no_rate(base: str, currency: str) -> None:
    assert asyncio.run(EmbeddedRates().rate(base, currency)) is None


def test_the_table_is_read_at_the_first_question_and_not_before() -> None:
    script = (
        "import asyncio, checkstand.providers.rates as r;"
        "print(r._table.cache_info().currsize);"
        "asyncio.run(r.EmbeddedRates().rate('USD', 'EUR')); asyncio.run(r.EmbeddedRates().rate('USD', 'GBP'));"
        "print(r._table.cache_info().misses)"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["0", "1"]


# ---------------------------------------------------------------- the exchange of an order


def test_an_order_is_exchanged_at_the_tables_rate_with_the_fee_of_its_value() -> None:
    found = exchange("USD", "EUR", 100_00)
    assert found is not None
    assert (found.base, found.currency, found.fee_ppm) == ("USD", "EUR", 40_000)
    assert (found.rate, found.dated) == (rate("USD", "EUR").rate, rate("USD", "EUR").dated)


def test_without_a_fee_the_exchange_has_none() -> None:
    found = exchange("USD", "EUR", 100_00, with_fee=False)
    assert found is not None
    assert found.fee_ppm == 0


@table(
    ("usd_minor", "fee_ppm"), [(0, 40_000), (499_99, 40_000), (500_00, 30_000), (1500_00, 30_000), (1500_01, 20_000)]
)
def test_the_fee_steps_with_the_orders_value(usd_minor: int, fee_ppm: int) -> None:
    found = exchange("USD", "EUR", usd_minor)
    assert found is not None
    assert found.fee_ppm == fee_ppm


@table(
    ("base", "amount_minor", "fee_ppm"),
    [
        ("EUR", 400_00, 40_000),  # 447 dollars
        ("EUR", 450_00, 30_000),  # 503
        ("JPY", 78_000, 40_000),  # 496
        ("JPY", 79_000, 30_000),  # 502
        ("KWD", 150_000, 40_000),  # 150 dinars: 484
        ("KWD", 500_000, 20_000),  # 500 dinars: 1612
    ],
)
def test_the_fee_goes_by_the_value_in_dollars_whatever_the_price_is_in(
    base: str, amount_minor: int, fee_ppm: int
) -> None:
    found = exchange(base, "GBP", amount_minor)
    assert found is not None
    assert found.fee_ppm == fee_ppm


@pytest.mark.parametrize(("base", "currency"), [("INR", "INR"), ("USD", "USD"), ("usd", "USD")])
def test_the_same_currency_needs_no_exchange(base: str, currency: str) -> None:
    assert exchange(base, currency, 100_00) is None


def test_codes_of_either_case_are_understood() -> None:
    assert exchange("usd", "eur", 100_00) == exchange("USD", "EUR", 100_00) is not None


def test_without_a_rate_there_is_no_exchange() -> None:
    assert exchange("USD", "XXX", 100_00) is None


def test_without_a_value_in_dollars_there_is_an_exchange_only_where_no_fee_is_asked() -> None:
    def with_fee(asked: bool) -> Exchange | None:
        return asyncio.run(
            exchange_to(OnlyFromEuros(), base="EUR", currency="SEK", amount_minor=100_00, with_fee=asked)
        )

    assert with_fee(True) is None
    assert with_fee(False) == Exchange(base="EUR", currency="SEK", rate="11", fee_ppm=0, dated="2026-11-01")
