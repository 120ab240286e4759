"""What was changed in a form, compared with what it was shown with: only that is saved.

A form carries a short hash of each of its fields as it was shown. A field that comes back as it was shown was not changed by this
person: it keeps what is stored now, whoever changed that meanwhile. A field that both changed is decided by nobody but the person:
nothing is saved, and the form says what is stored now.

    >>> was = shown_with({"name": "Pro", "price": "5"})
    >>> sorted(own_changes(was, typed={"name": "Pro+", "price": "5"}, present={"name": "Pro", "price": "9"}))
    ['name']
    >>> own_changes(was, typed={"name": "Pro", "price": "7"}, present={"name": "Pro", "price": "9"})
    Traceback (most recent call last):
    checkstand.web.dashboard.since_shown.ChangedMeanwhile: price

The hashes guard against mistakes, not against people: who may send the form may write its fields anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from hashlib import blake2b
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from checkstand.domain.errors import CheckstandError

Name = TypeVar("Name", bound=str)


class ChangedMeanwhile(CheckstandError):
    """Another person changed what this one changed too. `own`: all that this person changed; `clashes`: the fields of both."""

    code = "changed_meanwhile"

    def __init__(self, own: Set[str], clashes: Set[str]) -> None:
        super().__init__(", ".join(sorted(clashes)))
        self.own = own
        self.clashes = clashes

    def told(self, labels: Mapping[Name, str], present: Mapping[Name, str]) -> dict[Name, str]:
        """A sentence for each field that both changed, in the order of `labels`; `present` says what is stored, in words."""
        return {
            name: f"{label} was changed elsewhere since this form was opened. "
            f"It is now {f'“{present[name]}”' if present[name] else 'empty'}. "
            "Nothing was saved: save again to use what you typed instead."
            for name, label in labels.items()
            if name in self.clashes
        }


def shown_with(fields: Mapping[Name, str]) -> str:
    """What a form carries: each field's name with a hash of its text."""
    return urlencode([(str(name), _hash(text)) for name, text in fields.items()])


def own_changes(shown: str, *, typed: Mapping[Name, str], present: Mapping[Name, str]) -> frozenset[Name]:
    """The fields that this person changed and no other person did. Raises ChangedMeanwhile.

    `shown` empty: a program sent the form without opening it, and means what is stored now.
    """
    was: dict[str, str] = dict(parse_qsl(shown)) or {name: _hash(text) for name, text in present.items()}
    own = frozenset(name for name, text in typed.items() if name in was and _hash(text) != was[name])
    clashes = frozenset(
        name for name in own if _hash(present[name]) != was[name] and _hash(present[name]) != _hash(typed[name])
    )
    if clashes:
        raise ChangedMeanwhile(own, clashes)
    return own


def _hash(text: str) -> str:
    """Browsers send lines ended in their own way, and the reader of forms leaves out blanks around them."""
    return blake2b(text.replace("\r\n", "\n").strip().encode(), digest_size=8).hexdigest()
