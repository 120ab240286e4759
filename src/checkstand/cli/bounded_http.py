"""How long a connection may take and how much it may send: uvicorn's own HTTP protocol with the bounds of `ops/bounds.py`.

A head has its size, its number of headers and its deadline; a body its deadline; an answer that nobody reads is not kept for ever.
Where all places are taken, the connection that waited longest without a whole request makes room. What is refused here never reaches
the application: HTTP/0.9, two `Host` headers, a head that has no end.
"""

from __future__ import annotations

import asyncio
import resource
from http import HTTPStatus
from typing import Any, Literal, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from checkstand.ops import bounds

Awaited = Literal["head", "body"]
OTHER_FILES = 200
"""File descriptors that are no connections of callers: the database's, the log's, those of webhooks."""
FEWEST_CONNECTIONS = 50


class _Refused(Exception):
    """A request that is answered here, and its connection closed."""

    def __init__(self, status: HTTPStatus, advice: str) -> None:
        super().__init__(advice)
        self.status = status
        self.advice = advice


def places() -> int:
    """How many connections may be open at once: as declared, or fewer where the system allows this process fewer files."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return bounds.MOST_CONNECTIONS
    return min(bounds.MOST_CONNECTIONS, max(FEWEST_CONNECTIONS, allowed - OTHER_FILES))


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    head_s = bounds.HEAD_S
    body_s = bounds.BODY_S
    unread_s = bounds.UNREAD_S
    places = places()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._requests = 0
        self._in_head = False
        self._in_body = False
        self._head_began = False
        self._body_moved = False
        self._unmoved_bytes = 0
        self._piece_bytes = 0
        self._waits_since = 0.0
        self._watched: tuple[Awaited, int] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------ the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        has_room = len(self.connections) < self.places or self._make_room()
        super().connection_made(transport)
        self._waits_since = self.loop.time()
        if has_room:
            self._watch()
        else:
            self._refuse(_Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections. Try again in a moment."))

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        self._stop_counting_unread()
        super().connection_lost(exc)

    def _make_room(self) -> bool:
        """Close the connection that waited longest without a whole request. False when all of them are being answered."""
        waiting = [one for one in self.connections if isinstance(one, BoundedProtocol) and one._is_waiting()]
        if not waiting:
            return False
        oldest = min(waiting, key=lambda one: one._waits_since)
        self.connections.discard(oldest)
        oldest.transport.abort()
        return True

    def _is_waiting(self) -> bool:
        return self._in_body or self._running() is None

    def _running(self) -> RequestResponseCycle | None:
        """The request that is being answered."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return None if cycle is None or cycle.response_complete else cycle

    # ------------------------------------------------------------ what arrives

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._head_began = self._body_moved = False
        self._piece_bytes = len(data)
        try:
            self.parser.feed_data(data)
            self._count()
        except _Refused as refused:
            self._refuse(refused)
        except httptools.HttpParserUpgrade:
            pass  # the request itself is answered as any other
        except httptools.HttpParserError as error:
            cause = error.__context__
            ours = cause if isinstance(cause, _Refused) else None
            self._refuse(ours or _Refused(HTTPStatus.BAD_REQUEST, "This is no HTTP request that can be read."))
        else:
            self._watch()

    def _count(self) -> None:
        """Bytes that completed nothing: a head without its end, or what surrounds a body's chunks. Raises _Refused.

        What came in one piece with the beginning of a head is not counted: where in it the head begins, nobody tells.
        """
        if (self._in_head and not self._head_began) or (self._in_body and not self._body_moved):
            self._unmoved_bytes += self._piece_bytes
        else:
            self._unmoved_bytes = 0
        if self._unmoved_bytes > bounds.LARGEST_HEAD:
            raise _TOO_LARGE

    def on_message_begin(self) -> None:
        self._in_head = self._head_began = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._check_head()
        self._in_head, self._in_body = False, True
        self._unmoved_bytes = 0
        super().on_headers_complete()
        self.headers = []  # what comes behind a body as trailers is not the request's

    def _check_head(self) -> None:
        """Raises _Refused."""
        version = self.parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise _Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "Send HTTP/1.1.")
        # A head that came in one small piece is no larger than that.
        if not self._head_began or self._piece_bytes > bounds.LARGEST_HEAD:
            if len(self.url) > bounds.LARGEST_HEAD:
                raise _Refused(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long. Send less in its query.")
            if sum(len(name) + len(value) + 4 for name, value in self.headers) + len(self.url) > bounds.LARGEST_HEAD:
                raise _TOO_LARGE
        if len(self.headers) > bounds.MOST_HEADERS:
            raise _Refused(_HEADERS, f"Send at most {bounds.MOST_HEADERS} headers.")
        hosts = [name for name, _ in self.headers].count(b"host")
        if hosts > 1 or (hosts == 0 and version == "1.1"):
            raise _Refused(HTTPStatus.BAD_REQUEST, "Send exactly one Host header.")
        if self.url.count(b"&") >= bounds.MOST_PARAMETERS:
            advice = f"Send at most {bounds.MOST_PARAMETERS} parameters in the address."
            raise _Refused(HTTPStatus.REQUEST_URI_TOO_LONG, advice)

    def on_body(self, body: bytes) -> None:
        self._body_moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        self._requests += 1
        self._waits_since = self.loop.time()
        super().on_message_complete()

    def _refuse(self, refused: _Refused) -> None:
        """Answer and close. Where an answer to an earlier request is on its way, it is cut off rather than mixed with this one."""
        self._stop_watching()
        running = self._running()
        if running is not None:
            running.disconnected = True
            running.message_event.set()
        if running is None or not running.response_started:
            body = f"{refused.advice}\n".encode()
            head = (
                f"HTTP/1.1 {refused.status.value} {refused.status.phrase}\r\n"
                f"content-type: text/plain; charset=utf-8\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()

    # ------------------------------------------------------------ deadlines

    def _watch(self) -> None:
        """Keep the deadline of what is awaited: it runs from the moment that this was first awaited, whatever trickles in."""
        awaited: Awaited | None = None
        if self._in_body:
            awaited = "body"
        elif self._running() is None:
            awaited = "head"
        now = (awaited, self._requests) if awaited else None
        if now == self._watched:
            return
        self._stop_watching()
        if awaited and not self.transport.is_closing():
            self._watched = now
            self._deadline = self.loop.call_later(self.body_s if awaited == "body" else self.head_s, self._too_late)

    def _stop_watching(self) -> None:
        self._watched = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        if self._in_body or self._in_head:
            self._refuse(_Refused(HTTPStatus.REQUEST_TIMEOUT, "The request came too slowly. Try again."))
        else:
            self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.unread_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_counting_unread()

    def _stop_counting_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


_HEADERS = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
_TOO_LARGE = _Refused(_HEADERS, f"Send at most {bounds.LARGEST_HEAD} bytes of headers.")
