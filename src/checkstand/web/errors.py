"""What is answered where no route answered: unknown paths, wrong methods and our own faults, in the words of the API concerned.

A fault of ours is logged with a reference and told with it; never a stack trace, never half an answer.
"""

from __future__ import annotations

from uuid import uuid4

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checkstand.http import json_response, not_served
from checkstand.services import services_of
from checkstand.store.unavailable import RETRY_AFTER_S, DatabaseUnavailable
from checkstand.web.trouble import failed_page, nowhere_page, wants_page

POLAR_PREFIXES = ("/v1/", "/api/v1/", "/v1", "/_test")
DODO_PREFIXES = (
    "/addons",
    "/balances",
    "/blocklist",
    "/brands",
    "/checkouts",
    "/credit-entitlements",
    "/customers",
    "/discounts",
    "/disputes",
    "/entitlements",
    "/events",
    "/grants",
    "/invoices",
    "/license",
    "/locales",
    "/meters",
    "/moderation",
    "/payments",
    "/payouts",
    "/product-collections",
    "/products",
    "/refunds",
    "/subscriptions",
    "/webhooks",
)
_OWN_WORDS = (*POLAR_PREFIXES[:3], *DODO_PREFIXES)
_log = structlog.get_logger("checkstand.web")


def install(app: Starlette) -> None:
    """Register the handlers of last resort."""
    app.add_exception_handler(HTTPException, _unrouted)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(DatabaseUnavailable, unavailable)
    app.add_exception_handler(Exception, fault)


async def _unrouted(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status, path = error.status_code, request.url.path
    headers = dict(error.headers or {})
    hint = not_served(request, services_of(request).ports.public_url())
    if path.startswith(DODO_PREFIXES):
        if status in (404, 405):
            return json_response({"code": "NOT_SERVED", "message": hint}, status=status, headers=headers)
        body = {"code": "INVALID_REQUEST_PARAMETERS", "message": str(error.detail)}
        return json_response(body, status=status, headers=headers)
    if not path.startswith(POLAR_PREFIXES) and wants_page(request):
        page = nowhere_page(request, status)
        page.headers.update(headers)
        return page
    headers.setdefault("Polar-Version", "2026-04")
    return json_response({"detail": error.detail, "hint": hint}, status=status, headers=headers)


class NamesSomething:
    """Answers 404 for a path with a NUL in it before any route sees it: nothing has such a name, and PostgreSQL takes none.

    Both APIs read the names in their paths by themselves and refuse such a one in their own words.
    """

    def __init__(self, app: ASGIApp, application: Starlette) -> None:
        self._app = app
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "\0" not in scope["path"] or scope["path"].startswith(_OWN_WORDS):
            await self._app(scope, receive, send)
            return
        scope["app"] = self._application
        response = await _unrouted(Request(scope), HTTPException(404))
        await response(scope, receive, send)


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
    path = request.url.path
    headers = {"Retry-After": str(RETRY_AFTER_S), "Cache-Control": "no-store"}
    if path.startswith(DODO_PREFIXES):
        message = f"Checkstand cannot answer right now. Try again in {RETRY_AFTER_S} seconds. Reference {reference}."
        return json_response({"code": "SERVICE_UNAVAILABLE", "message": message}, status=503, headers=headers)
    if path.startswith(POLAR_PREFIXES):
        detail = f"Checkstand cannot answer right now. Try again in {RETRY_AFTER_S} seconds. Reference {reference}."
        headers["Polar-Version"] = "2026-04"
        return json_response({"error": "ServiceUnavailable", "detail": detail}, status=503, headers=headers)
    return failed_page(request, 503, reference)


async def fault(request: Request, error: Exception) -> Response:
    """The answer to a fault of ours, logged with its reference."""
    reference = uuid4().hex[:12]
    _log.error("fault", reference=reference, method=request.method, route=_route(request), exc_info=error)
    path = request.url.path
    if path.startswith(DODO_PREFIXES):
        message = f"Something went wrong on our side. Reference {reference}."
        return json_response({"code": "INTERNAL_SERVER_ERROR", "message": message}, status=500)
    if path.startswith(POLAR_PREFIXES):
        return json_response({"error": "InternalServerError", "detail": f"Reference {reference}."}, status=500)
    return failed_page(request, 500, reference)


def _route(request: Request) -> str:
    """The route's pattern: a path may hold a buyer's secret."""
    route = request.scope.get("route")
    return str(getattr(route, "path", "unknown"))
