"""A person whose browser runs no script, over HTTP: pages are read as HTML and forms sent as HTML says, which costs a hundredth of Chromium.

`Reader` and what it finds have the names of Playwright's `Page` and `Locator` as far as tests need them, so that a test's steps are the
same with a script in Chromium and without one here (`read_or_visit`), and `expecting.expect` takes both. There is no style, no layout, no focus
and no content policy: what is about those asks `visit()` for a real browser.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx2
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, Page

from tests.pages.browser import MERCHANT, visit
from tests.pages.markup import inner_text_of, is_hidden, is_shown, name_of, plain, sent_by, value_of
from tests.server import RunningServer

WITHIN_S = 10
_REDIRECTS = (301, 302, 303, 307, 308)
_ROLES = {
    "button": "button, input[type=submit], input[type=button]",
    "link": "a[href]",
    "heading": "h1, h2, h3, h4, h5, h6",
}
_TYPED = {"submit", "button", "reset", "image", "checkbox", "radio", "file"}  # inputs whose value is not typed


class Reader:
    """One tab."""

    def __init__(self, server: RunningServer, *, locale: str = "de-DE", client: httpx2.Client | None = None) -> None:
        self._server, self._locale = server, locale
        self._client = client or httpx2.Client(timeout=30, headers={"Accept-Language": locale})
        self.url = "about:blank"
        self._page = BeautifulSoup("", "html.parser")
        self._html = ""

    # ------------------------------------------------------------ going somewhere

    def goto(self, url: str) -> None:
        self._open("GET", urljoin(self._server.url, url), site="none")

    def reload(self) -> None:
        self._open("GET", self.url, site="none")

    def new_tab(self) -> Reader:
        """Another tab of the same browser."""
        return Reader(self._server, locale=self._locale, client=self._client)

    def close(self) -> None:
        self._client.close()

    def content(self) -> str:
        return self._html

    def _open(self, method: str, url: str, *, site: str = "same-origin", data: Any = None) -> None:
        """Ask for an address and follow where it leads, to the merchant's at most. No other origin may be asked."""
        for _ in range(10):
            address, fragment = urldefrag(url)
            if address.startswith(MERCHANT):
                self._show(address, fragment, "<h1>Merchant</h1>")
                return
            assert urlsplit(address).netloc == urlsplit(self._server.url).netloc, f"asked another origin: {address}"
            headers = {"Sec-Fetch-Site": site, **({"Origin": self._server.url} if method == "POST" else {})}
            answer = self._client.request(method, address, data=data, headers=headers)
            assert answer.status_code < 500, (method, address, answer.status_code, answer.text[:300])
            if answer.status_code not in _REDIRECTS:
                self._show(address, fragment, answer.text)
                return
            if answer.status_code not in (307, 308):
                method, data = "GET", None
            url = urljoin(address, answer.headers["location"])
            url = url if "#" in url or not fragment else f"{url}#{fragment}"
        raise AssertionError(f"led in a circle: {url}")

    def _show(self, address: str, fragment: str, text: str) -> None:
        self.url = f"{address}#{fragment}" if fragment else address
        self._html, self._page = text, BeautifulSoup(text, "html.parser")

    def refresh(self) -> bool:
        """Do what the page does by itself after some seconds; False where it does nothing."""
        found = self._page.select_one("meta[http-equiv=refresh]")
        if found is None:
            return False
        address = re.search(r"url=(.+)", str(found["content"]), re.IGNORECASE)
        self._open("GET", urljoin(self.url, address[1] if address else self.url))
        return True

    def wait_for_url(self, pattern: str) -> None:
        """The tab is there, or comes there by the page's own refreshing."""
        until = time.monotonic() + WITHIN_S
        while not fnmatchcase(self.url, pattern.replace("**", "*")):
            assert time.monotonic() < until and self.refresh(), (
                f"{self.url} is not {pattern}: {inner_text_of(self._page)[:300]}"
            )
            time.sleep(0.1)

    # ------------------------------------------------------------ finding

    def locator(self, selector: str) -> Found:
        return Found(self, lambda: self._select(self._page, selector))

    def get_by_role(self, role: str, *, name: str = "") -> Found:
        return Found(self, lambda: [self._page]).get_by_role(role, name=name)

    def get_by_label(self, text: str) -> Found:
        def labelled() -> list[Tag]:
            labels = [
                label for label in self._page.select("label[for]") if text.lower() in plain(label.get_text()).lower()
            ]
            return [found for label in labels if (found := self._page.find(id=str(label["for"]))) is not None]  # type: ignore[misc]

        return Found(self, labelled)

    def get_by_text(self, text: str) -> Found:
        return self.locator(f"text={text}")

    def _select(self, within: Tag, selector: str) -> list[Tag]:
        if not selector.startswith("text="):
            return list(within.select(selector))
        text = selector.removeprefix("text=").lower()
        holds = [
            one
            for one in within.find_all(True)
            if text in plain(one.get_text()).lower() and one.name not in ("script", "title")
        ]
        return [one for one in holds if not any(child in holds for child in one.find_all(True, recursive=False))]

    # ------------------------------------------------------------ hands

    def fill(self, selector: str, text: str) -> None:
        self.locator(selector).first.fill(text)

    def click(self, selector: str) -> None:
        self.locator(selector).first.click()

    def press(self, selector: str, key: str) -> None:
        """Enter alone: it presses the form's first button."""
        assert key == "Enter", "a key that only a script hears"
        element = self.locator(selector).first.element()
        form = self._form_of(element)
        first = next(
            one
            for one in self._controls(form)
            if one.get("type", "submit") == "submit" and one.name in ("button", "input")
        )
        self._press_button(first)

    def select_option(
        self, selector: str, value: str | None = None, *, index: int | None = None, label: str | None = None
    ) -> None:
        self.locator(selector).first.select_option(value, index=index, label=label)

    def input_value(self, selector: str) -> str:
        return self.locator(selector).first.input_value()

    def _form_of(self, element: Tag) -> Tag:
        named = element.get("form")
        form = self._page.find("form", id=str(named)) if named else element.find_parent("form")
        assert isinstance(form, Tag), f"{str(element)[:200]} is in no form"
        return form

    def _controls(self, form: Tag) -> list[Tag]:
        found = self._page.select("input, select, textarea, button")
        return [
            one
            for one in found
            if one.find_parent("form") is form or (form.get("id") and one.get("form") == form["id"])
        ]

    def _press_button(self, button: Tag) -> None:
        """Send the form of a button with all that is in it, as HTML says ("constructing the entry list")."""
        assert not button.has_attr("disabled"), f"{str(button)[:200]} cannot be pressed"
        form = self._form_of(button)
        controls = self._controls(form)
        if not form.has_attr("novalidate") and not button.has_attr("formnovalidate"):
            empty = [one.get("name") for one in controls if one.has_attr("required") and not sent_by(one, None)]
            assert not empty, f"a browser would not send the form without {empty}"
        sent: dict[str, list[str]] = {}
        for name, value in (entry for one in controls for entry in sent_by(one, button)):
            sent.setdefault(name, []).append(re.sub(r"\r?\n", "\r\n", value))
        method = str(button.get("formmethod") or form.get("method") or "get").upper()
        action = urljoin(self.url, str(button.get("formaction") or form.get("action") or self.url))
        if method == "GET":
            action = f"{action.partition('?')[0]}?{httpx2.QueryParams(sent)}"
        self._open(method, action, data=sent if method == "POST" else None)


@dataclass(frozen=True, slots=True)
class Found:
    """What a selector finds on the page as it is when it is asked."""

    reader: Reader
    find: Callable[[], list[Tag]]

    def all(self) -> list[Found]:
        return [Found(self.reader, lambda one=one: [one]) for one in self.find()]  # type: ignore[misc]

    def count(self) -> int:
        return len(self.find())

    @property
    def first(self) -> Found:
        return Found(self.reader, lambda: self.find()[:1])

    def element(self) -> Tag:
        found = self.find()
        assert len(found) == 1, f"{len(found)} found at {self.reader.url}: {[str(one)[:100] for one in found]}"
        return found[0]

    def or_(self, other: Found) -> Found:
        return Found(self.reader, lambda: self.find() + other.find())

    def locator(self, selector: str) -> Found:
        return Found(self.reader, lambda: [hit for one in self.find() for hit in self.reader._select(one, selector)])

    def get_by_role(self, role: str, *, name: str = "") -> Found:
        def named() -> list[Tag]:
            hits = [hit for one in self.find() for hit in one.select(_ROLES[role])]
            return [hit for hit in hits if name.lower() in name_of(hit).lower() and not is_hidden(hit)]

        return Found(self.reader, named)

    # ------------------------------------------------------------ looking

    def get_attribute(self, name: str) -> str | None:
        value = self.element().get(name)
        return " ".join(value) if isinstance(value, list) else value

    def text_content(self) -> str:
        return self.element().get_text()

    def inner_text(self) -> str:
        return inner_text_of(self.element())

    def all_inner_texts(self) -> list[str]:
        return [inner_text_of(one) for one in self.find()]

    def input_value(self) -> str:
        return value_of(self.element())

    def is_checked(self) -> bool:
        return self.element().has_attr("checked")

    def is_visible(self) -> bool:
        found = self.find()
        return len(found) == 1 and is_shown(found[0])

    # ------------------------------------------------------------ hands

    def fill(self, text: str) -> None:
        element = self.element()
        assert not is_hidden(element) and not element.has_attr("disabled"), f"{str(element)[:200]} cannot be filled"
        if element.name == "textarea":
            element.string = text
        else:
            assert element.name == "input" and element.get("type") not in _TYPED, (
                f"{str(element)[:200]} is not typed into"
            )
            element["value"] = text

    def check(self) -> None:
        element = self.element()
        assert not is_hidden(element), f"{str(element)[:200]} is not to be seen"
        if element.get("type") == "radio":
            for other in self.reader._controls(self.reader._form_of(element)):
                if other.get("type") == "radio" and other.get("name") == element.get("name"):
                    del other["checked"]
        element["checked"] = ""

    def uncheck(self) -> None:
        del self.element()["checked"]

    def select_option(self, value: str | None = None, *, index: int | None = None, label: str | None = None) -> None:
        options = self.element().select("option")
        hits = [
            one
            for at, one in enumerate(options)
            if one.get("value", one.get_text()) == value or at == index or plain(one.get_text()) == (label or value)
        ]
        assert len(hits) == 1, f"{value or label or index} is not one of {[one.get('value') for one in options]}"
        for one in options:
            del one["selected"]
        hits[0]["selected"] = ""

    def click(self) -> None:
        """Follow a link, press a button, open what unfolds."""
        element = self.element()
        assert not is_hidden(element), f"{str(element)[:200]} is not to be seen"
        at = (
            element
            if element.name in ("a", "button", "input", "summary")
            else element.find_parent(["a", "button", "summary"])
        )
        assert isinstance(at, Tag), f"nothing happens on {str(element)[:200]}"
        if at.name == "a":
            self.reader._open("GET", urljoin(self.reader.url, str(at["href"])))
        elif at.name == "summary":
            details = at.parent
            assert details is not None
            details.attrs = {key: value for key, value in details.attrs.items() if key != "open"} | (
                {} if details.has_attr("open") else {"open": ""}
            )
        elif at.get("type") in ("checkbox", "radio"):
            self.check()
        else:
            self.reader._press_button(at)


@contextlib.contextmanager
def read(server: RunningServer, *, locale: str = "de-DE") -> Iterator[Reader]:
    """A browser's tab without scripts."""
    reader = Reader(server, locale=locale)
    try:
        yield reader
    finally:
        reader.close()


@contextlib.contextmanager
def read_or_visit(
    browser: Browser, server: RunningServer, *, script: bool, locale: str = "de-DE", **more: Any
) -> Iterator[Page | Reader]:
    """A tab in Chromium where a script runs, else one of a reader."""
    if script:
        with visit(browser, server, locale=locale, **more) as page:
            yield page
    else:
        with read(server, locale=locale) as reader:
            yield reader
