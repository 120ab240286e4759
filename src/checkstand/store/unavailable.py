"""The database cannot be used right now: what that is, and how the driver's many ways to say so become one error.

Rule: whoever asks the store for something gets `DatabaseUnavailable` when the answer could not be had and asking again later may
help: the server is away, silent, shutting down, full or out of connections. What a statement itself did wrong stays the driver's
error. After `DatabaseUnavailable` from a write it is not known whether the write happened.
"""

from __future__ import annotations

from typing import Literal

import asyncpg

Reason = Literal["away", "silent", "full"]
RETRY_AFTER_S = 5
_SENTENCES: dict[Reason, str] = {
    "away": "The database cannot be reached. Check that it runs, and CHECKSTAND_DATABASE_URL.",
    "silent": "The database did not answer in time. Look at what it is busy with, then try again.",
    "full": (
        "The database has no room for this: its connections, its memory or its disk are used up. Raise its "
        "max_connections or lower CHECKSTAND_DATABASE_POOL, and look at its free disk space."
    ),
}
# Server errors that say nothing about the statement: the next try, perhaps on a new connection, may succeed.
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.ReadOnlySQLTransactionError,  # the server that was written to is now the one that only reads
    # A connection is used by one caller at a time, so this is the server's farewell, which came before the statement did.
    asyncpg.InternalClientError,
)


class DatabaseUnavailable(Exception):
    """`reason`: away (no connection), silent (no answer in time) or full. The message says what an operator does."""

    def __init__(self, reason: Reason, said: str = "") -> None:
        super().__init__(f"{_SENTENCES[reason]} ({said})" if said else _SENTENCES[reason])
        self.reason = reason


def reason_of(error: BaseException, *, lost: bool = False) -> Reason | None:
    """Why the database could not be used, from an error of the driver; None where the error is the statement's own.

    `lost`: the connection is closed, which the driver then reports as wrong use of it.
    """
    if isinstance(error, TimeoutError):
        return "silent"
    if isinstance(error, asyncpg.InsufficientResourcesError):
        return "full"
    if isinstance(error, (*_AWAY, OSError)) or (lost and isinstance(error, asyncpg.InterfaceError)):
        return "away"
    return None


def unavailable(error: BaseException, *, lost: bool = False) -> DatabaseUnavailable | None:
    """The one error for it, or None."""
    reason = reason_of(error, lost=lost)
    if reason is None:
        return None
    return DatabaseUnavailable(reason, (str(error).strip().splitlines() or [type(error).__name__])[0])
