"""What is answered where no route answered: unknown paths, wrong methods and our own faults, in the words of the API concerned.

A fault of ours is logged with a reference and told with it; never a stack trace, never half an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Scope

from checkstand.dialects.api import DialectParts, Errors
from checkstand.http import not_served
from checkstand.services import services_of
from checkstand.store.unavailable import RETRY_AFTER_S, DatabaseUnavailable
from checkstand.web.trouble import failed_page, nowhere_page, wants_page

CONTROLS = "/_test"
_log = structlog.get_logger("checkstand.web")


async def answer_to(request: Request, error: Exception) -> Response:
    """The answer to what a request met, before anything of another was sent."""
    if isinstance(error, HTTPException):
        return _unrouted(request, error)
    if isinstance(error, ClientDisconnect):
        return Response(status_code=499)  # nobody hears this: the caller left before the body was read
    if isinstance(error, DatabaseUnavailable):
        return await unavailable(request, error)
    return await fault(request, error)


def require_readable(scope: Scope, dialects: Sequence[DialectParts]) -> None:
    """Raises HTTPException (404) for a path with a NUL in it: nothing has such a name, and PostgreSQL takes none.

    APIs read the names in their paths by themselves and refuse such a one in their own words.
    """
    path: str = scope["path"]
    if "\0" in path and not any(path.startswith(dialect.paths) for dialect in dialects):
        raise HTTPException(404)


def _words(request: Request) -> Errors | None:
    """How the API concerned says it, which the path tells; None for a page."""
    dialects: Sequence[DialectParts] = request.app.dialects
    path = request.url.path
    found = next((dialect.errors for dialect in dialects if path.startswith(dialect.paths)), None)
    return dialects[0].errors if found is None and path.startswith(CONTROLS) else found


def _unrouted(request: Request, error: HTTPException) -> Response:
    words = _words(request)
    if words is None and wants_page(request):
        response = nowhere_page(request, error.status_code)
    else:
        hint = not_served(request, services_of(request).ports.public_url())
        words = words or request.app.dialects[0].errors
        response = words.unrouted(error.status_code, str(error.detail), hint)
    response.headers.update(error.headers or {})
    return response


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
