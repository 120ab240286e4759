"""Exchange rates: what one unit of a currency is worth in another, and of which day that is.

`RateProvider` is the port; `EmbeddedRates` answers it from a dated table that ships with the server (`data/exchange_rates.csv`,
units for one US dollar). Good for trying; real money needs a live provider: `docs/currencies.md` tells how to put one in.

The fee and the rounding of amounts are in `domain/exchange.py`, who asks for a rate in `flows/currencies.py`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final, Protocol

# Ten digits tell one minor unit in a hundred million; more would pretend to a precision that no published rate has.
_DIGITS: Final = Context(prec=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Units of `currency` for one unit of `base`, a decimal number as text, and the day (ISO 8601) it was published for."""

    base: str
    currency: str
    rate: str
    dated: str


class RateProvider(Protocol):
    """The port for exchange rates. Codes are ISO 4217, upper case."""

    async def rate(self, base: str, currency: str) -> Rate | None:
        """The rate of now, or None when one of the currencies isn't known. May take seconds, so never ask in a transaction."""
        ...


@dataclass(frozen=True, slots=True)
class _Line:
    units_per_usd: Fraction
    dated: str


class EmbeddedRates:
    """The table that ships with the server, read at the first question. Every currency of `domain/currency.py` is in it."""

    async def rate(self, base: str, currency: str) -> Rate | None:
        """The rate by way of the dollar, dated as the older of the two lines it comes from."""
        table = _table()
        one, other = table.get(base), table.get(currency)
        if one is None or other is None:
            return None
        value = other.units_per_usd / one.units_per_usd
        return Rate(base=base, currency=currency, rate=_text(value), dated=min(one.dated, other.dated))


@cache
def _table() -> Mapping[str, _Line]:
    text = resources.files("checkstand.providers").joinpath("data/exchange_rates.csv").read_text(encoding="utf-8")
    lines = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return MappingProxyType(
        {line["currency"]: _Line(units_per_usd=Fraction(line["units_per_usd"]), dated=line["dated"]) for line in lines}
    )


def _text(value: Fraction) -> str:
    """A plain decimal number, without an exponent or trailing zeros."""
    quotient = _DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))
    return format(quotient.normalize(_DIGITS), "f")
