"""Columns that a value is written to where its row is not the value itself: a document with the columns that queries need beside it,
or facts, of which one statement stores many.

One list of columns, types and what the value gives for each makes the INSERT of one row, that of many rows as arrays, and the UPDATE.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Generic, TypeVar

T = TypeVar("T")


class WrittenColumns(Generic[T]):
    """The columns of one table, each with its type in the database and its value's. `alias`: how statements call many rows of them."""

    def __init__(self, alias: str, **columns: tuple[str, Callable[[T], object]]) -> None:
        self._alias = alias
        self._columns = columns
        self._given = [given for _, given in columns.values()]

    def __len__(self) -> int:
        return len(self._columns)

    @cached_property
    def names(self) -> str:
        """The list of an INSERT."""
        return ", ".join(self._columns)

    @cached_property
    def places(self) -> str:
        """Parameters of one row, from the first."""
        return ", ".join(f"${number}" for number in range(1, len(self) + 1))

    def assignments(self, *names: str, first: int) -> str:
        """What follows SET for these columns, with parameters from `first`; their values are `row(value, *names)`."""
        return ", ".join(f"{name} = ${number}" for number, name in enumerate(names, first))

    def unnested(self, first: int) -> str:
        """Many rows from array parameters, the arrays of `arrays`. JSON travels as text: an array of it cannot be sent."""
        sent = (f"${number}::{_sent(kind)}[]" for number, (kind, _) in enumerate(self._columns.values(), first))
        return f"unnest({', '.join(sent)}) AS {self._alias} ({self.names})"

    @cached_property
    def selected(self) -> str:
        """The SELECT list of `unnested`, in the order of `names`."""
        return ", ".join(
            f"{self._alias}.{name}" + ("::json" if kind == "json" else "") for name, (kind, _) in self._columns.items()
        )

    def row(self, value: T, *names: str) -> tuple[object, ...]:
        """The values of one row, or of these columns of it."""
        if not names:
            return tuple([given(value) for given in self._given])
        return tuple([self._columns[name][1](value) for name in names])

    def arrays(self, values: Sequence[T]) -> list[list[object]]:
        """The values of many rows, column by column."""
        return [[given(value) for value in values] for given in self._given]


def _sent(kind: str) -> str:
    return "text" if kind == "json" else kind
