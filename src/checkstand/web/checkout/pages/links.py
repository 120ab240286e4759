"""Addresses that lead to a checkout: a link makes a session for each visitor, `/s/...` is short for another address.

Which names there are and what they mean is each API's own (`DialectParts.links`). Here is what they have in common: who only looks
(HEAD, a browser's guess) makes nothing, visits are counted by network address, and a person gets a page where no session can be made.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from checkstand.dialects.api import DialectParts, Links, Refused
from checkstand.domain.errors import EmbedNotAllowed, Invalid, NotFound
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.links.short_links import find_short_link
from checkstand.http import is_prefetch
from checkstand.ops.limiter import LimitWindow
from checkstand.routing import Endpoint, Routes
from checkstand.services import LINK_VISITS, count_link_visit, limited_address, services_of
from checkstand.web.checkout.pages import answers
from checkstand.web.checkout.session.visit import with_query
from checkstand.web.checkout.words.texts import texts_for

HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
GONE = frozenset({ProblemCode.PRODUCT_ARCHIVED, ProblemCode.LINK_WITHOUT_PRODUCTS})


def routes_at_root(dialects: Sequence[DialectParts]) -> Routes:
    """The links of those APIs whose names are addresses by themselves: `/polar_cl_...`."""
    found = Routes()
    for links in (dialect.links for dialect in dialects):
        if links is not None and links.at_root:
            for end in ("", "/"):
                found.add(f"/{links.prefix}{{rest}}{end}", _opening(links), "GET", "HEAD")
    return found


def _opening(links: Links) -> Endpoint:
    async def open_link(request: Request) -> Response:
        return await _open(request, links.prefix + str(request.path_params["rest"]))

    return open_link


async def buy(request: Request) -> Response:
    """The same under `/buy/`, for every API."""
    return await _open(request, str(request.path_params["name"]))


async def _open(request: Request, name: str) -> Response:
    """Make a session and go to its page; or say why there is none."""
    if request.method == "HEAD":
        return Response(headers=HEADERS, media_type="text/html")
    if is_prefetch(request):
        return Response(status_code=503, headers=HEADERS)
    window = count_link_visit(request)
    if window is not None and window.retry_after_s:
        return _busy(request, window)
    links = _links_of(request, name)
    if links is None:
        return _page(request, "unknown", status=404)
    organization: Organization | None = None
    try:
        found = await links.find(services_of(request).ports, name)
        organization = found.organization
        return _go(await found.visit(request), status=links.status)
    except NotFound:
        return _page(request, "unknown", status=404)
    except EmbedNotAllowed as refused:
        host = urlsplit(refused.origin).netloc
        return _page(request, "embed", organization, status=403, host=host)
    except Refused as refused:
        return _page(request, "unusable", organization, status=refused.response.status_code)
    except Invalid as refused:
        is_gone = any(problem.code in GONE for problem in refused.problems)
        return _page(request, "gone" if is_gone else "unusable", organization, status=410 if is_gone else 409)


def _links_of(request: Request, name: str) -> Links | None:
    """The links of the API that spells names like this one."""
    dialects: Sequence[DialectParts] = request.app.dialects
    return next((each.links for each in dialects if each.links and name.startswith(each.links.prefix)), None)


async def short(request: Request) -> Response:
    """Go on to what a short address stands for, with what was added to it and is not fixed already."""
    window = services_of(request).limiter.hit(f"short address {limited_address(request)}", LINK_VISITS)
    if window is not None and window.retry_after_s:
        return _busy(request, window)
    try:
        link = await find_short_link(services_of(request).ports, str(request.path_params["code"]))
    except NotFound:
        return _page(request, "unknown", status=404)
    fixed = {name for name, _ in parse_qsl(urlsplit(link.target).query, keep_blank_values=True)}
    added = {name: value for name, value in request.query_params.items() if name not in fixed}
    return _go(with_query(link.target, added) if added else link.target, status=303)


def _go(url: str, *, status: int) -> Response:
    return RedirectResponse(url, status_code=status, headers=HEADERS)


def _busy(request: Request, window: LimitWindow) -> Response:
    answer = _page(request, "busy", status=429)
    answer.headers["Retry-After"] = str(window.retry_after_s)
    return answer


def _page(
    request: Request, what: str, organization: Organization | None = None, *, status: int, **words: str
) -> Response:
    """A page that says what is the matter, and whose link it was when that is known."""
    t = texts_for("en")
    merchant = organization.name if organization is not None else ""
    heading = t(f"link.{what}_heading", **words) if words else t(f"link.{what}_heading")
    text = t(f"link.{what}_text", merchant=merchant)
    return answers.bare_page(request, "nothing.html", "title.link", status=status, heading=heading, text=text)
