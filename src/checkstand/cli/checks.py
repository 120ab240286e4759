"""What `checkstand doctor` looks at. A check never raises: what goes wrong is its finding."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from checkstand.cli.data_folder import read_note
from checkstand.cli.database import borrowed, folder_of
from checkstand.cli.failures import sentence
from checkstand.cli.terminal import Failure
from checkstand.cli.unreachable import explained, named_in
from checkstand.embedded_postgres import cluster as embedded
from checkstand.ops.settings import (
    PREFIX,
    Settings,
    SettingsError,
    from_environment,
    require_for_serving,
    require_gateway,
)
from checkstand.store.database import open_connection
from checkstand.store.migrate import pending

_OLDEST_POSTGRESQL = 15
_SKEW_MAX_S = 2.0
_FREE_MIN_BYTES = 500 << 20
_CONNECT_TIMEOUT_S = 5.0
_ALL_SETTINGS = "docs/settings.md"
_MIGRATE = "Run `checkstand migrate`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding. `advice` says what to do; it is empty when there is nothing to do."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


def examine(environment: Mapping[str, str], data: str | None) -> list[Check]:
    """All checks, in the order in which a person would repair what they find."""
    try:
        settings = from_environment(environment)
    except SettingsError as error:
        told = str(error)
        advice = "" if _ALL_SETTINGS in told else f"{_ALL_SETTINGS} lists all settings."
        return [Check(name="settings", ok=False, detail=told, advice=advice)]
    production = any((settings.database_url, settings.public_url, settings.secret_key, settings.data_dir))
    folder = folder_of(settings, data)
    return [
        _settings(settings, folder, production=production),
        *_database(settings, folder),
        _gateway(settings),
        _public_url(settings, folder),
        _disk(settings, folder),
    ]


def _settings(settings: Settings, folder: Path, *, production: bool) -> Check:
    if not production:
        return Check(name="settings", ok=True, detail=f"none given: looking at the development server in '{folder}'.")
    try:
        require_for_serving(settings)
    except SettingsError as error:
        return Check(name="settings", ok=False, detail=str(error), advice="`serve` needs it; `dev` does not.")
    return Check(name="settings", ok=True, detail="complete.")


def _database(settings: Settings, folder: Path) -> list[Check]:
    """Reachable, new enough, schema current, same time as here. Unreachable, the others cannot be told."""
    try:
        with _any_database(settings, folder) as (dsn, where):
            if dsn is None:
                return [Check(name="database", ok=True, detail=where)]
            return asyncio.run(_ask(dsn, where, statement_cache=settings.statement_cache))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this check's finding
        if settings.database_url:
            detail, advice = explained(error, settings.database_url)
            return [Check(name="database", ok=False, detail=detail, advice=advice)]
        said = error.message if isinstance(error, Failure) else sentence(error)
        return [Check(name="database", ok=False, detail=said)]


@contextlib.contextmanager
def _any_database(settings: Settings, folder: Path) -> Iterator[tuple[str | None, str]]:
    if settings.database_url:
        named = named_in(settings.database_url)
        yield settings.database_url, f"{named.database or named.user} at {named.place}"
    elif not embedded.exists(folder):
        yield None, f"the first start makes one in '{folder}'."
    else:
        state = "running" if embedded.find(folder) else "not running, started for this check"
        with borrowed(settings, folder) as dsn:
            yield dsn, f"embedded in '{folder}' ({state})"


async def _ask(dsn: str, where: str, *, statement_cache: bool) -> list[Check]:
    connection = await open_connection(dsn, within_s=_CONNECT_TIMEOUT_S, statement_cache=statement_cache)
    try:
        major, minor = connection.get_server_version()[:2]
        before = datetime.now(UTC)
        there: datetime = await connection.fetchval("SELECT clock_timestamp()")
        after = datetime.now(UTC)
        return [
            _version(major, minor, where),
            await _schema(connection),
            _clock((there - (before + (after - before) / 2)).total_seconds()),
        ]
    finally:
        await connection.close()


def _version(major: int, minor: int, where: str) -> Check:
    detail = f"PostgreSQL {major}.{minor}, {where}."
    advice = "" if major >= _OLDEST_POSTGRESQL else f"Use PostgreSQL {_OLDEST_POSTGRESQL} or newer."
    return Check(name="database", ok=not advice, detail=detail, advice=advice)


async def _schema(connection: asyncpg.Connection[asyncpg.Record]) -> Check:
    try:
        missing = await pending(connection)
    except Exception as error:  # noqa: BLE001 - a newer or an edited schema, or no right to look
        return Check(name="schema", ok=False, detail=sentence(error))
    if missing:
        return Check(name="schema", ok=False, detail=f"{len(missing)} migrations are not applied.", advice=_MIGRATE)
    return Check(name="schema", ok=True, detail="current.")


def _clock(skew_s: float) -> Check:
    ok = abs(skew_s) <= _SKEW_MAX_S
    detail = f"the database's differs by {skew_s:+.2f} s from this machine's."
    return Check(name="clock", ok=ok, detail=detail, advice="" if ok else "Turn on time synchronization (NTP) on both.")


def _gateway(settings: Settings) -> Check:
    if settings.gateway == "test":
        return Check(name="gateway", ok=True, detail="the built-in test gateway: no money moves.")
    try:
        require_gateway(settings)
    except SettingsError as error:
        return Check(name="gateway", ok=False, detail=str(error), advice="Both keys come from one mode of one account.")
    return asyncio.run(_ask_stripe(settings))


async def _ask_stripe(settings: Settings) -> Check:
    """Whether Stripe answers, accepts the key, and works in the key's mode."""
    import stripe
    from checkstand.gateways.stripe.gateway import StripeGateway

    gateway = StripeGateway(
        secret_key=settings.stripe_secret_key,
        publishable_key=settings.stripe_publishable_key,
        api_base=settings.stripe_api_base,
        timeout_s=_CONNECT_TIMEOUT_S,
        retries=0,
    )
    try:
        mode = await gateway.mode_at_stripe()
    except stripe.AuthenticationError:
        advice = f"Copy {PREFIX}STRIPE_SECRET_KEY again, or make a new key."
        return Check(name="gateway", ok=False, detail="Stripe does not accept the secret key.", advice=advice)
    except stripe.PermissionError:
        return Check(name="gateway", ok=True, detail="Stripe answers; the restricted key may not tell its mode.")
    except stripe.StripeError as error:
        where = settings.stripe_api_base or "api.stripe.com"
        detail = f"Stripe does not answer at {where} ({type(error).__name__})."
        return Check(name="gateway", ok=False, detail=detail, advice="Check the network and Stripe's status page.")
    finally:
        await gateway.aclose()
    if not gateway.serves(mode):
        return Check(name="gateway", ok=False, detail=f"Stripe says the key is a {mode} key.", advice="Copy it again.")
    return Check(name="gateway", ok=True, detail=f"Stripe answers, {mode} mode: {mode} organizations can be paid.")


def _public_url(settings: Settings, folder: Path) -> Check:
    """The settings' address or the running development server's: https unless it is this machine, and it answers."""
    note = read_note(folder)
    url = settings.public_url or (note.url if note else "")
    if not url:
        return Check(name="public URL", ok=True, detail="no server runs here; `checkstand dev` prints its address.")
    parts = urlsplit(url)
    host = parts.hostname or ""
    local = host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")
    if parts.scheme != "https" and not local:
        return Check(
            name="public URL", ok=False, detail=f"{url} is not https.", advice="Put TLS in front of the server."
        )
    try:
        _connect(host, parts.port or (443 if parts.scheme == "https" else 80), tls=parts.scheme == "https")
    except ssl.SSLError as error:
        detail = f"{url} has no valid certificate ({error.reason or error})."
        return Check(name="public URL", ok=False, detail=detail, advice="Renew it, or correct CHECKSTAND_PUBLIC_URL.")
    except OSError as error:
        detail = f"nobody answers at {url} ({error.strerror or error})."
        return Check(
            name="public URL", ok=False, detail=detail, advice="Start the server, or correct CHECKSTAND_PUBLIC_URL."
        )
    return Check(name="public URL", ok=True, detail=f"{url} answers.")


def _connect(host: str, port: int, *, tls: bool) -> None:
    with socket.create_connection((host, port), timeout=_CONNECT_TIMEOUT_S) as connection:
        if tls:
            with ssl.create_default_context().wrap_socket(connection, server_hostname=host):
                pass


def _disk(settings: Settings, folder: Path) -> Check:
    if settings.database_url:
        return Check(name="disk", ok=True, detail="the data is on the database's machine.")
    place = next(part for part in (folder.absolute(), *folder.absolute().parents) if part.exists())
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return Check(
            name="disk",
            ok=False,
            detail=f"'{place}' cannot be read ({error.strerror}).",
            advice="Let this user read it, or choose another data folder.",
        )
    ok = free >= _FREE_MIN_BYTES
    detail = f"{free / (1 << 30):.1f} GB free for '{folder}'."
    return Check(name="disk", ok=ok, detail=detail, advice="" if ok else "Free some, or choose another data folder.")
