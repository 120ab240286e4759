"""The connection pool, transactions, and the count of round trips that `make bench` prints.

One statement outside a transaction is one round trip and one durable commit; a transaction adds two (BEGIN, COMMIT). No
session state is kept, so nothing has to be reset when a connection goes back to the pool.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from checkstand.store.grouped import Grouped


@dataclass(slots=True)
class Tally:
    """How many statements and round trips one request cost."""

    statements: int = 0
    round_trips: int = 0


tally: ContextVar[Tally | None] = ContextVar("tally", default=None)


def _count(statements: int, round_trips: int) -> None:
    current = tally.get()
    if current is not None:
        current.statements += statements
        current.round_trips += round_trips


class Executor(Protocol):
    """What a store function needs: the pool or a transaction, it does not care which."""

    async def fetch(self, query: str, *args: object) -> Sequence[asyncpg.Record]: ...
    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None: ...
    async def fetchval(self, query: str, *args: object) -> Any: ...
    async def execute(self, query: str, *args: object) -> str: ...
    async def executemany(self, query: str, args: Sequence[Sequence[object]]) -> None: ...


class Transaction:
    """One open transaction. Everything written through it commits together or not at all."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def fetch(self, query: str, *args: object) -> Sequence[asyncpg.Record]:
        _count(1, 1)
        rows: Sequence[asyncpg.Record] = await self._connection.fetch(query, *args)
        return rows

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        _count(1, 1)
        row: asyncpg.Record | None = await self._connection.fetchrow(query, *args)
        return row

    async def fetchval(self, query: str, *args: object) -> Any:
        _count(1, 1)
        return await self._connection.fetchval(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        _count(1, 1)
        status: str = await self._connection.execute(query, *args)
        return status

    async def executemany(self, query: str, args: Sequence[Sequence[object]]) -> None:
        _count(len(args), 1)
        await self._connection.executemany(query, args)


async def _plain_uuids(connection: asyncpg.Connection) -> None:
    """The standard library's UUID instead of the driver's own subclass, which the JSON encoder does not know."""
    await connection.set_type_codec(
        "uuid",
        schema="pg_catalog",
        encoder=lambda value: value.bytes,
        decoder=lambda data: UUID(bytes=bytes(data)),
        format="binary",
    )


async def _no_reset(_connection: object) -> None:
    """Nothing to reset: no code here leaves session state behind."""


class Database:
    """A pool on one PostgreSQL. Satisfies `Executor`; each call outside a transaction commits by itself."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self._grouped: dict[str, Grouped] = {}

    def grouped(self, single: str, several: str, *, fact_width: int) -> Grouped:
        """The queue of rows that are stored by these two statements (see `grouped.py`)."""
        found = self._grouped.get(single)
        if found is None:
            found = self._grouped[single] = Grouped(self, single=single, several=several, fact_width=fact_width)
        return found

    @classmethod
    async def connect(cls, dsn: str, *, max_size: int = 10, statement_cache: bool = True) -> Database:
        """Open the pool. Raises OSError or asyncpg.PostgresError when the server cannot be reached."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=max_size,
            statement_cache_size=200 if statement_cache else 0,
            max_inactive_connection_lifetime=0,
            init=_plain_uuids,
            reset=_no_reset,
            command_timeout=30,
        )
        return cls(pool)

    async def close(self) -> None:
        await self.pool.close()

    async def answers(self, *, within_s: float) -> bool:
        """True when the server answers a statement in time."""
        try:
            await asyncio.wait_for(self.pool.fetchval("SELECT 1"), within_s)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One transaction: committed at the end, rolled back when anything is raised."""
        async with self.pool.acquire() as connection:
            _count(2, 2)
            async with connection.transaction():
                yield Transaction(connection)

    async def fetch(self, query: str, *args: object) -> Sequence[asyncpg.Record]:
        _count(1, 1)
        rows: Sequence[asyncpg.Record] = await self.pool.fetch(query, *args)
        return rows

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        _count(1, 1)
        row: asyncpg.Record | None = await self.pool.fetchrow(query, *args)
        return row

    async def fetchval(self, query: str, *args: object) -> Any:
        _count(1, 1)
        return await self.pool.fetchval(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        _count(1, 1)
        status: str = await self.pool.execute(query, *args)
        return status

    async def executemany(self, query: str, args: Sequence[Sequence[object]]) -> None:
        _count(len(args), 1)
        await self.pool.executemany(query, args)
