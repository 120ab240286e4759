"""Static files: each has an address with its content's hash in it, so that browsers may keep it for ever.

A changed file is a new address; nothing is ever revalidated. Text is compressed once, when the process first needs it. The address
of an older version (a page that was open during a deployment) is answered with the present file and is not kept.

    asset_url("checkout.css")  ->  "/static/checkout.4f1c2a9be07d.css"

Put a file into `static/` and name it in a template with `asset_url`; there is no build step. A script may import others by
`import { update } from "./update.js"`: they are sent with it as one file, each once, so a page asks for one and checks one.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkstand.web.compression import accepts_gzip

FOLDER = Path(__file__).parent / "static"
PREFIX = "/static/"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
_COMPRESSED = frozenset({".css", ".js", ".svg", ".txt", ".webmanifest"})
_IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"(?P<name>\./[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|let|class) )", re.MULTILINE)
_HASHED = re.compile(r"^(?P<stem>.+)\.(?P<hash>[0-9a-f]{12})(?P<suffix>\.[a-z0-9]+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file, ready to be sent. `integrity` is its subresource integrity value."""

    url: str
    media_type: str
    body: bytes
    compressed: bytes | None
    integrity: str


@cache
def assets() -> dict[str, Asset]:
    """All static files by their name in the folder (`checkout.css`, `fonts/inter.woff2`)."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.suffix in TYPES:
            name = path.relative_to(FOLDER).as_posix()
            body = _with_imports(path, set()).encode() if path.suffix == ".js" else path.read_bytes()
            found[name] = _asset(name, path.suffix, body)
    return found


def _with_imports(path: Path, seen: set[Path]) -> str:
    """A script after all that it imports: one module, whose names are those of its parts."""
    seen.add(path)
    text = path.read_text("utf-8")
    wanted = [(path.parent / match["name"]).resolve() for match in _IMPORT.finditer(text)]
    parts = [_with_imports(other, seen) for other in wanted if other not in seen]
    return "".join((*parts, _EXPORT.sub("", _IMPORT.sub("", text))))


def _asset(name: str, suffix: str, body: bytes) -> Asset:
    digest = hashlib.sha256(body).hexdigest()[:12]
    sri = base64.b64encode(hashlib.sha384(body).digest()).decode()
    return Asset(
        url=f"{PREFIX}{name.removesuffix(suffix)}.{digest}{suffix}",
        media_type=TYPES[suffix],
        body=body,
        compressed=gzip.compress(body, 9, mtime=0) if suffix in _COMPRESSED else None,
        integrity=f"sha384-{sri}",
    )


def asset_url(name: str) -> str:
    """The address of a static file. KeyError when there is no such file."""
    return assets()[name].url


def asset_integrity(name: str) -> str:
    """The value of a script's `integrity` attribute. KeyError when there is no such file."""
    return assets()[name].integrity


def static_routes() -> list[Route]:
    """The one route that serves them all."""
    return [Route(PREFIX + "{path:path}", _serve, methods=["GET"], include_in_schema=False)]


async def _serve(request: Request) -> Response:
    path = str(request.path_params["path"])
    match = _HASHED.match(path)
    asset = assets().get(match["stem"] + match["suffix"]) if match else None
    if asset is None:
        return Response(
            "There is no such file.", status_code=404, media_type="text/plain", headers=_headers("no-store")
        )
    is_current = asset.url == PREFIX + path
    headers = _headers("public, max-age=31536000, immutable" if is_current else "no-store")
    headers["Vary"] = "Accept-Encoding"
    body = asset.body
    if asset.compressed is not None and accepts_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
        body = asset.compressed
    return Response(body, media_type=asset.media_type, headers=headers)


def _headers(caching: str) -> dict[str, str]:
    return {
        "Cache-Control": caching,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
