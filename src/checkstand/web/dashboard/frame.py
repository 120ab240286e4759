"""The frame around every room: who is visiting, of which organization, and what stands on all sides of the page.

`room` turns a handler of a `DashboardVisit` into a route. Whoever is not signed in is asked to; somebody else's organization does not
exist; a form without its session's token, or from another site, changes nothing; and only some roles may change anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from checkstand.domain import ids
from checkstand.domain.errors import NotFound
from checkstand.domain.organization import Organization, User
from checkstand.flows.ports import Ports
from checkstand.http import BadBody
from checkstand.services import Services, services_of
from checkstand.store import organizations
from checkstand.web.dashboard import session
from checkstand.web.dashboard.answers import html
from checkstand.web.dashboard.forms import Form, read_form

Section = Literal[
    "home", "catalogue", "discounts", "orders", "checkouts", "customers", "tokens", "settings", "tax", "none"
]
WRITERS = frozenset({"owner", "admin", "developer"})
LONGEST_QUERY = 200
LONGEST_NEXT = 500
NOTICES = {
    "product-created": "Product created.",
    "product-saved": "Product saved.",
    "product-duplicated": "This is the copy. Make your changes, then save.",
    "product-archived": "Product archived. Existing subscriptions continue.",
    "product-unarchived": "Product unarchived.",
    "not-for-sale": "This product can’t be sold right now: it is archived, a draft, or has no price in a supported currency.",
    "discount-created": "Discount created.",
    "discount-deleted": "Discount deleted. Its code can be used again.",
    "tax-added": "Registration added.",
    "tax-removed": "Registration removed.",
    "checkout-saved": "Saved. Checkouts use it from now on.",
    "seller-saved": "Saved. Checkouts and invoices use it from now on.",
    "tax-saved": "Saved. New checkouts use it.",
    "token-revoked": "Token revoked. The next request with it is refused.",
    "token-made-already": "That form was already submitted and created one token. A token is shown only once.",
    "refund-sent": "Refund sent. The money goes back to the original payment method.",
    "refund-underway": "Refund in progress. The bank will confirm it later.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardVisit:
    """One request by a signed-in person in one of their organizations."""

    request: Request
    services: Services
    user: User
    csrf: str
    organization: Organization
    role: str
    memberships: Sequence[tuple[Organization, str]]
    form: Form = field(default_factory=Form)

    @property
    def ports(self) -> Ports:
        return self.services.ports

    @property
    def may_change(self) -> bool:
        """Whether this person's role lets them change things."""
        return self.role in WRITERS

    @property
    def now(self) -> datetime:
        """The organization's time, which a test clock may have moved."""
        return self.ports.now(self.organization)

    def link(self, path: str = "", **query: str) -> str:
        """The address of a page of this organization."""
        return f"/dashboard/{self.organization.slug}{path}" + (f"?{urlencode(query)}" if query else "")

    def query(self, name: str) -> str:
        """A parameter of the address: bounded, and without what no text holds."""
        return self.request.query_params.get(name, "").replace("\0", "").strip()[:LONGEST_QUERY]

    def page_number(self) -> int:
        """The page of a list, from 1."""
        text = self.query("page")
        return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else 1

    def path_id(self, name: str, prefix: ids.DodoPrefix) -> UUID:
        """An object's id in the path, in either spelling. Raises NotFound for what is no id."""
        found = either_id(str(self.request.path_params[name]), prefix)
        if found is None:
            raise NotFound
        return found

    def go(self, path: str, **query: str) -> Response:
        """Send the browser to a page of this organization, so that a reload does not repeat what was done."""
        return RedirectResponse(self.link(path, **query), 303)


Handler = Callable[[DashboardVisit], Awaitable[Response]]


def either_id(text: str, prefix: ids.DodoPrefix) -> UUID | None:
    """A UUID in Polar's or Dodo's spelling; None for anything else."""
    short = ids.parse_short_id(prefix, text)
    if short is not None:
        return short
    try:
        return UUID(text) if len(text) in (32, 36) else None
    except ValueError:
        return None


def room(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A route for a handler that needs a signed-in member of the organization in the path."""

    async def entered(request: Request) -> Response:
        signed_in = await session.find(request)
        if signed_in is None:
            return _to_sign_in(request)
        form = Form()
        if request.method == "POST":
            try:
                form = await read_form(request)
            except BadBody:
                return outside(
                    request, 400, "That could not be read", "The form was too large or incomplete. Please try again."
                )
            if not session.may_post(request, signed_in, form):
                return outside(
                    request,
                    403,
                    "Nothing was changed",
                    "That form did not come from this session: it was open for too long, or another site sent it.",
                    again=_form_page(request),
                )
        memberships = await organizations.memberships_of(services_of(request).ports.db, signed_in.user.id)
        slug = request.path_params["org"]
        found = next((pair for pair in memberships if pair[0].slug == slug), None)
        if found is None:
            return outside(request, 404, "There is no such page", "Check the address, or go to your own dashboard.")
        visit = DashboardVisit(
            request=request,
            services=services_of(request),
            user=signed_in.user,
            csrf=signed_in.csrf,
            organization=found[0],
            role=found[1],
            memberships=memberships,
            form=form,
        )
        response = await _inside(handler, visit)
        if request.cookies.get(session.cookie_name(request, "organization")) != slug:
            session.set_cookie(request, response, "organization", slug)
        return response

    entered.__name__ = getattr(handler, "__name__", "room")
    entered.__doc__ = handler.__doc__
    return entered


async def _inside(handler: Handler, visit: DashboardVisit) -> Response:
    if visit.request.method == "POST" and not visit.may_change:
        return problem(
            visit,
            403,
            "Your role can view but not change things",
            "Ask an owner of the organization for a different role.",
        )
    try:
        return await handler(visit)
    except NotFound:
        return problem(
            visit, 404, "There is no such page", "The ID may belong to another organization, or there may be a typo."
        )


def _to_sign_in(request: Request) -> Response:
    """Ask for sign-in, and remember where the person wanted to go: the page itself, or the one whose form was sent."""
    is_form = request.method == "POST"
    wanted = (
        _form_page(request) if is_form else request.url.path + (f"?{request.url.query}" if request.url.query else "")
    )
    query = ({"next": wanted} if len(wanted) < LONGEST_NEXT else {}) | ({"ended": "1"} if is_form else {})
    known = f"?{urlencode(query, safe='/')}" if query else ""
    return RedirectResponse(f"/dashboard/login{known}", 303)


def _form_page(request: Request) -> str:
    """The page whose form was sent, as the browser says; else the form's own address, where most forms are shown too."""
    known = urlsplit(request.headers.get("referer", ""))
    is_ours = known.netloc == request.headers.get("host") and known.path.startswith("/dashboard/")
    return known.path if is_ours else request.url.path


def outside(request: Request, status: int, title: str, text: str, *, again: str | None = None) -> Response:
    """A short page without the frame, for a visitor who is in no organization here. `again`: the page of a form that was not taken."""
    return html(request, "outside.html", {"title": title, "text": text, "again": again}, status=status)


def problem(visit: DashboardVisit, status: int, title: str, text: str) -> Response:
    """A short page in the frame."""
    return page(visit, "problem.html", title=title, section="none", status=status, text=text)


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step of the way to this page."""

    label: str
    href: str


def page(
    visit: DashboardVisit,
    template: str,
    *,
    title: str,
    section: Section,
    status: int = 200,
    crumbs: Sequence[Crumb] = (),
    **context: object,
) -> Response:
    """A page in the frame."""
    frame = {
        "visit": visit,
        "org": visit.organization,
        "others": [item for item, _ in visit.memberships if item.id != visit.organization.id],
        "is_test": visit.organization.mode == "test",
        "may_change": visit.may_change,
        "csrf": session.masked(visit.csrf, visit.ports.random_bytes(len(visit.csrf))),
        "title": title,
        "section": section,
        "crumbs": crumbs,
        "notice": NOTICES.get(visit.query("notice")),
    }
    return html(visit.request, template, {**frame, **context}, status=status)
