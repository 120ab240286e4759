"""Every English word of the checkout pages, by key. Another language is a folder like this one, named in `texts.py`.

A gap is `{named}`; a text that depends on a count has a form per plural category (`seats.one`, `seats.other`). What a text may promise
is decided here too: "You were not charged" stands only where the server knows it.
"""

from __future__ import annotations

from collections.abc import Mapping

from checkstand.web.checkout.words.english.methods import METHODS
from checkstand.web.checkout.words.english.page import PAGE
from checkstand.web.checkout.words.english.problems import PROBLEMS
from checkstand.web.checkout.words.english.trouble import TROUBLE

ENGLISH: Mapping[str, str] = {**PAGE, **METHODS, **PROBLEMS, **TROUBLE}
