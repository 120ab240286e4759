"""A document as HTML and as the PDF file that is printed from it, for whoever may have it."""

from __future__ import annotations

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from starlette.requests import Request
from starlette.responses import Response

from checkstand.domain.document import Document
from checkstand.ops.limiter import Window
from checkstand.services import client_address, services_of
from checkstand.web.documents.pdf import print_pdf
from checkstand.web.documents.words import file_name, printed
from checkstand.web.templating import render

# A print is work: more than a buyer ever needs, less than somebody who wants to keep the server busy.
VISITS = (RateLimitItemPerMinute(30), RateLimitItemPerHour(300))


def count_visit(request: Request) -> Window | None:
    """Count one document that an address asks for, wherever that is; None when nothing is limited."""
    return services_of(request).limiter.hit(f"document address {client_address(request)}", VISITS)


def html_of(document: Document, *, pdf_url: str = "") -> str:
    """The page."""
    return render("documents/document.html", it=printed(document), pdf_url=pdf_url)


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
