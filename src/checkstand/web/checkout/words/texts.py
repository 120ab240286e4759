"""What the checkout pages say, in the reader's language: a catalogue per language, and how a text is taken from it.

A catalogue maps keys to texts with `{named}` gaps; a text that depends on a count has a form per plural category of its language
(`interval.month.one`, `interval.month.other`). The words themselves are in `english/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from babel import Locale
from markupsafe import Markup, escape

from checkstand.formats import format_count
from checkstand.web.checkout.words.english import ENGLISH

CATALOGUES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH}


@dataclass(frozen=True, slots=True)
class Texts:
    """One language's texts. Called with a key and what fills the gaps; KeyError for a key that does not exist."""

    language: str
    direction: str

    def __call__(self, key: str, **values: object) -> str:
        """The text with its gaps filled: whole numbers in the language's form (`100,000`); with markup in it, all of it is markup."""
        text = CATALOGUES[self.language][key]
        if not values:
            return text
        shown = {name: format_count(one, self.language) if type(one) is int else one for name, one in values.items()}
        is_markup = any(isinstance(one, Markup) for one in shown.values())
        return escape(text).format(**shown) if is_markup else text.format(**shown)

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
