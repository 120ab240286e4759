"""Documents where people find them: the buyer after paying, the merchant beside the order; readable on any screen."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Sequence

import httpx2
import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import READY, Polar, decide, fixed
from tests.dialects.test_polar_refunds import bought, refund
from tests.pages.browser import Look, two_looks, wrong_in
from tests.pages.visitor import axe, screen
from tests.server import RunningServer


@two_looks(390, 1280)
def test_the_merchant_opens_each_document_of_an_order(
    browser: Browser, server: RunningServer, shop: DemoShop, these_looks: Sequence[Look]
) -> None:
    polar = Polar(server, shop)
    order = bought(polar, customer_name="Ada Byron", discount_id=str(shop.discount.id))
    assert refund(polar, order["id"], 300, comment="Too small").status_code == 201
    shown = screen(browser, server, shop)
    shown.open(f"/sales/checkouts/{order['checkout_id']}")
    panel = shown.page.locator("section[aria-labelledby=documents]")
    slug = shop.organization.slug.upper()
    assert [f"{slug}-0001", "R-000001", f"{slug}-CN-0001"] == [
        (link.text_content() or "").split()[0] for link in panel.locator("dd a:first-child").all()
    ]
    links = [link.get_attribute("href") or "" for link in panel.locator("dd a:first-child").all()]
    assert wrong_in(shown.page, these_looks) == []
    for link, heading in zip(links, ("Invoice", "Receipt", "Credit note"), strict=True):
        shown.page.goto(link)
        assert shown.page.locator("h1").text_content() == heading
        assert wrong_in(shown.page, these_looks) == []
        file = httpx2.get(f"{link}.pdf", timeout=60)
        assert heading in PdfReader(io.BytesIO(file.content)).pages[0].extract_text()
    shown.close()


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
def test_the_buyer_downloads_the_invoice_after_paying(
    browser: Browser, server: RunningServer, shop: DemoShop, width: int, dark: bool
) -> None:
    polar = Polar(server, shop)
    made = polar.create().json()
    assert polar.confirm(made["client_secret"], **READY).status_code == 200
    shown = screen(browser, server, shop, width=width, dark=dark)
    shown.page.goto(f"{made['url']}/confirmation")
    link = shown.page.get_by_role("link", name="Download invoice")
    assert axe(shown.page) == []
    file = httpx2.get(link.get_attribute("href") or "", timeout=60)
    assert (file.status_code, file.headers["content-type"]) == (200, "application/pdf")
    shown.close()


def test_on_a_phone_each_line_of_an_invoice_is_a_block_with_room_for_its_words(
    browser: Browser, server: RunningServer, shop: DemoShop
) -> None:
    decide(server, shop, tax_registrations=("CA", "CA-QC"))
    polar = Polar(server, shop)
    place = {"country": "CA", "state": "QC", "line1": "1 Rue Peel", "city": "Montréal", "postal_code": "H3Z 2Y7"}
    made = polar.create(customer_billing_address=place, customer_billing_name="Ada Ltd").json()
    assert polar.confirm(made["client_secret"], **{**READY, "customer_billing_address": place}).status_code == 200
    order = polar.client.get("/v1/orders/").json()["items"][0]
    assert polar.client.post(f"/v1/orders/{order['id']}/invoice").status_code == 202
    url = polar.client.get(f"/v1/orders/{order['id']}/invoice").json()["url"].removesuffix(".pdf")
    shown = screen(browser, server, shop, width=320)
    shown.page.goto(url)
    name = shown.page.locator(".lines td").first
    box = name.bounding_box()
    assert box is not None
    assert box["height"] < 40, "the name stands on one line"
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    text = " ".join(shown.page.locator("article").inner_text().split())
    assert "Montréal QC H3Z 2Y7 Canada" in text
    assert "GST (5% on $10.00) $0.50 QST (9.975% on $10.00) $1.00 Total $11.50" in text
    shown.close()


def test_what_cost_nothing_has_its_invoice_on_the_page_in_the_api_and_as_a_file(
    server: RunningServer, shop: DemoShop
) -> None:
    polar = Polar(server, shop)
    free = {name: value for name, value in READY.items() if name != "confirmation_token_id"}
    trial = polar.selling(fixed(1200), every="month", trial_interval="day", trial_interval_count=14)
    told = []
    for product, paid_with in ((polar.id("free"), free), (trial, READY)):
        made = polar.sold(product, customer_name="Ada Byron")
        confirmed = polar.confirm(made["client_secret"], **paid_with)
        assert confirmed.status_code == 200, confirmed.text
        order = polar.client.get(f"/v1/orders/?checkout_id={made['id']}").json()["items"][0]
        assert (order["total_amount"], order["is_invoice_generated"], order["receipt_number"]) == (0, True, None)
        page = httpx2.get(f"{made['url']}/confirmation", follow_redirects=True)
        [link] = re.findall(r'<a href="([^"]+)"[^>]*>(?:(?!</a>).)*Download invoice', page.text, re.DOTALL)
        texts = []
        for url in (html.unescape(link), polar.client.get(f"/v1/orders/{order['id']}/invoice").json()["url"]):
            file = httpx2.get(url if url.endswith(".pdf") else f"{url}.pdf", timeout=60)
            assert file.headers["content-type"] == "application/pdf"
            texts.append(PdfReader(io.BytesIO(file.content)).pages[0].extract_text())
        assert texts[0] == texts[1]
        assert "$0.00: nothing to pay" in texts[0]
        told.append(order["invoice_number"] in texts[0])
    assert told == [True, True]
