"""Who reads pages over HTTP sends what Chromium sends, and presses nothing that Chromium would not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Browser, Page

from tests.pages.browser import visit
from tests.pages.expecting import expect
from tests.pages.reader import Reader, read

FORM = """<!doctype html><title>Form</title>
<form id="order" method="post" action="/sent?from=form">
  <input name="typed" value="before"><input name="empty"><input value="without a name"><input name="off" value="x" disabled>
  <input type="hidden" name="hidden" value="kept">
  <input type="checkbox" name="ticked" id="ticked"><input type="checkbox" name="unticked"><input type="checkbox" name="many" value="2" checked>
  <input type="radio" name="way" value="card" checked><input type="radio" name="way" value="bank" id="bank">
  <select name="country"><option value="DE">Germany</option><option value="AT">Austria</option><option>Nowhere</option></select>
  <select name="first"><option value="1">One</option><option value="2">Two</option></select>
  <textarea name="notes">
One
Two</textarea>
  <fieldset disabled><input name="also_off" value="x"></fieldset>
  <details><summary>More</summary><input name="folded" value="sent as well"></details>
  <button name="do" value="update" formaction="/sent?from=button">Update</button><button name="do" value="pay">Pay now</button>
</form>
<input name="outside" form="order" value="far away"><input name="stranger" value="x">
<form method="get" action="/sent"><input name="q" value="a b"><button>Search</button></form>
<form method="post" action="/sent"><input name="needed" required><button>Send</button></form>
<a href="/form#there">Back</a>"""


@pytest.fixture(scope="module")
def place() -> Iterator[Any]:
    """A server with the form; it says what was sent to it, and where."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(FORM if self.path.startswith("/form") else f"<h1>{self.path}</h1>")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            about = (
                self.path,
                self.headers["Origin"],
                self.headers["Sec-Fetch-Site"],
                parse_qsl(body, keep_blank_values=True),
            )
            self._say(f"<h1>{sent(about)}</h1>")

        def _say(self, text: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    def sent(about: object) -> str:
        told.append(about)
        return "Sent"

    told: list[object] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}", told=told)
        server.shutdown()


def fill_in(page: Page | Reader, place: Any, button: str) -> None:
    page.goto(f"{place.url}/form")
    page.fill("[name=typed]", "after & more")
    page.locator("#ticked").check()
    page.locator("#bank").check()
    page.select_option("[name=country]", "AT")
    page.get_by_role("button", name=button).click()
    expect(page.locator("h1")).to_have_text("Sent")


@pytest.mark.parametrize("button", ["Update", "Pay now"])
def test_both_send_the_same_form(browser: Browser, place: Any, button: str) -> None:
    place.told.clear()
    with visit(browser, place, script=False) as page, read(place) as reader:
        fill_in(page, place, button)
        fill_in(reader, place, button)
    by_browser, by_reader = place.told
    assert by_browser[:3] == by_reader[:3]
    assert sorted(by_browser[3]) == sorted(by_reader[3])
    assert ("notes", "One\r\nTwo") in by_reader[3]
    assert ("way", "bank") in by_reader[3]


def test_both_ask_with_a_form_and_follow_a_link(browser: Browser, place: Any) -> None:
    seen = []
    with visit(browser, place, script=False) as page, read(place) as reader:
        for tab in (page, reader):
            tab.goto(f"{place.url}/form")
            tab.get_by_role("button", name="Search").click()
            seen.append((tab.url, tab.locator("h1").inner_text()))
            tab.goto(f"{place.url}/form")
            tab.get_by_role("link", name="Back").click()
            seen.append((tab.url, tab.input_value("[name=typed]")))
    assert seen[:2] == seen[2:]


def test_a_form_that_a_browser_holds_back_is_not_sent(place: Any) -> None:
    place.told.clear()
    with read(place) as reader:
        reader.goto(f"{place.url}/form")
        with pytest.raises(AssertionError, match="would not send the form without"):
            reader.get_by_role("button", name="Send").click()
        with pytest.raises(AssertionError, match="0 found"):
            reader.get_by_role("button", name="Delete").click()
        with pytest.raises(AssertionError, match="asked another origin"):
            reader.goto("http://elsewhere.test/")
    assert place.told == []


def test_what_is_expected_and_not_there_fails(place: Any) -> None:
    with read(place) as reader:
        reader.goto(f"{place.url}/form")
        for wrong in (
            lambda: expect(reader.locator("summary")).to_have_text("Mor"),
            lambda: expect(reader.locator("summary")).to_contain_text("Less"),
            lambda: expect(reader.locator("summary")).to_have_count(2),
            lambda: expect(reader.locator("[name=folded]")).to_be_visible(),
            lambda: expect(reader.locator("[name=typed]")).to_have_value("after"),
            lambda: expect(reader.locator("#bank")).to_be_checked(),
            lambda: reader.wait_for_url("**/elsewhere"),
        ):
            with pytest.raises(AssertionError):
                wrong()
