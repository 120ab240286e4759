"""Money: integers in minor units, one rounding rule, parts that sum to the whole, and amounts as text.

Rule: round half away from zero, once. A total that is divided among lines is divided by largest remainder, so that no
unit appears or is lost. Never a float.

    >>> percentage_of(1010, 2500), percentage_of(1, 5000), percentage_of(999, 2550), percentage_of(333, 1500)
    (253, 1, 255, 50)
    >>> split(100, [1, 1, 1])
    (34, 33, 33)
    >>> format_money(50, "usd"), format_money(99_999_999, "usd"), format_money(80, "jpy"), format_money(1000, "kwd")
    ('$0.50', '$999,999.99', '¥80', 'KWD 1.000')
    >>> parse_amount("1 234,50", "eur"), parse_amount("¥1200", "jpy")
    (123450, 1200)

What a minor unit is and what may be charged is in `currency.py`. `format_money` is for the APIs' messages; pages print
in the buyer's language. The examples run with `pytest --doctest-modules src/checkstand/domain`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from checkstand.domain.currency import currency as find_currency

# CLDR's English symbols. CLDR's letter-only symbols (FCFA, CFPF, Cg.) are left out: the code is better known.
_SYMBOLS: Final = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "CNY": "CN¥",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "ILS": "₪",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "MXN": "MX$",
    "NZD": "NZ$",
    "PHP": "₱",
    "TWD": "NT$",
    "USD": "$",
    "VND": "₫",
    "XCD": "EC$",
}

_LONGEST_AMOUNT_TEXT: Final = 40
_GROUPED: Final = re.compile(r"[1-9]\d{0,2}([ ,.'])\d{3}(?:\1\d{3})*")
_GROUPED_BY_LAKH: Final = re.compile(r"[1-9]\d?(?:,\d{2})+,\d{3}")
_PLAIN: Final = re.compile(r"\d+")
# What keyboards of other scripts and spreadsheets write for the separators (full-width, Arabic, typographic).
_SEPARATORS: Final = str.maketrans({"٫": ".", "．": ".", "٬": ",", "，": ",", "’": "'", "￥": "¥", "＄": "$"})


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency (upper-case code, given in any case).

    Amounts of two currencies are unequal, and adding, subtracting or ordering them raises ValueError.
    """

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "currency", find_currency(self.currency).code)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount_minor + self._same_currency(other).amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount_minor - self._same_currency(other).amount_minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount_minor < self._same_currency(other).amount_minor

    def __le__(self, other: Money) -> bool:
        return self.amount_minor <= self._same_currency(other).amount_minor

    def __gt__(self, other: Money) -> bool:
        return self.amount_minor > self._same_currency(other).amount_minor

    def __ge__(self, other: Money) -> bool:
        return self.amount_minor >= self._same_currency(other).amount_minor

    def __bool__(self) -> bool:
        return self.amount_minor != 0

    def __str__(self) -> str:
        return format_money(self.amount_minor, self.currency)

    def _same_currency(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise ValueError(f"{self} and {other} have different currencies: convert one of them first.")
        return other


def to_step(amount_minor: int, step_minor: int) -> int:
    """The nearest amount that is a multiple of a step, half away from zero; never 0 for something that costs.

    >>> to_step(138_742, 100), to_step(5_125, 10), to_step(20, 100), to_step(1_999, 1)
    (138700, 5130, 100, 1999)
    """
    return max((amount_minor + step_minor // 2) // step_minor * step_minor, step_minor)


def step_missed(amount_minor: int, currency: str) -> str | None:
    """What an amount has to be a multiple of, formatted, when it is not; None when it can be charged as it is.

    >>> step_missed(12_345, "isk"), step_missed(12_300, "isk"), step_missed(1_235, "kwd")
    ('ISK 1', None, 'KWD 0.010')
    """
    step = find_currency(currency).step_minor
    return format_money(step, currency) if amount_minor % step else None


def divide_half_away(numerator: int, denominator: int) -> int:
    """The quotient, rounded half away from zero. Any signs; ZeroDivisionError when the denominator is 0.

    >>> divide_half_away(5, 2), divide_half_away(-5, 2), divide_half_away(5, -2), divide_half_away(4, 3)
    (3, -3, -3, 1)
    """
    size = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return size if (numerator < 0) == (denominator < 0) else -size


def price_of_one(amount_minor: int, quantity: int, *, contained_ppm: int = 0) -> str:
    """What one of `quantity` costs that together cost an amount, without the tax of `contained_ppm` that is in it.

    Minor units as a decimal number in text, with two decimals of them where it needs any, and more, six at most, until so many
    (with their tax) make the amount again. ZeroDivisionError for a quantity of 0.

    >>> price_of_one(4000, 5), price_of_one(2590, 3), price_of_one(1000, 1, contained_ppm=190_000), price_of_one(10_001, 6000)
    ('800', '863.33', '840.34', '1.6668')
    """
    whole = 1_000_000 + contained_ppm
    one, decimals = 0, 0
    for decimals in range(2, 7):
        one = divide_half_away(amount_minor * 1_000_000 * 10**decimals, whole * quantity)
        if divide_half_away(one * quantity * whole, 1_000_000 * 10**decimals) == amount_minor:
            break
    return format(Decimal(one).scaleb(-decimals).normalize(), "f")


def percentage_of(amount_minor: int, basis_points: int) -> int:
    """`basis_points` ten-thousandths of the amount, rounded half away from zero.

    Source: docs/behaviour/polar.md#discounts and docs/behaviour/dodo.md#currency-and-rounding.
    """
    return divide_half_away(amount_minor * basis_points, 10_000)


def split(amount_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Divide an amount in proportion to the weights (0 or more) by largest remainder, ties to the earlier part.

    The parts sum to the amount, have its sign, and differ from the exact share by less than one unit. All weights 0: as
    if all were 1. ValueError for a negative weight, or when an amount other than 0 has no parts to go to.

    >>> split(-100, [1, 2]), split(5, [0, 0]), split(0, [])
    ((-33, -67), (3, 2), ())
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("A weight must not be negative.")
    if not weights:
        if amount_minor:
            raise ValueError("An amount can't be split into no parts.")
        return ()
    shares = list(weights) if any(weights) else [1] * len(weights)
    total, size = sum(shares), abs(amount_minor)
    parts = [size * share // total for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (-(size * shares[i] % total), i))
    for i in by_remainder[: size - sum(parts)]:
        parts[i] += 1
    return tuple(parts if amount_minor >= 0 else (-part for part in parts))


def split_within(amount_minor: int, weights: Sequence[int], most: Sequence[int]) -> list[int]:
    """Divide an amount (0 or more) as `split` does, no part above its bound; what does not fit goes to the first with room.

    >>> split_within(10, [1, 1], [3, 9]), split_within(0, [0, 0], [0, 0])
    ([3, 7], [0, 0])
    """
    parts = list(split(amount_minor, weights)) if amount_minor else [0] * len(weights)
    over = 0
    for place, bound in enumerate(most):
        over += max(0, parts[place] - bound)
        parts[place] = min(parts[place], bound)
    for place, bound in enumerate(most):
        more = min(over, bound - parts[place])
        parts[place] += more
        over -= more
    return parts


def format_money(amount_minor: int, currency: str) -> str:
    """The amount as US English text with all decimals: `$1,234.50`, `-€3.00`, `KWD 1.000`. Raises UnknownCurrency.

    >>> format_money(-123450, "cad"), format_money(1500, "xaf"), format_money(679_400, "isk")
    ('-CA$1,234.50', 'XAF 1,500', 'ISK 6,794')
    """
    entry = find_currency(currency)
    whole, fraction = divmod(abs(amount_minor), 10**entry.exponent)
    decimals = f".{fraction:0{entry.exponent}d}" if entry.decimals_of(amount_minor) else ""
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{_SYMBOLS.get(entry.code, entry.code + ' ')}{whole:,}{decimals}"


def parse_amount(text: str, currency: str) -> int:
    """The minor units of what a person typed, whatever their country's separators, with or without symbol or code.

    A lone dot is always a decimal separator. A lone comma before exactly three digits separates thousands, unless the
    currency has three decimals: then the text could mean either and is refused. Raises ValueError on negative amounts,
    nonsense, too many decimals or another currency's symbol; UnknownCurrency on an unknown code.

    >>> parse_amount("12,50", "usd"), parse_amount("1,234.5", "usd"), parse_amount("1.234,50 €", "eur")
    (1250, 123450, 123450)
    >>> parse_amount("12.505", "usd")
    Traceback (most recent call last):
    ...
    ValueError: '12.505' is not an amount of USD with at most 2 decimals.
    """
    entry = find_currency(currency)
    parts = None
    if len(text) <= _LONGEST_AMOUNT_TEXT:
        parts = _separate(_without_unit(_plain_characters(text), entry.code), entry.exponent)
    if parts is None or len(parts[1]) > entry.exponent:
        most = f"at most {entry.exponent} decimals" if entry.exponent else "no decimals"
        raise ValueError(f"{text[:_LONGEST_AMOUNT_TEXT]!r} is not an amount of {entry.code} with {most}.")
    whole, fraction = parts
    return int(whole + fraction.ljust(entry.exponent, "0"))


def _plain_characters(text: str) -> str:
    """ASCII digits for every script's, one kind of blank, one kind of each separator."""

    def plain(character: str) -> str:
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            return str(digit)
        return " " if character.isspace() else character

    return "".join(plain(character) for character in text.translate(_SEPARATORS)).strip()


def _without_unit(text: str, code: str) -> str:
    """The text without the currency's code and symbol, before or after it: `$5 USD` is `5`."""
    symbol = _SYMBOLS.get(code, code)
    without_code = _strip_unit(text, code)
    number = _strip_unit(without_code, symbol)
    if number == without_code and symbol[-1] in "$¥":
        # At home an Australian writes "$", not "A$".
        number = _strip_unit(number, symbol[-1])
    return number


def _strip_unit(text: str, unit: str) -> str:
    if text[: len(unit)].upper() == unit:
        return text[len(unit) :].lstrip()
    if text[-len(unit) :].upper() == unit:
        return text[: -len(unit)].rstrip()
    return text


def _separate(number: str, exponent: int) -> tuple[str, str] | None:
    """The digits before and behind the decimal separator ("" when there is none); None for nonsense or ambiguity."""
    at = max(number.rfind("."), number.rfind(","))
    decimal = number[at : at + 1] if at >= 0 and number[at] not in number[:at] else ""
    if decimal == "," and _GROUPED.fullmatch(number):
        if exponent == 3:
            return None
        decimal = ""
    # A separator needs a digit behind it; before it, ".5" is a common way to write one half.
    whole, fraction = (number[:at] or "0", number[at + 1 :]) if decimal else (number, "")
    if decimal and not _PLAIN.fullmatch(fraction):
        return None
    if _PLAIN.fullmatch(whole):
        return whole, fraction
    if _GROUPED.fullmatch(whole) or _GROUPED_BY_LAKH.fullmatch(whole):
        return re.sub(r"\D", "", whole), fraction
    return None
