"""`/openapi.json`, `/openapi/polar.json` and `/openapi/dodo.json`, and `/docs`, which shows the first to people.

Nothing comes from elsewhere, so all of it works offline. A document is made when somebody asks for it the first time, beside the
event loop since it takes half a second, and then kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from checkstand.http import encode
from checkstand.openapi import PATH_PARAMETER, Described, Json, document
from checkstand.services import services_of
from checkstand.web.api_reference import reference_of
from checkstand.web.headers import page_headers
from checkstand.web.templating import render

router = APIRouter()
ABOUT = (
    "Both APIs of this server, its test controls and its health. The base URL is the server's own address; a key of either API tells "
    "which organization is meant."
)


class Documents:
    """The OpenAPI documents of an application: each API's and the whole one."""

    def __init__(self, apis: Sequence[Described], app: FastAPI) -> None:
        self._apis = {api.name: api for api in apis}
        self._app = app
        self._whole: Json | None = None
        self._encoded: dict[str, bytes] = {}
        self._pages: dict[str, str] = {}

    def whole(self) -> Json:
        """Both APIs and what else is served."""
        if self._whole is None:
            title, version = self._app.title, self._app.version
            made = document(list(self._apis.values()), title=title, version=version, about=ABOUT)
            rest = get_openapi(title=title, version=version, routes=self._app.routes)
            made["paths"] |= {path: _completed(path, methods) for path, methods in rest["paths"].items()}
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
        return document([api], title=f"Checkstand: {api.title}", version=self._app.version, about=api.about)


def _completed(path: str, methods: Json) -> Json:
    """Routes that read their path by themselves tell FastAPI nothing of it."""
    named = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in PATH_PARAMETER.findall(path)
    ]
    return {method: {**operation, "parameters": named} for method, operation in methods.items()}


def documents_of(request: Request) -> Documents:
    found: Documents = request.app.state.documents
    return found


@router.get("/openapi.json", include_in_schema=False, response_class=Response)
async def whole(request: Request) -> Response:
    """The document of everything."""
    return Response(await run_in_threadpool(documents_of(request).encoded), media_type="application/json")


@router.get("/openapi/{name}.json", include_in_schema=False, response_class=Response)
async def of_one(request: Request) -> Response:
    """The document of one API."""
    try:
        body = await run_in_threadpool(documents_of(request).encoded, request.path_params["name"])
    except KeyError:
        raise HTTPException(404, "Not Found") from None
    return Response(body, media_type="application/json")


@router.get("/docs", include_in_schema=False, response_class=Response)
async def docs(request: Request) -> Response:
    """Both APIs to read: what each call takes and answers."""
    public_url = services_of(request).ports.public_url()
    text = await run_in_threadpool(documents_of(request).page, public_url)
    return HTMLResponse(text, headers=page_headers(public_url))
