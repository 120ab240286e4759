"""What people see where there is no page: a database that goes away while they pay, an address that leads nowhere, an old link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from checkstand.embedded_postgres import cluster as embedded
from checkstand.gateways.testbank.gateway import TestGateway
from checkstand.store.migrate import migrate
from tests.pages.browser import PHONE, serious_violations, visit
from tests.pages.buyer import VISA, Stand, expect_success
from tests.server import RunningServer, running_server
from tests.store.embedded_place import place
from tests.tables import table
from tests.waiting import eventually

UNKNOWN = "We do not know yet whether you paid"


@dataclass(frozen=True, slots=True)
class Stage:
    """A shop on a database of its own, which can be taken away, and a browser."""

    folder: Path
    stand: Stand
    browser: Browser

    def lose_database(self) -> None:
        embedded.stop(embedded.find(self.folder) or pytest.fail("no database runs"))

    def return_database(self) -> None:
        embedded.start(self.folder, durable=False)
        ready = f"{self.stand.server.url}/readyz"
        assert eventually(lambda: httpx2.get(ready, timeout=10).status_code == 200, within_s=20)


@pytest.fixture(scope="module")
def stage(server: RunningServer, browser: Browser) -> Iterator[Stage]:
    with place() as folder:
        cluster = embedded.start(folder, durable=False)
        server.run(migrate(cluster.dsn))
        with running_server(cluster.dsn) as its_own:
            yield Stage(folder, Stand(its_own, its_own.new_shop()), browser)
        embedded.stop(embedded.find(folder) or cluster)


def fill(page: Page) -> None:
    page.fill("#email", "ada@example.com")
    for name, value in (("number", VISA), ("exp", "12/34"), ("cvc", "123")):
        page.fill(f"#card_{name}", value)
    page.fill("#name", "Ada Lovelace")
    page.select_option("#country", "DE")
    expect(page.locator("#checkout:not([aria-busy])")).to_have_count(1)


def test_a_database_that_goes_away_before_the_charge_leaves_the_card_and_the_page_finds_out(stage: Stage) -> None:
    session = stage.stand.session("one_time")
    with visit(stage.browser, stage.stand.server) as page:
        page.goto(stage.stand.url(session))
        fill(page)
        stage.lose_database()
        try:
            page.click("#pay-button")
            problems = page.locator("#problems")
            expect(problems).to_contain_text(UNKNOWN)
            expect(problems).to_be_focused()
            expect(problems).to_contain_text("Please do not pay again: this page looks again every 3 seconds")
            expect(problems.locator("[data-reference]")).to_have_text(re.compile(r"Reference: \w{12}$"))
            expect(page.locator("#pay-button")).to_have_attribute("aria-busy", "true")
            assert serious_violations(page) == []
        finally:
            stage.return_database()
        expect(page.locator("#problems h2")).to_have_text("The payment was not made")
        assert page.input_value("#card_number") == VISA
        page.click("#pay-button")
        expect_success(page)
    assert stage.stand.charges(session) == ["succeeded"]


def test_a_database_that_goes_away_during_the_charge_never_asks_for_a_second_one(stage: Stage) -> None:
    """The attempt is stored, the bank has not answered: the page waits, and goes on to the page that waits for the bank."""
    session = stage.stand.session("one_time")
    bank = stage.stand.server.services.ports.gateway
    assert isinstance(bank, TestGateway)
    bank.delay_s = 3.0
    try:
        with visit(stage.browser, stage.stand.server) as page:
            page.goto(stage.stand.url(session))
            fill(page)
            page.click("#pay-button")
            assert eventually(lambda: bool(stage.stand.charges(session)), within_s=5)
            stage.lose_database()
            try:
                expect(page.locator("#problems")).to_contain_text(UNKNOWN)
            finally:
                stage.return_database()
            page.wait_for_url("**/confirmation*")
            expect(page.locator("h1")).to_have_text("Processing your payment")
    finally:
        bank.delay_s = 0.0
    assert len(stage.stand.charges(session)) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_a_script_the_page_says_the_same_and_looks_again_by_itself(stage: Stage, scheme: str) -> None:
    session = stage.stand.session("one_time")
    with visit(stage.browser, stage.stand.server, script=False, scheme=scheme, size=PHONE) as page:
        page.goto(stage.stand.url(session))
        fill(page)
        stage.lose_database()
        try:
            page.click("#pay-button")
            expect(page.locator("h1")).to_have_text(UNKNOWN)
            expect(page.locator("main")).to_contain_text("Please do not pay again")
            expect(page.locator("main")).to_contain_text("This page looks again in 5 seconds.")
            expect(page.locator("main code")).to_have_count(1)
            back = page.get_by_role("link", name="Back to the checkout")
            assert back.get_attribute("href") == stage.stand.url(session).removeprefix(stage.stand.server.url)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        finally:
            stage.return_database()
        expect(page.locator("#pay-button")).to_be_visible(timeout=15_000)  # open still: nothing was charged
    assert stage.stand.charges(session) == []


PLACES = {
    "/nothing/here": (404, "There is nothing at this address"),
    "/static-nothing": (404, "There is nothing at this address"),
    "/checkout/polar_c_nobody": (404, "There is no checkout here"),
    "/buy/pdt_nobody": (404, "This link leads nowhere"),
    "/documents/broken": (403, "This document cannot be opened"),
    "/documents/broken.pdf": (403, "This document cannot be opened"),
}


@table(("path", "told"), PLACES.items())
def test_an_address_that_leads_nowhere_has_the_same_frame(stage: Stage, path: str, told: tuple[int, str]) -> None:
    status, heading = told
    with visit(stage.browser, stage.stand.server, size=PHONE, scheme="dark") as page:
        answer = page.goto(f"{stage.stand.server.url}{path}")
        assert answer is not None
        assert answer.status == status
        expect(page.locator("main.sheet h1")).to_have_text(heading)
        assert serious_violations(page) == []


def test_a_page_that_takes_no_such_request_says_so_in_the_frame_and_programs_keep_their_answers(stage: Stage) -> None:
    session = stage.stand.session("one_time")
    html = {"Accept": "text/html"}
    with stage.stand.client() as client:
        put = client.put(stage.stand.url(session), headers=html)
        assert (put.status_code, set(put.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})
        assert '<main class="sheet"' in put.text
        for path in ("/v1/nothing", "/payments/nothing"):
            assert client.get(path, headers=html).headers["content-type"].startswith("application/json")
        plain = client.get("/documents/broken")
        assert plain.headers["content-type"].startswith("text/plain")
        assert plain.status_code == 403
