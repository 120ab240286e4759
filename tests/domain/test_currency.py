"""The currency table: complete, consistent with both APIs, and with amounts that make sense in money people know."""

from __future__ import annotations

import re

import pytest

from checkstand.domain.currency import (
    CURRENCIES,
    DODO_CURRENCIES,
    POLAR_CURRENCIES,
    Currency,
    UnknownCurrency,
    currency,
)
from tests.shared_folder import contract
from tests.tables import table

WHOLE_UNITS = {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
THOUSANDTHS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}

# How many of each make one US dollar, to within a factor of two: an exponent that is wrong is off by ten or more.
PER_DOLLAR = {
    code: float(rate)
    for code, rate in re.findall(
        r"([A-Z]{3})=([\d.]+)",
        """
        AED=3.7 ALL=85 AMD=385 ANG=1.8 AOA=910 ARS=1400 AUD=1.5 AWG=1.8 AZN=1.7 BAM=1.7 BBD=2 BDT=121 BGN=1.7
        BHD=0.38 BIF=2950 BMD=1 BND=1.3 BOB=6.9 BRL=5.5 BSD=1 BWP=13.5 BYN=3.2 BZD=2 CAD=1.4 CDF=2500 CHF=0.8
        CLP=950 CNY=7.1 COP=4000 CRC=505 CUP=24 CVE=95 CZK=21 DJF=178 DKK=6.4 DOP=62 DZD=130 EGP=48 ETB=145 EUR=0.86
        FJD=2.3 FKP=0.75 GBP=0.75 GEL=2.7 GHS=11 GIP=0.75 GMD=72 GNF=8650 GTQ=7.7 GYD=209 HKD=7.8 HNL=26 HRK=6.5
        HTG=131 HUF=335 IDR=16500 ILS=3.3 INR=88 IQD=1310 ISK=122 JMD=160 JOD=0.71 JPY=150 KES=129 KGS=87 KHR=4020
        KMF=422 KRW=1420 KWD=0.31 KYD=0.83 KZT=530 LAK=21700 LBP=89500 LKR=303 LRD=182 LSL=17.5 LYD=5.4 MAD=9.2
        MDL=17 MGA=4480 MKD=53 MMK=2100 MNT=3590 MOP=8 MRU=40 MUR=45 MVR=15.4 MWK=1735 MXN=18.5 MYR=4.2 MZN=64
        NAD=17.5 NGN=1460 NIO=36.8 NOK=10 NPR=141 NZD=1.75 OMR=0.38 PAB=1 PEN=3.4 PGK=4.2 PHP=58 PKR=281 PLN=3.65
        PYG=7050 QAR=3.64 RON=4.4 RSD=101 RUB=81 RWF=1450 SAR=3.75 SBD=8.2 SCR=14 SEK=9.5 SGD=1.3 SHP=0.75 SLE=23
        SLL=23000 SOS=571 SRD=39 SSP=4600 STN=21 SVC=8.75 SZL=17.5 THB=32.5 TJS=9.3 TND=2.9 TOP=2.4 TRY=42 TTD=6.8
        TWD=30.7 TZS=2460 UAH=41.8 UGX=3490 UYU=40 UZS=12100 VES=200 VND=26300 VUV=120 WST=2.8 XAF=565 XCD=2.7
        XCG=1.8 XOF=565 XPF=103 YER=239 ZAR=17.3 ZMW=22.7 USD=1
        """,
    )
}


@table(
    ("code", "exponent"),
    [
        *((code, 0) for code in sorted(WHOLE_UNITS)),
        *((code, 3) for code in sorted(THOUSANDTHS)),
        *((code, 2) for code in ("USD", "EUR", "HUF", "TWD", "ISK", "UGX", "IDR", "LAK", "UZS", "MRU", "COP", "RSD")),
    ],
)
def test_the_exponent_is_what_the_processor_takes_as_minor_unit(code: str, exponent: int) -> None:
    assert currency(code).exponent == exponent


def test_only_the_named_currencies_have_other_than_two_decimals() -> None:
    assert {entry.code for entry in CURRENCIES.values() if entry.exponent == 0} == WHOLE_UNITS
    assert {entry.code for entry in CURRENCIES.values() if entry.exponent == 3} == THOUSANDTHS
    assert {entry.exponent for entry in CURRENCIES.values()} == {0, 2, 3}


@table("entry", CURRENCIES.values())
def test_the_smallest_charge_is_worth_between_a_fifth_of_a_dollar_and_three(entry: Currency) -> None:
    dollars = entry.smallest_charge_minor / 10**entry.exponent / PER_DOLLAR[entry.code]
    assert 0.2 < dollars < 3


@table("entry", CURRENCIES.values())
def test_the_largest_charge_allows_at_least_two_hundred_dollars(entry: Currency) -> None:
    dollars = entry.largest_charge_minor / 10**entry.exponent / PER_DOLLAR[entry.code]
    assert dollars > 200
    assert entry.largest_charge_minor <= 2**31 - 1


@table(
    ("code", "smallest", "largest"),
    [
        ("usd", 50, 99_999_999),
        ("eur", 50, 99_999_999),
        ("gbp", 40, 99_999_999),
        ("jpy", 80, 99_999_999),
        ("inr", 6000, 99_999_999),
        ("krw", 800, 99_999_999),
        ("idr", 900_000, 1_600_000_000),
        ("lak", 2_000_000, 2_100_000_000),
        ("ugx", 200_000, 370_000_000),
        ("ang", 200, 99_999_999),
        ("lbp", 5_000_000, 2_147_483_647),
    ],
)
def test_what_may_be_charged(code: str, smallest: int, largest: int) -> None:
    assert (currency(code).smallest_charge_minor, currency(code).largest_charge_minor) == (smallest, largest)


def test_the_code_is_taken_in_any_case() -> None:
    assert currency("usd") is currency("USD") is currency("Usd")


@table("text", ["", "xxx", "us", "dollars", "btc", "usd "])
def test_an_unknown_code_is_refused_with_the_text_as_given(text: str) -> None:
    with pytest.raises(UnknownCurrency, match="ISO 4217") as caught:
        currency(text)
    assert caught.value.code == text


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        CURRENCIES["USD"] = CURRENCIES["EUR"]  # type: ignore[index]


def test_each_code_appears_once_and_belongs_to_an_api() -> None:
    assert all(re.fullmatch("[A-Z]{3}", code) and entry.code == code for code, entry in CURRENCIES.items())
    assert set(CURRENCIES) == POLAR_CURRENCIES | DODO_CURRENCIES == set(PER_DOLLAR)
    assert (len(CURRENCIES), len(POLAR_CURRENCIES), len(DODO_CURRENCIES)) == (149, 126, 145)


@pytest.mark.parametrize(
    ("file", "enum", "ours"),
    [("polar.json", "PresentmentCurrency", POLAR_CURRENCIES), ("dodo.json", "Currency", DODO_CURRENCIES)],
)
def test_the_codes_are_those_of_the_apis_where_their_contracts_are_at_hand(
    file: str, enum: str, ours: frozenset[str]
) -> None:
    found = contract(file)
    if found:  # a fresh clone has none; the counts above hold everywhere
        codes = found["components"]["schemas"][enum]["enum"]
        assert {code.upper() for code in codes} == ours
