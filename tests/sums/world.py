"""Where buyers are and what is known of these places: taxes, currencies, rates. Typed in by hand, apart from the server's own tables."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Context
from fractions import Fraction
from functools import cache
from pathlib import Path

from tests.sums.arithmetic import Taxes

RATES = Path(__file__).resolve().parents[2] / "src" / "checkstand" / "providers" / "data" / "exchange_rates.csv"


@dataclass(frozen=True)
class Coin:
    """A currency: decimals, what charges are multiples of, the least and the most that is charged at once, its sign in English."""

    decimals: int = 2
    step: int = 1
    least: int = 50
    most: int = 99_999_999


COINS = {
    "USD": Coin(),
    "EUR": Coin(),
    "GBP": Coin(least=40),
    "CAD": Coin(least=70),
    "CHF": Coin(),
    "HUF": Coin(least=17_500),
    "INR": Coin(least=6000),
    "JPY": Coin(decimals=0, least=80),
    "KWD": Coin(decimals=3, step=10, least=200),
    "IDR": Coin(least=900_000, most=1_600_000_000),
    "UGX": Coin(step=100, least=200_000, most=370_000_000),
    "ISK": Coin(step=100, least=7000),
}


def percent(text: str) -> Fraction:
    return Fraction(text) / 100


@dataclass(frozen=True)
class Spot:
    """A place: its money, its taxes on ordinary goods and on electronic books, whether prices contain them, and an address there."""

    country: str
    coin: str
    taxes: Taxes
    books: Taxes
    adds_tax: bool
    state: str | None = None
    city: str = "Town"
    postal_code: str = "10000"

    @property
    def address(self) -> dict[str, str]:
        found = {"country": self.country, "line1": "1 Main St", "city": self.city, "postal_code": self.postal_code}
        return {**found, "state": f"{self.country}-{self.state}"} if self.state else found

    @property
    def dodo_address(self) -> dict[str, str]:
        found = {"country": self.country, "street": "1 Main St", "city": self.city, "zipcode": self.postal_code}
        return {**found, "state": self.state} if self.state else found


def spot(country: str, coin: str, taxes: str, books: str | None = None, *, adds_tax: bool = False, **more: str) -> Spot:
    return Spot(country, coin, _named(taxes), _named(taxes if books is None else books), adds_tax, **more)


def _named(text: str) -> Taxes:
    """`GST 5, QST 9.975`"""
    parts = [one.rsplit(" ", 1) for one in text.split(", ")] if text else []
    return tuple((name, percent(rate)) for name, rate in parts)


SPOTS = (
    spot("DE", "EUR", "USt. 19", "USt. 7", postal_code="07743"),
    spot("FR", "EUR", "TVA 20", "TVA 5.5", postal_code="75001"),
    spot("GB", "GBP", "VAT 20", "VAT 0", postal_code="SW1A 1AA"),
    spot("HU", "HUF", "ÁFA 27", postal_code="1051"),
    spot("CH", "CHF", "MWST 8.1", "MWST 2.6", postal_code="8001"),
    spot("JP", "JPY", "JCT 10", state="13", postal_code="100-0001"),
    spot("IN", "INR", "IGST 18", adds_tax=True, state="MH", postal_code="400001"),
    spot("CA", "CAD", "GST 5, QST 9.975", adds_tax=True, state="QC", postal_code="H2Y 1C6"),
    spot("CA", "CAD", "GST 5, PST 7", "GST 5", adds_tax=True, state="BC", postal_code="V6B 1A1"),
    spot("US", "USD", "Sales tax 6.5", adds_tax=True, state="WA", postal_code="98109"),
    spot("ID", "IDR", "PPN 11", postal_code="10110"),
    spot("KW", "KWD", ""),
    spot("UG", "UGX", ""),
    spot("IS", "ISK", "VSK 24", "VSK 11", postal_code="101"),
)


@cache
def per_dollar(code: str) -> Fraction:
    """Units of a currency for a dollar, told and used with ten digits. The rates are data, which both sides read."""
    lines = csv.DictReader(line for line in RATES.read_text("utf-8").splitlines() if not line.startswith("#"))
    text = next(line["units_per_usd"] for line in lines if line["currency"] == code)
    return Fraction(Context(prec=10).create_decimal(text))


def factor(code: str, dollars_minor: int) -> Fraction:
    """Minor units charged for one cent: the rate and the fee, which falls with the order's value."""
    fee = 4 if dollars_minor < 500_00 else 3 if dollars_minor <= 1500_00 else 2
    return per_dollar(code) * 10 ** COINS[code].decimals / 100 * (1 + Fraction(fee, 100))


def spelled(amount: int, code: str) -> str:
    """The digits of an amount as a page or a document prints them: `1,234.50`, and no decimals where only whole units exist."""
    coin = COINS[code]
    whole, fraction = divmod(amount, 10**coin.decimals)
    shows = coin.decimals and coin.step != 10**coin.decimals
    return f"{whole:,}" + (f".{fraction:0{coin.decimals}d}" if shows else "")


def read(text: str, code: str) -> int:
    """The amount that was spelled so."""
    whole, _, fraction = text.replace(",", "").partition(".")
    return int(whole + fraction.ljust(COINS[code].decimals, "0"))
