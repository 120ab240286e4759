"""What the checkout pages say, in the reader's language: a catalogue per language, and how a text is taken from it.

A catalogue maps keys to texts with `{named}` gaps; a text that depends on a count has a form per plural category of its language
(`interval.month.one`, `interval.month.other`). The words themselves are in `english.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from babel import Locale

from checkstand.web.checkout import english
from checkstand.web.checkout.english_checks import CHECKS
from checkstand.web.checkout.english_methods import METHODS

ENGLISH: Mapping[str, str] = {**english.ENGLISH, **METHODS, **CHECKS}
CATALOGUES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH}


@dataclass(frozen=True, slots=True)
class Texts:
    """One language's texts. Called with a key and what fills the gaps; KeyError for a key that does not exist."""

    language: str
    direction: str

    def __call__(self, key: str, **values: object) -> str:
        text = CATALOGUES[self.language][key]
        return text.format(**values) if values else text

    def count(self, key: str, count: int, **values: object) -> str:
        """The form of a text that fits a count: `key.one`, `key.other`, ..."""
        form = Locale.parse(self.language).plural_form(count)
        catalogue = CATALOGUES[self.language]
        chosen = f"{key}.{form}" if f"{key}.{form}" in catalogue else f"{key}.other"
        return self(chosen, count=count, **values)


@cache
def texts_for(language: str) -> Texts:
    """The texts in this language; English where there is no catalogue for it."""
    known = language if language in CATALOGUES else "en"
    return Texts(known, Locale.parse(known).text_direction)
