"""Documents over HTTP: the page and the PDF file behind a signed address, and the file for others that may have it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from checkstand.documents.file import Stylesheet, count_visit, html_of, pdf_response
from checkstand.domain.document import Document
from checkstand.domain.errors import NotFound
from checkstand.flows.orders.document_address import DocumentPermit, read_permit
from checkstand.flows.orders.issue_documents import read_credit_note, read_invoice, read_receipt
from checkstand.flows.signed_address import AddressRefused
from checkstand.services import services_of
from checkstand.web.checkout.words.texts import texts_for
from checkstand.web.headers import page_headers
from checkstand.web.static_files import asset_integrity, asset_url
from checkstand.web.trouble import told_page, wants_page

_READERS = {"invoice": read_invoice, "receipt": read_receipt, "credit_note": read_credit_note}
# For each way to find none: the status, what a program reads, and the key of what a person does.
_TOLD = {
    "unknown": (403, "The address of this document is not valid.", "invalid"),
    "expired": (403, "The address of this document has expired. Open it anew from where you found it.", "expired"),
    "missing": (404, "There is no such document.", "missing"),
    "busy": (429, "Too many requests.", "busy"),
}


def document_routes() -> list[Route]:
    """Where documents are read. A token has no dot in it."""
    return [
        Route("/documents/{token}.pdf", _file, methods=["GET"], include_in_schema=False),
        Route("/documents/{token}", _page, methods=["GET"], include_in_schema=False),
    ]


async def _page(request: Request) -> Response:
    found = await _found(request)
    if isinstance(found, Response):
        return found
    looks = Stylesheet(url=asset_url("document.css"), integrity=asset_integrity("document.css"))
    html = html_of(found, pdf_url=f"{request.url.path}.pdf", stylesheet=looks)
    public_url = services_of(request).ports.public_url()
    return HTMLResponse(html, headers=page_headers(public_url, referrer="no-referrer"))


async def _file(request: Request) -> Response:
    found = await _found(request)
    return found if isinstance(found, Response) else await pdf_response(found)


async def _found(request: Request) -> Document | Response:
    """The document that an address permits, or why not."""
    services = services_of(request)
    window = count_visit(request)
    if window is not None and window.retry_after_s:
        return _told(request, "busy", {"Retry-After": str(window.retry_after_s)})
    try:
        permit = read_permit(services.ports, request.path_params["token"], services.settings.secret_key.encode())
    except AddressRefused as refused:
        return _told(request, refused.reason)
    try:
        return await _read(request, permit)
    except NotFound:
        return _told(request, "missing")


async def _read(request: Request, permit: DocumentPermit) -> Document:
    ports = services_of(request).ports
    organization = await ports.cache.organization(permit.organization_id)
    return await _READERS[permit.kind](ports, organization, permit.subject_id)


def _told(request: Request, why: str, headers: dict[str, str] | None = None) -> Response:
    """Why there is no document: a page for people, a sentence for programs."""
    status, message, key = _TOLD[why]
    if wants_page(request):
        t = texts_for("en")
        page = told_page(request, status, t(f"document.{key}_heading"), t(f"document.{key}_text"))
        page.headers.update(headers or {})
        return page
    shown = {"Cache-Control": "no-store", **(headers or {})}
    return Response(message, status_code=status, media_type="text/plain", headers=shown)
