"""What a function of the store needs of a database: the pool or a transaction, it does not care which.

A function that only reads says so: it takes a `Reader`, which is all that the two APIs hold of the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import asyncpg


class Reader(Protocol):
    """Runs statements that read."""

    async def fetch(self, query: str, *args: object) -> Sequence[asyncpg.Record]: ...
    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None: ...
    async def fetchval(self, query: str, *args: object) -> Any: ...


class Executor(Reader, Protocol):
    """Runs statements that read and statements that write."""

    async def execute(self, query: str, *args: object) -> str: ...
    async def executemany(self, query: str, args: Sequence[Sequence[object]]) -> None: ...
