"""What a country is called besides its name in a list: inside a sentence, by its own people, and in a short word.

    >>> in_sentence("GB"), in_sentence("DE"), in_sentence("AE"), in_sentence("PH")
    ('the United Kingdom', 'Germany', 'the United Arab Emirates', 'the Philippines')
    >>> other_names()["GB"], other_names()["CH"], "FR" in other_names()
    ('uk|britain|great britain|england|scotland|wales|northern ireland', 'schweiz|schwiiz|suisse|svizzera', False)

The names in their own languages are Unicode's (CLDR), in the alphabets that a keyboard types letter by letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

from checkstand.providers.postal import countries_by_name, country_name

# English puts the article before kingdoms, republics, unions and groups of islands, and before these few.
_WITH_ARTICLE: Final = re.compile(
    r"\b(?:Kingdom|States|Republic|Emirates|Islands|Territories|Territory|Lands)\b|^(?:Netherlands|Philippines|Bahamas|Gambia|Maldives|"
    r"Comoros|Seychelles|Isle of Man|Caribbean Netherlands|U\.S\. .*)$"
)
_COMMON: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "AE": ("uae",),
        "CD": ("drc", "democratic republic of the congo"),
        "CI": ("ivory coast",),
        "CV": ("cabo verde",),
        "CZ": ("czech republic",),
        "FK": ("malvinas",),
        "GB": ("uk", "britain", "great britain", "england", "scotland", "wales", "northern ireland"),
        "KR": ("korea", "republic of korea"),
        "MK": ("macedonia",),
        "NL": ("holland",),
        "RU": ("russian federation",),
        "SZ": ("swaziland",),
        "TL": ("east timor",),
        "TR": ("turkey",),
        "US": ("us", "usa", "america"),
        "VA": ("holy see",),
        "ZA": ("rsa",),
    }
)
_TYPED_LETTER_BY_LETTER: Final = re.compile(r"[\u0000-\u052f\u1e00-\u2027\s]+")


def in_sentence(code: str | None, *, language: str = "en") -> str:
    """A country's name as it stands behind a preposition, in English with its article."""
    name = country_name(code, language=language)
    return f"the {name}" if language == "en" and _WITH_ARTICLE.search(name) else name


@cache
def other_names(language: str = "en") -> Mapping[str, str]:
    """By code, the words for a country whose name in a list begins otherwise, between bars."""
    found = {code: _other_names(code, shown=_plain(name)) for code, name in countries_by_name(language)}
    return MappingProxyType({code: "|".join(words) for code, words in found.items() if words})


def _other_names(code: str, *, shown: str) -> list[str]:
    words = dict.fromkeys((*_COMMON.get(code, ()), *_own_names(code)))
    return [word for word in words if len(word) < 4 or not shown.startswith(word[:4])]


def _own_names(code: str) -> list[str]:
    """A country in the languages that are official in it."""
    found = []
    for language in get_official_languages(code, de_facto=True):
        try:
            name = Locale.parse(language).territories.get(code)
        except UnknownLocaleError:
            continue
        if name and _TYPED_LETTER_BY_LETTER.fullmatch(name):
            found.append(_plain(name))
    return found


def _plain(name: str) -> str:
    """Small letters without accents, as the script folds what is typed."""
    return "".join(letter for letter in unicodedata.normalize("NFD", name.lower()) if not unicodedata.combining(letter))
