"""What the HTTP server calls: the routes, and one layer around them in which whatever is raised becomes an answer.

Starlette's own application has three such layers, each with a `send` of its own. A read costs little more than they do.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from checkstand.dialects.api import DialectParts
from checkstand.routing import Router
from checkstand.services import Services
from checkstand.web import errors
from checkstand.web.api_docs import Documents


class Application:
    """All that is served, and what its functions find through `request.app`. `dialects`: in whose words an error is told."""

    def __init__(
        self, routes: Sequence[Route], *, services: Services, dialects: Sequence[DialectParts], documents: Documents
    ) -> None:
        self.routes = routes
        self.services = services
        self.dialects = dialects
        self.documents = documents
        self._router = Router(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. Raises only where an answer has begun and cannot be ended: the connection is closed then."""
        scope["app"] = self
        began = ended = False

        async def noting(message: Message) -> None:
            nonlocal began, ended
            began = True
            await send(message)
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            errors.require_readable(scope, self.dialects)
            await self._router(scope, receive, noting)
        except Exception as error:
            response = await (errors.fault if began else errors.answer_to)(Request(scope), error)
            if not began:
                await response(scope, receive, send)
            elif not ended:
                raise
