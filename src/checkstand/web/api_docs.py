"""`/openapi.json`, `/openapi/polar.json` and `/openapi/dodo.json`, and `/docs`, which shows the first at a glance.

Nothing comes from elsewhere, so all of it works offline. A document is made when somebody asks for it the first time, beside the
event loop since it takes half a second, and then kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from checkstand.http import encode
from checkstand.openapi import PATH_PARAMETER, Described, Json, document
from checkstand.services import services_of
from checkstand.web.headers import page_headers
from checkstand.web.templating import render

router = APIRouter()
SHOWN = ("Polar", "Dodo", "Test controls", "Health")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One line of the page."""

    method: str
    path: str
    summary: str
    fields: tuple[str, ...]


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
    """The operations of both APIs, grouped."""
    public_url = services_of(request).ports.public_url()
    groups = _groups(await run_in_threadpool(documents_of(request).whole))
    text = render("docs/api.html", groups=groups, public_url=public_url)
    return HTMLResponse(text, headers=page_headers(public_url))


def _groups(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """Operations by tag, in the document's order; pages and the dashboard are left out."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or [""])[0]
            if not tag.startswith(SHOWN):
                continue
            shown = Operation(
                method=method.upper(),
                path=path,
                summary=operation.get("description") or operation.get("summary", ""),
                fields=_fields(operation, document["components"]["schemas"]),
            )
            groups.setdefault(tag, []).append(shown)
    return groups


def _fields(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> tuple[str, ...]:
    """The query's parameters and the body's fields; those of every kind of body that there is."""
    asked = [f"?{item['name']}" for item in operation.get("parameters", ()) if item["in"] == "query"]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    fields: dict[str, bool] = {}
    for schema in _kinds(content.get("schema", {}), schemas):
        required = schema.get("required", ())
        for name in schema.get("properties", {}):
            fields[name] = fields.get(name, True) and name in required
    return (*asked, *(f"{name} (required)" if required else name for name, required in fields.items()))


def _kinds(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A body's schema, or those that it may be of."""
    found = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    choices = found.get("anyOf") or found.get("oneOf")
    return [kind for choice in choices for kind in _kinds(choice, schemas)] if choices else [found]
