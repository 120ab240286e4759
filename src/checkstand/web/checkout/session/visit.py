"""One visit to a session's page: what its address names, how its other addresses are spelled, and who may post to it.

A page's address is its key (`Checkout.page_path`), so a visit carries no cookie and no login. A post must
carry the token that only the page itself shows, and must not come from another site. The theme asked for in the address is
carried along every link, post and redirect.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from starlette.requests import Request

from checkstand.domain.checkout import Checkout, CheckoutStatus
from checkstand.domain.organization import Organization
from checkstand.domain.saved_method import SavedMethod
from checkstand.flows.checkout.choose_method import offered_methods
from checkstand.flows.checkout.read_checkout import find_by_secret
from checkstand.flows.ports import Ports
from checkstand.gateways.base import CardFrames
from checkstand.gateways.testbank.gateway import TestGateway
from checkstand.http import BadBody, read_body
from checkstand.ops.bounds import LARGEST_PUBLIC_BODY
from checkstand.services import Services, services_of
from checkstand.web.checkout.words.texts import Texts, texts_for

THEMES = ("light", "dark", "system")
MOST_FIELDS = 200
LONGEST_VALUE = 1_000
LONGEST_ANSWER = 10_000
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutVisit:
    """A session as one request found it. `wants_parts`: the page's own script asks, and puts parts of a page in their places."""

    services: Services
    organization: Organization
    checkout: Checkout
    base: str
    theme: str
    keeps_theme: bool
    texts: Texts
    accepted_languages: str = ""
    wallets: tuple[str, ...] = ()
    wants_parts: bool = False
    saved: Sequence[SavedMethod] = ()

    @property
    def ports(self) -> Ports:
        return self.services.ports

    @property
    def now(self) -> datetime:
        """The organization's time."""
        return self.ports.now(self.organization)

    @property
    def is_test(self) -> bool:
        return self.organization.mode == "test"

    @property
    def bank(self) -> TestGateway | None:
        """The gateway whose own card form this page may show: the test gateway, in test organizations alone."""
        gateway = self.ports.gateway
        return gateway if self.is_test and isinstance(gateway, TestGateway) else None

    @property
    def frames(self) -> CardFrames | None:
        """The card form that the gateway's own script draws, for organizations that may charge through that gateway."""
        gateway = self.ports.gateway
        return gateway.frames if gateway.serves(self.organization.mode) else None

    @property
    def token(self) -> str:
        """What a post to this session must carry."""
        return form_token(self.services, self.checkout.client_secret)

    def url(self, step: str = "", *, fragment: str = "") -> str:
        """The address of one of this session's pages, from the root."""
        query = f"?theme={self.theme}" if self.keeps_theme else ""
        return f"{self.base}{step}{query}{'#' if fragment else ''}{fragment}"

    def absolute_url(self, step: str = "") -> str:
        """The same with the server's public address in front, for sites that send the buyer back."""
        return self.ports.public_url() + self.url(step)

    def after(self, checkout: Checkout) -> CheckoutVisit:
        """The visit with the session as it is now."""
        return replace(self, checkout=checkout)

    def at(self, other: Checkout) -> CheckoutVisit:
        """The visit to another session of the same merchant."""
        return replace(self, checkout=other, base=other.page_path)


async def open_visit(request: Request) -> CheckoutVisit:
    """The session that the address names. Raises NotFound."""
    services = services_of(request)
    secret = str(request.path_params["secret"])
    organization, checkout = await find_by_secret(services.ports, secret)
    opened = request.url.path.split("/")[1]  # of whichever API's pages the address is
    asked = request.query_params.get("theme", "")
    is_open = checkout.status is CheckoutStatus.OPEN
    return CheckoutVisit(
        services=services,
        organization=organization,
        checkout=checkout,
        base=f"/{opened}/{secret}",
        theme=asked if asked in THEMES else checkout.options.theme or "system",
        keeps_theme=asked in THEMES,
        texts=texts_for("en"),
        accepted_languages=request.headers.get("accept-language", "")[:200],
        wallets=device_wallets(request.headers.get("user-agent", "")[:400]),
        wants_parts=request.headers.get("x-fragment") == "1",
        saved=await offered_methods(services.ports, organization, checkout) if is_open else (),
    )


def device_wallets(user_agent: str) -> tuple[str, ...]:
    """The wallet that a device comes with, as far as its browser tells.

    >>> device_wallets("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) ... Version/19.0 Mobile/15E148 Safari/604.1")
    ('apple_pay',)
    >>> device_wallets("Mozilla/5.0 (Linux; Android 16) ... Chrome/150.0 Mobile Safari/537.36"), device_wallets("curl/8")
    (('google_pay',), ())
    """
    if "iPhone" in user_agent or "iPad" in user_agent or ("Macintosh" in user_agent and "Version/" in user_agent):
        return ("apple_pay",)
    return ("google_pay",) if "Android" in user_agent else ()


def theme_in(url: str) -> str:
    """The theme that one of our own addresses carries, for pages that are reached through another site."""
    asked = parse_qs(urlsplit(url).query).get("theme", [""])[0]
    return asked if asked in THEMES else "system"


def form_token(services: Services, secret: str) -> str:
    """The token for forms of one session: keyed by the server's secret, useless for any other session."""
    return services.authenticator.hash(f"form of {secret}").hex()[:32]


def may_post(request: Request, form: Mapping[str, str], token: str) -> bool:
    """True for a post from our own page: its token is right, and the browser does not say that another site sent it."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    return hmac.compare_digest(form.get("csrf", "").encode(), token.encode())


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form, bounded; of several with one name, the last. Empty for anything that is no form."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        body = await read_body(request, most=LARGEST_PUBLIC_BODY)
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except (BadBody, ValueError):
        return {}
    # A merchant's question may be answered with a page of text; nothing else on the form is that long.
    longest = {name: LONGEST_ANSWER if name.startswith("answer_") else LONGEST_VALUE for name, _ in pairs}
    return {name: _UNPRINTABLE.sub("", value)[: longest[name]].strip() for name, value in pairs}


def with_query(url: str, added: Mapping[str, str]) -> str:
    """An address with parameters added; its own query and fragment stay, except parameters of the same name."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in added]
    if len(kept) == len(parse_qsl(parts.query, keep_blank_values=True)):
        query = "&".join(part for part in (parts.query, urlencode(added)) if part)
    else:
        query = urlencode([*kept, *added.items()])
    return parts._replace(query=query).geturl()


SchemeRule = Literal["web", "app"]
_DANGEROUS = frozenset(
    {"javascript", "data", "vbscript", "file", "blob", "about", "view-source", "filesystem", "intent", "ws", "wss"}
)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*$")


def safe_target(url: str | None, rule: SchemeRule) -> str | None:
    """The address when a buyer may be sent there, else None. `app` also allows an app's own scheme (`myapp://done`)."""
    if not url or len(url) > 2048 or _UNPRINTABLE.search(url) or any(character.isspace() for character in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme in ("http", "https"):
        return url if parts.hostname else None
    is_app = rule == "app" and bool(_SCHEME.match(scheme)) and scheme not in _DANGEROUS and "://" in url
    return url if is_app else None
