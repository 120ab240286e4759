"""Sign-in and sign-out. A wrong password and an unknown person get the same words after the same time.

Ten failures in a quarter of an hour for one address and e-mail, or a hundred for one address, and the door stays shut for a while.
A try counts before its password is checked, so that many at once are no more than many in a row.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import unquote

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from checkstand.domain.organization import User
from checkstand.http import BadBody
from checkstand.ops.bounds import LARGEST_PUBLIC_BODY
from checkstand.routing import Routes
from checkstand.services import limited_address, services_of
from checkstand.store import organizations
from checkstand.web.dashboard import session
from checkstand.web.dashboard.answers import html
from checkstand.web.dashboard.forms import Form, read_form
from checkstand.web.dashboard.passwords import NOBODY, PasswordChecks, TooBusy

routes = Routes()
REFUSAL_TAKES_S = 0.3
_OURS = re.compile(r"/dashboard(?:/[\w./?=&%-]*)?", re.ASCII)
_checks = PasswordChecks()


class Door:
    """Counts failures by address and e-mail, in this process's memory."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._by_pair: RateLimitItem = parse("10 per 15 minutes")
        self._by_address: RateLimitItem = parse("100 per 15 minutes")

    def is_shut(self, address: str, email: str, *, underway: int) -> bool:
        """Count one try; True when there were too many failures already, or will have been with those under way."""
        if not self._limiter.test(self._by_address, address, cost=underway + 1):
            return True
        return not self._limiter.hit(self._by_pair, address, email)

    def failed(self, address: str) -> None:
        self._limiter.hit(self._by_address, address)

    def succeeded(self, address: str, email: str) -> None:
        """Forget the wrong passwords of an address once the right one was given."""
        self._limiter.clear(self._by_pair, address, email)


_door = Door()


@routes.get("/login")
async def show_form(request: Request) -> Response:
    """The sign-in form; who is signed in already goes straight on."""
    if await session.find(request):
        return RedirectResponse("/dashboard", 303)
    query = request.query_params
    return _form(request, next_page=query.get("next", ""), ended="ended" in query)


@routes.post("/login")
async def sign_in(request: Request) -> Response:
    """Check e-mail and password, begin a session, go where the person wanted to go."""
    if not session.is_from_here(request):
        return _form(request, error="That form was sent from another site. Please sign in here.", status=403)
    try:
        form = await read_form(request, most=LARGEST_PUBLIC_BODY)
    except BadBody:
        return _form(request, error="That could not be read as a form. Please try again.", status=400)
    email, password = form.text("email")[:320], form.raw("password")
    address = limited_address(request)
    if _door.is_shut(address, email.lower(), underway=_checks.underway(address)):
        return _form(request, form, error="Too many tries. Wait a few minutes, then try again.", status=429)
    began = asyncio.get_running_loop().time()
    try:
        with _checks.place(address):
            user = await _person(request, email, password)
    except TooBusy:
        busy = _form(request, form, error="Many people are signing in right now. Try again in a moment.", status=503)
        busy.headers["Retry-After"] = "2"
        return busy
    if user is None:
        _door.failed(address)
        await asyncio.sleep(began + REFUSAL_TAKES_S - asyncio.get_running_loop().time())
        return _form(request, form, error="Wrong email or password.", status=422)
    _door.succeeded(address, email.lower())
    response = RedirectResponse(_safe(form.text("next")), 303)
    await session.begin(request, response, user)
    return response


@routes.post("/logout")
async def sign_out(request: Request) -> Response:
    """End the session here."""
    try:
        form = await read_form(request, most=LARGEST_PUBLIC_BODY)
    except BadBody:
        form = Form()
    signed_in = await session.find(request)
    if signed_in and not session.may_post(request, signed_in, form):
        return _form(request, error="That form was not one of ours, so you are still signed in.", status=403)
    response = RedirectResponse("/dashboard/login", 303)
    await session.end(request, response)
    return response


async def _person(request: Request, email: str, password: str) -> User | None:
    """The person with this e-mail and password, or None, checked at the same cost in both cases."""
    db = services_of(request).ports.db
    found = await organizations.user_with_password(db, email)
    known_hash = found[1] if found else NOBODY
    fits = await _checks.fits(known_hash, password)
    if found is None or not fits:
        return None
    user = found[0]
    if renewed := await _checks.renewed(known_hash, password):
        await organizations.set_password(db, user.id, renewed)
    return user


def _safe(next_page: str) -> str:
    """The address to go on to, if it is a page of the dashboard: a link to the sign-in page must not lead to other sites."""
    path = unquote(next_page.partition("?")[0])
    is_plain = "//" not in next_page and not {".", ".."} & set(path.split("/"))
    return next_page if _OURS.fullmatch(next_page) and is_plain else "/dashboard"


def _form(
    request: Request,
    form: Form | None = None,
    *,
    next_page: str = "",
    ended: bool = False,
    error: str | None = None,
    status: int = 200,
) -> Response:
    sent = form or Form()
    return html(
        request,
        "login.html",
        {
            "title": "Sign in",
            "error": error,
            "ended": ended,
            "email": sent.text("email"),
            "next_page": _safe(sent.text("next") or next_page),
            "host": request.headers.get("host", ""),
        },
        status=status,
    )
