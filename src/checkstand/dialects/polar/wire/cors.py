"""CORS of the Polar dialect: any origin may call `/v1/...` from a browser, without credentials.

Source: docs/behaviour/polar.md#paths-and-methods.
"""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send


class PolarCors:
    """Adds CORS to the dialect's paths where a browser asks (it sends `Origin`) and leaves everything else alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._open = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"],
            allow_headers=["Authorization", "Polar-Version", "Content-Type", "Idempotency-Key"],
            expose_headers=["Polar-Version", "Checkstand-Ignored-Fields"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] == "http" and scope["path"].startswith(("/v1/", "/api/v1/"))
        asked = is_api and any(name == b"origin" for name, _ in scope["headers"])
        await (self._open if asked else self._plain)(scope, receive, send)
