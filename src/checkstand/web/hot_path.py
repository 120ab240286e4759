"""The short way to the hottest routes: matched before the application, which costs more to walk through than the work of a read.

The routes are the application's own handlers under the same paths; what none of them matches goes through the whole application, so
a wrong method or another spelling of the path is answered exactly as without this.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checkstand.store.unavailable import DatabaseUnavailable
from checkstand.web import errors

Endpoint = Callable[[Request], Awaitable[Response]]


class HotPath:
    """Asks its routes first, then the application."""

    def __init__(self, app: FastAPI, routes: Sequence[Route]) -> None:
        self._app: ASGIApp = app
        self._exact: dict[tuple[str, str], Endpoint] = {}
        self._patterns: list[Route] = []
        for route in routes:
            if "{" in route.path:
                self._patterns.append(route)
            else:
                self._exact |= {(method, route.path): route.endpoint for method in route.methods or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._find(scope) if scope["type"] == "http" else None
        if endpoint is None:
            await self._through_the_application(scope, receive, send)
            return
        scope["app"] = self._app
        try:
            response = await endpoint(Request(scope, receive, send))
        except ClientDisconnect:
            return
        except DatabaseUnavailable as error:
            response = await errors.unavailable(Request(scope), error)
        except Exception as error:  # noqa: BLE001  (a fault of ours is answered as everywhere)
            response = await errors.fault(Request(scope), error)
        await response(scope, receive, send)

    async def _through_the_application(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application raises a fault again after it has answered it, upon which the server would drop the connection."""
        ended = False

        async def watched(message: Message) -> None:
            nonlocal ended
            await send(message)
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if not ended:
                raise

    def _find(self, scope: Scope) -> Endpoint | None:
        exact = self._exact.get((scope["method"], scope["path"]))
        if exact is not None:
            scope["path_params"] = {}
            return exact
        for route in self._patterns:
            match, child = route.matches(scope)
            if match is Match.FULL:
                scope.update(child)
                endpoint: Endpoint = route.endpoint
                return endpoint
        return None
