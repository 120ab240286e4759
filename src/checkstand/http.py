"""Reading requests and writing answers: what every route needs and neither API decides.

A body is read once, bounded, parsed strictly and looked through: too large, too deep, not UTF-8, a NUL, an unpaired surrogate, `NaN`
or a number beyond 64 bits is refused here with a reason that the dialect puts into its own words. Nothing reaches a rule before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from uuid import UUID

import orjson
from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

LARGEST_BODY = 10_485_760
DEEPEST = 64
INT64 = 2**63
IGNORED_FIELDS = "Checkstand-Ignored-Fields"
_SURROGATE = re.compile("[\ud800-\udfff]")


class BadBody(Exception):
    """The body cannot be used. `reason`: too_large, not_json, not_utf8, too_deep, bad_text or big_number."""

    def __init__(self, reason: str, *, position: int = 0, message: str = "", where: tuple[str | int, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position
        self.message = message
        self.where = where


async def read_body(request: Request) -> bytes:
    """The whole body. Raises BadBody beyond the limit, whatever Content-Length says; ClientDisconnect when the caller left."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > LARGEST_BODY:
        raise BadBody("too_large")
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise BadBody("too_large")
        chunks.append(chunk)
    return b"".join(chunks)


def parse_json(body: bytes) -> object:
    """JSON text to plain data with exact integers. Raises BadBody; an empty body is None."""
    if not body.strip():
        return None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadBody("not_utf8", position=error.start, message="invalid UTF-8") from error
    try:
        data: object = from_json(text, allow_inf_nan=False)
    except ValueError:
        data = _explain(text)
    _look_through(data, ())
    return data


def _explain(text: str) -> object:
    """Parse what the fast parser refused with the standard library, for its message and position; deep nesting is ours to refuse."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise BadBody("not_json", position=error.pos, message=error.msg) from error
    except RecursionError as error:
        raise BadBody("too_deep") from error
    except ValueError as error:
        raise BadBody("not_json", message=str(error)) from error


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _look_through(data: object, where: tuple[str | int, ...]) -> None:
    if len(where) > DEEPEST:
        raise BadBody("too_deep", where=where[:2])
    if isinstance(data, str):
        _check_text(data, where)
    elif isinstance(data, dict):
        for key, value in data.items():
            _check_text(key, where)
            _look_through(value, (*where, key))
    elif isinstance(data, list):
        for position, value in enumerate(data):
            _look_through(value, (*where, position))
    elif isinstance(data, int) and not -INT64 <= data < INT64:
        raise BadBody("big_number", where=where)


def _check_text(text: str, where: tuple[str | int, ...]) -> None:
    if "\0" in text or (not text.isascii() and _SURROGATE.search(text)):
        raise BadBody("bad_text", where=where)


def encode(data: object) -> bytes:
    """Plain data as the bytes of a JSON body."""
    return orjson.dumps(data, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


class Rendered:
    """Bodies made for documents before. A body is used again only for exactly the document that it was made from.

    The document is read anew each time, so nothing here can be stale; what is saved is reading and rendering it.
    """

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._kept: dict[UUID, tuple[str, bytes]] = {}

    def get(self, key: UUID, document: str) -> bytes | None:
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] == document else None

    def put(self, key: UUID, document: str, body: bytes) -> bytes:
        """Keep a body; the one kept longest makes room."""
        self._kept.pop(key, None)
        if len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (document, body)
        return body


def json_response(data: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Plain data encoded once."""
    return Response(
        encode(data),
        status_code=status,
        media_type="application/json",
        headers=dict(headers) if headers else None,
    )


def is_prefetch(request: Request) -> bool:
    """True where a browser only guesses that somebody will go there: an address that makes something must wait for the visit."""
    headers = request.headers
    purpose = headers.get("sec-purpose") or headers.get("purpose") or headers.get("x-purpose") or headers.get("x-moz")
    return purpose is not None and "pre" in purpose.lower()


def ignored_fields(data: object, known: frozenset[str]) -> dict[str, str]:
    """The header that names request fields nobody read; empty when there are none."""
    if not isinstance(data, dict):
        return {}
    unknown = [re.sub(r"[^\x21-\x7e]|,", "?", key)[:64] for key in data if key not in known]
    return {IGNORED_FIELDS: ", ".join(unknown[:20])} if unknown else {}


__all__ = [
    "BadBody",
    "ClientDisconnect",
    "Rendered",
    "encode",
    "ignored_fields",
    "is_prefetch",
    "json_response",
    "parse_json",
    "read_body",
]
