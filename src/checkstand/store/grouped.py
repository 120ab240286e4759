"""Commits of concurrent creates, grouped: while one statement is under way, the rows of the next wait and go together.

Alone, a row goes at once by its own statement. Together they share a round trip and a durable commit, which is most of what a
create costs the database. A row that cannot be stored fails alone: its group is then stored one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from checkstand.store.executor import Executor

LANES = 2
LARGEST_GROUP = 64
Columns = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row on its way: its columns, the columns of each fact beside it, and who waits."""

    values: Columns
    facts: Sequence[Columns]
    stored: asyncio.Future[None]


class Grouped:
    """Stores rows by one of two statements: `single` takes a row's columns, `several` the same columns as arrays."""

    def __init__(self, db: Executor, *, single: str, several: str, fact_width: int) -> None:
        self._db = db
        self._single = single
        self._several = several
        self._fact_width = fact_width
        self._waiting: list[Row] = []
        self._lanes: set[asyncio.Task[None]] = set()

    async def store(self, values: Columns, facts: Sequence[Columns]) -> None:
        """Returns when the row and its facts are committed. Raises what the database raised for this row."""
        if not self._lanes:
            lane = asyncio.current_task()
            assert lane is not None
            self._lanes.add(lane)
            try:
                await self._one(values, facts)
            finally:
                self._lanes.discard(lane)
                self._go_on()
            return
        row = Row(values, facts, asyncio.get_running_loop().create_future())
        self._waiting.append(row)
        self._go_on()
        await row.stored

    def _go_on(self) -> None:
        """Start a lane where rows wait. Nothing is awaited between looking and starting, so no row is left behind."""
        if self._waiting and len(self._lanes) < LANES:
            lane = asyncio.get_running_loop().create_task(self._drain())
            self._lanes.add(lane)

    async def _drain(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:LARGEST_GROUP], self._waiting[LARGEST_GROUP:]
                await self._together([row for row in group if not row.stored.done()])
        finally:
            lane = asyncio.current_task()
            assert lane is not None
            self._lanes.discard(lane)

    async def _together(self, group: Sequence[Row]) -> None:
        if len(group) > 1:
            try:
                await self._db.execute(self._several, *_turned(group, self._fact_width))
            except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError):
                pass  # nothing of the group is stored: each goes alone, and only the bad one fails
            except Exception as error:  # noqa: BLE001  (whoever waits is told)
                _fail(group, error)
                return
            else:
                for row in group:
                    _done(row)
                return
        for row in group:
            try:
                await self._one(row.values, row.facts)
            except Exception as error:  # noqa: BLE001  (whoever waits is told)
                _fail([row], error)
            else:
                _done(row)

    async def _one(self, values: Columns, facts: Sequence[Columns]) -> None:
        await self._db.execute(self._single, *values, *_columns(facts, self._fact_width))


def _done(row: Row) -> None:
    if not row.stored.done():
        row.stored.set_result(None)


def _fail(group: Sequence[Row], error: Exception) -> None:
    for row in group:
        if not row.stored.done():
            row.stored.set_exception(error)


def _columns(rows: Sequence[Columns], width: int) -> list[list[object]]:
    return [[row[place] for row in rows] for place in range(width)]


def _turned(group: Sequence[Row], fact_width: int) -> list[list[object]]:
    rows = _columns([row.values for row in group], len(group[0].values))
    return rows + _columns([fact for row in group for fact in row.facts], fact_width)
