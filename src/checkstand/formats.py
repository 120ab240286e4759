"""How money, numbers, rates and days look to a reader: Babel's number and date forms of their own locale.

    >>> format_money(123450, "USD"), format_money(123450, "EUR", "de-DE"), format_money(1200, "JPY")
    ('$1,234.50', '1.234,50\\xa0€', '¥1,200')
    >>> format_money(3226, "KWD"), format_money(-500, "CHF"), format_percent(125_000), format_percent(190_000, "de")
    ('KWD\\xa03.226', '−CHF\\xa05.00', '12.5%', '19\\xa0%')

The number of decimals is the domain's, not CLDR's: they disagree about some currencies, and only one of them knows what is charged.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date as babel_date
from babel.dates import format_datetime as babel_datetime
from babel.numbers import NumberPattern, format_decimal, parse_pattern

from checkstand.domain.currency import currency as find_currency

DEFAULT_LOCALE = "en"


@cache
def locale_of(tag: str | None) -> Locale:
    """The CLDR locale for a language tag; unknown ones lose their last part until something is known (`pt-AO`, then `pt`)."""
    parts = (tag or DEFAULT_LOCALE).replace("_", "-").split("-")
    while parts:
        try:
            return Locale.parse("-".join(parts), sep="-")
        except (ValueError, UnknownLocaleError):
            parts.pop()
    return Locale.parse(DEFAULT_LOCALE)


@cache
def _money_pattern(locale: Locale, exponent: int) -> NumberPattern:
    # The locale's own pattern is shared by everything that uses Babel: ours is a copy with the domain's decimals.
    pattern = parse_pattern(locale.currency_formats["standard"].pattern)
    pattern.frac_prec = (exponent, exponent)
    return pattern


def format_money(amount_minor: int, code: str, tag: str | None = None) -> str:
    """An amount in the reader's form. Raises UnknownCurrency."""
    currency, locale = find_currency(code), locale_of(tag)
    value = Decimal(amount_minor).scaleb(-currency.exponent)
    pattern = _money_pattern(locale, currency.decimals_of(amount_minor))
    text: str = pattern.apply(value, locale, currency=code.upper(), currency_digits=False)
    return _spaced(text)


def format_percent(ppm: int, tag: str | None = None) -> str:
    """Millionths as a percentage in the reader's form, with as many decimals as they need: `20%`, `9,975 %`."""
    value = Decimal(ppm).scaleb(-6)
    decimals = max(0, -int(value.normalize().as_tuple().exponent) - 2)
    locale = locale_of(tag)
    pattern = parse_pattern(locale.percent_formats[None].pattern)
    pattern.frac_prec = (decimals, decimals)
    return _signed(str(pattern.apply(value, locale)))


def format_count(number: int, tag: str | None = None) -> str:
    """A whole number in the reader's form: `100,000`."""
    return _signed(str(format_decimal(number, locale=locale_of(tag))))


def _signed(text: str) -> str:
    """A true minus instead of the hyphen of a keyboard, which CLDR has for English and many others: it lines up with the digits."""
    return text.replace("-", "\N{MINUS SIGN}")


def _spaced(text: str) -> str:
    """The sign, and CLDR's blank between a currency that is written in letters and the number, which Babel leaves out."""
    text = _signed(text)
    return re.sub(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", "\u00a0", text)


def format_rate(amount: str, code: str, tag: str | None = None) -> str:
    """A price of one in the reader's form: minor units as a decimal number, with as many decimals as it needs.

    What an amount of money can be is shown as one: a whole krona has no decimals.

    >>> format_rate("0.25", "USD"), format_rate("150", "USD"), format_rate("799900", "ISK"), format_rate("645080.65", "ISK")
    ('$0.0025', '$1.50', 'ISK\\xa07,999', 'ISK\\xa06,450.8065')
    """
    minor = Decimal(amount)
    if minor == int(minor):
        return format_money(int(minor), code, tag)
    locale = locale_of(tag)
    value = minor.scaleb(-find_currency(code).exponent)
    decimals = -int(value.normalize().as_tuple().exponent)
    text: str = _money_pattern(locale, decimals).apply(value, locale, currency=code.upper(), currency_digits=False)
    return _spaced(text)


def format_day(moment: date | datetime, tag: str | None = None) -> str:
    """A day in full: `December 5, 2026`."""
    return babel_date(moment, "long", locale=locale_of(tag))


def format_moment(moment: datetime, tag: str | None = None) -> str:
    """Day and time, short: `Dec 5, 2026, 4:30 PM`."""
    return babel_datetime(moment, "medium", locale=locale_of(tag))
