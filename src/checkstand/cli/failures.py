"""What went wrong, in one sentence that says what to do next.

Errors that already carry such a sentence (settings, embedded database, migrations) are passed on; so is click's own
family, to which `terminal.Failure` belongs, before this module is asked (and imported: the driver is slow to load).
The database driver's get theirs here. Anything else is our own mistake, and is told as one.
"""

from __future__ import annotations

import socket

import asyncpg

from checkstand.embedded_postgres.cluster import EmbeddedError
from checkstand.ops.settings import SettingsError
from checkstand.store.migrate import MigrationError
from checkstand.store.unavailable import DatabaseUnavailable, unavailable

_WITH_SENTENCE = (SettingsError, EmbeddedError, MigrationError, DatabaseUnavailable)
_DATABASE: tuple[tuple[type[Exception], str], ...] = (
    (asyncpg.InvalidPasswordError, "The database refuses the password. Correct it in CHECKSTAND_DATABASE_URL."),
    (asyncpg.InvalidAuthorizationSpecificationError, "The database refuses the user in CHECKSTAND_DATABASE_URL."),
    (asyncpg.InvalidCatalogNameError, "That database does not exist. Make it first: createdb NAME."),
    (asyncpg.InsufficientPrivilegeError, "The database user may not do that. Let it own its database."),
    (asyncpg.UndefinedTableError, "The database has no tables yet. Run `checkstand migrate`."),
    (asyncpg.UndefinedColumnError, "The database's schema is an older one. Run `checkstand migrate`."),
    (asyncpg.TooManyConnectionsError, "The database accepts no more connections. Raise its max_connections."),
    (asyncpg.CannotConnectNowError, "The database is starting up or shutting down. Try again in a moment."),
)


def sentence(error: Exception) -> str:
    """The sentence for an error that ended a command."""
    if isinstance(error, _WITH_SENTENCE):
        return str(error)
    for kind, text in _DATABASE:
        if isinstance(error, kind):
            return f"{text} ({first_line(error)})"
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        return f"The database answered: {first_line(error)} See `checkstand doctor`."
    if isinstance(error, ConnectionError | TimeoutError | socket.gaierror):
        return str(unavailable(error))
    if isinstance(error, OSError):
        return f"The operating system refused: {error}."
    return (
        f"Checkstand made a mistake ({type(error).__name__}: {first_line(error)}) "
        "Run the same again with CHECKSTAND_DEBUG=1 to see where, and please report it."
    )


def first_line(error: Exception) -> str:
    """The beginning of what an error says, as a sentence."""
    text = (str(error).strip().splitlines() or ["no reason given"])[0]
    return text if text.endswith(".") else f"{text}."
