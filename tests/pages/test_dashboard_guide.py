"""Polar's guide, word for word: make a token in the organization's settings, Products → Catalogue, ⋮ → Copy Product ID, call the API."""

from __future__ import annotations

import re

import httpx2
from playwright.sync_api import Browser, Page, expect

from tests.pages.visitor import Screen, screen, visitor
from tests.server import RunningServer


def call(url: str, token: str, product_id: str) -> httpx2.Response:
    """The guide's last step: paste both into the call."""
    return httpx2.post(
        f"{url}/v1/checkouts/",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        json={"products": [product_id]},
    )


def assert_buyable(url: str, token: str, product_id: str) -> None:
    answer = call(url, token, product_id)
    assert answer.status_code == 201, answer.text
    assert httpx2.get(answer.json()["url"]).status_code == 200


def catalogue_is_where_the_guide_says(view: Screen) -> None:
    assert view.page.url == f"{view.url}/dashboard/{view.shop.organization.slug}/products"


def press_until(page: Page, key: str, name: str) -> None:
    """Press a key until the element with this accessible name has the focus, as a person without a mouse does."""
    for _ in range(80):
        page.keyboard.press(key)
        focused = page.evaluate(
            "(() => { const e = document.activeElement; return e.getAttribute('aria-label') || e.labels?.[0]?.innerText "
            "|| e.innerText || '' })()"
        )
        if name in re.sub(r"\s+", " ", focused).strip():
            return
    raise AssertionError(f"The keyboard never reached {name!r}.")


def test_the_guides_three_steps_work_word_for_word(server: RunningServer, browser: Browser) -> None:
    shop = server.new_shop()
    view = screen(browser, server, shop)
    page = view.page
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="New token").click()
    page.get_by_label("Name").fill("guide")
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_text("Copy it now. You won’t see it again.")).to_be_visible()
    page.get_by_role("button", name="Copy token").click()
    expect(page.get_by_role("status")).to_contain_text("Token copied")
    token = view.clipboard()

    page.get_by_role("link", name="Catalogue", exact=True).click()
    catalogue_is_where_the_guide_says(view)
    more = page.get_by_role("button", name="More options for Field Guide")
    more.click()
    page.get_by_role("menuitem", name="Copy Product ID").click()
    product_id = view.clipboard()
    expect(page.get_by_role("status")).to_contain_text(f"Product ID copied: {product_id}")
    expect(more).to_be_focused()
    expect(more).to_have_attribute("aria-expanded", "false")
    assert product_id == str(shop.products["one_time"].id)
    assert_buyable(server.url, token, product_id)
    view.close()


def test_the_guides_three_steps_work_by_keyboard_alone(server: RunningServer, browser: Browser) -> None:
    shop = server.new_shop()
    view = screen(browser, server, shop)
    page = view.page
    press_until(page, "Tab", "Settings")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings")
    press_until(page, "Tab", "New token")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tokens/new")
    press_until(page, "Tab", "Name")
    page.keyboard.type("keyboard")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Token created").wait_for()
    press_until(page, "Tab", "Copy token")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Token copied")
    token = view.clipboard()

    press_until(page, "Tab", "Go to the catalogue")
    page.keyboard.press("Enter")
    page.wait_for_url("**/products")
    catalogue_is_where_the_guide_says(view)
    press_until(page, "Tab", "More options for Tip Jar")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Copy Product ID")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Product ID copied")
    expect(page.get_by_role("button", name="More options for Tip Jar")).to_be_focused()
    assert_buyable(server.url, token, view.clipboard())
    view.close()


def test_the_guides_three_steps_work_without_javascript(server: RunningServer, browser: Browser) -> None:
    shop = server.new_shop()
    view = screen(browser, server, shop, scripts=False)
    page = view.page
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="New token").click()
    page.get_by_label("Name").fill("no script")
    page.get_by_role("button", name="Create token").click()
    token = page.get_by_label("Polar API token").input_value()
    page.get_by_role("link", name="Catalogue", exact=True).click()
    catalogue_is_where_the_guide_says(view)
    page.get_by_label("More options for Field Guide").click()
    shown = page.get_by_role("row", name="Field Guide").get_by_role("paragraph").filter(has_text="Copy Product ID")
    expect(shown).to_be_visible()
    product_id = shown.locator("code").inner_text()
    assert product_id == str(shop.products["one_time"].id)
    assert_buyable(server.url, token, product_id)
    view.close()


def test_a_script_can_follow_the_guide_over_http(server: RunningServer) -> None:
    shop = server.new_shop()
    person = visitor(server, shop)
    assert "New token" in person.get("/settings").text
    person.get("/settings/tokens/new")
    created = person.post(
        "/settings/tokens/new", {"name": "script", "kind": "polar", "preset": "checkout", "lifetime": "30"}
    )
    token = re.search(r"polar_oat_[0-9A-Za-z]{43}", created.text)
    assert token is not None
    listed = person.get("/products").text
    assert str(shop.products["monthly"].id) in listed
    assert_buyable(server.url, token[0], str(shop.products["monthly"].id))
