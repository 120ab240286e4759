"""`/docs`: both APIs at a glance, made from the OpenAPI document, without anything from elsewhere, so that it works offline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from checkstand.services import services_of
from checkstand.web.headers import page_headers
from checkstand.web.templating import render

router = APIRouter()
SHOWN = ("Polar", "Dodo", "Test controls", "Health")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One line of the page."""

    method: str
    path: str
    summary: str
    fields: tuple[str, ...]


@router.get("/docs", include_in_schema=False, response_class=Response)
async def docs(request: Request) -> Response:
    """The operations of both APIs, grouped."""
    public_url = services_of(request).ports.public_url()
    text = render("docs/api.html", groups=_groups(request.app.openapi()), public_url=public_url)
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
                fields=_fields(operation),
            )
            groups.setdefault(tag, []).append(shown)
    return groups


def _fields(operation: Mapping[str, Any]) -> tuple[str, ...]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    required = set(schema.get("required", ()))
    return tuple(f"{name} (required)" if name in required else name for name in schema.get("properties", {}))
