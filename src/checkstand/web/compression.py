"""Compresses what is worth it: HTML, JSON and text from 1 kB on, for callers who accept gzip.

The size of a compressed answer tells something of its content. Where an outsider can have his own text put beside a secret, again and
again, he can guess the secret from the sizes (BREACH). So two kinds of answers are sent as they are:

* answers of the dashboard to anything but a plain address: a search puts words from the address beside the shop's customers, and
  the page of a new token holds it. The token of the forms is another text on each page (`dashboard/session.py`);
* what is compressed already, or is no text.

The checkout pages have no such outsider: whoever can make a browser open one knows its secret address. The APIs have none either:
no browser sends their keys by itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from isal import isal_zlib
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST = 1024
LEVEL: Final = 1
_GZIP_FRAME = 31  # zlib's way to say: the largest window, with gzip's header
_JSON = b"application/json"
_TYPES = (b"text/html", _JSON, b"text/csv", b"text/plain")
Headers = Sequence[tuple[bytes, bytes]]
MOST_KEPT = 128
LARGEST_KEPT = 65_536


def gzip(body: bytes) -> bytes:
    """The body compressed."""
    packed: bytes = isal_zlib.compress(body, LEVEL, _GZIP_FRAME)
    return packed


@lru_cache(maxsize=256)
def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header allows gzip.

    >>> accepts_gzip("br, gzip"), accepts_gzip("gzip;q=0, br"), accepts_gzip("*"), accepts_gzip("")
    (True, False, True, False)
    """
    for part in header.lower().split(","):
        name, _, weight = part.strip().partition(";")
        if name in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class Compressed:
    """Stands around an application and compresses its answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_wanted(scope) or _tells_by_its_size(scope):
            await self._app(scope, receive, send)
            return
        is_read = scope["method"] == "GET"
        start: Message | None = None
        kind = b""

        async def send_compressed(message: Message) -> None:
            nonlocal start, kind
            if message["type"] == "http.response.start":
                kind = _kind_of(message)
                if kind:
                    start = message
                    return
            elif start is not None:
                begun, start = start, None
                # What comes in pieces is passed on as it comes: whoever reads it waits for each.
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    body = message.get("body", b"")
                    if len(body) >= SMALLEST:
                        is_polled = is_read and kind.startswith(_JSON)
                        body = self._packed(body) if is_polled else gzip(body)
                        message = {**message, "body": body}
                        begun = {**begun, "headers": _with_encoding(begun["headers"], len(body))}
                await send(begun)
            await send(message)

        await self._app(scope, receive, send_compressed)

    def _packed(self, body: bytes) -> bytes:
        """The body compressed; an unchanged document that is read again and again is compressed once."""
        found = self._kept.get(body)
        if found is None:
            found = gzip(body)
            if len(body) <= LARGEST_KEPT:
                self._kept[body] = found
                if len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
        return found


def _is_wanted(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and accepts_gzip(value.decode("latin-1")) for name, value in scope["headers"])


def _tells_by_its_size(scope: Scope) -> bool:
    path: str = scope["path"]
    return path.startswith("/dashboard") and bool(scope["method"] != "GET" or scope["query_string"])


def _kind_of(start: Message) -> bytes:
    """The content type of an answer that may be compressed; empty for any other."""
    kind = b""
    for name, value in start["headers"]:
        if name == b"content-type":
            kind = value
        elif name == b"content-encoding":
            return b""
    return kind if kind.startswith(_TYPES) and start["status"] != 206 else b""


def _with_encoding(headers: Headers, length: int) -> Headers:
    """The headers of the same answer once it is compressed to so many bytes."""
    kept = [(name, value) for name, value in headers if name not in (b"content-length", b"vary")]
    vary = [value for name, value in headers if name == b"vary"]
    return [
        *kept,
        (b"content-length", str(length).encode()),
        (b"content-encoding", b"gzip"),
        (b"vary", b", ".join([*vary, b"Accept-Encoding"])),
    ]
