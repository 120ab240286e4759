"""Reading requests and writing answers: what every route needs and neither API decides.

A body is read once, bounded, parsed strictly and looked through: too large, too deep, too many values, not UTF-8, a NUL, an unpaired
surrogate, `NaN` or a number beyond 64 bits is refused here with a reason that the dialect puts into its own words. Nothing reaches a
rule before. How much is too much is in `ops/bounds.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import orjson
from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from checkstand.ops.bounds import (
    DEEPEST,
    INT64,
    LARGEST_BODY,
    LARGEST_ECHO,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_MEMBERS,
    MOST_VALUES,
)

IGNORED_FIELDS = "Checkstand-Ignored-Fields"
LONGEST_PATH_ECHO = 200
_JSON_TYPE = re.compile(r"^application/(?:[^;]+\+)?json\s*(?:;|$)", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
# A text may lack its end: else each quote in a broken one would be looked after for all that follows.
_TEXTS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)


class BadBody(Exception):
    """The body cannot be used. `reason`: too_large, not_json, not_utf8, too_deep, too_many, long_text, bad_text or big_number; and
    where a dialect asks for one: empty, not_an_object, content_type. `given` is what the last two are about.
    """

    def __init__(
        self,
        reason: str,
        *,
        position: int = 0,
        message: str = "",
        where: tuple[str | int, ...] = (),
        limit: int = LARGEST_BODY,
        given: object = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position
        self.message = message
        self.where = where
        self.limit = limit
        self.given = given


def bearer(request: Request) -> str | None:
    """The token of the Authorization header; None for another scheme or none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return (token.strip() or None) if scheme.lower() == "bearer" else None


def is_json(request: Request) -> bool:
    """Whether the body is said to be JSON."""
    return _JSON_TYPE.match(request.headers.get("content-type", "")) is not None


async def read_body(request: Request, *, most: int = LARGEST_BODY) -> bytes:
    """The whole body. Raises BadBody beyond `most` bytes, whatever Content-Length says; ClientDisconnect when the caller left."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise BadBody("too_large", limit=most)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise BadBody("too_large", limit=most)
        chunks.append(chunk)
    return b"".join(chunks)


def parse_json(body: bytes, *, any_number: bool = False) -> object:
    """JSON text to plain data with exact integers. Raises BadBody; an empty body is None.

    `any_number`: for models that bound every number themselves, and tell which bound was missed.
    """
    if not body.strip():
        return None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadBody("not_utf8", position=error.start, message="invalid UTF-8") from error
    if len(body) > MOST_VALUES and _values_at_most(body) > MOST_VALUES:
        raise BadBody("too_many")
    try:
        data: object = from_json(text, allow_inf_nan=False)
    except ValueError:
        data = _explain(text)
    _look_through(data, (), any_number=any_number)
    return data


def _values_at_most(body: bytes) -> int:
    """How many values JSON text can hold, counted without parsing it: each comes after a comma or begins a list or an object."""
    count = sum(map(body.count, (b",", b"[", b"{")))
    if count > MOST_VALUES:
        bare = _TEXTS.sub(b"", body)
        count = sum(map(bare.count, (b",", b"[", b"{")))
    return count


def _explain(text: str) -> object:
    """Parse what the fast parser refused with the standard library, for its message and position; deep nesting is ours to refuse."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise BadBody("not_json", position=error.pos, message=error.msg) from error
    except RecursionError as error:
        raise BadBody("too_deep") from error
    except ValueError as error:
        if "integer string conversion" in str(error):  # of thousands of digits, which Python does not read
            raise BadBody("big_number") from error
        raise BadBody("not_json", message=str(error)) from error


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _look_through(data: object, where: tuple[str | int, ...], *, any_number: bool) -> None:
    if len(where) > DEEPEST:
        raise BadBody("too_deep", where=where[:2])
    if isinstance(data, str):
        _check_text(data, where)
    elif isinstance(data, dict):
        if len(data) > MOST_MEMBERS:
            raise BadBody("too_many", where=where)
        for key, value in data.items():
            if len(key) > LONGEST_TEXT:
                raise BadBody("long_text", where=where)
            _check_text(key, where)
            _look_through(value, (*where, key), any_number=any_number)
    elif isinstance(data, list):
        if len(data) > MOST_MEMBERS:
            raise BadBody("too_many", where=where)
        for position, value in enumerate(data):
            _look_through(value, (*where, position), any_number=any_number)
    elif not any_number and isinstance(data, int | float) and not -INT64 <= data < INT64:
        raise BadBody("big_number", where=where)


def _check_text(text: str, where: tuple[str | int, ...]) -> None:
    if "\0" in text or (not text.isascii() and _SURROGATE.search(text)):
        raise BadBody("bad_text", where=where)


def echo(value: object, *, most: int = LARGEST_ECHO) -> object:
    """What a caller sent, to be shown in an error: itself when it is small, else its beginning in the same shape.

    >>> echo({"name": "Ada", "tags": [1, 2]})
    {'name': 'Ada', 'tags': [1, 2]}
    >>> echo(["aaaa"] * 1000, most=24)
    ['aaaa', 'aaaa', 'aaaa']
    """
    return _Echo(most).of(value)


class _Echo:
    """Copies data until its room is used up, in bytes of JSON."""

    def __init__(self, room: int) -> None:
        self._room = room

    def of(self, value: object) -> object:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            self._room -= 2
            kept: dict[object, object] = {}
            for key, item in value.items():
                name = key[:LONGEST_NAME] if isinstance(key, str) else key
                self._room -= len(encode(str(name))) + 2
                if self._room <= 0:
                    break
                kept[name] = self.of(item)
            return kept
        if isinstance(value, list | tuple):
            self._room -= 2
            items: list[object] = []
            for item in value:
                self._room -= 1
                if self._room <= 0:
                    break
                items.append(self.of(item))
            return items
        self._room -= len(str(value))
        return value

    def _text(self, value: str) -> str:
        room = max(self._room, 8)
        text = value[:room]
        while (size := len(encode(text))) > room:
            text = text[: len(text) * (room - 2) // size]
        self._room -= size
        return text


def encode(data: object) -> bytes:
    """Plain data as the bytes of a JSON body. A number beyond 64 bits, which a refusal may have to repeat, is written as it came."""
    try:
        return orjson.dumps(data, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


class Rendered:
    """Bodies made for documents before. A body is used again only for exactly what it was made from: the document, and what else it
    shows, such as a setting of the organization.

    All of that is read anew each time, so nothing here can be stale; what is saved is decoding and rendering it.
    """

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._kept: dict[UUID, tuple[Sequence[object], bytes, Sequence[UUID]]] = {}

    def about(self, key: UUID) -> Sequence[UUID]:
        """The ids of other things that the kept body shows, which are to be read for `made_of`; none where nothing is kept."""
        kept = self._kept.get(key)
        return kept[2] if kept is not None else ()

    def get(self, key: UUID, made_of: Sequence[object]) -> bytes | None:
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] == made_of else None

    def put(self, key: UUID, made_of: Sequence[object], body: bytes, *, about: Iterable[UUID] = ()) -> bytes:
        """Keep a body; the one kept longest makes room."""
        self._kept.pop(key, None)
        if len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (made_of, body, tuple(about))
        return body


def json_response(data: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Plain data encoded once."""
    return Response(
        encode(data),
        status_code=status,
        media_type="application/json",
        headers=dict(headers) if headers else None,
    )


def not_served(request: Request, public_url: str) -> str:
    """What to tell of an operation that is not served, so that it is not taken for an object that is missing."""
    asked = f"{request.method} {request.url.path[:LONGEST_PATH_ECHO]}"
    return f"Checkstand does not serve {asked}. What it serves is listed at {public_url}/docs."


def is_prefetch(request: Request) -> bool:
    """True where a browser fetches an address in advance: one that makes something must wait for the visit."""
    headers = request.headers
    purpose = headers.get("sec-purpose") or headers.get("purpose") or headers.get("x-purpose") or headers.get("x-moz")
    return purpose is not None and "pre" in purpose.lower()


def ignored_fields(data: object, known: frozenset[str]) -> dict[str, str]:
    """The header that names the request's ignored fields; empty when there are none."""
    if not isinstance(data, dict):
        return {}
    unknown = [re.sub(r"[^\x21-\x7e]|,", "?", key)[:64] for key in data if key not in known]
    return {IGNORED_FIELDS: ", ".join(unknown[:20])} if unknown else {}


def with_ignored(headers: Mapping[str, str] | None, name: str) -> dict[str, str]:
    """The header with one more field in it: one that is known, and had no effect here."""
    before = (headers or {}).get(IGNORED_FIELDS, "")
    return {**(headers or {}), IGNORED_FIELDS: f"{before}, {name}" if before else name}


__all__ = [
    "BadBody",
    "ClientDisconnect",
    "Rendered",
    "bearer",
    "echo",
    "encode",
    "ignored_fields",
    "is_json",
    "is_prefetch",
    "json_response",
    "parse_json",
    "read_body",
    "with_ignored",
]
