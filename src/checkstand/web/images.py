"""Images over HTTP: taking one at an address that was signed for it, and sending one, which is public.

Whoever holds the address of an upload may use it: no key is asked for, the signature is looked at before the body. What is sent out
was checked to be an image when it came in; the headers keep a browser from ever taking it for anything else.
"""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkstand.domain.image import LARGEST_BYTES, SUFFIXES, BadImage
from checkstand.flows.catalogue.upload_image import read_permission, store_upload
from checkstand.flows.signed_address import AddressRefused
from checkstand.http import json_response
from checkstand.services import services_of
from checkstand.store.catalogue import images

# Status and code as a storage service would answer; the codes are in the style of Dodo's, whose clients upload here.
_REFUSED = {
    "unknown": (403, "UPLOAD_URL_INVALID", "This upload address is not valid. Ask for a new one."),
    "expired": (
        403,
        "UPLOAD_URL_EXPIRED",
        "This upload address has expired: it lives for 60 seconds. Ask for a new one.",
    ),
    "used": (409, "UPLOAD_URL_USED", "This upload address was used for another file. Ask for a new one."),
}
_READ_AT_MOST_BYTES = 32 * 1024 * 1024
PRIVATE = {"Cache-Control": "no-store"}
_STATUS = {"empty": 422, "too_large": 413, "unknown": 415, "svg": 415, "damaged": 422, "differs": 415, "too_wide": 422}


def image_routes() -> list[Route]:
    """Where images are taken and sent."""
    return [
        Route("/uploads/{token}", _take, methods=["PUT"], include_in_schema=False),
        Route("/images/{organization_id}/{name}", _send, methods=["GET"], include_in_schema=False),
    ]


async def _take(request: Request) -> Response:
    services = services_of(request)
    key = services.settings.secret_key.encode()
    try:
        permission = read_permission(services.ports, request.path_params["token"], key)
    except AddressRefused as refused:
        await read_bounded(request, keep_bytes=0)
        return upload_refused(refused)
    content = await read_bounded(request, keep_bytes=LARGEST_BYTES)
    if content is None:
        return _bad_image(BadImage("too_large"))
    declared = request.headers.get("content-type", "")
    try:
        image = await store_upload(services.ports, permission, content, declared=declared)
    except AddressRefused as refused:
        return upload_refused(refused)
    except BadImage as error:
        return _bad_image(error)
    return json_response({"image_id": str(image.id)}, headers={"ETag": f'"{image.checksum}"', **PRIVATE})


async def read_bounded(request: Request, *, keep_bytes: int) -> bytes | None:
    """The body; None for one that is larger. That one is read on and let go of, within reason: many listen only when all is said."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _READ_AT_MOST_BYTES:
            break
        if size > keep_bytes:
            chunks.clear()
        else:
            chunks.append(chunk)
    return b"".join(chunks) if size <= keep_bytes else None


def upload_refused(error: AddressRefused) -> Response:
    """The error of an upload's address that is not valid, expired or used."""
    status, code, message = _REFUSED[error.reason]
    return refusal(status, code, message)


def _bad_image(error: BadImage) -> Response:
    return refusal(_STATUS[error.reason], f"IMAGE_{error.reason.upper()}", str(error))


def refusal(status: int, code: str, message: str) -> Response:
    """An answer in the style of Dodo\'s, whose clients upload here."""
    return json_response(
        {"code": code, "message": message}, status=status, headers={"x-should-retry": "false", **PRIVATE}
    )


async def _send(request: Request) -> Response:
    name, _, suffix = str(request.path_params["name"]).partition(".")
    try:
        organization_id, image_id = UUID(request.path_params["organization_id"]), UUID(name)
    except ValueError:
        return _missing()
    found = await images.content(services_of(request).ports.db, organization_id, image_id)
    if found is None or suffix != SUFFIXES[found.ref.content_type]:
        return _missing()
    etag = f'"{found.ref.checksum}"'
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": etag,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(found.ref.name, safe='')}",
        # Merchants show these on their own pages.
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.body, media_type=found.ref.content_type, headers=headers)


def _missing() -> Response:
    return Response("There is no such image.", status_code=404, media_type="text/plain", headers=PRIVATE)
