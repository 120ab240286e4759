"""A buyer with a browser that runs no JavaScript: opens a checkout page, fills it in, pays, answers the bank, reads the result.

Everything it knows it read from the page's HTML: what a field is for from its `autocomplete` and `name`, where the session
stands from `data-status` of `main`, what is wrong from `role="alert"`. It never leaves the page's origin: where the page
leads to another one, the visit ends and the address is the outcome's `redirect`. So a purchase that succeeds here proves
that the page works without a script.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

import httpx2

from checkstand.testing.browser_fill import Wishes, fill
from checkstand.testing.browser_page import Button, Form, Page, read

Status = Literal["succeeded", "declined", "refused", "expired", "failed", "processing"]

_STEPS_MAX: Final = 60
_SAME_PAGE_MAX: Final = 3
_PAUSE_MIN_S: Final = 0.1
_PAUSE_MAX_S: Final = 5.0
_ENDS: Final[dict[str, Status]] = {"succeeded": "succeeded", "failed": "failed", "expired": "expired"}
_WAITING: Final = frozenset({"processing", "confirmed", "requires_action", "leaving"})
_UPDATE: Final = ("update", "more", "less", "apply", "remove")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the visit ended. `message`: what the page says; `redirect`: where it leads the buyer on another origin."""

    status: Status
    message: str
    redirect: str | None = None


class NotACheckout(Exception):
    """The address cannot be reached, or what answers there is no checkout page; the message says which."""


async def buy(url: str, wishes: Wishes, *, within_s: float = 60.0) -> Outcome:
    """Complete the checkout at `url`. Raises NotACheckout; every other end is an outcome."""
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise NotACheckout(f"'{url}' is no web address. Give the checkout's \"url\", like http://127.0.0.1:8080/checkout/...")
    headers = {"Accept": "text/html", "Accept-Language": "en-US,en", "User-Agent": "checkstand-buy"}
    async with httpx2.AsyncClient(headers=headers, timeout=30.0, follow_redirects=False) as client:
        return await _Visit(client, url, wishes, time.monotonic() + within_s).run()


class _Left(Exception):
    """The page leads to another origin."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target


class _Visit:
    """One buyer's way through the pages."""

    def __init__(self, client: httpx2.AsyncClient, url: str, wishes: Wishes, deadline: float) -> None:
        self._client = client
        self._url = url
        self._wishes = wishes
        self._deadline = deadline
        self._code = 0
        self._has_paid = False
        self._pressed = 0

    async def run(self) -> Outcome:
        try:
            page = await self._go("GET", self._url)
            if not page.status:
                raise NotACheckout(self._unknown(page))
            for _ in range(_STEPS_MAX):
                ended = self._ended(page)
                if ended is not None:
                    return ended
                if time.monotonic() > self._deadline:
                    break
                page = await self._next(page)
            return Outcome(status="processing", message=f"Not decided in time. The page says: {page.heading}")
        except _Left as left:
            return self._after_leaving(left.target)

    def _ended(self, page: Page) -> Outcome | None:
        if page.status in _ENDS:
            return Outcome(status=_ENDS[page.status], message=_said(page), redirect=self._way_on(page))
        if page.status == "declined":
            return Outcome(status="declined", message=_said(page))
        if page.status == "open" and self._pressed >= _SAME_PAGE_MAX:
            return Outcome(status="refused", message=_said(page))
        if page.status == "open" and self._has_paid and page.errors:
            return Outcome(status="refused", message=_said(page))
        return None

    async def _next(self, page: Page) -> Page:
        if page.status == "open":
            return await self._fill_and_send(page)
        if page.status == "challenge":
            form = _with_button(page.forms, "approve")
            if form is None:
                raise NotACheckout("The bank's page has no button to approve with.")
            return await self._send(*form)
        if page.refresh is not None:
            pause_s, target = page.refresh
            await asyncio.sleep(min(max(pause_s, _PAUSE_MIN_S), _PAUSE_MAX_S))
            return await self._go("GET", urljoin(self._url, target) if target else self._url)
        if page.status in _WAITING:
            await asyncio.sleep(_PAUSE_MAX_S / 5)
            return await self._go("GET", self._url)
        raise NotACheckout(self._unknown(page))

    async def _fill_and_send(self, page: Page) -> Page:
        """One press: first what changes the page (plan, country, code), at last the pay button."""
        filled = fill(page, self._wishes)
        if filled.complaint:
            raise _Refused(filled.complaint)
        if filled.button is None or filled.form is None:
            raise NotACheckout(self._unknown(page))
        self._has_paid = filled.pays
        self._pressed += filled.pays
        return await self._send(filled.form, filled.button)

    async def _send(self, form: Form, button: Button) -> Page:
        target = urljoin(self._url, button.action or form.action) if button.action or form.action else self._url
        return await self._go(form.method.upper(), target, form.sent(button))
