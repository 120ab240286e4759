"""Lists: filters, sorting and paging over one tenant's table, built from fixed names and bound parameters only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import asyncpg

from checkstand.store.database import Executor

T = TypeVar("T")
LARGEST_OFFSET = 2**62


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list and how many there are in all."""

    items: Sequence[T]
    total: int


class Query:
    """A SELECT over one table of one organization. Names come from this package, values are always bound."""

    def __init__(self, table: str, organization_id: UUID) -> None:
        self._table = table
        self._arguments: list[object] = [organization_id]
        self._conditions = [f"{table}.organization_id = $1"]
        self._order: list[str] = []

    def bind(self, value: object) -> str:
        """Add a parameter; returns its placeholder."""
        self._arguments.append(value)
        return f"${len(self._arguments)}"

    def where(self, condition: str) -> None:
        """Add a condition written by us (never a caller's text)."""
        self._conditions.append(condition)

    def any_of(self, column: str, values: Sequence[object], kind: str) -> None:
        """The column equals one of the values; nothing when there are none."""
        if values:
            self.where(f"{column} = ANY({self.bind(list(values))}::{kind}[])")

    def equals(self, column: str, value: object | None) -> None:
        """The column equals the value; nothing when it is None."""
        if value is not None:
            self.where(f"{column} = {self.bind(value)}")

    def contains(self, column: str, text: str | None) -> None:
        """The column contains the text, without regard to case."""
        if text:
            self.where(f"strpos(lower({column}), lower({self.bind(text)}::text)) > 0")

    def at_least(self, column: str, moment: datetime | None) -> None:
        if moment is not None:
            self.where(f"{column} >= {self.bind(moment)}")

    def at_most(self, column: str, moment: datetime | None) -> None:
        if moment is not None:
            self.where(f"{column} <= {self.bind(moment)}")

    def older_than(self, last: tuple[datetime, UUID] | None) -> None:
        """Rows behind `last` (time and id) in a walk from the newest; nothing when it is None."""
        if last is not None:
            self.where(f"({self._table}.created_at, {self._table}.id) < ({self.bind(last[0])}, {self.bind(last[1])})")

    def order_by(self, sorting: Sequence[str], allowed: Mapping[str, str]) -> None:
        """Sort by allowed keys, '-' for descending; the id makes the order total."""
        for key in sorting:
            descending = key.startswith("-")
            self._order.append(allowed[key.lstrip("-")] + (" DESC" if descending else ""))
        self._order.append(f"{self._table}.id")

    async def page(
        self, db: Executor, columns: str, *, offset: int, limit: int
    ) -> tuple[Sequence[asyncpg.Record], int]:
        """The rows of one page and the count of all, in one statement when the page is not empty."""
        conditions = "\n          AND ".join(self._conditions)
        counted = f"SELECT count(*) FROM {self._table} WHERE {conditions}"
        if offset > LARGEST_OFFSET:
            return [], int(await db.fetchval(counted, *self._arguments))
        statement = f"""
            SELECT {columns}, count(*) OVER () AS total_count
            FROM {self._table}
            WHERE {conditions}
            ORDER BY {", ".join(self._order)}
            LIMIT {self.bind(limit)}
            OFFSET {self.bind(offset)}
        """
        rows = await db.fetch(statement, *self._arguments)
        if rows:
            return rows, int(rows[0]["total_count"])
        total = 0 if offset == 0 else int(await db.fetchval(counted, *self._arguments[:-2]))
        return [], total

    async def newest(self, db: Executor, columns: str, *, limit: int) -> Sequence[asyncpg.Record]:
        """The newest rows, uncounted: a part of a walk that nothing can shift."""
        conditions = "\n          AND ".join(self._conditions)
        statement = f"""
            SELECT {columns}
            FROM {self._table}
            WHERE {conditions}
            ORDER BY {self._table}.created_at DESC, {self._table}.id DESC
            LIMIT {self.bind(limit)}
        """
        return await db.fetch(statement, *self._arguments)
