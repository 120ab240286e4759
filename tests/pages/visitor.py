"""People at the dashboard: one who speaks HTTP like a browser without a script, and the pages of a real browser.

`Visitor` keeps cookies, finds the CSRF token of the page it was shown last and sends forms as a browser would.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx2
from playwright.sync_api import Browser, BrowserContext, Page

from checkstand.domain.organization import OrganizationSettings
from checkstand.store import organizations
from checkstand.testing.demo import DemoShop
from tests.pages.browser import violations
from tests.server import RunningServer

_HIDDEN = re.compile(r'<input type="hidden" name="(csrf|nonce|shown)" value="([^"]*)">')
_WATCH = "addEventListener('securitypolicyviolation', e => console.error('CSP violation: ' + e.violatedDirective + ' ' + e.blockedURI))"


@dataclass(slots=True)
class Visitor:
    """A person with a browser that runs no scripts."""

    client: httpx2.Client
    shop: DemoShop
    hidden: dict[str, str] = field(default_factory=dict)
    page: str = ""

    @property
    def home(self) -> str:
        return f"/dashboard/{self.shop.organization.slug}"

    def get(self, path: str) -> httpx2.Response:
        """Open a page; `path` is within the organization's dashboard unless it begins with /dashboard."""
        answer = self.client.get(self._at(path), headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=True)
        return self._remember(answer)

    def post(self, path: str, fields: Mapping[str, str | Sequence[str]] | None = None) -> httpx2.Response:
        """Send a form with the hidden fields of the page seen last; a redirect is not followed."""
        hidden = self.hidden if self._at(path).startswith(self.page) else {**self.hidden, "shown": ""}
        answer = self.client.post(
            self._at(path), data={**hidden, **(fields or {})}, headers={"Sec-Fetch-Site": "same-origin"}
        )
        return self._remember(answer)

    def sign_in(self, *, email: str | None = None, password: str | None = None) -> httpx2.Response:
        """Send the sign-in form."""
        return self.client.post(
            "/dashboard/login", data={"email": email or self.shop.email, "password": password or self.shop.password}
        )

    def _at(self, path: str) -> str:
        return path if path.startswith("/dashboard") else self.home + path

    def _remember(self, answer: httpx2.Response) -> httpx2.Response:
        found = {name: html.unescape(value) for name, value in _HIDDEN.findall(answer.text)}
        if found:
            self.hidden, self.page = {**self.hidden, "shown": "", **found}, answer.url.path
        return answer


def visitor(server: RunningServer, shop: DemoShop, *, signed_in: bool = True) -> Visitor:
    """A visitor of the dashboard, signed in or not yet. How one gets in by the form is for the tests of signing in: its password costs work."""
    made = Visitor(httpx2.Client(base_url=server.url, timeout=30), shop)
    if signed_in:
        made.client.cookies.set("checkstand_session", server.signed_in(shop), domain="127.0.0.1", path="/")
        assert made.get("").url.path == made.home
    return made


@dataclass(slots=True)
class Screen:
    """A page of a real browser, with all that it complained about."""

    page: Page
    context: BrowserContext
    url: str
    shop: DemoShop
    complaints: list[str] = field(default_factory=list)

    @property
    def home(self) -> str:
        return f"{self.url}/dashboard/{self.shop.organization.slug}"

    def open(self, path: str = "") -> None:
        self.page.goto(self.home + path)

    def sign_in(self) -> None:
        """Sign in by the form, as a person does."""
        self.page.goto(f"{self.url}/dashboard/login")
        self.page.get_by_label("Email").fill(self.shop.email)
        self.page.get_by_label("Password").fill(self.shop.password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(self.home)

    def clipboard(self) -> str:
        text: str = self.page.evaluate("navigator.clipboard.readText()")
        return text

    def close(self) -> None:
        """Leave; a script error or a broken content policy fails the test."""
        self.context.close()
        assert self.complaints == []


def screen(
    browser: Browser,
    server: RunningServer,
    shop: DemoShop,
    *,
    scripts: bool = True,
    dark: bool = False,
    width: int = 1280,
    clipboard: bool = True,
    signed_in: bool = True,
) -> Screen:
    """A new browser window of its own, signed in."""
    context = browser.new_context(
        viewport={"width": width, "height": 860},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        permissions=["clipboard-read", "clipboard-write"] if clipboard else [],
    )
    context.add_init_script(_WATCH)
    page = context.new_page()
    made = Screen(page, context, server.url, shop)
    page.on("pageerror", lambda error: made.complaints.append(str(error)))
    page.on(
        "console", lambda message: made.complaints.append(message.text) if "CSP violation" in message.text else None
    )
    if not signed_in:
        return made
    cookie = {"name": "checkstand_session", "value": server.signed_in(shop), "url": server.url}
    context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Lax"}])
    made.open()
    return made


def axe(page: Page) -> list[str]:
    """What is wrong with how the page is made, as text."""
    return violations(page)


def settings_of(server: RunningServer, person: Visitor) -> OrganizationSettings:
    """What is stored of the person's organization."""
    found = server.run(organizations.by_id(server.services.ports.db, person.shop.organization.id))
    assert found is not None
    return found.settings
