"""Invoices through the Dodo API: PDF files by a payment's or refund's id, with the official client and without a key."""

from __future__ import annotations

import io
from collections.abc import Iterator
from uuid import UUID

import httpx2
import pytest
from dodopayments import DodoPayments, NotFoundError
from pypdf import PdfReader

from checkstand.domain import ids
from tests.dialects.dodo_place import DodoShop
from tests.dialects.polar_http import READY, Polar
from tests.dialects.test_dodo_refunds import REFUND_PENDS, bought, payment, refund
from tests.server import RunningServer, running_server


@pytest.fixture
def client(dodo: DodoShop) -> Iterator[DodoPayments]:
    with DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url, max_retries=0) as client:
        yield client


def text_of(body: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages).split())


def test_a_payments_invoice_and_its_refunds_credit_note_are_files(dodo: DodoShop, client: DodoPayments) -> None:
    payment_id = bought(dodo, "P")
    number = f"{dodo.demo.organization.slug.upper()}-0001"
    text = text_of(client.invoices.payments.retrieve(payment_id).read())
    assert all(part in text for part in (number, "Ada Byron", "Invoice"))
    first = refund(dodo, payment_id, items=[{"item_id": dodo.id("P"), "amount": 100}]).json()
    note = text_of(client.invoices.payments.retrieve_refund(first["refund_id"]).read())
    credited = f"{dodo.demo.organization.slug.upper()}-CN-0001"
    assert all(part in note for part in (credited, number, "$1.00 credited on", "Credit note"))


def test_a_payment_names_its_invoice_once_it_is_paid(dodo: DodoShop) -> None:
    shown = payment(dodo, bought(dodo, "P"))
    assert ids.parse_short_id("inv", shown["invoice_id"]) == ids.parse_short_id("pay", shown["payment_id"])
    assert shown["invoice_url"] == f"{dodo.server.url}/invoices/payments/{shown['payment_id']}"
    answer = httpx2.get(shown["invoice_url"], timeout=60)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"].startswith('inline; filename="Invoice-')


def test_what_was_not_paid_or_not_sent_back_yet_has_no_file(dodo: DodoShop, client: DodoPayments) -> None:
    waiting = refund(dodo, bought(dodo, "P", card=REFUND_PENDS)).json()
    assert waiting["status"] == "pending"
    with pytest.raises(NotFoundError):
        client.invoices.payments.retrieve_refund(waiting["refund_id"])
    for wrong in ("pay_000000000000000000000", "nothing", waiting["refund_id"]):
        answer = httpx2.get(f"{dodo.server.url}/invoices/payments/{wrong}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_an_order_or_refund_of_polars_api_has_no_invoice_without_a_key(server: RunningServer, dodo: DodoShop) -> None:
    polar = Polar(server, dodo.demo)
    session = polar.create(customer_name="Ada").json()
    assert polar.confirm(session["client_secret"], **READY).status_code == 200
    order = polar.client.get(f"/v1/orders/?checkout_id={session['id']}").json()["items"][0]
    back = {"order_id": order["id"], "reason": "other", "amount": 100}
    refund = polar.client.post("/v1/refunds/", json=back).json()
    for path in (
        f"payments/{ids.short_id('pay', UUID(order['id']))}",
        f"refunds/{ids.short_id('ref', UUID(refund['id']))}",
    ):
        answer = httpx2.get(f"{server.url}/invoices/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_too_many_visits_are_refused(database_url: str) -> None:
    server: RunningServer
    with (
        running_server(database_url, with_worker=False, rate_limits=True) as server,
        httpx2.Client(base_url=server.url) as visitor,
    ):
        codes = [visitor.get("/documents/x").status_code for _ in range(25)]
        assert codes == [403] * 25
        codes = [visitor.get("/invoices/refunds/x").status_code for _ in range(6)]
        assert codes == [404] * 5 + [429]
        refused = visitor.get("/invoices/payments/x")
        assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_REQUESTS")
        assert int(refused.headers["retry-after"]) > 0
        assert visitor.get("/documents/x").status_code == 429
