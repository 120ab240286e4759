"""Invoices, receipts and billing details through the Polar API, with the official clients where they have the call."""

from __future__ import annotations

import io
import re
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from polar.v2026_04 import Polar as Polar_2026_04
from polar.v2026_10 import Polar as Polar_2026_10
from polar.v2027_01 import Polar as Polar_2027_01
from pypdf import PdfReader

from tests.clients.receiver import receiving
from tests.dialects.polar_http import BUSINESS, READY, Polar, assert_refused
from tests.dialects.test_polar_refunds import bought
from tests.server import RunningServer

CLIENTS = pytest.mark.parametrize(
    "client", [Polar_2026_04, Polar_2026_10, Polar_2027_01], ids=["2026-04", "2026-10", "2027-01"]
)
ADDRESS = {"country": "DE", "line1": "Markt 4", "city": "Jena", "postal_code": "07743"}


def pdf_text(url: str) -> str:
    answer = httpx2.get(url, timeout=60)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).split())


def invoiced(polar: Polar, label: str = "one_time", **body: Any) -> dict[str, Any]:
    """A paid order whose buyer is known by name."""
    return bought(polar, label, customer_name="Ada Byron", **body)


@CLIENTS
def test_an_invoice_and_a_receipt_are_fetched_at_addresses_that_need_no_key(
    client: type, polar: Polar, server: RunningServer
) -> None:
    order = invoiced(polar)
    slug = polar.shop.organization.slug.upper()
    assert (order["is_invoice_generated"], order["invoice_number"], order["receipt_number"]) == (
        True,
        f"{slug}-0001",
        "R-000001",
    )
    sdk = client(polar.shop.polar_token, base_url=server.url)
    invoice, receipt = sdk.orders.invoice(order["id"]).url, sdk.orders.receipt(order["id"]).url
    assert invoice.startswith(f"{server.url}/documents/")
    text = pdf_text(invoice)
    assert all(
        part in text for part in (f"{slug}-0001", "Ada Byron", "Germany", "$10.00 paid on", "Visa ending in 4242")
    )
    assert "R-000001" in pdf_text(receipt)


def test_billing_details_are_edited_but_not_the_place_that_decided_the_tax(polar: Polar) -> None:
    order = invoiced(polar)
    path = f"/v1/orders/{order['id']}"
    edited = polar.client.patch(path, json={"billing_name": "Ada Ltd", "billing_address": ADDRESS}).json()
    assert (edited["billing_name"], edited["billing_address"]["city"]) == ("Ada Ltd", "Jena")
    assert edited["billing_address"]["country"] == "DE"
    moved = polar.client.patch(path, json={"billing_address": {**ADDRESS, "country": "FR"}})
    assert_refused(moved, BUSINESS, ["body", "billing_address", "country"], "value_error", "Country cannot be changed")
    assert polar.client.patch(path, json={}).json()["billing_name"] == "Ada Ltd"
    assert polar.client.patch(path, json={"billing_name": None}).json()["billing_name"] is None
    assert polar.client.patch(f"/v1/orders/{uuid4()}", json={}).status_code == 404


def test_an_american_order_stays_in_its_state(polar: Polar) -> None:
    home = {"country": "US", "line1": "1 Main St", "city": "Albany", "state": "US-NY", "postal_code": "12207"}
    made = polar.create(customer_name="Ada").json()
    assert polar.confirm(made["client_secret"], **{**READY, "customer_billing_address": home}).status_code == 200
    order = polar.client.get(f"/v1/orders/?checkout_id={made['id']}").json()["items"][0]
    away = polar.client.patch(f"/v1/orders/{order['id']}", json={"billing_address": {**home, "state": "US-CA"}})
    assert_refused(away, BUSINESS, ["body", "billing_address", "state"], "value_error", "State cannot be changed")


def test_an_invoice_needs_a_name_is_made_when_asked_and_anew_after_an_edit(polar: Polar) -> None:
    order = bought(polar)
    path = f"/v1/orders/{order['id']}"
    assert (order["billing_name"], order["is_invoice_generated"]) == (None, False)
    missing = polar.client.get(f"{path}/invoice")
    assert (missing.status_code, missing.json()["error"]) == (404, "InvoiceDoesNotExist")
    nobody = polar.client.post(f"{path}/invoice")
    assert nobody.status_code == 422
    assert nobody.json() == {
        "error": "MissingInvoiceBillingDetails",
        "detail": "Billing name and address are required to generate an invoice for this order.",
    }
    polar.client.patch(path, json={"billing_name": "Ada Ltd"})
    made = polar.client.post(f"{path}/invoice")
    assert (made.status_code, made.json()) == (202, None)
    assert polar.client.get(path).json()["is_invoice_generated"] is True
    assert "Ada Ltd" in pdf_text(polar.client.get(f"{path}/invoice").json()["url"])
    polar.client.patch(path, json={"billing_name": "Byron KG"})
    assert "Ada Ltd" in pdf_text(polar.client.get(f"{path}/invoice").json()["url"]), "an edit alone makes nothing"
    assert polar.client.post(f"{path}/invoice").status_code == 202
    assert "Byron KG" in pdf_text(polar.client.get(f"{path}/invoice").json()["url"])


def test_a_free_order_has_an_invoice_and_no_receipt(polar: Polar) -> None:
    order = invoiced(polar, "free")
    assert order["receipt_number"] is None
    assert polar.client.get(f"/v1/orders/{order['id']}/receipt").status_code == 404
    assert "$0.00: nothing to pay" in pdf_text(polar.client.get(f"/v1/orders/{order['id']}/invoice").json()["url"])


def test_another_shops_order_is_nobodys(polar: Polar, server: RunningServer) -> None:
    order, other = invoiced(polar), Polar(server, server.new_shop())
    for path in (f"/v1/orders/{order['id']}/invoice", f"/v1/orders/{order['id']}/receipt"):
        assert other.client.get(path).status_code == 404
    assert other.client.post(f"/v1/orders/{order['id']}/invoice").status_code == 404


def test_an_address_of_a_document_can_be_neither_changed_nor_made_up(polar: Polar, server: RunningServer) -> None:
    url = polar.client.get(f"/v1/orders/{invoiced(polar)['id']}/invoice").json()["url"]
    page = httpx2.get(url.removesuffix(".pdf"))
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["referrer-policy"] == "no-referrer"
    changed = url.replace("/documents/", "/documents/A")
    for wrong in (changed, f"{server.url}/documents/x.pdf", f"{server.url}/documents/é"):
        assert httpx2.get(wrong).status_code == 403, wrong


def test_the_invoice_is_told_after_the_payment_and_each_edit(polar: Polar) -> None:
    with receiving() as receiver:
        polar.client.post(
            "/v1/webhooks/endpoints",
            json={"url": receiver.url, "format": "raw", "events": ["order.paid", "order.updated"]},
        )
        order = invoiced(polar)
        polar.client.patch(f"/v1/orders/{order['id']}", json={"billing_name": "Ada Ltd"})
        polar.client.post(f"/v1/orders/{order['id']}/invoice")
        polar.client.post("/_test/settle")
        told = [hook.event for hook in receiver.hooks]
    seen = [(one["type"], one["data"]["is_invoice_generated"], one["data"]["billing_name"]) for one in told]
    assert seen == [
        ("order.updated", False, "Ada Byron"),
        ("order.paid", False, "Ada Byron"),
        ("order.updated", True, "Ada Byron"),
        ("order.updated", True, "Ada Ltd"),
        ("order.updated", True, "Ada Ltd"),
    ]
    assert [one["data"]["receipt_number"] for one in told] == [None, *["R-000001"] * 4]


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        ({"country": "JP", "line1": "1-1", "city": "Chiyoda-ku", "state": "JP-13", "postal_code": "〒１００-０００１"},
         "1-1 Chiyoda-ku, Tokyo 100-0001 Japan"),
        ({"country": "GB", "line1": "10 Downing St", "city": "London", "postal_code": "SW1A-1AA"},
         "10 Downing St London SW1A 1AA United Kingdom"),
        ({"country": "LU", "line1": "1 rue Aldringen", "city": "Luxembourg", "postal_code": "L-1009"},
         "1 rue Aldringen L-1009 Luxembourg Luxembourg"),
    ],
)  # fmt: skip
def test_what_a_program_sends_is_echoed_by_the_api_and_printed_as_people_write_it(
    polar: Polar, address: dict[str, str], lines: str
) -> None:
    ada = {"customer_name": "Ada Byron", "customer_email": "ada@example.com"}
    made = polar.create(require_billing_address=True, **ada).json()
    shown = polar.patch(made["client_secret"], customer_billing_address=address).json()
    assert {name: shown["customer_billing_address"][name] for name in address} == address
    if address["country"] == "JP":
        page = httpx2.get(made["url"]).text
        assert re.search(r'<option value="Tokyo"[^>]*\bselected', page), "the prefecture is chosen in the form"
    paid = polar.confirm(made["client_secret"], confirmation_token_id="ctoken_visa")
    assert paid.status_code == 200, paid.text
    [order] = polar.client.get(f"/v1/orders/?checkout_id={made['id']}").json()["items"]
    polar.client.post(f"/v1/orders/{order['id']}/invoice")
    url = polar.client.get(f"/v1/orders/{order['id']}/invoice").json()["url"]
    assert lines in pdf_text(url)
    words = re.sub(r"<[^>]+>", " ", httpx2.get(url.removesuffix(".pdf")).text)
    assert lines in " ".join(words.split())
