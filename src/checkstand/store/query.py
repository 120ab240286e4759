"""Lists: filters, sorting and paging over one tenant's table, built from fixed names and bound parameters only.

A page costs what its rows cost, however many there are beside them: the count is a statement of its own, asked only where the page
does not say it already, and stops at COUNTED_AT_MOST rows beyond the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import asyncpg

from checkstand.store.executor import Reader

T = TypeVar("T")
V = TypeVar("V")
LARGEST_OFFSET = 2**62
COUNTED_AT_MOST = 50_000
FAR = 1_000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list and how many there are in all: exactly, or at least as many where there are very many (`is_exact`)."""

    items: Sequence[T]
    total: int
    is_exact: bool = True

    def of(self, items: Sequence[V]) -> Page[V]:
        """The same page with its rows made into something else."""
        return Page(items, self.total, self.is_exact)


class Query:
    """A SELECT over one table of one organization. Names come from this package, values are always bound."""

    def __init__(self, table: str, organization_id: UUID) -> None:
        self._table = table
        self._arguments: list[object] = [organization_id]
        self._conditions = [f"{table}.organization_id = $1"]
        self._order: list[str] = []
        self._searches = False

    def bind(self, value: object) -> str:
        """Add a parameter; returns its placeholder."""
        self._arguments.append(value)
        return f"${len(self._arguments)}"

    def where(self, condition: str) -> None:
        """Add a condition written by us (never a caller's text)."""
        self._conditions.append(condition)

    def any_of(self, column: str, values: Sequence[object], kind: str) -> None:
        """The column equals one of the values; nothing when there are none."""
        if len(values) == 1:  # which an index can give in the order of its other columns
            self.where(f"{column} = {self.bind(values[0])}::{kind}")
        elif values:
            self.where(f"{column} = ANY({self.bind(list(values))}::{kind}[])")

    def equals(self, column: str, value: object | None) -> None:
        """The column equals the value; nothing when it is None."""
        if value is not None:
            self.where(f"{column} = {self.bind(value)}")

    async def of_customers(self, db: Reader, external_ids: Sequence[str]) -> None:
        """The customer has one of these external ids; nothing when there are none. Which customers those are is asked first: a list
        of a few customers is found by an index, whatever else there is.
        """
        if not external_ids:
            return
        rows = await db.fetch(
            """
            SELECT id
            FROM customers
            WHERE organization_id = $1
              AND external_id = ANY ($2::text[])
            """,
            self._arguments[0],
            list(external_ids),
        )
        if rows:
            self.any_of(f"{self._table}.customer_id", [row["id"] for row in rows], "uuid")
        else:
            self.where("false")

    def contains(self, column: str, text: str | None) -> None:
        """The column contains the text, without regard to case."""
        if text:
            self._searches = True
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
        self, db: Reader, columns: str, *, offset: int, limit: int, counted: bool = True
    ) -> Page[asyncpg.Record]:
        """The rows of one page and the count of all. `counted=False`: the count is not shown, so it is not asked."""
        rows: Sequence[asyncpg.Record] = []
        if offset <= LARGEST_OFFSET:
            statement, arguments = self._selected(columns, offset, limit)
            rows = await db.fetch(statement, *arguments)
        if rows and len(rows) < limit:
            return Page(rows, offset + len(rows))
        if not counted or (offset == 0 and not rows):
            return Page(rows, len(rows), is_exact=not rows)
        most = (offset + limit if rows else 0) + COUNTED_AT_MOST
        total = await db.fetchval(self.counting(most), *self._arguments)
        return Page(rows, total, is_exact=total < most)

    def counting(self, most: int) -> str:
        """The statement that counts what matches, as far as `most`."""
        return f"""
            SELECT count(*)
            FROM (
                SELECT 1
                FROM {self._table}
                WHERE {self._matching}
                LIMIT {most}
            ) AS counted
        """

    @property
    def _matching(self) -> str:
        return "\n          AND ".join(self._conditions)

    def _selected(self, columns: str, offset: int, limit: int) -> tuple[str, Sequence[object]]:
        """The statement of a page with its arguments. Far away rows, and rows that a text is looked for in, are found by an index
        alone where one has all that is asked; only those of the page are read.
        """
        arguments = [*self._arguments, limit, offset]
        order = ", ".join(self._order)
        found = f"""
            FROM {self._table}
            WHERE {self._matching}
            ORDER BY {order}
            LIMIT ${len(arguments) - 1}
            OFFSET ${len(arguments)}
        """
        if offset < FAR and not self._searches:
            return f"SELECT {columns} {found}", arguments
        statement = f"""
            SELECT {columns}
            FROM {self._table}
            WHERE {self._table}.organization_id = $1
              AND {self._table}.id = ANY (ARRAY(SELECT {self._table}.id {found}))
            ORDER BY {order}
        """
        return statement, arguments

    async def newest(self, db: Reader, columns: str, *, limit: int) -> Sequence[asyncpg.Record]:
        """The newest rows, uncounted: a part of a walk that nothing can shift."""
        statement = f"""
            SELECT {columns}
            FROM {self._table}
            WHERE {self._matching}
            ORDER BY {self._table}.created_at DESC, {self._table}.id DESC
            LIMIT {self.bind(limit)}
        """
        return await db.fetch(statement, *self._arguments)
