"""The catalogue: its list and menus, the product form, and what a product can be asked to do."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Browser, expect

from checkstand.domain import ids
from checkstand.domain.catalog import Custom, Fixed, Product
from checkstand.store.catalogue import products
from tests.pages.visitor import Visitor, screen, visitor
from tests.server import RunningServer

NEW = {
    "name": "Atelier",
    "description": "Two lines\nof text",
    "billing": "once",
    "count": "1",
    "interval": "month",
    "model": "fixed",
    "price_currency": ["USD"],
    "price_amount": ["29.90"],
    "price_minimum": [""],
    "price_preset": [""],
    "price_maximum": [""],
    "trial_count": "",
    "trial_interval": "day",
    "visibility": "public",
}


def named(server: RunningServer, person: Visitor, name: str) -> Product:
    wanted = products.ProductFilter(name_contains=name)
    found = server.run(
        products.search(server.services.ports.db, person.shop.organization.id, wanted, sorting=[], offset=0, limit=5)
    )
    return next(product for product in found.items if product.name == name)


def create(server: RunningServer, person: Visitor, **fields: str | list[str]) -> Product:
    person.get("/products/new")
    answer = person.post("/products/new", {**NEW, **fields})
    assert answer.status_code == 303, answer.text
    return named(server, person, str(fields.get("name", NEW["name"])))


def test_a_product_can_be_made_at_a_fixed_price(server: RunningServer) -> None:
    product = create(server, visitor(server, server.new_shop()))
    assert product.active_prices[0].terms == Fixed(amount_minor=2990)
    assert (product.recurrence, product.description) == (None, "Two lines\nof text")


def test_a_product_can_repeat_have_a_trial_and_prices_in_several_currencies(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    product = create(
        server,
        person,
        name="Everywhere",
        billing="repeats",
        count="3",
        trial_count="14",
        price_currency=["USD", "EUR", "JPY", ""],
        price_amount=["1,299.00", "1.299,00 €", "¥1200", ""],
    )
    amounts = {price.currency: price.terms for price in product.active_prices}
    assert amounts == {
        "USD": Fixed(amount_minor=129900),
        "EUR": Fixed(amount_minor=129900),
        "JPY": Fixed(amount_minor=1200),
    }
    assert product.recurrence is not None
    assert (product.recurrence.count, str(product.recurrence.interval)) == (3, "month")
    assert product.trial is not None
    assert product.trial.count == 14


def test_a_product_can_cost_what_the_buyer_wants_or_nothing(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    wish = create(
        server, person, name="Wish", model="custom", price_minimum=["5"], price_preset=["15"], price_maximum=["500"]
    )
    assert wish.active_prices[0].terms == Custom(minimum_minor=500, preset_minor=1500, maximum_minor=50000)
    gift = create(server, person, name="Gift", model="free", price_amount=[""])
    assert gift.active_prices[0].terms == Fixed(amount_minor=0)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Enter a name"),
        ({"name": "ab"}, "Use at least 3 characters."),
        ({"name": "n" * 65}, "Use at most 64 characters; these are 65."),
        ({"price_amount": ["abc"]}, "is not an amount of USD. Type it like 19.99."),
        ({"price_amount": [""]}, "Enter the price."),
        ({"price_amount": ["0.10"]}, "Enter 0 or at least $0.50."),
        ({"price_amount": ["99999999"]}, "Enter at most $999,999.99."),
        ({"price_amount": ["-5"]}, "is not an amount"),
        ({"price_currency": ["XXX"]}, "Choose a currency."),
        ({"price_currency": ["EUR"]}, "must be in USD"),
        ({"price_currency": ["USD", "USD"], "price_amount": ["1", "2"]}, "USD has a price already"),
        ({"model": "custom", "price_minimum": ["5"], "price_maximum": ["2"]}, "must not be below the minimum"),
        ({"model": "custom", "price_minimum": ["5"], "price_preset": ["2"]}, "must be between"),
        ({"billing": "repeats", "count": "0"}, "whole number from 1 to 999"),
        ({"billing": "repeats", "interval": "fortnight"}, "Choose days, weeks, months or years."),
        ({"billing": "repeats", "trial_count": "1001"}, "whole number from 1 to 1000"),
        ({"visibility": "hidden"}, "Select who can see the product."),
    ],
)
def test_a_wrong_form_says_so_at_the_field_and_in_a_summary_and_loses_nothing(
    server: RunningServer, fields: dict[str, str | list[str]], said: str
) -> None:
    person = visitor(server, server.new_shop())
    person.get("/products/new")
    answer = person.post("/products/new", {**NEW, "description": "typed with care", **fields})
    assert answer.status_code == 422
    assert answer.text.count(said) >= 2
    assert 'aria-invalid="true"' in answer.text or "visibility" in fields
    assert "typed with care" in answer.text
    for value in fields.get("price_amount", []):
        assert f'value="{value}"' in answer.text


def test_another_currency_can_be_added_without_losing_what_was_typed(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    person.get("/products/new")
    answer = person.post("/products/new", {**NEW, "add_price": "1"})
    assert answer.status_code == 200
    assert 'id="currency-1"' in answer.text
    assert 'value="29.90"' in answer.text


def test_saving_keeps_an_unchanged_price_and_replaces_a_changed_one(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    product = create(server, person, price_currency=["USD", "EUR"], price_amount=["10", "9"])
    old = {price.currency: price.id for price in product.prices}
    path = f"/products/{product.id}/edit"
    form = person.get(path).text
    assert 'value="10.00"' in form
    saved = person.post(
        path, {**NEW, "name": "Renamed", "price_currency": ["USD", "EUR"], "price_amount": ["10.00", "8.50"]}
    )
    assert saved.status_code == 303
    changed = named(server, person, "Renamed")
    now = {price.currency: price for price in changed.active_prices}
    assert now["USD"].id == old["USD"]
    assert now["EUR"].id != old["EUR"]
    assert now["EUR"].terms == Fixed(amount_minor=850)
    archived = changed.price(old["EUR"])
    assert archived is not None
    assert archived.is_archived


def test_duplicate_makes_another_product_with_prices_of_its_own(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    original = person.shop.products["trial"]
    answer = person.post(f"/products/{original.id}/duplicate")
    assert answer.headers["location"].endswith("/edit?notice=product-duplicated")
    copy = named(server, person, "Studio with Trial (copy)")
    assert copy.id != original.id
    assert copy.active_prices[0].id != original.active_prices[0].id
    assert (copy.recurrence, copy.trial) == (original.recurrence, original.trial)


def test_an_archived_product_leaves_the_list_is_not_sold_and_can_come_back(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    product = person.shop.products["one_time"]
    person.post(f"/products/{product.id}/archive")
    assert str(product.id) not in person.get("/products").text
    assert str(product.id) in person.get("/products?status=archived").text
    refused = person.post(f"/products/{product.id}/checkout")
    assert refused.headers["location"].endswith("notice=not-for-sale")
    person.post(f"/products/{product.id}/unarchive")
    assert str(product.id) in person.get("/products").text


def test_products_are_found_by_name_and_by_either_id(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    product = person.shop.products["pay_what_you_want"]
    for text in ("tip", str(product.id), ids.short_id("pdt", product.id)):
        page = person.get(f"/products?q={text}").text
        assert "Tip Jar" in page
        assert "Field Guide" not in page
    assert "No results for" in person.get("/products?q=zzz").text


def test_a_long_catalogue_has_pages_that_keep_the_filters(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    for number in range(26):
        create(server, person, name=f"Many {number:02}")
    first = person.get("/products?q=Many").text
    assert "1–25 of 26 products" in first
    assert "q=Many&amp;page=2" in first
    second = person.get("/products?q=Many&page=2").text
    assert "26–26 of 26 products" in second
    assert "Many 00" in second


def test_both_ids_stand_on_the_products_page_in_either_address(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    product = person.shop.products["one_time"]
    short = ids.short_id("pdt", product.id)
    for named_by in (str(product.id), short):
        page = person.get(f"/products/{named_by}").text
        assert str(product.id) in page
        assert short in page


def test_text_from_merchants_is_shown_as_text(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    evil = "<img src=x onerror=alert(1)>\"'</script>"
    product = create(server, person, name=evil, description=evil)
    for path in (
        "/products",
        f"/products/{product.id}",
        f"/products/{product.id}/edit",
        f"/products/{product.id}/integrate",
        "",
    ):
        page = person.get(path).text
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


def test_open_checkout_makes_a_real_session_and_goes_to_its_page(server: RunningServer, browser: Browser) -> None:
    shop = server.new_shop()
    view = screen(browser, server, shop)
    page = view.page
    view.open("/products")
    page.get_by_role("button", name="More options for Field Guide").click()
    with view.context.expect_page() as opened:
        page.get_by_role("menuitem", name="Open checkout (test)").click()
    opened.value.wait_for_load_state()
    assert "/checkout/polar_c_" in opened.value.url
    expect(opened.value.get_by_text("Field Guide").first).to_be_visible()
    view.close()


def code_of(person: Visitor, product: Product, snippet: str) -> str:
    page = person.get(f"/products/{product.id}/integrate").text
    found = re.search(rf'id="{snippet}"><code>(.*?)</code>', page, re.DOTALL)
    assert found is not None
    return found[1].replace("&#34;", '"').replace("&#39;", "'").replace("&gt;", ">")


@pytest.mark.parametrize("snippet", ["polar-curl", "polar-python", "dodo-curl", "dodo-python"])
def test_a_snippet_creates_a_checkout_when_it_is_run(server: RunningServer, snippet: str) -> None:
    person = visitor(server, server.new_shop())
    code = code_of(person, person.shop.products["one_time"], snippet)
    command = ["sh", "-c", code + " -s"] if snippet.endswith("curl") else [sys.executable, "-c", code]
    tokens = {"POLAR_ACCESS_TOKEN": person.shop.polar_token, "DODO_PAYMENTS_API_KEY": person.shop.dodo_key}
    done = subprocess.run(
        command, env={**os.environ, **tokens}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"{server.url}/checkout/" in done.stdout or f"{server.url}/session/" in done.stdout, done.stdout


def test_the_menu_follows_the_keyboard_pattern(server: RunningServer, browser: Browser) -> None:
    view = screen(browser, server, server.new_shop())
    page = view.page
    view.open("/products")
    button = page.get_by_role("button", name="More options for Studio Monthly")
    expect(button).to_have_attribute("aria-haspopup", "menu")

    def focused(name: str) -> None:
        expect(page.get_by_role("menuitem", name=name)).to_be_focused()

    for key, first in (
        ("Enter", "Copy Product ID"),
        ("Space", "Copy Product ID"),
        ("ArrowDown", "Copy Product ID"),
        ("ArrowUp", "Archive Product"),
    ):
        button.focus()
        page.keyboard.press(key)
        expect(button).to_have_attribute("aria-expanded", "true")
        focused(first)
        page.keyboard.press("Escape")
        expect(button).to_be_focused()
        expect(page.get_by_role("menu")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    for key, name in (
        ("ArrowDown", "Integrate Checkout"),
        ("End", "Archive Product"),
        ("ArrowDown", "Copy Product ID"),
        ("ArrowUp", "Archive Product"),
        ("Home", "Copy Product ID"),
        ("d", "Duplicate Product"),
        ("e", "Edit Product"),
    ):
        page.keyboard.press(key)
        focused(name)
    page.keyboard.press("Tab")
    expect(page.get_by_role("menu")).to_have_count(0)
    button.click()
    page.mouse.click(600, 30)
    expect(page.get_by_role("menu")).to_have_count(0)
    button.click()
    page.get_by_role("menuitem", name="Edit Product").press(" ")
    page.wait_for_url("**/edit")
    view.close()


def test_archiving_is_confirmed_in_a_dialog(server: RunningServer, browser: Browser) -> None:
    view = screen(browser, server, server.new_shop())
    page = view.page
    view.open("/products")
    button = page.get_by_role("button", name="More options for Starter Kit")
    button.click()
    page.get_by_role("menuitem", name="Archive Product").click()
    dialog = page.get_by_role("dialog", name="Archive Starter Kit?")
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    button.click()
    page.get_by_role("menuitem", name="Archive Product").click()
    dialog.get_by_role("button", name="Archive Product").click()
    expect(page.get_by_text("Product archived.")).to_be_visible()
    view.close()


def test_where_the_clipboard_is_not_to_be_had_the_id_stands_selected_in_a_dialog(
    server: RunningServer, browser: Browser
) -> None:
    shop = server.new_shop()
    view = screen(browser, server, shop, clipboard=False)
    view.context.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page = view.page
    view.open("/products")
    button = page.get_by_role("button", name="More options for Field Guide")
    button.click()
    page.get_by_role("menuitem", name="Copy Product ID").click()
    field = page.get_by_role("dialog", name="Copy Product ID").get_by_role("textbox")
    expect(field).to_be_focused()
    expect(field).to_have_value(str(shop.products["one_time"].id))
    assert page.evaluate("getSelection().toString()") == str(shop.products["one_time"].id)
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    view.close()


def test_a_product_can_be_made_without_javascript(server: RunningServer, browser: Browser) -> None:
    view = screen(browser, server, server.new_shop(), scripts=False)
    page = view.page
    page.get_by_role("link", name="Catalogue", exact=True).click()
    page.get_by_role("link", name="New product").click()
    page.get_by_label("Name").fill("By hand")
    page.get_by_role("radio", name="Recurring").check()
    page.get_by_label("Amount").fill("12,50")
    page.get_by_role("button", name="Save product").click()
    expect(page.get_by_text("Product created.")).to_be_visible()
    expect(page.get_by_text("$12.50 / month").first).to_be_visible()
    view.close()
