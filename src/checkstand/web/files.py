"""Files of products over HTTP: taking one at an address that was signed for it, and giving one at an address that was signed for that.

A file is whatever the merchant sent and nobody looked into it, so it is only ever saved, never shown: as a download without a type,
which a browser neither guesses nor opens on this origin.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkstand.domain.files import LARGEST_BYTES, BadFile
from checkstand.flows.catalogue.product_files import read_download, read_upload, store_file
from checkstand.flows.signed_address import AddressRefused
from checkstand.http import json_response
from checkstand.services import services_of
from checkstand.store.catalogue import product_files
from checkstand.web.images import PRIVATE, read_bounded, refusal, upload_refused

_STATUS = {"empty": 422, "too_large": 413}
_REFUSED = {
    "unknown": (403, "This download address is not valid."),
    "expired": (403, "This download address has expired. Ask the seller for a new one."),
}


def file_routes() -> list[Route]:
    """Where products' files are taken and given out."""
    return [
        Route("/uploads/files/{token}", _take, methods=["PUT"], include_in_schema=False),
        Route("/files/{token}", _give, methods=["GET"], include_in_schema=False),
    ]


async def _take(request: Request) -> Response:
    services = services_of(request)
    key = services.settings.secret_key.encode()
    try:
        permission = read_upload(services.ports, request.path_params["token"], key)
    except AddressRefused as refused:
        await read_bounded(request, keep_bytes=0)
        return upload_refused(refused)
    try:
        content = await read_bounded(request, keep_bytes=LARGEST_BYTES)
        if content is None:
            raise BadFile("too_large")
        file = await store_file(services.ports, permission, content)
    except AddressRefused as refused:
        return upload_refused(refused)
    except BadFile as error:
        return refusal(_STATUS[error.reason], f"FILE_{error.reason.upper()}", str(error))
    return json_response({"file_id": str(file.id)}, headers={"ETag": f'"{file.checksum}"', **PRIVATE})


async def _give(request: Request) -> Response:
    services = services_of(request)
    key = services.settings.secret_key.encode()
    try:
        download = read_download(services.ports, request.path_params["token"], key)
    except AddressRefused as refused:
        return _told(*_REFUSED[refused.reason])
    found = await product_files.content(services.ports.db, download.organization_id, download.file_id)
    if found is None:
        return _told(404, "There is no such file.")
    headers = {
        **PRIVATE,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
    }
    return Response(found.body, media_type="application/octet-stream", headers=headers)


def _told(status: int, message: str) -> Response:
    return Response(message, status_code=status, media_type="text/plain", headers=PRIVATE)
