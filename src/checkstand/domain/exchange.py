"""Another currency than the price's: the rate and the fee.

Rule: the total is converted once, with the fee, and rounded half away from zero; `conversion.py` divides it. The
fee falls with the order's value: 4 % below 500 USD, 3 % to 1,500, 2 % above.

    >>> euros = Exchange(base="USD", currency="EUR", rate="0.92", fee_ppm=40_000, dated="2026-11-01")
    >>> euros.convert(1000)
    957

Source: docs/behaviour/dodo.md#currency-and-rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from checkstand.domain.currency import currency as currency_of
from checkstand.domain.money import divide_half_away

MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A conversion as it was fixed for one session. `rate`: units of `currency` for one unit of `base`, a decimal number as text."""

    base: str
    currency: str
    rate: str
    fee_ppm: int
    dated: str

    def convert(self, amount_minor: int) -> int:
        """An amount of the base currency in minor units of the other, the fee included, rounded once: to what can be charged."""
        factor, step = _factor(self.base, self.currency, self.rate, self.fee_ppm), currency_of(self.currency).step_minor
        return divide_half_away(amount_minor * factor.numerator, factor.denominator * step) * step


@lru_cache(maxsize=1024)
def _factor(base: str, currency: str, rate: str, fee_ppm: int) -> Fraction:
    """Minor units of one currency for one minor unit of the other, exactly."""
    shift = currency_of(currency).exponent - currency_of(base).exponent
    return Fraction(rate) * Fraction(10) ** shift * Fraction(MILLION + fee_ppm, MILLION)


def fee_for(usd_minor: int) -> int:
    """The fee in millionths for an order of this value in US cents."""
    if usd_minor < 500_00:
        return 40_000
    return 30_000 if usd_minor <= 1500_00 else 20_000
