"""The session ends while a form is open: the sign-in page says so, leads back to the form, and what was typed comes back."""

from __future__ import annotations

import html

import pytest
from playwright.sync_api import Browser, expect

from tests.pages.test_dashboard_products import NEW, named
from tests.pages.visitor import screen, visitor
from tests.server import RunningServer


@pytest.mark.parametrize(
    ("path", "referer", "back"),
    [
        ("/products/new", None, "/products/new"),
        ("/products/{product}/edit", None, "/products/{product}/edit"),
        ("/settings/seller", None, "/settings/seller"),
        ("/settings/tax/behavior", "/settings/tax?notice=tax-saved", "/settings/tax"),
        ("/products/{product}/duplicate", "/products", "/products"),
    ],
)
def test_a_form_sent_after_the_session_ended_is_told_and_leads_back_to_it(
    server: RunningServer, path: str, referer: str | None, back: str
) -> None:
    person = visitor(server, server.new_shop())
    product = str(person.shop.products["one_time"].id)
    path, back = (f"{person.home}{text.format(product=product)}" for text in (path, back))
    person.client.cookies.clear()
    headers = {"Referer": f"{server.url}{person.home}{referer}"} if referer else {}
    answer = person.client.post(path, data=dict(NEW), headers=headers)
    assert answer.status_code == 303
    page = html.unescape(person.client.get(answer.headers["location"]).text)
    assert "Your session ended, so nothing was saved." in page
    assert f'name="next" value="{back}"' in page
    fields = {"email": person.shop.email, "password": person.shop.password, "next": back}
    assert person.client.post("/dashboard/login", data=fields).headers["location"] == back
    assert "Your session ended" not in person.client.get("/dashboard/login").text


def test_what_was_typed_comes_back_after_signing_in_again(server: RunningServer, browser: Browser) -> None:
    person = screen(browser, server, server.new_shop())
    page = person.page
    person.open("/products/new")
    page.get_by_label("Name", exact=True).fill("Atelier")
    page.get_by_label("Description").fill("Two lines\nof text")
    page.get_by_label("Amount").first.fill("29.90")
    page.get_by_role("button", name="Add a currency").click()
    page.get_by_label("Currency of price 2").select_option("EUR")
    page.get_by_label("Amount of price 2").fill("27")
    page.get_by_label("Private").check()
    person.context.clear_cookies()
    page.get_by_role("button", name="Save product").last.click()
    expect(page.get_by_text("Your session ended, so nothing was saved.")).to_be_visible()
    expect(page.get_by_text("What you typed is kept in this tab.")).to_be_visible()
    page.get_by_label("Email").fill(person.shop.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(person.shop.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{person.home}/products/new")
    expect(page.get_by_text("What you typed is back.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Atelier")
    expect(page.get_by_label("Description")).to_have_value("Two lines\nof text")
    expect(page.get_by_label("Amount").first).to_have_value("29.90")
    expect(page.locator("#currency-1")).to_have_value("EUR")
    expect(page.locator("#amount-1")).to_have_value("27")
    expect(page.get_by_label("Private")).to_be_checked()
    page.get_by_role("button", name="Save product").last.click()
    expect(page.get_by_text("Product created.")).to_be_visible()
    person.open("/products/new")
    expect(page.get_by_label("Name", exact=True)).to_have_value("")
    made = named(server, visitor(server, person.shop), "Atelier")
    assert [price.currency for price in made.active_prices] == ["USD", "EUR"]
    person.close()
