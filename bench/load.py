"""A closed-loop HTTP load: N connections that each send the next request when the last one is answered.

Raw sockets and no parsing beyond the status and the length, so that the measuring process does not become what is measured.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast


@dataclass(slots=True)
class Result:
    """What one run gave: answers per second and latencies in milliseconds."""

    seconds: float
    latencies_ms: list[float] = field(default_factory=list)
    failures: int = 0

    @property
    def per_second(self) -> float:
        return len(self.latencies_ms) / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


class _Connection(asyncio.Protocol):
    def __init__(self, request: Callable[[], bytes], expected: bytes, result: Result, until: float) -> None:
        self._request, self._expected, self._result, self._until = request, expected, result, until
        self._buffer = b""
        self._wanted = -1
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports do not inherit from asyncio's
        self._next()

    def _next(self) -> None:
        assert self._transport is not None
        if time.perf_counter() >= self._until:
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(self._request())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._wanted < 0:
            head = self._buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            place = self._buffer.lower().find(b"content-length: ", 0, head)
            length = int(self._buffer[place + 16 : self._buffer.find(b"\r\n", place)]) if place >= 0 else 0
            self._wanted = head + 4 + length
        if len(self._buffer) < self._wanted:
            return
        if self._buffer[9:12] != self._expected:
            self._result.failures += 1
        self._result.latencies_ms.append((time.perf_counter() - self._sent) * 1000)
        self._buffer, self._wanted = b"", -1
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def run(
    host: str, port: int, request: Callable[[], bytes], *, expected: int, connections: int, seconds: float
) -> Result:
    """Load one address for a while."""
    loop = asyncio.get_running_loop()
    result = Result(seconds)
    until = time.perf_counter() + seconds
    made = [
        await loop.create_connection(lambda: _Connection(request, str(expected).encode(), result, until), host, port)
        for _ in range(connections)
    ]
    await asyncio.wait([connection.done for _, connection in made], timeout=seconds + 10)
    return result


def http_request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """The bytes of one HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", *(f"{key}: {value}" for key, value in headers.items())]
    if body or method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
