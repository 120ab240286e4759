"""The short way to the hottest routes: matched before the application, which costs more to walk through than the work of a read.

The routes are the application's own handlers under the same paths; what none of them matches goes through the whole application, so
a wrong method or another spelling of the path is answered exactly as without this.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checkstand.web import errors


class HotPath:
    """Asks its routes first, then the application."""

    def __init__(self, app: FastAPI, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._routes = tuple(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for route in self._routes:
                match, child = route.matches(scope)
                if match is Match.FULL:
                    scope.update(child)
                    scope["app"] = self._app
                    await self._run(route.handle, scope, receive, send)
                    return
        await self._app(scope, receive, send)

    async def _run(self, handle: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a handler; a fault of ours is answered as everywhere, unless the answer has begun."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await handle(scope, receive, noted)
        except ClientDisconnect:
            return
        except Exception as error:
            if begun:
                raise
            response = await errors.fault(Request(scope), error)
            await response(scope, receive, send)
