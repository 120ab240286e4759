"""axe-core finds nothing serious on any state of the checkout pages, light and dark, on phones and desktops."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from checkstand.domain.address import Address
from tests.pages.browser import Look, check_looks, three_looks, visit
from tests.pages.buyer import NO_FUNDS, Buyer, Redirects, Stand, expect_success, pay, to_the_bank

State = Callable[[Page, Stand], None]
STATES: dict[str, State] = {}


def state(function: State) -> State:
    STATES[function.__name__] = function
    return function


@state
def plain(page: Page, stand: Stand) -> None:
    page.goto(stand.url(stand.session("one_time", redirects=Redirects(back_url="https://merchant.test/"))))


@state
def three_plans(page: Page, stand: Stand) -> None:
    page.goto(stand.url(stand.session("monthly", "trial", "one_time")))
    page.locator("#plan-2").check()
    page.wait_for_selector("text=Start free trial")


@state
def named_price_with_everything_open(page: Page, stand: Stand) -> None:
    page.goto(stand.url(stand.session("pay_what_you_want", buyer=Buyer(address=Address(country="US")))))
    page.evaluate("document.querySelectorAll('details').forEach((item) => (item.open = true))")
    page.locator("#is_business").check()
    page.fill("#discount_code", "NOSUCH")
    page.press("#discount_code", "Enter")
    page.wait_for_selector("#discount_code-error")


@state
def cart(page: Page, stand: Stand) -> None:
    page.goto(stand.url(stand.cart("one_time", "monthly", quantity=0)))


@state
def free(page: Page, stand: Stand) -> None:
    page.goto(stand.url(stand.session("free")))


@state
def many_problems(page: Page, stand: Stand) -> None:
    page.goto(stand.url(stand.session("one_time", buyer=Buyer(address=Address(country="US")))))
    page.click("#pay-button")
    page.wait_for_selector("#problems")


@state
def declined(page: Page, stand: Stand) -> None:
    page.goto(stand.url(stand.session("one_time")))
    pay(page, card=NO_FUNDS)
    page.wait_for_selector("#problems")


@state
def bank(page: Page, stand: Stand) -> None:
    to_the_bank(page, stand, stand.session("one_time"))


@state
def waiting_for_the_bank(page: Page, stand: Stand) -> None:
    session = stand.session("one_time")
    to_the_bank(page, stand, session)
    page.goto(stand.url(session))


@state
def success(page: Page, stand: Stand) -> None:
    page.goto(stand.url(stand.session("monthly")))
    pay(page)
    expect_success(page)


@state
def expired(page: Page, stand: Stand) -> None:
    session = stand.session("one_time")
    stand.advance("P2D")
    page.goto(stand.url(session))


@state
def unknown(page: Page, stand: Stand) -> None:
    page.goto(f"{stand.server.url}/checkout/unknown")


@three_looks
@pytest.mark.parametrize("name", list(STATES))
def test_nothing_serious_is_found_on(name: str, browser: Browser, stand: Stand, these_looks: tuple[Look, ...]) -> None:
    with visit(browser, stand.server) as page:
        STATES[name](page, stand)
        check_looks(page, these_looks)
        assert page.locator("h1").count() == 1
        assert page.locator("main").count() == 1
        assert page.evaluate("document.documentElement.lang") == "en"
