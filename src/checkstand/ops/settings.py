"""Settings: environment variables `CHECKSTAND_...`, or a file named by `CHECKSTAND_ENV_FILE`. A test compares them with the docs.

`serve` refuses to start on a bad or missing one with a sentence that names it; `dev` fills in what a laptop needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

PREFIX = "CHECKSTAND_"
MEANING = {
    "DATABASE_URL": "PostgreSQL to use (postgresql://user:password@host/name). Empty: an embedded one in DATA_DIR.",
    "PUBLIC_URL": "The address that buyers and API clients reach this server at, without a slash at the end.",
    "SECRET_KEY": "At least 32 characters, kept secret; access tokens are hashed with it, so changing it ends them all.",
    "DATA_DIR": "Folder for the embedded database.",
    "GATEWAY": "Who takes the money: 'test' (built in, no money moves) or 'stripe'.",
    "STRIPE_SECRET_KEY": "Stripe's secret key (sk_...), with GATEWAY=stripe.",
    "STRIPE_PUBLISHABLE_KEY": "Stripe's publishable key (pk_...), with GATEWAY=stripe.",
    "STRIPE_WEBHOOK_SECRET": "Secret of Stripe's webhook endpoint (whsec_...), with GATEWAY=stripe.",
    "STRIPE_API_BASE": "Another address for Stripe's API and script (http://127.0.0.1:12111), for tests.",
    "WORKERS": "Web processes of `serve`; 1 is right up to several cores.",
    "LOG_LEVEL": "debug, info, warning or error.",
    "TRUSTED_PROXIES": "Proxies whose X-Forwarded-For is believed (networks or addresses, by commas). `dev`: this machine.",
    "RATE_LIMITS": "on or off; `serve` limits unless told otherwise, `dev` does not.",
    "PRIVATE_WEBHOOKS": "on or off: whether test organizations may have webhooks on this machine and its private network (`dev`: on).",
    "HOST": "Address to listen on.",
    "PORT": "Port to listen on.",
    "STATEMENT_CACHE": "on, or off behind a pooler in transaction mode.",
    "DATABASE_POOL": "Connections to PostgreSQL that each process may use at once; with fewer granted it makes do.",
    "DATABASE_WAIT_SECONDS": "How long a start waits for PostgreSQL to accept connections.",
    "DRAIN_SECONDS": "How long SIGTERM waits for requests under way, such as a payment that the gateway is thinking about.",
}
# Names that scripts may give already, and that do nothing yet. They are no settings, but nonsense in them is refused.
_NOT_YET = {"SMTP_URL": re.compile(r"smtps?://([^\s/@]*@)?([^\s/:@\[\]]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?/?")}
_NUMBERS = {
    "WORKERS": (1, 256),
    "PORT": (0, 65535),
    "DATABASE_POOL": (1, 1000),
    "DATABASE_WAIT_SECONDS": (0, 3600),
    "DRAIN_SECONDS": (0, 3600),
}
Network = IPv4Network | IPv6Network
THIS_MACHINE: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1"))

STRIPE_KEYS = {
    "stripe_secret_key": re.compile(r"[sr]k_(test|live)_[A-Za-z0-9]{10,}"),
    "stripe_publishable_key": re.compile(r"pk_(test|live)_[A-Za-z0-9]{10,}"),
    "stripe_webhook_secret": re.compile(r"whsec_()\S{10,}"),
}


class SettingsError(Exception):
    """A setting is missing or bad; the message names it and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, checked. Empty strings mean 'not given'."""

    database_url: str = ""
    public_url: str = ""
    secret_key: str = ""
    data_dir: str = ""
    gateway: str = "test"
    stripe_secret_key: str = ""
    stripe_publishable_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_api_base: str = ""
    workers: int = 1
    log_level: str = "info"
    trusted_proxies: tuple[Network, ...] = ()
    rate_limits: bool = True
    private_webhooks: bool = False
    host: str = "127.0.0.1"
    port: int = 8080
    statement_cache: bool = True
    database_pool: int = 10
    database_wait_seconds: int = 60
    drain_seconds: int = 30


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read settings. Raises SettingsError naming the first bad one, and for an unknown `CHECKSTAND_` name in the file."""
    given = {**_from_file(environment.get(PREFIX + "ENV_FILE", "")), **environment}
    values: dict[str, object] = {}
    for item in fields(Settings):
        name = item.name.upper()
        text = given.get(PREFIX + name, "").strip()
        if text:
            values[item.name] = _parsed(name, text)
    for name in not_used_yet(given):
        if not _NOT_YET[name].fullmatch(given[PREFIX + name].strip()):
            raise SettingsError(
                f"{PREFIX}{name} is no address of a mail server. Remove it: this version sends no mail."
            )
    settings = Settings(**values)  # type: ignore[arg-type]
    _check(settings)
    return settings


def not_used_yet(given: Mapping[str, str]) -> list[str]:
    """The names that are given and do nothing in this version."""
    return [name for name in _NOT_YET if given.get(PREFIX + name, "").strip()]


def _from_file(path: str) -> dict[str, str]:
    if not path:
        return {}
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except OSError as error:
        raise SettingsError(f"{PREFIX}ENV_FILE names {path}, which cannot be read: {error.strerror}.") from error
    found = {}
    for number, line in enumerate(lines, 1):
        text = line.strip().removeprefix("export ")
        if not text or text.startswith("#"):
            continue
        name, separator, value = text.partition("=")
        if not separator:
            raise SettingsError(f"Line {number} of {path} is not NAME=value.")
        name = name.strip()
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in MEANING | _NOT_YET:
            raise SettingsError(f"Line {number} of {path} sets {name}, which is no setting. See docs/settings.md.")
        found[name] = value.strip().strip("'\"")
    return found


def _parsed(name: str, text: str) -> object:
    if name in _NUMBERS:
        least, most = _NUMBERS[name]
        if not (text.isascii() and text.isdigit()) or len(text) > 6 or not least <= int(text) <= most:
            raise SettingsError(f"{PREFIX}{name} must be a whole number from {least} to {most}, not {text!r}.")
        return int(text)
    if name in ("RATE_LIMITS", "STATEMENT_CACHE", "PRIVATE_WEBHOOKS"):
        known = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
        if text.lower() not in known:
            raise SettingsError(f"{PREFIX}{name} must be on or off, not {text!r}.")
        return known[text.lower()]
    if name == "TRUSTED_PROXIES":
        return tuple(_network(part.strip()) for part in text.split(",") if part.strip())
    return text.rstrip("/") if name in ("PUBLIC_URL", "STRIPE_API_BASE") else text


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise SettingsError(
            f"{PREFIX}TRUSTED_PROXIES must list addresses or networks like 10.0.0.5, 10.0.0.0/8 or fd00::/8, "
            f"not {text!r} ({error})."
        ) from error


def _url(name: str, text: str) -> SplitResult:
    """The parts of an address. Raises SettingsError for one that has none, without showing it: it may hold a password."""
    try:
        return urlsplit(text)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}{name} is no address ({error}).") from error


def _check(settings: Settings) -> None:
    if settings.gateway not in ("test", "stripe"):
        raise SettingsError(f"{PREFIX}GATEWAY must be 'test' or 'stripe', not {settings.gateway!r}.")
    if settings.log_level not in ("debug", "info", "warning", "error"):
        raise SettingsError(f"{PREFIX}LOG_LEVEL must be debug, info, warning or error, not {settings.log_level!r}.")
    if settings.public_url:
        parts = _url("PUBLIC_URL", settings.public_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
            raise SettingsError(
                f"{PREFIX}PUBLIC_URL must look like https://pay.example.com, not {settings.public_url!r}."
            )
    if settings.database_url and _url("DATABASE_URL", settings.database_url).scheme not in ("postgresql", "postgres"):
        raise SettingsError(f"{PREFIX}DATABASE_URL must begin with postgresql://.")
    if settings.secret_key and len(settings.secret_key) < 32:
        raise SettingsError(f"{PREFIX}SECRET_KEY is too short: use 32 random characters or more.")


def require_for_serving(settings: Settings) -> None:
    """What production cannot do without. Raises SettingsError naming the first missing setting."""
    for name in ("public_url", "secret_key"):
        if not getattr(settings, name):
            raise SettingsError(f"{PREFIX}{name.upper()} is not set. {MEANING[name.upper()]}")
    if not settings.database_url and not settings.data_dir:
        raise SettingsError(f"Set {PREFIX}DATABASE_URL (a PostgreSQL) or {PREFIX}DATA_DIR (an embedded one).")
    require_gateway(settings)


def require_gateway(settings: Settings) -> None:
    """What the chosen gateway cannot do without. Raises SettingsError naming the first key that is missing or looks wrong."""
    if settings.gateway != "stripe":
        return
    modes = set()
    for name, shape in STRIPE_KEYS.items():
        value, variable = getattr(settings, name), PREFIX + name.upper()
        if not value:
            raise SettingsError(f"{variable} is not set, and {PREFIX}GATEWAY is 'stripe'. {MEANING[name.upper()]}")
        found = shape.fullmatch(value)
        if not found:
            raise SettingsError(f"{variable} does not look like Stripe's. Copy it again from Stripe's dashboard.")
        modes.add(found[1])
    if len(modes - {""}) > 1:
        raise SettingsError(
            f"{PREFIX}STRIPE_SECRET_KEY and {PREFIX}STRIPE_PUBLISHABLE_KEY are of different modes (test and live)."
        )
    if settings.stripe_api_base:
        parts = _url("STRIPE_API_BASE", settings.stripe_api_base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
            raise SettingsError(f"{PREFIX}STRIPE_API_BASE must look like http://127.0.0.1:12111.")
