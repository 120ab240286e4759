"""Why the database that CHECKSTAND_DATABASE_URL names could not be opened, and what to do: for `checkstand doctor`.

Each finding names the host and the part of the setting to correct; the password is never shown.
"""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from checkstand.cli.failures import first_line, sentence
from checkstand.ops.settings import PREFIX

SETTING = f"{PREFIX}DATABASE_URL"
_DEFAULT_PORT = "5432"


@dataclass(frozen=True, slots=True)
class Named:
    """What the address of a database says, without its password. Empty: not said."""

    host: str
    port: str
    user: str
    database: str

    @property
    def place(self) -> str:
        """Host and port, or the folder of a local socket."""
        if not self.host:
            return "this machine"
        return self.host if self.host.startswith("/") else f"{self.host}:{self.port or _DEFAULT_PORT}"


def named_in(url: str) -> Named:
    """The parts of an address, from wherever it may have them."""
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    account, _, place = parts.netloc.rpartition("@")
    host, _, port = place.rpartition(":") if place.rpartition(":")[2].isdigit() else (place, "", "")
    return Named(
        host=unquote(host) or options.get("host", ""),
        port=port or options.get("port", ""),
        user=unquote(account.partition(":")[0]) or options.get("user", ""),
        database=unquote(parts.path.lstrip("/")) or options.get("database", "") or options.get("dbname", ""),
    )


def explained(error: Exception, url: str) -> tuple[str, str]:
    """What went wrong, and what to do about it, in a sentence each."""
    named = named_in(url)
    if isinstance(error, asyncpg.PostgresError):
        return _from_the_server(error, named)
    said = first_line(error).rstrip(".")
    if isinstance(error, socket.gaierror):
        detail = f"no machine is found under the name {named.host} ({error.strerror})."
        return detail, f"Correct the host in {SETTING}, or look at this machine's DNS."
    if isinstance(error, ssl.SSLError):
        detail = f"the TLS certificate of {named.place} is not accepted ({said})."
        return detail, f"Name its authority with sslrootcert in {SETTING}, or renew the certificate."
    if isinstance(error, ConnectionError) and "SSL" in said:
        detail = f"{named.place} offers no TLS, and {SETTING} asks for it."
        return detail, f"Turn TLS on there, or change sslmode in {SETTING}."
    if isinstance(error, TimeoutError):
        detail = f"{named.place} does not answer."
        return detail, f"Look at the network and its firewalls, or correct host and port in {SETTING}."
    if isinstance(error, FileNotFoundError | PermissionError) and not named.host.startswith("/"):
        detail = f"a certificate's file that {SETTING} names cannot be read ({_system_words(error)})."
        return detail, "Correct sslrootcert, sslcert or sslkey in it."
    if isinstance(error, OSError):
        detail = f"nothing accepts connections at {named.place} ({_system_words(error) or said})."
        return detail, f"Start PostgreSQL there, or correct host and port in {SETTING}."
    if isinstance(error, asyncpg.InterfaceError):
        return f"{SETTING} cannot be used: {said}.", "Correct it, or make what it names."
    if isinstance(error, ValueError):
        return f"{SETTING} cannot be read.", "Write it as postgresql://user:password@host:5432/name."
    return sentence(error), f"Look at the database that {SETTING} names."


def _from_the_server(error: asyncpg.PostgresError, named: Named) -> tuple[str, str]:
    """The same for what PostgreSQL answered, or a pooler before it, which has words of its own and one code for all of them."""
    said = first_line(error).rstrip(".")
    authorization = asyncpg.InvalidPasswordError | asyncpg.InvalidAuthorizationSpecificationError
    if isinstance(error, authorization) or "authentication failed" in said:
        user = f"the user {named.user}" if named.user else "the user"
        detail = f"{named.place} refuses {user} ({said})."
        return detail, f"Correct user and password in {SETTING}, or what pg_hba.conf there allows."
    if isinstance(error, asyncpg.InvalidCatalogNameError) or "no such database" in said:
        database = named.database or named.user
        detail = f"there is no database {database} at {named.place}."
        return detail, f"Make it there (createdb {database}), or correct the name in {SETTING}."
    if isinstance(error, asyncpg.DuplicatePreparedStatementError | asyncpg.InvalidSQLStatementNameError):
        detail = f"{named.place} is a pooler in transaction mode ({said})."
        return detail, f"Set {PREFIX}STATEMENT_CACHE=off."
    return f"{named.place} answers: {said}.", f"Look at the server's log, or correct {SETTING}."


def _system_words(error: OSError) -> str:
    """What the operating system calls the error; the driver puts words of its own there."""
    return os.strerror(error.errno) if error.errno else ""
