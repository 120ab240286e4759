"""Pages for when there is no page: an address that leads nowhere, a fault of ours, a database that is away. One frame for all of them.

Whoever was paying must not be told to try again: whether the payment was made is not known then. The page says so, shows the reference
that is in the log, and looks again by itself at the address that will know (docs/behaviour/checkout-page.md#when-something-fails).
"""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from checkstand.store.unavailable import RETRY_AFTER_S
from checkstand.web.checkout.pages.answers import bare_page
from checkstand.web.checkout.words.texts import texts_for

_SESSION: Final = re.compile(r"^(?P<base>/(?:checkout|session)/[^/]+)(?:/(?P<step>\w+))?$")
_DECIDES: Final = frozenset({"pay", "confirmation", "status"})
_NOWHERE: Final = frozenset({403, 404, 405, 410})


def wants_page(request: Request) -> bool:
    """True for a browser, which shows pages; a program asks for data."""
    return "text/html" in request.headers.get("accept", "")


def nowhere_page(request: Request, status: int) -> Response:
    """There is nothing to be shown at this address, or not in this way."""
    t = texts_for("en")
    key = "nowhere" if status in _NOWHERE else "unreadable"
    return told_page(request, status, t(f"trouble.{key}_heading"), t(f"trouble.{key}_text"))


def told_page(
    request: Request,
    status: int,
    heading: str,
    text: str,
    *,
    reference: str = "",
    again_url: str = "",
    back_url: str = "",
) -> Response:
    """A heading and a sentence in the frame; the reference in our log, where to look again by itself, and the way back."""
    return bare_page(
        request,
        "trouble.html",
        "title.trouble",
        status=status,
        heading=heading,
        text=text,
        reference=reference,
        again_url=again_url,
        seconds=RETRY_AFTER_S,
        back_url=back_url,
    )


def failed_page(request: Request, status: int, reference: str) -> Response:
    """503 for a while, 500 for a fault: what the reader shall do, which depends on what was being done."""
    t = texts_for("en")
    session = _SESSION.match(request.url.path)
    pays = session is not None and session["step"] in _DECIDES
    key = "unknown" if pays else "away" if status == 503 else "fault"
    query = f"?{request.url.query}" if request.url.query else ""
    again = request.url.path
    if session is not None:
        again = f"{session['base']}/confirmation" if pays else session["base"]
    elif request.method not in ("GET", "HEAD"):
        again = ""  # a form elsewhere: asking for its address again would show nothing
    looks_again = bool(again) and (pays or status == 503)
    answer = told_page(
        request,
        status,
        t(f"trouble.{key}_heading"),
        t(f"trouble.{key}_text"),
        reference=reference,
        again_url=f"{again}{query}" if looks_again else "",
        back_url=f"{session['base']}{query}" if session is not None and pays else "",
    )
    answer.headers["X-Request-Id"] = reference
    if status == 503:
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer
