"""Failures on demand: `POST /_fake/faults {"match": "POST /v1/payment_intents", "kind": "drop", "times": 3}`.

`drop`  the request is carried out and its answer is lost       `500`  it is not carried out, and fails
`hang`  it is carried out, and answered after `seconds`         `429`  it is refused for there being too many
`late`  like `500`, but carried out before: the answer lies
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KINDS = ("drop", "500", "429", "hang", "late")


@dataclass(slots=True)
class Fault:
    """One kind of failure for the next so many requests that begin with `match`."""

    match: str
    kind: str
    times: int = 1
    seconds: float = 3600.0


@dataclass(slots=True)
class Faults:
    """The failures that are due, in the order in which they were asked for."""

    due: list[Fault] = field(default_factory=list)
    met: int = 0

    def take(self, request_line: str) -> Fault | None:
        """The failure that meets this request (`POST /v1/payment_intents`), counted down."""
        for fault in self.due:
            if fault.times > 0 and request_line.startswith(fault.match):
                fault.times -= 1
                self.met += 1
                return fault
        return None


class FaultyApi:
    """Stands before the API and lets the failures happen."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] == "http" and scope["path"].startswith("/v1/")
        fault = self._faults.take(f"{scope['method']} {scope['path']}") if is_api else None
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind in ("500", "429"):
            await _error(int(fault.kind))(scope, receive, send)
        else:
            await self._after(fault, scope, receive, send)

    async def _after(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request out, whoever still listens, and spoil the answer."""
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        body = await Request(scope, receive).body()

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, keep)
        if fault.kind == "late":
            await _error(500)(scope, receive, send)
        elif fault.kind == "hang":
            await asyncio.sleep(fault.seconds)
            for message in kept:
                await send(message)
        else:
            # An answer that is shorter than it says: the server closes the connection in the middle of it.
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4096")]})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})


def _error(status: int) -> Response:
    kind, code = ("api_error", None) if status == 500 else ("invalid_request_error", "rate_limit")
    return JSONResponse({"error": {"type": kind, "code": code, "message": "Asked for by a test."}}, status_code=status)
