"""`/openapi.json`, `/openapi/polar.json` and `/openapi/dodo.json`, and `/docs`, which shows the first to people.

Nothing comes from elsewhere, so all of it works offline. A document is made when somebody asks for it the first time, beside the
event loop since it takes half a second, and then kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from checkstand import __version__
from checkstand.http import encode
from checkstand.openapi import PATH_PARAMETER, Described, Json, document
from checkstand.routing import Routes
from checkstand.services import services_of
from checkstand.web.api_reference import reference_of
from checkstand.web.headers import page_headers
from checkstand.web.templating import render

routes = Routes()
TITLE = "Checkstand"
ABOUT = (
    "Both APIs of this server, its test controls and its health. The base URL is the server's own address; a key of either API tells "
    "which organization is meant."
)


class Documents:
    """The OpenAPI documents of an application: each API's and the whole one. `own`: what else it tells of, by tag."""

    def __init__(self, apis: Sequence[Described], own: Mapping[str, Routes]) -> None:
        self._apis = {api.name: api for api in apis}
        self._own = own
        self._whole: Json | None = None
        self._encoded: dict[str, bytes] = {}
        self._pages: dict[str, str] = {}

    def whole(self) -> Json:
        """Both APIs and what else is served."""
        if self._whole is None:
            made = document(list(self._apis.values()), title=TITLE, version=__version__, about=ABOUT)
            for tag, part in self._own.items():
                for route, method in part.each():
                    made["paths"].setdefault(route.path, {})[method] = _entry(tag, route, method)
            self._whole = made
        return self._whole

    def encoded(self, name: str = "") -> bytes:
        """A document's bytes: an API's by its name, the whole one without. Raises KeyError for a name that none has."""
        if name not in self._encoded:
            self._encoded[name] = encode(self._of(self._apis[name]) if name else self.whole())
        return self._encoded[name]

    def page(self, public_url: str) -> str:
        """The whole document as a page, for this server's address."""
        if public_url not in self._pages:
            self._pages = {
                public_url: render("docs/api.html", reference=reference_of(self.whole()), public_url=public_url)
            }
        return self._pages[public_url]

    def _of(self, api: Described) -> Json:
        return document([api], title=f"{TITLE}: {api.title}", version=__version__, about=api.about)


def _entry(tag: str, route: Route, method: str) -> Json:
    """What the document tells of a route of our own: no more than its function does."""
    return {
        "tags": [tag],
        "summary": route.name.replace("_", " ").title(),
        "description": route.endpoint.__doc__,
        "operationId": re.sub(r"\W", "_", f"{route.name}{route.path}_{method}"),
        "responses": {"200": {"description": "Successful Response", "content": {"application/json": {"schema": {}}}}},
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in PATH_PARAMETER.findall(route.path)
        ],
    }


def documents_of(request: Request) -> Documents:
    found: Documents = request.app.documents
    return found


@routes.get("/openapi.json")
async def whole(request: Request) -> Response:
    """The document of everything."""
    return Response(await run_in_threadpool(documents_of(request).encoded), media_type="application/json")


@routes.get("/openapi/{name}.json")
async def of_one(request: Request) -> Response:
    """The document of one API."""
    try:
        body = await run_in_threadpool(documents_of(request).encoded, request.path_params["name"])
    except KeyError:
        raise HTTPException(404, "Not Found") from None
    return Response(body, media_type="application/json")


@routes.get("/docs")
async def docs(request: Request) -> Response:
    """Both APIs to read: what each call takes and answers."""
    public_url = services_of(request).ports.public_url()
    text = await run_in_threadpool(documents_of(request).page, public_url)
    return HTMLResponse(text, headers=page_headers(public_url))
