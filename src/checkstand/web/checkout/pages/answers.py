"""From a view to an answer: templates with what every page of a session needs, status and headers."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from checkstand.gateways.base import CardFrames
from checkstand.gateways.testbank.cards import CARDS
from checkstand.http import json_response
from checkstand.services import services_of
from checkstand.web.checkout.session.leaving import back_target
from checkstand.web.checkout.session.visit import THEMES, CheckoutVisit
from checkstand.web.checkout.view.build import checkout_view
from checkstand.web.checkout.view.messages import Input
from checkstand.web.checkout.view.wording import wording_for
from checkstand.web.checkout.words.texts import texts_for
from checkstand.web.headers import Referrer, page_headers
from checkstand.web.templating import render

_SHOWN_CARDS = 14


def page(
    visit: CheckoutVisit,
    template: str,
    title_key: str,
    *,
    status: int = 200,
    referrer: Referrer = "no-referrer",
    frames: CardFrames | None = None,
    **context: object,
) -> Response:
    """One of the pages of a session."""
    t = visit.texts
    mark = f"{t('test_mark')} " if visit.is_test else ""
    html = render(
        f"checkout/{template}",
        t=t,
        visit=visit,
        words=wording_for(visit),
        locale=visit.checkout.buyer.locale,
        theme=visit.theme,
        title=f"{mark}{t(title_key)} · {visit.organization.name}",
        kind=title_key.removeprefix("title."),
        merchant=visit.organization.name,
        is_test=visit.is_test,
        frames=frames,
        **context,
    )
    headers = {
        **page_headers(visit.ports.public_url(), referrer=referrer, frames=frames),
        "Content-Language": t.language,
    }
    return HTMLResponse(html, status_code=status, headers=headers)


def checkout_page(visit: CheckoutVisit, given: Input, *, status: int = 200) -> Response:
    """The checkout page itself; for its script, the parts of it that a change may touch."""
    if visit.wants_parts:
        parts = page(
            visit, "parts.html", "title.checkout", status=status, frames=visit.frames, view=checkout_view(visit, given)
        )
        parts.headers["X-Fragment"] = "1"
        return parts
    return page(
        visit,
        "checkout.html",
        "title.checkout",
        status=status,
        referrer="strict-origin-when-cross-origin",
        frames=visit.frames,
        view=checkout_view(visit, given),
        test_cards=CARDS[:_SHOWN_CARDS] if visit.bank else (),
    )


def message_page(
    visit: CheckoutVisit,
    title_key: str,
    heading: str,
    text: str,
    *,
    status: int,
    form_url: str = "",
    form_label: str = "",
    link_url: str = "",
    link_label: str = "",
) -> Response:
    """A page with one thing to say and at most one thing to do besides going back to the merchant."""
    return page(
        visit,
        "message.html",
        title_key,
        status=status,
        heading=heading,
        text=text,
        form_url=form_url,
        form_label=form_label,
        link_url=link_url,
        link_label=link_label,
        back_url=back_target(visit),
    )


def bare_page(
    request: Request, template: str, title_key: str, *, theme: str = "", status: int = 200, **context: object
) -> Response:
    """A page that belongs to no session that we know of."""
    t = texts_for("en")
    asked = theme or request.query_params.get("theme", "")
    html = render(
        f"checkout/{template}",
        t=t,
        locale=None,
        theme=asked if asked in THEMES else "system",
        title=t(title_key),
        kind=title_key.removeprefix("title."),
        merchant="",
        is_test=False,
        **context,
    )
    public_url = services_of(request).ports.public_url()
    headers = {**page_headers(public_url, referrer="no-referrer"), "Content-Language": t.language}
    return HTMLResponse(html, status_code=status, headers=headers)


def unknown_page(request: Request) -> Response:
    """Says that there is nothing here, and nothing about any merchant."""
    t = texts_for("en")
    return bare_page(
        request, "nothing.html", "title.unknown", status=404, heading=t("unknown.heading"), text=t("unknown.text")
    )


def refused_page(visit: CheckoutVisit) -> Response:
    """403: the post did not come from our own page."""
    t = visit.texts
    return message_page(
        visit,
        "title.refused",
        t("refused.heading"),
        t("refused.text"),
        status=403,
        link_url=visit.url(),
        link_label=t("refused.again"),
    )


def see_other(url: str) -> Response:
    """303: go there with a GET."""
    return RedirectResponse(
        url, status_code=303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    )


def go_on(visit: CheckoutVisit, url: str) -> Response:
    """Send the buyer on: by redirect, or by telling the script that asked."""
    return _told(url) if visit.wants_parts else see_other(url)


def _told(url: str) -> Response:
    return json_response({"url": url}, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


def leave_for(request: Request, url: str, *, theme: str, wants_url: bool = False) -> Response:
    """Send a posted form's buyer on: by redirect within our own origin, else by a page (see `web.headers` for why)."""
    if wants_url:
        return _told(url)
    if urlsplit(url).netloc == request.headers.get("host"):
        return see_other(url)
    return bare_page(request, "leave.html", "title.leave", theme=theme, url=url)
