"""Logging: one line an event, for a person on a terminal or as JSON for a collector; never a secret.

Rule: whatever a program hands to a logger, no page address with its secret, no token, password, or card number leaves
this process in a log. Names that hold secrets are emptied, texts are searched for what secrets look like.

    >>> redact("GET /checkout/polar_c_Zx81kQp03mBv 200")
    'GET /checkout/polar_c_… 200'
    >>> redact("paid with 4242 4242 4242 4242")
    'paid with …4242'
    >>> redact("GET /files/" + "aZ9-" * 20)
    'GET /files/…'

Both `structlog.get_logger()` and the standard library's loggers come out here.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from functools import cache
from typing import TextIO

import orjson
import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from checkstand.domain.profile import Dialect, all_profiles, profile_of

HIDDEN = "…"

Replacement = tuple[re.Pattern[str], str]
_PATTERNS: tuple[Replacement, ...] = (
    (
        re.compile(r"((?:polar_[a-z]{1,4}|ctoken|tpay|tint|tref|whsec|sk_live|sk_test|rk_live|rk_test)_)[\w+/=-]{8,}"),
        r"\1…",
    ),
    # An address that was signed for somebody opens what it names; ids and names in a path are shorter.
    (re.compile(r"/[\w-]{60,}"), "/…"),
    (re.compile(r"([a-z][a-z0-9+.-]*://[^\s:/@\"']*:)[^\s/@\"']+@"), r"\1…@"),
    (re.compile(r"(?i)(bearer\s+)[^\s\"',;]{8,}"), r"\1…"),
    (re.compile(r"(?i)([?&][\w-]*(?:token|secret|password|key|code)=)[^\s&\"']+"), r"\1…"),
    (re.compile(r"(?<![\w.-])[3-6](?:[ -]?\d){8,14}[ -]?(\d{4})(?![\w-])"), r"…\1"),
)
_SECRET_NAMES = frozenset(
    {
        "authorization",
        "cookie",
        "set-cookie",
        "x-api-key",
        "api_key",
        "card",
        "cvc",
        "number",
        "password",
        "secret",
        "token",
    }
)
_SECRET_ENDINGS = ("_secret", "_token", "_password", "_api_key", "secret_key")
_NESTED_MAX = 6
_ACCESS = "uvicorn.access"
_QUIET_PATHS = frozenset({"/livez", "/readyz", "/healthz", "/metrics"})


def redact(text: str) -> str:
    """The text without anything that looks like a secret."""
    for pattern, instead in (*_api_secrets(tuple(profile.name for profile in all_profiles())), *_PATTERNS):
        text = pattern.sub(instead, text)
    return text


@cache
def _api_secrets(names: tuple[Dialect, ...]) -> tuple[Replacement, ...]:
    """Each API's keys, and what opens the pages of its sessions. Of an id that does, the beginning stays, to tell sessions apart."""
    profiles = [profile_of(name) for name in names]
    secrets = {prefix for profile in profiles for prefix in (profile.keys.prefix, profile.page.secret_prefix)}
    ids = {profile.page.id_prefix for profile in profiles if profile.page.id_prefix is not None}
    return (
        (re.compile(rf"({'|'.join(sorted(secrets))})[\w+/=-]{{8,}}"), r"\1…"),
        (re.compile(rf"((?:{'|'.join(sorted(ids))})_[0-9A-Za-z]{{4}})[\w-]{{8,}}"), r"\1…"),
    )


def configure(level: str, *, as_json: bool, stream: TextIO | None = None) -> None:
    """Send all logging of this process to `stream` (standard error). `level`: debug, info, warning or error."""
    numeric = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_access_line, *shared],
            pass_foreign_args=True,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_secrets,
                _json_line if as_json else _readable_line,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(numeric)
    for name in (
        "asyncio",
        "uvicorn.error",
        "fontTools",
        "fpdf",
    ):  # which chat at level info, or repeat what we say ourselves
        logging.getLogger(name).setLevel(max(numeric, logging.WARNING))
    logging.getLogger(_ACCESS).filters[:] = [_worth_a_line]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _worth_a_line(record: logging.LogRecord) -> bool:
    """Whether a request is logged: successful health checks, which come every few seconds, are not."""
    arguments = record.args
    if not isinstance(arguments, tuple) or len(arguments) != 5:
        return True
    return str(arguments[2]).partition("?")[0] not in _QUIET_PATHS or arguments[4] != 200


def _access_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A served request in short: no address (that is personal data), no query (that may hold a secret)."""
    record: logging.LogRecord = event["_record"]
    values = event.pop("positional_args", None)
    if record.name != _ACCESS or not isinstance(values, tuple) or len(values) != 5:
        return event
    _client, method, path, _version, status = values
    event["event"] = "request"
    event.update(method=method, path=str(path).partition("?")[0], status=status)
    return event


def _without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: _clean(name, value, 0) for name, value in event.items()}


def _clean(name: str, value: object, depth: int) -> object:
    lowered = name.lower()
    if value is not None and (lowered in _SECRET_NAMES or lowered.endswith(_SECRET_ENDINGS)):
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping) and depth < _NESTED_MAX:
        return {str(key): _clean(str(key), inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < _NESTED_MAX:
        return [_clean("", inner, depth + 1) for inner in value]
    return redact(str(value))


def _json_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    ordered = {
        "time": event.pop("timestamp", None),
        "level": event.pop("level", None),
        "event": event.pop("event", None),
    }
    return orjson.dumps({**ordered, **event}, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _readable_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """`12:30:01 warning  what happened  name=value`, and a traceback below it."""
    time = str(event.pop("timestamp", ""))[11:19]
    level = str(event.pop("level", ""))
    what = event.pop("event", "")
    event.pop("logger", None)
    story = event.pop("exception", None)
    details = "  ".join(f"{name}={value}" for name, value in event.items())
    line = f"{time} {level:<8} {what}" + (f"  {details}" if details else "")
    return f"{line}\n{story}" if story else line
