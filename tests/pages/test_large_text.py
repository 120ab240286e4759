"""A reader whose browser's letters are twice the size, on a narrow phone: all of the text follows, and nothing leaves the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from checkstand.domain.catalog import Fixed
from checkstand.testing.demo import DemoShop
from tests.pages.browser import ARGUMENTS, executable, visit
from tests.pages.buyer import Stand, expect_success, pay
from tests.pages.catalogue import DE, Shelf
from tests.server import RunningServer

LARGE_PX = 32
NARROW = (320, 720)

_SIZES = """() => Object.fromEntries([...document.querySelectorAll('button, label, input:not([type=hidden]), select, summary, a, h1, h2, p, td, th, bdi')]
  .filter((one) => one.checkVisibility() && !one.matches('[type=radio], [type=checkbox]'))
  .map((one, at) => [`${at} ${one.localName}#${one.id}.${one.className} ${one.textContent.slice(0, 40).trim()}`, parseFloat(getComputedStyle(one).fontSize)]))"""
_OUTSIDE = """() => [...document.querySelectorAll('body *')].filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1
  && getComputedStyle(one).clipPath === 'none' && !one.closest('pre, .scroll, .tabs, .visually-hidden, .sr')).map((one) => one.outerHTML.slice(0, 120)).slice(0, 8)"""


@pytest.fixture(scope="module")
def large(browser: Browser) -> Iterator[Browser]:
    """A browser whose user asked for large letters, in its settings."""
    settings = [*ARGUMENTS, f"--blink-settings=defaultFontSize={LARGE_PX}"]
    started = browser.browser_type.launch(executable_path=executable(), args=settings)
    yield started
    started.close()


def expect_large(page: Page) -> None:
    """Every text has grown with the page's own, and fits beside nothing but itself."""
    sizes: dict[str, Any] = page.evaluate(_SIZES)
    assert sizes
    small = {name: size for name, size in sizes.items() if size < 0.65 * LARGE_PX}
    assert small == {}
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0], page.evaluate(_OUTSIDE)
    assert page.evaluate(_OUTSIDE) == []


def test_the_checkout_and_what_follows_it_fit_a_phone_with_large_letters(
    large: Browser, server: RunningServer, shop: DemoShop
) -> None:
    shelf = Shelf(Stand(server, shop))
    machine = shelf.product("Machine", Fixed(amount_minor=61_728_394))
    session = shelf.session(machine, buyer=DE)
    with visit(large, server, size=NARROW, locale="en") as page:
        page.goto(shelf.stand.url(session))
        page.locator("#order-details > summary").click()
        page.locator("#is_business").check()
        page.wait_for_selector("#line1")
        expect_large(page)
        page.locator("#is_business").uncheck()
        pay(page)
        expect_success(page)
        expect_large(page)


def test_the_description_of_the_api_fits_a_phone_with_large_letters(large: Browser, server: RunningServer) -> None:
    with visit(large, server, size=NARROW) as page:
        page.goto(f"{server.url}/docs")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0], page.evaluate(_OUTSIDE)


def test_the_dashboard_fits_a_phone_with_large_letters(large: Browser, server: RunningServer, shop: DemoShop) -> None:
    with visit(large, server, size=NARROW) as page:
        page.goto(f"{server.url}/dashboard/login")
        expect_large(page)
        page.get_by_label("Email").fill(shop.email)
        page.get_by_label("Password").fill(shop.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**/dashboard/{shop.organization.slug}")
        expect_large(page)
