"""A merchant's webhook receiver: a real HTTP server on loopback that keeps what it is sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.answers import judge_event


@dataclass(frozen=True, slots=True)
class Hook:
    """One delivery as it arrived."""

    headers: dict[str, str]
    body: str

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass(slots=True)
class Receiver:
    """Where deliveries go, and what came."""

    url: str
    hooks: list[Hook] = field(default_factory=list)

    def of_type(self, kind: str) -> list[Hook]:
        return [hook for hook in list(self.hooks) if hook.event["type"] == kind]

    def wait_for(self, kind: str, *, seconds: float = 15.0) -> Hook:
        """The first delivery of a type; fails when none comes in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.of_type(kind)
            if found:
                return found[0]
            time.sleep(0.05)
        raise AssertionError(f"no {kind} came; got {[hook.event['type'] for hook in self.hooks]}")


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that answers 204 to everything. What it gets is held against the events' types."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            hook = Hook({key.lower(): value for key, value in self.headers.items()}, body)
            if "embeds" not in hook.event and "blocks" not in hook.event:  # a chat's message is no event
                judge_event(hook.event)
            receiver.hooks.append(hook)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
