"""A document as HTML and as the PDF file that is printed from it, for any reader that may have it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from starlette.requests import Request
from starlette.responses import Response

from checkstand.documents.pdf import print_pdf
from checkstand.documents.words import file_name, printed
from checkstand.domain.document import Document
from checkstand.ops.limiter import LimitWindow
from checkstand.services import limited_address, services_of

# A print is work: more than a buyer ever needs, less than somebody who wants to keep the server busy.
VISITS = (RateLimitItemPerMinute(30), RateLimitItemPerHour(300))


def count_visit(request: Request) -> LimitWindow | None:
    """Count one document that an address asks for, wherever that is; None when nothing is limited."""
    return services_of(request).limiter.hit(f"document address {limited_address(request)}", VISITS)


@dataclass(frozen=True, slots=True)
class Stylesheet:
    """Where the page's looks are, and the hash that says that they are ours."""

    url: str
    integrity: str


@cache
def _template() -> Template:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return made.get_template("document.html")


def html_of(document: Document, *, pdf_url: str = "", stylesheet: Stylesheet | None = None) -> str:
    """The page. A printer needs no stylesheet: it lays out each block by its class."""
    return _template().render(it=printed(document), pdf_url=pdf_url, stylesheet=stylesheet)


async def pdf_response(document: Document) -> Response:
    """The document as a PDF file, shown by a browser and saved under its number."""
    title = printed(document).title
    body = await print_pdf(html_of(document), title=title, dated=document.issued_at)
    headers = {
        "Content-Disposition": f'inline; filename="{file_name(document)}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
        "Referrer-Policy": "no-referrer",
    }
    return Response(body, media_type="application/pdf", headers=headers)
