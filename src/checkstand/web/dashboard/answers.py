"""A template as an answer: with the pages' security headers, never stored, and its address told to no other site."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse

from checkstand.services import services_of
from checkstand.web.headers import page_headers
from checkstand.web.templating import render


def html(request: Request, template: str, context: Mapping[str, object], *, status: int = 200) -> HTMLResponse:
    """A whole page of the dashboard; `template` is a file in `templates/dashboard/`."""
    headers = page_headers(services_of(request).ports.public_url(), referrer="same-origin")
    return HTMLResponse(render(f"dashboard/{template}", **context), status_code=status, headers=headers)
