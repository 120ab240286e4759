"""A pool of connections that makes do with as many as the server grants.

The driver's own pool fails a caller when the server refuses one more connection, though others of the pool are alive and soon free
(and the next caller again: it tries the refused place first). Here a refusal only makes the pool smaller for a while, and the caller
waits for a connection that exists. What has waited too long is told `DatabaseUnavailable`, and so is everybody, at once, while the
server is known to be away.

A connection comes back clean, or not at all: one whose statement was given up is closed in the background.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

from checkstand.store.unavailable import DatabaseUnavailable, Reason, unavailable

Connection = asyncpg.Connection
PATIENCE_S = 10.0
CLOSE_WITHIN_S = 5.0
GROW_AGAIN_AFTER_S = 5.0
SAY_AGAIN_AFTER_S = 60.0
log = structlog.get_logger("checkstand.database")


class Pool:
    """Up to `size` connections, made when they are needed and kept. `connect` makes one."""

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], *, size: int, patience_s: float = PATIENCE_S
    ) -> None:
        self.size = size
        self._connect = connect
        self._patience_s = patience_s
        self._idle: list[Connection] = []
        self._used: set[Connection] = set()
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._retiring: set[asyncio.Task[None]] = set()
        self._open = 0  # alive, being made or being closed
        self._granted = size
        self._grow_after = 0.0
        self._silent_until = 0.0
        self._away: tuple[Reason, str] | None = None

    async def acquire(self) -> Connection:
        """A connection for the caller alone, to be given back by `release`. Raises DatabaseUnavailable."""
        deadline = time.monotonic() + self._patience_s
        while True:
            if self._away is not None:
                raise DatabaseUnavailable(*self._away)
            found = self._take_idle() or (await self._make() if self._may_grow() else await self._turn(deadline))
            if found is not None:
                self._used.add(found)
                return found

    def release(self, connection: Connection, *, clean: bool = True) -> None:
        """Give a connection back. `clean`: nothing was left half-done on it."""
        self._used.discard(connection)
        if connection.is_closed():
            connection.terminate()
            self._gone()
        elif not clean or connection.is_in_transaction():
            task = asyncio.get_running_loop().create_task(self._retire(connection))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)
        elif not self._hand_over(connection):
            self._idle.append(connection)

    def suspend(self, reason: Reason, said: str = "") -> None:
        """The server is away: who asks is told at once instead of waiting."""
        self._away = (reason, said)
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(DatabaseUnavailable(reason, said))

    def resume(self) -> None:
        """The server is there again."""
        self._away = None

    async def close(self) -> None:
        """Close all connections; those in use are cut off."""
        for used in list(self._used):
            used.terminate()
        idle, self._idle = self._idle, []
        await asyncio.gather(*(self._retire(connection) for connection in idle), *self._retiring)

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            connection.terminate()
            self._open -= 1
        return None

    def _may_grow(self) -> bool:
        if self._granted < self.size and time.monotonic() >= self._grow_after:
            self._granted = self.size
        return self._open < self._granted

    async def _make(self) -> Connection | None:
        """A new connection; None where the server refuses one more while others of ours live, one of which has to do."""
        self._open += 1
        try:
            return await self._connect()
        except BaseException as error:
            self._gone()
            told = unavailable(error)
            if told is None:
                raise
            if told.reason != "full" or self._open == 0:
                raise told from error
            self._granted = self._open
            self._grow_after = time.monotonic() + GROW_AGAIN_AFTER_S
            if time.monotonic() >= self._silent_until:
                log.warning("database_grants_fewer_connections", wanted=self.size)
                self._silent_until = time.monotonic() + SAY_AGAIN_AFTER_S
            return None

    async def _turn(self, deadline: float) -> Connection | None:
        """Wait for a connection that is given back; None where there is room for a new one."""
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                return await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._pass_on(turn.result())
            if isinstance(error, TimeoutError):
                raise DatabaseUnavailable("silent", f"no connection was free for {self._patience_s:.0f} s") from error
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._waiting.remove(turn)

    def _pass_on(self, connection: Connection | None) -> None:
        """What a caller was given who no longer wants it."""
        if connection is None:
            self._hand_over(None)
        else:
            self.release(connection)

    def _hand_over(self, connection: Connection | None) -> bool:
        """Give it (None: the room for a new one) to the caller that waits longest."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    def _gone(self) -> None:
        self._open -= 1
        self._hand_over(None)

    async def _retire(self, connection: Connection) -> None:
        try:
            await connection.close(timeout=CLOSE_WITHIN_S)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            connection.terminate()
        finally:
            self._gone()
