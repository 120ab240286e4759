"""Changing a thing: the fields that were given, under the names they have in the thing, over the ones it has.

    change_link(ports, organization, link_id, {"label": "Spring"})

is how every noun is changed, and created likewise. The caller's model says what may be given and of which types; what is absent stays
as it is, and None takes away what a thing can be without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")
Given = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """A change of some keys of a field that is a mapping: `put` in place of what was there, `drop` taken away."""

    put: Mapping[str, object] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()

    def over(self, present: Mapping[str, object]) -> Mapping[str, object]:
        """The mapping with this change."""
        return {**{key: value for key, value in present.items() if key not in self.drop}, **self.put}


@dataclass(frozen=True, slots=True)
class Added:
    """A change of a field that is a list: these after what was there, each of them once."""

    values: tuple[object, ...]

    def over(self, present: tuple[object, ...]) -> tuple[object, ...]:
        """The list with this change."""
        return tuple(dict.fromkeys((*present, *self.values)))


def with_given(value: T, given: Given) -> T:
    """The value (a dataclass) with the given fields. Raises TypeError for a field that it does not have."""
    fields = {
        name: one.over(getattr(value, name)) if isinstance(one, KeyChanges | Added) else one
        for name, one in given.items()
    }
    return replace(value, **fields)  # type: ignore[type-var]  # every value of the domain is a dataclass


def dated(before: T, after: T, now: datetime) -> T:
    """`after`, marked as modified now; `before` itself where nothing is different."""
    return before if after == before else with_given(after, {"modified_at": now})


def made_of(kind: type[T], given: Given, **own: object) -> T:
    """A new value of a dataclass: the fields that were given, and those that are not the caller's to give."""
    return kind(**{**given, **own})
