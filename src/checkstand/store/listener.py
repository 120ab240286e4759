"""The connection that stays open: it hears what other processes changed, and notices when the database goes and comes back.

While nobody can connect, the pool is told, so that every request is answered at once. When the connection is back, everything that
was told meanwhile was missed: `missed` is called before the first news. A server that merely has no connection to spare for us is
no reason to stop: what is remembered is then only as old as its short life.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import asyncpg
import structlog

from checkstand.store.database import Database
from checkstand.store.unavailable import reason_of

ASK_EVERY_S = 2.0
ANSWER_WITHIN_S = 3.0
TRY_AGAIN_AFTER_S = 0.5
_LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
log = structlog.get_logger("checkstand.database")


class Listener:
    """Listens on one channel, for ever: `hear` gets each payload."""

    def __init__(self, db: Database, channel: str, *, hear: Callable[[str], None], missed: Callable[[], None]) -> None:
        self._db = db
        self._channel = channel
        self._hear = hear
        self._missed = missed
        self._away_since: float | None = None
        self.listening = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled; whatever happens to the connection, another one is opened."""
        while True:
            try:
                connection = await self._db.open_another()
            except _LOST as error:
                self._cannot_connect(error)
                await asyncio.sleep(TRY_AGAIN_AFTER_S)
                continue
            self._is_back()
            try:
                await self._listen(connection)
            except _LOST as error:
                log.info("database_listening_again", reason=type(error).__name__)
            finally:
                self.listening.clear()
                connection.terminate()
            await asyncio.sleep(TRY_AGAIN_AFTER_S)

    async def _listen(self, connection: asyncpg.Connection) -> None:
        """Listen, and ask now and then whether the database still answers, until the connection is lost."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda *_: lost.set())
        await connection.add_listener(self._channel, lambda _c, _pid, _channel, payload: self._hear(str(payload)))
        self._missed()
        self.listening.set()
        while not lost.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ASK_EVERY_S):
                    await lost.wait()
                    return
            await connection.fetchval("SELECT 1", timeout=ANSWER_WITHIN_S)

    def _cannot_connect(self, error: Exception) -> None:
        reason = reason_of(error)
        if reason == "full":
            return
        if self._away_since is None:
            self._away_since = time.monotonic()
            log.warning("database_away", reason=f"{type(error).__name__}: {error}")
        if reason is not None:
            self._db.pool.suspend(reason, type(error).__name__)

    def _is_back(self) -> None:
        self._db.pool.resume()
        if self._away_since is not None:
            log.warning("database_back", after_s=round(time.monotonic() - self._away_since, 1))
            self._away_since = None
