"""A buyer with a browser that runs no JavaScript: opens a checkout page, fills it in, pays, answers the bank, reads the result.

Everything it knows it read from the page's HTML: what a field is for from its `autocomplete` and `name`, which page it is
from `data-page` of `main`, what is wrong from `role="alert"`. It never leaves the page's origin: where the page
leads to another one, the visit ends and the address is the outcome's `redirect`. So a purchase that succeeds here proves
that the page works without a script.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx2

from checkstand.testing.browser_fill import CannotFulfil, Wishes, next_press
from checkstand.testing.browser_page import Button, Form, Page, read

Status = Literal["succeeded", "declined", "refused", "expired", "failed", "processing"]

_STEPS_MAX: Final = 200
_REDIRECTS_MAX: Final = 10
_PAYS_MAX: Final = 3
_PAUSE_MIN_S: Final = 0.1
_PAUSE_MAX_S: Final = 5.0
_ENDS: Final[Mapping[str, Status]] = {
    "success": "succeeded",
    "failed": "failed",
    "expired": "expired",
    "pending": "processing",
}


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
        raise NotACheckout(
            f"'{url}' is no web address. Give the \"url\" of a checkout, like http://127.0.0.1:8080/checkout/..."
        )
    headers = {"Accept": "text/html", "Accept-Language": "en", "User-Agent": "checkstand-buy"}
    try:
        async with httpx2.AsyncClient(headers=headers, timeout=30.0, follow_redirects=False) as client:
            return await _Visit(client, url, wishes, time.monotonic() + within_s).run()
    except httpx2.HTTPError as error:
        where = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
        raise NotACheckout(
            f"{where} does not answer ({str(error) or type(error).__name__}). Check that the server runs."
        ) from error
    except httpx2.InvalidURL as error:
        raise NotACheckout(f"'{url}' is no web address ({error}).") from error


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
        self._tried: frozenset[str] = frozenset()
        self._pays = 0
        self._kind = ""  # of the last page

    async def run(self) -> Outcome:
        """From the first page to the last."""
        try:
            page = await self._go("GET", self._url)
            for _ in range(_STEPS_MAX):
                ended = self._ended(page)
                if ended is not None:
                    return ended
                if time.monotonic() > self._deadline:
                    break
                page = await self._next(page)
            return Outcome(status="processing", message=f"Not decided in time. The page says: {_said(page)}")
        except CannotFulfil as error:
            return Outcome(status="refused", message=str(error))
        except _Left as left:
            return self._after_leaving(left.target)

    def _ended(self, page: Page) -> Outcome | None:
        if page.kind in _ENDS:
            return Outcome(status=_ENDS[page.kind], message=_said(page), redirect=self._way_on(page))
        if page.kind == "checkout" and self._pays and (page.alerts or self._pays >= _PAYS_MAX):
            return Outcome(status="declined" if page.is_declined else "refused", message=_said(page))
        return None

    async def _next(self, page: Page) -> Page:
        if page.kind == "checkout":
            return await self._fill_and_press(page)
        if page.kind == "bank":
            return await self._answer_bank(page)
        if page.kind == "action" and page.links:  # the bank waits for the buyer
            return await self._go("GET", urljoin(self._url, page.links[0][0]))
        if page.refresh is not None:
            pause_s, target = page.refresh
            await asyncio.sleep(min(max(pause_s, _PAUSE_MIN_S), _PAUSE_MAX_S))
            return await self._go("GET", urljoin(self._url, target))
        said = f" It says: {_said(page)}" if _said(page) else ""
        raise NotACheckout(f"The page at {_short(self._url)} is no checkout that can be paid.{said}")

    async def _answer_bank(self, page: Page) -> Page:
        """Approve; a question that was answered before leads back to the shop."""
        for form in page.forms:
            for button in form.buttons:
                if button.value == "approve":
                    return await self._send(form, button)
        if not page.links:
            raise NotACheckout("The bank's page has nothing to approve with.")
        return await self._go("GET", urljoin(self._url, page.links[0][0]))

    async def _fill_and_press(self, page: Page) -> Page:
        press = next_press(page, self._wishes, self._tried)
        if press is None:
            raise CannotFulfil(f"The page has nothing to pay with. It says: {_said(page)}")
        if press.wish:
            self._tried |= {press.wish}
        else:
            self._pays += 1
        return await self._send(press.form, press.button)

    async def _send(self, form: Form, button: Button | None) -> Page:
        action = (button.action if button else "") or form.action
        target = urljoin(self._url, action) if action else self._url
        return await self._go(form.method.upper(), target, urlencode(form.sent(button)))

    async def _go(self, method: str, url: str, body: str | None = None) -> Page:
        """Ask for a page, following redirects as far as our origin goes. Raises _Left, NotACheckout."""
        for _ in range(_REDIRECTS_MAX):
            if _origin(url) != _origin(self._url):
                raise _Left(url)
            answer = await self._client.request(
                method,
                url,
                content=body if method == "POST" else None,
                headers={"Content-Type": "application/x-www-form-urlencoded"} if method == "POST" else None,
            )
            self._url = url
            if not answer.is_redirect:
                return self._read(answer)
            url = urljoin(url, answer.headers["location"])
            if answer.status_code not in (307, 308):
                method, body = "GET", None
        raise NotACheckout("The page leads in a circle of redirects.")

    def _read(self, answer: httpx2.Response) -> Page:
        kind = answer.headers.get("content-type", "")
        if not kind.startswith("text/html"):
            raise NotACheckout(
                f"{_short(self._url)} answered {answer.status_code} with {kind or 'nothing'}, not with a page."
            )
        page = read(answer.text)
        self._kind = page.kind
        if answer.status_code >= 500 or answer.status_code == 404:
            raise NotACheckout(f"{_short(self._url)} answered {answer.status_code}: {_said(page) or 'no reason given'}")
        return page

    def _way_on(self, page: Page) -> str | None:
        """Where a finished page leads the buyer: its own refresh first, else its first link to elsewhere."""
        links = [page.refresh[1]] if page.refresh and page.refresh[1] else []
        for target in (*links, *(target for target, _text in page.links)):
            whole = urljoin(self._url, target)
            if urlsplit(whole).scheme in ("http", "https") and _origin(whole) != _origin(self._url):
                return whole
        return None

    def _after_leaving(self, target: str) -> Outcome:
        """The page sent the buyer elsewhere: to the bank, or after paying to the merchant, who may be told of a failure."""
        if self._kind == "leave":
            return Outcome(
                status="processing", message="The bank asks on a page of its own: go on there.", redirect=target
            )
        told = parse_qs(urlsplit(target).query).get("status", ["succeeded"])[0]
        if told == "failed":
            return Outcome(status="failed", message="The payment failed, and the page leads on.", redirect=target)
        return Outcome(status="succeeded", message="The order is complete, and the page leads on.", redirect=target)


def _said(page: Page) -> str:
    return " ".join(page.alerts) or page.heading or page.title


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _short(url: str) -> str:
    """An address without what follows its path, and without the secret at its end."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{'/'.join(parts.path.split('/')[:2])}/..."
