"""`/docs` shows both APIs from the OpenAPI document and needs nothing from elsewhere."""

from __future__ import annotations

import html
import re

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from tests.pages.browser import PHONE, violations, visit
from tests.server import RunningServer


def test_the_page_lists_the_operations_of_both_apis_with_their_fields(server: RunningServer) -> None:
    answer = httpx2.get(f"{server.url}/docs", timeout=60)
    assert answer.status_code == 200
    for text in ("/v1/checkouts/", "/checkouts", "product_cart", "/_test/clock"):
        assert text in answer.text
    assert "/dashboard/{" not in answer.text


def article(page: str, operation: str) -> str:
    """One call's part of the page as text."""
    part = page.split(f'<article id="{operation}"')[1].split("</article>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split())


def test_a_call_shows_its_types_its_bodies_with_an_example_each_and_its_answers(server: RunningServer) -> None:
    page = httpx2.get(f"{server.url}/docs", timeout=60).text
    create = article(page, "post-v1-checkouts")
    for body, needed in (("Products", "products"), ("Product", "product_id"), ("Price", "product_price_id")):
        assert f"PolarCheckout{body}Create" in create
        assert create.count(f" {needed} required") == 1, "required in its own form of the body alone"
    assert "customer_billing_address PolarAddressIn , or null" in create
    assert "seats integer, or null At least 1, at most 10,000." in create
    assert "422 The request is understood and wrong" in create
    assert "string (email), or null" in create
    assert "`" not in create
    assert "retry-after tells when to come back" in create
    assert '<article id="shape-PolarAddressIn"' in page
    assert "list of string (uuid)" in article(page, "get-v1-products")
    state = article(page, "shape-PolarCustomerState")
    assert "tax_id required list of string and string, or null" in state
    assert "granted_benefits required empty list" in state


def test_an_event_shows_its_headers_its_envelope_and_what_answer_it_waits_for(server: RunningServer) -> None:
    page = httpx2.get(f"{server.url}/docs", timeout=60).text
    paid = article(page, "event-order-paid")
    assert "EVENT order.paid" in paid
    assert "webhook-signature required" in paid
    assert "data required PolarOrder" in paid
    assert "2XX Received. Answer within 10 seconds" in paid
    assert "other Any other status" in paid
    won = article(page, "event-dispute-won")
    assert "A dispute was decided for the merchant" in won
    assert page.index("Polar: events") < page.index("Dodo: ") < page.index("Dodo: events") < page.index("Test controls")


def test_the_contents_are_searched_and_lead_to_a_call(server: RunningServer, browser: Browser) -> None:
    with visit(browser, server, size=PHONE) as page:
        page.goto(f"{server.url}/docs")
        page.fill("#search", "refund reason")
        expect(page.locator("#found")).to_contain_text("calls found")
        assert violations(page, within=(".contents", "article:not([hidden], [id^=shape-])")) == []
        shown = page.locator("[data-for]:visible")
        expect(shown.filter(has_text="/v1/refunds/").first).to_be_visible()
        assert page.locator("article:not([id^=shape-]):visible").count() == shown.count()
        shown.filter(has_text="POST").first.locator("a").click()
        assert "#post-" in page.url
        page.fill("#search", "no such thing anywhere")
        expect(page.locator("#found")).to_have_text("0 calls found")


@pytest.mark.prove
def test_all_calls_at_once_are_accessible(server: RunningServer, browser: Browser) -> None:
    with visit(browser, server, size=PHONE) as page:
        page.goto(f"{server.url}/docs")
        assert violations(page) == []


def test_nothing_on_the_page_comes_from_another_origin(server: RunningServer) -> None:
    answer = httpx2.get(f"{server.url}/docs", timeout=60)
    assert "script-src" in answer.headers["content-security-policy"]
    found = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert found
    assert all(address.startswith(("/", "#")) for address in found)


def test_the_openapi_document_is_whole(server: RunningServer) -> None:
    document = httpx2.get(f"{server.url}/openapi.json").json()
    assert {"/v1/checkouts/", "/checkouts", "/v1/products/", "/products"} <= set(document["paths"])
    assert "requestBody" in document["paths"]["/v1/checkouts/"]["post"]
