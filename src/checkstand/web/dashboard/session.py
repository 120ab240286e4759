"""Sessions of signed-in people: a random cookie, kept as a keyed hash, that lives for twelve hours after its last use.

Every form carries its session's CSRF token, and a browser that says the request comes from another site is refused before the
token is looked at. Over https the cookie is bound to this host (`__Host-`) and never travels in clear.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from checkstand.domain.organization import User
from checkstand.services import services_of
from checkstand.store import organizations
from checkstand.web.dashboard.forms import Form

IDLE = timedelta(hours=12)
RENEWED_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person with a living session. `csrf` is the session's own token: pages show it `masked`."""

    user: User
    csrf: str


def is_secure(request: Request) -> bool:
    """Whether people reach this server by https."""
    return services_of(request).ports.public_url().startswith("https://")


def cookie_name(request: Request, name: str) -> str:
    """The cookie's name: with the prefix that browsers enforce, where https makes that possible."""
    return f"__Host-checkstand_{name}" if is_secure(request) else f"checkstand_{name}"


def set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """A cookie for this host alone, unseen by scripts, gone when the browser closes."""
    response.set_cookie(
        cookie_name(request, name), value, path="/", secure=is_secure(request), httponly=True, samesite="lax"
    )


async def find(request: Request) -> SignedIn | None:
    """The person signed in with this request's cookie, or None; being used keeps the session alive."""
    token = request.cookies.get(cookie_name(request, "session"))
    if not token:
        return None
    services = services_of(request)
    now = services.ports.real_now()
    hashed = services.authenticator.hash(token)
    found = await organizations.session_user(services.ports.db, hashed, now=now)
    if found is None:
        return None
    await organizations.keep_session(
        services.ports.db, hashed, expires_at=now + IDLE, unless_after=now + IDLE - RENEWED_EVERY
    )
    user, csrf = found
    return SignedIn(user=user, csrf=csrf)


async def begin(request: Request, response: Response, user: User) -> None:
    """A new session for this browser. One that it had before ends, so that a session cannot be prepared for another person."""
    services = services_of(request)
    ports = services.ports
    now = ports.real_now()
    await _forget(request)
    await organizations.remove_ended_sessions(ports.db, user.id, now=now)
    token, csrf = (base64.urlsafe_b64encode(ports.random_bytes(32)).decode().rstrip("=") for _ in range(2))
    await organizations.add_session(
        ports.db, services.authenticator.hash(token), user.id, csrf, now=now, expires_at=now + IDLE
    )
    set_cookie(request, response, "session", token)


async def end(request: Request, response: Response) -> None:
    """Sign out: the cookie is no longer valid, also where it was copied."""
    await _forget(request)
    response.delete_cookie(
        cookie_name(request, "session"), path="/", secure=is_secure(request), httponly=True, samesite="lax"
    )


async def _forget(request: Request) -> None:
    token = request.cookies.get(cookie_name(request, "session"))
    if token:
        services = services_of(request)
        await organizations.end_session(services.ports.db, services.authenticator.hash(token))


def is_from_here(request: Request) -> bool:
    """Whether the browser says that one of our own pages sent this; a program that is no browser says nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def masked(token: str, pad: bytes) -> str:
    """A token as one page shows it: another text each time, so that the sizes of compressed pages tell nothing of it.

    `pad` is random and as long as the token; `unmasked` finds the token in it again.

    >>> unmasked(masked("abc", bytes([7, 1, 200]))), unmasked("abc"), unmasked("")
    ('abc', '', '')
    """
    return base64.urlsafe_b64encode(pad + _crossed(token.encode(), pad)).decode()


def unmasked(shown: str) -> str:
    """The token in what a form sent; empty for what never was one."""
    try:
        both = base64.urlsafe_b64decode(shown.encode())
        half = len(both) // 2
        return _crossed(both[half:], both[:half]).decode() if len(both) % 2 == 0 else ""
    except ValueError:
        return ""


def _crossed(first: bytes, second: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(first, second, strict=True))


def may_post(request: Request, signed_in: SignedIn, form: Form) -> bool:
    """Whether a form was sent by a page that this session was shown."""
    sent = unmasked(form.raw("csrf"))
    return is_from_here(request) and hmac.compare_digest(sent.encode(), signed_in.csrf.encode())
