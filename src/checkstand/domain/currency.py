"""Currencies: which codes each API knows, what one minor unit is, and what the processor will charge.

One exponent per code, whoever asks. Where sources disagree, **what Stripe takes as the minor unit wins** (it moves the
money), then ISO 4217. CLDR, which says how amounts are usually printed, never decides.

* UGX, ISK: no decimals in ISO, and UGX is in Dodo's zero-decimal list. Stripe keeps two, the last two digits being 00,
  and Polar does the same (smallest charges 200000 and 7000). So 2.
* MGA: ISO says 2 (a fifth of an ariary); Stripe, Polar and Dodo count whole ariary. So 0. MRU is alike, but on no
  processor's list: 2.
* HUF, TWD: whole units for payouts only; charges have two decimals. So 2. CLP: 0 for all.
* ALL COP IDR LAK LBP MMK PKR RSD UZS and more: printed without decimals by CLDR, two in ISO and in charges. So 2.
* BHD IQD JOD KWD LYD OMR TND: 3. CLDR prints IQD without decimals; LYD is in no processor's list.

Step: not every minor unit can be charged. Stripe refuses ISK and UGX whose last two digits are not 00, and card networks
want the last digit of a three-decimal amount to be 0. Prices keep to the step, and every amount is rounded to it where it is
worked out (`pricing.py`), so that what is shown is what is charged.

Smallest charge: Polar's where Polar has the currency, else Dodo's local minimum (given in major units), else a round
amount worth about half a US dollar to one. Largest charge: 99 999 999 minor units except where Polar names another, and
for five weak currencies that only Dodo has: 99 999 999 would be a few dollars there, so the bound is Dodo's own, a
32-bit integer.

    >>> currency("jpy").exponent, currency("USD").smallest_charge_minor
    (0, 50)
    >>> currency("btc")
    Traceback (most recent call last):
    ...
    checkstand.domain.currency.UnknownCurrency: Unknown currency 'btc': use an ISO 4217 code such as 'usd'.

Arithmetic, formatting and reading of amounts are in `money.py`. The examples run with
`pytest --doctest-modules src/checkstand/domain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_LARGEST_CHARGE_MINOR: Final = 99_999_999
_INT32_MAX: Final = 2_147_483_647


class UnknownCurrency(ValueError):
    """The code is in neither API's list. `code` is the text as it was given."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Unknown currency {code!r}: use an ISO 4217 code such as 'usd'.")
        self.code = code


@dataclass(frozen=True, slots=True)
class Currency:
    """One ISO 4217 currency. Amounts are in its minor unit: 10 ** -exponent of the major unit, and multiples of `step_minor`."""

    code: str
    exponent: int
    step_minor: int
    smallest_charge_minor: int
    largest_charge_minor: int
    polar: bool
    dodo: bool

    def decimals_of(self, amount_minor: int) -> int:
        """How many decimals an amount is shown with: none where only whole units are charged, and it is one.

        >>> currency("ISK").decimals_of(679_400), currency("USD").decimals_of(679_400), currency("ISK").decimals_of(50)
        (0, 2, 2)
        """
        is_whole = self.step_minor == 10**self.exponent and amount_minor % self.step_minor == 0
        return 0 if is_whole else self.exponent


def _row(
    code: str,
    smallest: int,
    *,
    exponent: int = 2,
    step: int = 1,
    largest: int = _LARGEST_CHARGE_MINOR,
    polar: bool = True,
    dodo: bool = True,
) -> Currency:
    return Currency(code, exponent, 10 if exponent == 3 else step, smallest, largest, polar, dodo)


_TABLE: Final = (
    # Accepted by both APIs; the smallest charge is Polar's.
    _row("AED", 200),
    _row("ALL", 5_000),
    _row("AMD", 20_000),
    _row("AOA", 50_000),
    _row("ARS", 75_000, largest=140_000_000),
    _row("AUD", 70),
    _row("AWG", 100),
    _row("AZN", 100),
    _row("BAM", 100),
    _row("BBD", 200),
    _row("BDT", 7_000),
    _row("BIF", 2_000, exponent=0),
    _row("BMD", 100),
    _row("BND", 100),
    _row("BOB", 500),
    _row("BRL", 250),
    _row("BSD", 100),
    _row("BWP", 1_000),
    _row("BZD", 200),
    _row("CAD", 70),
    _row("CHF", 50),
    _row("CLP", 500, exponent=0),
    _row("CNY", 500),
    _row("COP", 200_000, largest=400_000_000),
    _row("CRC", 30_000),
    _row("CVE", 5_000),
    _row("CZK", 1_500),
    _row("DJF", 100, exponent=0),
    _row("DKK", 320),
    _row("DOP", 4_000),
    _row("DZD", 7_000),
    _row("EGP", 3_000),
    _row("ETB", 8_000),
    _row("EUR", 50),
    _row("FJD", 200),
    _row("FKP", 100),
    _row("GBP", 40),
    _row("GEL", 200),
    _row("GIP", 100),
    _row("GMD", 4_000),
    _row("GNF", 5_000, exponent=0),
    _row("GTQ", 500),
    _row("GYD", 20_000),
    _row("HKD", 400),
    _row("HNL", 2_000),
    _row("HTG", 7_000),
    _row("HUF", 17_500),
    _row("IDR", 900_000, largest=1_600_000_000),
    _row("ILS", 150),
    _row("INR", 6_000),
    _row("JMD", 8_000),
    _row("JPY", 80, exponent=0),
    _row("KES", 7_000),
    _row("KGS", 5_000),
    _row("KHR", 300_000, largest=400_000_000),
    _row("KMF", 500, exponent=0),
    _row("KRW", 800, exponent=0),
    _row("KYD", 100),
    _row("KZT", 30_000),
    _row("LAK", 2_000_000, largest=2_100_000_000),
    _row("LKR", 20_000),
    _row("LRD", 10_000),
    _row("LSL", 1_000),
    _row("MAD", 500),
    _row("MDL", 1_000),
    _row("MGA", 3_000, exponent=0),
    _row("MKD", 5_000),
    _row("MNT", 200_000, largest=350_000_000),
    _row("MOP", 500),
    _row("MUR", 5_000),
    _row("MVR", 800),
    _row("MWK", 100_000, largest=175_000_000),
    _row("MXN", 900),
    _row("MYR", 200),
    _row("MZN", 5_000),
    _row("NAD", 1_000),
    _row("NGN", 70_000, largest=155_000_000),
    _row("NIO", 2_000),
    _row("NOK", 500),
    _row("NPR", 8_000),
    _row("NZD", 90),
    _row("PAB", 100),
    _row("PEN", 200),
    _row("PGK", 300),
    _row("PHP", 3_500),
    _row("PKR", 20_000),
    _row("PLN", 200),
    _row("PYG", 4_000, exponent=0),
    _row("QAR", 200),
    _row("RON", 250),
    _row("RSD", 6_000),
    _row("RWF", 1_000, exponent=0),
    _row("SAR", 200),
    _row("SBD", 400),
    _row("SCR", 800),
    _row("SEK", 500),
    _row("SGD", 70),
    _row("SHP", 100),
    _row("SOS", 50_000),
    _row("SRD", 2_000),
    _row("SZL", 1_000),
    _row("THB", 2_000),
    _row("TOP", 200),
    _row("TRY", 3_000),
    _row("TTD", 400),
    _row("TWD", 2_000),
    _row("TZS", 200_000, largest=250_000_000),
    _row("UAH", 3_000),
    _row("UGX", 200_000, step=100, largest=370_000_000),
    _row("USD", 50),
    _row("UYU", 2_000),
    _row("UZS", 700_000, largest=1_250_000_000),
    _row("VND", 20_000, exponent=0),
    _row("VUV", 100, exponent=0),
    _row("WST", 200),
    _row("XAF", 500, exponent=0),
    _row("XCD", 200),
    _row("XOF", 500, exponent=0),
    _row("XPF", 100, exponent=0),
    _row("YER", 20_000),
    _row("ZAR", 900),
    _row("ZMW", 1_000),
    # Only Polar.
    _row("CDF", 200_000, largest=280_000_000, dodo=False),
    _row("ISK", 7_000, step=100, dodo=False),
    _row("TJS", 500, dodo=False),
    _row("XCG", 100, dodo=False),
    # Only Dodo. ANG has Dodo's smallest charge; for the others nobody names one.
    _row("ANG", 200, polar=False),
    _row("BGN", 100, polar=False),
    _row("BHD", 200, exponent=3, polar=False),
    _row("BYN", 200, polar=False),
    _row("CUP", 1_500, polar=False),
    _row("GHS", 1_000, polar=False),
    _row("HRK", 400, polar=False),
    _row("IQD", 1_000_000, exponent=3, largest=_INT32_MAX, polar=False),
    _row("JOD", 400, exponent=3, polar=False),
    _row("KWD", 200, exponent=3, polar=False),
    _row("LBP", 5_000_000, largest=_INT32_MAX, polar=False),
    _row("LYD", 3_000, exponent=3, polar=False),
    _row("MMK", 200_000, largest=_INT32_MAX, polar=False),
    _row("MRU", 3_000, polar=False),
    _row("OMR", 200, exponent=3, polar=False),
    _row("RUB", 5_000, polar=False),
    _row("SLE", 2_000, polar=False),
    _row("SLL", 2_000_000, largest=_INT32_MAX, polar=False),
    _row("SSP", 300_000, largest=_INT32_MAX, polar=False),
    _row("STN", 2_000, polar=False),
    _row("SVC", 500, polar=False),
    _row("TND", 2_000, exponent=3, polar=False),
    _row("VES", 20_000, polar=False),
)

CURRENCIES: Final[Mapping[str, Currency]] = MappingProxyType({entry.code: entry for entry in _TABLE})
POLAR_CURRENCIES: Final = frozenset(entry.code for entry in _TABLE if entry.polar)
DODO_CURRENCIES: Final = frozenset(entry.code for entry in _TABLE if entry.dodo)


def currency(code: str) -> Currency:
    """The currency of a code in any case. Raises UnknownCurrency."""
    found = CURRENCIES.get(code) or CURRENCIES.get(code.upper())
    if found is None:
        raise UnknownCurrency(code)
    return found
