"""Connections that send too much, too slowly or nothing at all, on a bare socket: what the server bears from strangers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import ClassVar

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from checkstand.app import DIALECTS
from checkstand.application import Application
from checkstand.cli import bounded_http
from checkstand.cli.bounded_http import BoundedProtocol
from checkstand.cli.listening import bind
from checkstand.cli.web import AnswersWhenCutOff, serve_web
from checkstand.ops import bounds
from checkstand.routing import Routes
from checkstand.web.api_docs import Documents
from checkstand.web.compression import Compressed
from tests.server import RunningServer
from tests.waiting import eventually

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"


class Hasty(BoundedProtocol):
    """The same protocol with short deadlines and few places, so that a test need not wait."""

    head_s = 0.4
    body_s = 0.6
    unread_s = 0.5
    places = 20
    given_up: ClassVar[set[object]] = set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.given_up.add(self.transport.get_extra_info("peername"))
        super().connection_lost(exc)


async def _echo(request: Request) -> Response:
    body = await request.body()
    size = int(request.query_params.get("size", "0"))
    return Response(b"." * size if size else b"%d" % len(body))


@dataclass(frozen=True, slots=True)
class Door:
    """Where the server listens."""

    address: tuple[str, int]

    def connect(self) -> socket.socket:
        found = socket.create_connection(self.address, timeout=10)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return found

    def told(self, *sent: bytes) -> bytes:
        """All that is answered to these bytes until the server closes."""
        with self.connect() as connection:
            with contextlib.suppress(OSError):
                for part in sent:
                    connection.sendall(part)
            return everything(connection)


def everything(connection: socket.socket, *, quiet_s: float = 20.0) -> bytes:
    connection.settimeout(quiet_s)
    found = b""
    with contextlib.suppress(OSError):
        while part := connection.recv(65_536):
            found += part
    return found


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with opened(Starlette(routes=[Route("/", _echo, methods=["GET", "POST"])])) as found:
        yield found


@contextlib.contextmanager
def opened(app: ASGIApp) -> Iterator[Door]:
    """An application served as `dev` and `serve` do it."""
    listener = bind("127.0.0.1", 0)
    ready, loops = threading.Event(), list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]()

    async def main() -> None:
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        await serve_web(app, listener, stop, ready=ready.set, drain_s=1, protocol=Hasty)

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(10)
    yield Door(listener.getsockname())
    loop, stop = loops[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)


async def _fault(_request: Request) -> Response:
    raise RuntimeError("a fault of ours")


async def _half(_request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("a fault of ours")

    return StreamingResponse(parts())


def test_after_a_fault_of_ours_the_connection_is_used_on(server: RunningServer) -> None:
    routes = Routes()
    for path, endpoint in (("/v1/{id}", _fault), ("/half", _half), ("/", _echo)):
        routes.add(path, endpoint, "GET")
    documents = Documents((), {})
    app = Application(routes.all, services=server.services, dialects=DIALECTS, documents=documents)
    with opened(app) as faulty:
        asked = [b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in (b"/v1/1", b"/v1/2", b"/v1/3", b"/half")]
        last = GET + b"Connection: close\r\n\r\n"
        answer = faulty.told(*asked[:3], last)
        assert answer.count(b"HTTP/1.1 500 ") == 3
        assert answer.count(b"InternalServerError") == 3
        assert answer.count(b"HTTP/1.1 200 ") == 1
        assert b"a fault of ours" not in answer
        cut = faulty.told(asked[3], last)
        assert cut.count(b"HTTP/1.1 ") == 1, "half an answer is ended by closing, or it would look whole"


def test_an_answer_whose_beginning_is_held_back_when_the_server_ends_is_told_to_come_again(
    server: RunningServer,
) -> None:
    waiting, sent = asyncio.Event(), list[Message]()

    async def export(_request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            waiting.set()
            await asyncio.Event().wait()
            yield b"never"

        return StreamingResponse(parts(), media_type="text/csv")

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nobody leaves")

    async def send(message: Message) -> None:
        sent.append(message)

    routes = Routes()
    routes.add("/v1/export", export, "GET")
    app = Application(routes.all, services=server.services, dialects=DIALECTS, documents=Documents((), {}))
    scope = {"type": "http", "method": "GET", "path": "/v1/export", "query_string": b"", "root_path": ""}
    scope |= {"headers": [(b"accept-encoding", b"gzip")], "asgi": {"spec_version": "2.3"}}

    async def story() -> None:
        request = asyncio.create_task(AnswersWhenCutOff(Compressed(app))(scope, receive, send))
        await waiting.wait()
        request.cancel()
        await request

    asyncio.run(story())
    assert sent[0]["status"] == 503
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


def test_whole_requests_are_answered_one_after_the_other_on_one_connection(door: Door) -> None:
    answer = door.told(
        GET + b"\r\n",
        POST + b"Content-Length: 5\r\n\r\nhello",
        POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        GET + b"\r\n" + GET + b"Connection: close\r\n\r\n",
    )
    assert answer.count(b"HTTP/1.1 200 OK") == 5
    assert [part.rpartition(b"\r\n\r\n")[2][:1] for part in answer.split(b"HTTP/1.1 200 OK")[1:]] == [
        b"0",
        b"5",
        b"3",
        b"0",
        b"0",
    ]


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (GET + b"a: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        (GET + b"".join(b"h%d: x\r\n" % number for number in range(101)) + b"\r\n", 431),
        (b"GET /?" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /?" + b"a&" * 200 + b"a HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (GET + b"Host: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 505),
        (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"what is this\r\n\r\n", 400),
        (GET + b"a\r\n\r\n", 400),
        (POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    ],
)
def test_a_head_that_no_client_writes_is_refused_and_the_connection_closed(
    door: Door, request_bytes: bytes, expected: int
) -> None:
    answer = door.told(request_bytes)
    assert status(answer) == expected, answer[:200]
    assert b"connection: close" in answer


def test_heads_as_large_as_allowed_are_answered(door: Door) -> None:
    many = b"".join(b"h%d: %s\r\n" % (number, b"x" * 300) for number in range(98))
    assert status(door.told(GET + many + b"Connection: close\r\n\r\n")) == 200
    assert status(door.told(b"GET / HTTP/1.0\r\n\r\n")) == 200


@pytest.mark.parametrize(
    "head",
    [
        GET + b"a: ",
        GET,
        b"GET /",
        POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\na: ",
        POST + b"Transfer-Encoding: chunked\r\n\r\n1;",
    ],
    ids=["a value", "headers", "an address", "a trailer", "an extension"],
)
def test_a_head_without_an_end_is_cut_off_after_some_kilobytes(door: Door, head: bytes) -> None:
    """Endless headers on one connection once took as much memory as they were long."""
    piece = b"b: c\r\n" * 2_000 if head == GET else b"x" * 12_000
    sent = 0
    with door.connect() as connection:
        connection.sendall(head)
        time.sleep(0.05)  # in a packet of its own: the server tells nobody that it has read it
        with contextlib.suppress(OSError):
            while sent < 50_000_000:
                connection.sendall(piece)
                sent += len(piece)
                time.sleep(0.001)  # as fast as a network would bring it
    assert sent < 10_000_000, "the server took all of it"


def test_a_client_that_drips_its_head_is_told_to_hurry(door: Door) -> None:
    began = time.monotonic()
    with door.connect() as connection:
        with contextlib.suppress(OSError):
            for byte in GET * 20:
                connection.sendall(bytes([byte]))
                time.sleep(0.05)
        answer = everything(connection)
    assert status(answer) in (408, 0)
    assert time.monotonic() - began < 5


def test_a_client_that_drips_its_body_is_told_to_hurry(door: Door) -> None:
    began = time.monotonic()
    with door.connect() as connection:
        connection.sendall(POST + b"Content-Length: 1000\r\n\r\n")
        answer = b""
        connection.settimeout(0.05)
        for _ in range(100):
            with contextlib.suppress(TimeoutError):
                answer += connection.recv(4096)
                break
            connection.sendall(b"x")
    assert status(answer) == 408
    assert time.monotonic() - began < 5


def test_a_connection_that_says_nothing_is_closed(door: Door) -> None:
    with door.connect() as connection:
        assert everything(connection) == b""
    with door.connect() as connection:
        connection.sendall(b"\r\n")
        assert everything(connection) == b""


def test_an_answer_that_nobody_reads_is_given_up(door: Door) -> None:
    with door.connect() as connection:
        connection.sendall(b"GET /?size=30000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert eventually(lambda: connection.getsockname() in Hasty.given_up)
        assert len(everything(connection)) < 30_000_000


def test_half_sent_requests_make_room_for_whole_ones(door: Door) -> None:
    """Three times as many idle connections as there are places, and then a whole request."""
    held: list[socket.socket] = []
    try:
        for _ in range(3 * Hasty.places):
            held.append(door.connect())
            held[-1].sendall(GET)
            assert status(door.told(GET + b"Connection: close\r\n\r\n")) == 200
        assert sum(map(_is_open, held)) <= Hasty.places
    finally:
        for connection in held:
            connection.close()


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def test_places_leave_files_for_the_database() -> None:
    assert 50 <= bounded_http.places() <= bounds.MOST_CONNECTIONS
