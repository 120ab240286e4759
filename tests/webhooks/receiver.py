"""A real receiver of webhooks on the loopback: records what comes, answers what a test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Received:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass(slots=True)
class Answer:
    """What the receiver does: wait, then answer (or close without a word when `status` is 0)."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0


@dataclass(slots=True)
class Receiver:
    """Its address, what came, and how many requests it was at together at most."""

    url: str = ""
    port: int = 0
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received, int], Answer] = lambda _request, _count: Answer()
    most_at_once: int = 0
    _at_once: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def close(self) -> None:
        """Close all connections."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer_all(reader, writer)
        finally:
            writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while request := await _read(reader):
                self.received.append(request)
                self._arrived.set()
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                told = self.answer(request, len(self.received))
                await asyncio.sleep(told.after_s)
                self._at_once -= 1
                if told.status == 0:
                    break
                writer.write(_encoded(told))
                await writer.drain()

    async def wait_for(self, count: int, *, within_s: float = 15.0) -> None:
        """Until so many requests came. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while len(self.received) < count:
                self._arrived.clear()
                await self._arrived.wait()

    def paths(self) -> list[str]:
        return [request.path for request in self.received]


async def _read(reader: asyncio.StreamReader) -> Received | None:
    start = (await reader.readline()).decode()
    if not start:
        return None
    headers: dict[str, str] = {}
    while line := (await reader.readline()).decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(start.split(" ")[1], headers, body)


def _encoded(answer: Answer) -> bytes:
    headers = {"content-length": str(len(answer.body)), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} Status", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + answer.body


@contextlib.asynccontextmanager
async def receiving(
    answer: Callable[[Received, int], Answer] | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """A receiver on a free port; `answer(request, count)` decides each answer, `count` starting at 1."""
    receiver = Receiver()
    if answer is not None:
        receiver.answer = answer
    server = await asyncio.start_server(receiver.connected, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    receiver.url = f"http{'s' if tls else ''}://127.0.0.1:{receiver.port}/hook"
    try:
        yield receiver
    finally:
        server.close()
        await receiver.close()


def always(status: int, body: bytes = b"") -> Callable[[Received, int], Answer]:
    """Answer every request the same way."""
    return lambda _request, _count: Answer(status=status, body=body)
