"""What is offered, as the buyer recognises it: descriptions in Markdown, currencies with prices of their own, marks of what they pay with."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser

from checkstand.domain.catalog import Fixed, PriceDefinition, Product
from checkstand.domain.checkout import CheckoutStatus, Options
from checkstand.flows.catalogue.save_product import create_product
from tests.pages.browser import PHONE, violations, visit
from tests.pages.buyer import expect_success, pay
from tests.pages.catalogue import DE, MONTHLY, Shelf
from tests.pages.expecting import expect
from tests.pages.reader import read_or_visit
from tests.pages.visitor import visitor

MARKDOWN = (
    "# Maps\n\n**Fast**, [documented](https://merchant.test/docs).\n\n* 40 countries\n* offline\n\n"
    "<img src=x onerror=alert(1)> [no](javascript:alert(1)) ![map](https://merchant.test/map.png)"
)


def test_a_description_in_markdown_is_safe_html_on_the_page_the_cards_and_the_dashboard(
    browser: Browser, shelf: Shelf
) -> None:
    atlas = shelf.product("Atlas", Fixed(amount_minor=1000), description=MARKDOWN)
    long = shelf.product("Long", Fixed(amount_minor=500), description="Every word counts. " * 40)
    with visit(browser, shelf.stand.server) as page:
        page.goto(shelf.stand.url(shelf.session(atlas, long)))
        text = page.locator(".product .description")
        expect(text.locator("strong").first).to_have_text("Maps")
        expect(text.locator("li")).to_have_text(["40 countries", "offline"])
        expect(text).to_contain_text("<img src=x onerror=alert(1)> [no](javascript:alert(1)) map")
        links = text.locator("a")
        assert [link.get_attribute("href") for link in links.all()] == ["https://merchant.test/docs"]
        assert links.first.get_attribute("rel") == "noopener noreferrer nofollow"
        card = page.locator(".plan-note").first
        expect(card).to_contain_text("Maps Fast, documented. 40 countries · offline")
        assert (card.locator("a").count(), card.locator("strong").count()) == (0, 1)
        assert page.locator("img[src='x'], .description img").count() == 0
        page.locator("#plan-2").check()
        expect(page.locator("details.description summary")).to_have_text("What you get")
        assert violations(page) == []
    listed = visitor(shelf.stand.server, shelf.stand.shop).get(f"/products/{atlas.id}").text
    assert "<strong>Fast</strong>" in listed
    assert "<li>40 countries</li>" in listed
    assert "<img src=x" not in listed


def priced(shelf: Shelf, name: str, amounts: dict[str, int], **more: object) -> Product:
    """A product with a price of its own in each of several currencies."""
    organization, ports = shelf.stand.shop.organization, shelf.stand.server.services.ports
    prices = [PriceDefinition(currency=code, terms=Fixed(amount_minor=amount)) for code, amount in amounts.items()]
    return shelf.stand.server.run(create_product(ports, organization, {"name": name, **more}, prices))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_buyer_chooses_among_the_currencies_that_a_product_has_prices_in(
    browser: Browser, shelf: Shelf, script: bool
) -> None:
    atlas = priced(shelf, "Atlas", {"USD": 1000, "EUR": 900, "JPY": 1500})
    session = shelf.session(atlas, buyer=DE, currency="USD")
    with read_or_visit(browser, shelf.stand.server, script=script) as page:
        page.goto(shelf.stand.url(session))
        codes = [option.get_attribute("value") for option in page.locator("#currency option").all()]
        assert codes == ["USD", "EUR", "JPY"]
        for code, amount in (("JPY", "¥1,500"), ("EUR", "€9.00")):
            page.select_option("#currency", code)
            if not script:
                page.locator("#choice-part").get_by_role("button", name="Update").click()
            else:
                page.evaluate("document.activeElement.blur()")
            expect(page.locator(".price bdi")).to_have_text(amount)
        pay(page)
        expect_success(page)
    paid = shelf.stand.now(session)
    assert (paid.status, paid.currency, paid.quote.total_minor) == (CheckoutStatus.SUCCEEDED, "EUR", 900)


def test_nothing_is_to_be_chosen_where_there_is_one_currency_or_the_merchant_fixed_it(shelf: Shelf) -> None:
    fixed = shelf.session(
        priced(shelf, "Two", {"USD": 1000, "EUR": 900}), options=Options(allow_currency_selection=False)
    )
    with shelf.stand.client() as client:
        for session in (fixed, shelf.session(shelf.product("One", Fixed(amount_minor=1000), recurrence=MONTHLY))):
            page = client.get(shelf.stand.url(session)).text
            assert 'id="currency"' not in page
            form = {"csrf": shelf.stand.token(session), "currency": "EUR", "shown_currency": "USD", "do": "update"}
            client.post(shelf.stand.url(session, "/update"), data=form)
            assert shelf.stand.now(session).currency == "USD"


def test_a_cards_network_shows_while_its_number_is_typed(browser: Browser, shelf: Shelf) -> None:
    session = shelf.stand.session("one_time", buyer=DE)
    seen = "all => all.filter(one => one.getBoundingClientRect().width).map(one => one.dataset.network)"
    begun = {
        "4": "visa", "5555 55": "mastercard", "2720": "mastercard", "37": "amex", "6011": "discover", "6074 8": "rupay",
        "62": "unionpay", "3056": "diners", "3530": "jcb",
    }  # fmt: skip
    with visit(browser, shelf.stand.server, size=PHONE) as page:
        page.goto(shelf.stand.url(session))
        marks = page.locator("#network [data-network]")
        assert marks.evaluate_all(seen) == []
        for number, network in begun.items():
            page.fill("#card_number", number)
            assert marks.evaluate_all(seen) == [network], number
        page.fill("#card_number", "")
        assert marks.evaluate_all(seen) == []
        assert page.locator(".method-head[for=method-card] .brand").count() == 3
        assert violations(page) == []


@pytest.mark.parametrize(
    ("device", "first"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1", "apple_pay"),
        ("Mozilla/5.0 (Linux; Android 16; Pixel 10) Chrome/150.0.0.0 Mobile Safari/537.36", "google_pay"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "card"),
    ],
)
def test_the_wallet_that_comes_with_the_buyers_device_is_offered_first(shelf: Shelf, device: str, first: str) -> None:
    session = shelf.stand.session("one_time", buyer=DE)
    with shelf.stand.client(**{"User-Agent": device}) as client:
        page = client.get(shelf.stand.url(session)).text
    offered = re.findall(r'name="method" id="method-(\w+)"', page)
    assert offered[0] == first
    assert 'value="card" checked' in page, "what is chosen stays the card"
    heads = re.findall(r'for="method-(\w+)".*?</label>', page, re.DOTALL)
    assert set(offered) == set(heads)
