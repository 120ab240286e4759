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
from functools import partial
from operator import attrgetter
from typing import Any
from uuid import UUID

import asyncpg

from checkstand.store.grouped import Grouped
from checkstand.store.pool import PATIENCE_S, Pool
from checkstand.store.unavailable import DatabaseUnavailable, unavailable

__all__ = ["Database", "DatabaseUnavailable", "Tally", "Transaction", "open_connection", "tally"]

POOL_SIZE = 10
CONNECT_WITHIN_S = 5.0
STATEMENT_WITHIN_S = 15.0


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


class Statements:
    """Runs statements on one connection and counts them."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def fetch(self, query: str, *args: object) -> Sequence[asyncpg.Record]:
        _count(1, 1)
        with _Told(self._connection):
            rows: Sequence[asyncpg.Record] = await self._connection.fetch(query, *args)
            return rows

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        _count(1, 1)
        with _Told(self._connection):
            row: asyncpg.Record | None = await self._connection.fetchrow(query, *args)
            return row

    async def fetchval(self, query: str, *args: object) -> Any:
        _count(1, 1)
        with _Told(self._connection):
            return await self._connection.fetchval(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        _count(1, 1)
        with _Told(self._connection):
            status: str = await self._connection.execute(query, *args)
            return status

    async def executemany(self, query: str, args: Sequence[Sequence[object]]) -> None:
        _count(len(args), 1)
        with _Told(self._connection):
            await self._connection.executemany(query, args)


class Transaction(Statements):
    """One open transaction. Everything written through it commits together or not at all."""


class _Told:
    """Inside, the driver's errors about the connection are DatabaseUnavailable; those about a statement stay as they are."""

    __slots__ = ("_connection",)

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)):
            told = unavailable(error, lost=self._connection.is_closed())
            if told is not None:
                raise told from error


class _Held:
    """Inside, a connection of the pool is the caller's. It is not used again where it did not answer or its user was cancelled."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> asyncpg.Connection:
        self._connection = await self._pool.acquire()
        return self._connection

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        answered = error is None or (isinstance(error, Exception) and not isinstance(error, DatabaseUnavailable))
        self._pool.release(self._connection, clean=answered)


async def _plain_uuids(connection: asyncpg.Connection) -> None:
    """The standard library's UUID instead of the driver's own subclass, which the JSON encoder does not know."""
    await connection.set_type_codec(
        "uuid",
        schema="pg_catalog",
        encoder=attrgetter("bytes"),
        decoder=lambda data: UUID(bytes=bytes(data)),
        format="binary",
    )


async def open_connection(
    dsn: str,
    *,
    statement_cache: bool = True,
    within_s: float = CONNECT_WITHIN_S,
    statement_within_s: float | None = STATEMENT_WITHIN_S,
) -> asyncpg.Connection:
    """One connection: every one of ours is made here. `statement_cache=False` keeps no prepared statement, which a pooler in
    transaction mode would give to somebody else. Raises what the driver raises.
    """
    connection: asyncpg.Connection = await asyncpg.connect(
        dsn,
        timeout=within_s,
        statement_cache_size=200 if statement_cache else 0,
        command_timeout=statement_within_s,
    )
    return connection


class Database:
    """A pool on one PostgreSQL. Satisfies `Executor`; each call outside a transaction commits by itself.

    Everything asked of it raises DatabaseUnavailable where the database cannot be used right now (`unavailable.py`).
    """

    def __init__(
        self,
        dsn: str,
        *,
        max_size: int = POOL_SIZE,
        statement_cache: bool = True,
        statement_within_s: float | None = STATEMENT_WITHIN_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._open = partial(
            open_connection, dsn, statement_cache=statement_cache, statement_within_s=statement_within_s
        )
        self.pool = Pool(self._connect, size=max_size, patience_s=patience_s)
        self._grouped: dict[str, Grouped] = {}

    def grouped(self, single: str, several: str, *, fact_width: int) -> Grouped:
        """The queue of rows that are stored by these two statements (see `grouped.py`)."""
        found = self._grouped.get(single)
        if found is None:
            found = self._grouped[single] = Grouped(self, single=single, several=several, fact_width=fact_width)
        return found

    @classmethod
    async def connect(
        cls,
        dsn: str,
        *,
        max_size: int = POOL_SIZE,
        statement_cache: bool = True,
        statement_within_s: float | None = STATEMENT_WITHIN_S,
    ) -> Database:
        """Open the pool with its first connection. Raises DatabaseUnavailable, or the driver's error about user, password or name."""
        made = cls(dsn, max_size=max_size, statement_cache=statement_cache, statement_within_s=statement_within_s)
        made.pool.release(await made.pool.acquire())
        return made

    async def close(self) -> None:
        await self.pool.close()

    async def open_another(self) -> asyncpg.Connection:
        """A connection beside the pool, with the same settings: one that stays open to listen. Raises what the driver raises."""
        return await self._open()

    async def _connect(self) -> asyncpg.Connection:
        connection = await self._open()
        try:
            await _plain_uuids(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def answers(self, *, within_s: float) -> bool:
        """True when the server answers a statement in time."""
        try:
            async with asyncio.timeout(within_s):
                await self.fetchval("SELECT 1")
        except (TimeoutError, DatabaseUnavailable, asyncpg.PostgresError):
            return False
        return True

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One transaction: committed at the end, rolled back when anything is raised."""
        async with _Held(self.pool) as connection:
            _count(2, 2)
            transaction = connection.transaction()
            with _Told(connection):
                await transaction.start()
            try:
                yield Transaction(connection)
            except Exception as error:
                if not isinstance(error, DatabaseUnavailable):  # else closing the connection rolls back
                    with _Told(connection):
                        await transaction.rollback()
                raise
            with _Told(connection):
                await transaction.commit()

    async def fetch(self, query: str, *args: object) -> Sequence[asyncpg.Record]:
        async with _Held(self.pool) as connection:
            return await Statements(connection).fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        async with _Held(self.pool) as connection:
            return await Statements(connection).fetchrow(query, *args)

    async def fetchval(self, query: str, *args: object) -> Any:
        async with _Held(self.pool) as connection:
            return await Statements(connection).fetchval(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        async with _Held(self.pool) as connection:
            return await Statements(connection).execute(query, *args)

    async def executemany(self, query: str, args: Sequence[Sequence[object]]) -> None:
        async with _Held(self.pool) as connection:
            await Statements(connection).executemany(query, args)
