"""What is answered where no route answered: unknown paths, wrong methods and our own faults, in the words of the API concerned.

A fault of ours is logged with a reference and told with it; never a stack trace, never half an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checkstand.dialects.api import DialectParts, Errors
from checkstand.http import not_served
from checkstand.services import services_of
from checkstand.store.unavailable import RETRY_AFTER_S, DatabaseUnavailable
from checkstand.web.trouble import failed_page, nowhere_page, wants_page

CONTROLS = "/_test"
_log = structlog.get_logger("checkstand.web")


def install(app: Starlette, dialects: Sequence[DialectParts]) -> None:
    """Register the handlers of last resort. What is of no API, and no page, is answered in the words of the first."""
    app.state.dialects = tuple(dialects)
    app.add_exception_handler(HTTPException, _unrouted)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(DatabaseUnavailable, unavailable)
    app.add_exception_handler(Exception, fault)


def _words(request: Request) -> Errors | None:
    """How the API concerned says it, which the path tells; None for a page."""
    dialects: Sequence[DialectParts] = request.app.state.dialects
    path = request.url.path
    found = next((dialect.errors for dialect in dialects if path.startswith(dialect.paths)), None)
    return dialects[0].errors if found is None and path.startswith(CONTROLS) else found


async def _unrouted(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = _words(request)
    if words is None and wants_page(request):
        response = nowhere_page(request, error.status_code)
    else:
        hint = not_served(request, services_of(request).ports.public_url())
        words = words or request.app.state.dialects[0].errors
        response = words.unrouted(error.status_code, str(error.detail), hint)
    response.headers.update(error.headers or {})
    return response


class NamesSomething:
    """Answers 404 for a path with a NUL in it before any route sees it: nothing has such a name, and PostgreSQL takes none.

    Both APIs read the names in their paths by themselves and refuse such a one in their own words.
    """

    def __init__(self, app: ASGIApp, application: Starlette) -> None:
        self._app = app
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "\0" not in scope["path"] or self._is_of_an_api(scope["path"]):
            await self._app(scope, receive, send)
            return
        scope["app"] = self._application
        response = await _unrouted(Request(scope), HTTPException(404))
        await response(scope, receive, send)

    def _is_of_an_api(self, path: str) -> bool:
        return any(path.startswith(dialect.paths) for dialect in self._application.state.dialects)


class KeepsConnection:
    """Hides a fault that has been answered: the application raises it again, upon which the server would drop the connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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


async def _gone(_request: Request, _error: Exception) -> Response:
    """The caller left before the body was read: nobody hears this."""
    return Response(status_code=499)


async def unavailable(request: Request, error: BaseException) -> Response:
    """503 with `Retry-After`: the database cannot be used right now, or the server is being stopped. One line in the log."""
    reference = uuid4().hex[:12]
    why = error.reason if isinstance(error, DatabaseUnavailable) else type(error).__name__
    _log.warning("unavailable", reference=reference, method=request.method, route=_route(request), reason=why)
    words = _words(request)
    if words is None:
        return failed_page(request, 503, reference)
    response = words.unavailable(reference)
    response.headers.update({"Retry-After": str(RETRY_AFTER_S), "Cache-Control": "no-store"})
    return response


async def fault(request: Request, error: Exception) -> Response:
    """The answer to a fault of ours, logged with its reference."""
    reference = uuid4().hex[:12]
    _log.error("fault", reference=reference, method=request.method, route=_route(request), exc_info=error)
    words = _words(request)
    return failed_page(request, 500, reference) if words is None else words.fault(reference)


def _route(request: Request) -> str:
    """The route's pattern: a path may hold a buyer's secret."""
    route = request.scope.get("route")
    return str(getattr(route, "path", "unknown"))
