"""Payments: one per session, however many tries; what each outcome shows, and how the list is narrowed."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.dialects.dodo_place import BUYER, DodoShop

ADDRESS = {"city": "Albany", "country": "US", "state": "NY", "street": "1 Main St", "zipcode": "12207"}


@pytest.mark.parametrize(
    ("token", "status", "error"),
    [
        ("ctoken_visa", "succeeded", None),
        ("ctoken_declined", "failed", "GENERIC_DECLINE"),
        ("ctoken_insufficient_funds", "failed", "INSUFFICIENT_FUNDS"),
        ("ctoken_expired", "failed", "EXPIRED_CARD"),
        ("ctoken_3ds", "requires_customer_action", None),
        ("ctoken_processing", "processing", None),
    ],
)
def test_a_payment_shows_how_its_last_try_stands(dodo: DodoShop, token: str, status: str, error: str | None) -> None:
    session = dodo.session("P", customer={"email": "ada@example.com", "name": "Ada Byron"}, metadata={"cart": "77"})
    dodo.pay(session, token)
    payment = dodo.payment_of(session)
    assert (payment["status"], payment["error_code"], bool(payment["error_message"])) == (status, error, bool(error))
    assert payment["customer"]["email"] == "ada@example.com"
    assert payment["customer"]["customer_id"].startswith("cus_"), "a declined buyer is kept as well"
    assert (payment["billing"], payment["metadata"]) == (ADDRESS, {"cart": "77"})
    assert (payment["total_amount"], payment["currency"], payment["settlement_amount"]) == (1000, "USD", 1000)
    # What has not been paid has no tax and was not paid with anything.
    known = (0, 0, "card", "credit") if status in ("succeeded", "processing") else (None,) * 4
    assert tuple(payment[name] for name in ("tax", "settlement_tax", "payment_method", "payment_method_type")) == known
    assert payment["product_cart"] == [{"product_id": dodo.id("P"), "quantity": 1}]
    assert (payment["card_last_four"] is not None, payment["checkout_session_id"]) == (True, session)
    assert dodo.http.get(f"/checkouts/{session}").json()["payment_status"] == status


def test_a_bank_check_that_was_left_alone_says_so_and_settles_nothing(dodo: DodoShop) -> None:
    session = dodo.session("P", customer={"email": "ada@example.com", "name": "Ada Byron"})
    dodo.pay(session, "ctoken_3ds")
    scoped = {"Authorization": f"Bearer {dodo.demo.polar_token}"}
    assert httpx2.post(f"{dodo.server.url}/_test/clock", json={"advance": "PT2H"}, headers=scoped).status_code == 200
    payment = dodo.payment_of(session)
    assert (payment["status"], payment["error_code"]) == ("failed", "AUTHENTICATION_TIMEOUT")
    said = "Nobody approved the payment at your bank in time. Try again or use another card."
    assert payment["error_message"] == said
    assert [payment[name] for name in ("tax", "settlement_tax", "payment_method")] == [None] * 3


def test_a_card_is_shown_in_lower_case_and_without_its_number(dodo: DodoShop) -> None:
    session = dodo.session()
    dodo.pay(session)
    payment = dodo.payment_of(session)
    assert (payment["card_network"], payment["card_type"], payment["card_last_four"]) == ("visa", "credit", "4242")
    assert (payment["payment_method"], payment["payment_method_type"]) == ("card", "credit")
    assert payment["card_issuing_country"] == "US"


def test_a_decline_and_then_success_are_one_payment(dodo: DodoShop) -> None:
    session = dodo.session()
    dodo.pay(session, "ctoken_declined")
    failed = dodo.payment_of(session)
    dodo.pay(session, "ctoken_visa")
    paid = dodo.payment_of(session)
    assert (failed["status"], paid["status"], paid["error_code"]) == ("failed", "succeeded", None)
    assert (failed["payment_id"], failed["created_at"]) == (paid["payment_id"], paid["created_at"])
    assert len(dodo.http.get("/payments").json()["items"]) == 1


def test_a_trial_is_a_payment_of_nothing(dodo: DodoShop) -> None:
    session = dodo.session("T")
    dodo.pay(session)
    payment = dodo.payment_of(session)
    assert (payment["status"], payment["total_amount"]) == ("succeeded", 0)


def test_line_items_add_up_to_the_payment(dodo: DodoShop) -> None:
    session = dodo.session("P", "S", discount_code="WELCOME20")
    dodo.pay(session)
    payment = dodo.payment_of(session)
    lines = dodo.http.get(f"/payments/{payment['payment_id']}/line-items").json()
    assert lines["currency"] == "USD"
    assert [item["items_id"] for item in lines["items"]] == [dodo.id("P"), dodo.id("S")]
    assert sum(item["amount"] + item["tax"] for item in lines["items"]) == payment["total_amount"] == 2400
    assert sum(item["refundable_amount"] for item in lines["items"]) == 2400


@pytest.fixture
def busy(dodo: DodoShop) -> dict[str, str]:
    """A shop with a payment in each state, by state; the newest is the one that was begun last."""
    tokens = {"succeeded": "ctoken_visa", "failed": "ctoken_declined", "processing": "ctoken_processing"}
    found = {}
    for status, token in tokens.items():
        session = dodo.session()
        dodo.pay(session, token)
        found[status] = dodo.payment_of(session)["payment_id"]
    dodo.session()
    address = {"country": "US", "street": "1 Main St", "city": "Albany", "state": "NY", "zipcode": "12207"}
    answer = dodo.create(
        product_cart=[{"product_id": "S", "quantity": 1}],
        confirm=True,
        customer={"email": "ada@example.com", "name": "Ada"},
        billing_address=address,
    )
    found["requires_payment_method"] = answer.json()["payment_id"]
    return found


def listed(dodo: DodoShop, **query: Any) -> list[str]:
    answer = dodo.http.get("/payments", params=query)
    assert answer.status_code == 200, answer.text
    return [item["payment_id"] for item in answer.json()["items"]]


def test_the_list_holds_every_session_that_has_a_payment_newest_first(dodo: DodoShop, busy: dict[str, str]) -> None:
    newest_first = list(reversed(busy.values()))
    assert listed(dodo) == newest_first
    assert listed(dodo, page_size=2, page_number=1) == newest_first[2:]
    assert listed(dodo, page_number=9) == []


def test_the_list_can_be_narrowed(dodo: DodoShop, busy: dict[str, str]) -> None:
    for status, payment_id in busy.items():
        assert listed(dodo, status=status) == [payment_id]
    assert listed(dodo, status="requires_capture") == []
    paid = dodo.http.get(f"/payments/{busy['succeeded']}").json()
    assert set(listed(dodo, customer_id=paid["customer"]["customer_id"])) == set(busy.values()) - {
        busy["requires_payment_method"]
    }
    assert listed(dodo, customer_id="cus_nobody") == []
    assert listed(dodo, subscription_id="sub_none") == []
    assert listed(dodo, product_id=dodo.id("S")) == [busy["requires_payment_method"]]
    assert listed(dodo, currency="EUR") == []
    assert listed(dodo, brand_id=paid["business_id"]) == listed(dodo)
    assert listed(dodo, created_at_lte=paid["created_at"]) == [busy["succeeded"]]
    assert len(listed(dodo, created_at_gte=paid["created_at"])) == 4


@pytest.mark.parametrize("query", ["status=paid", "created_at_gte=yesterday", "currency=usd"])
def test_a_filter_that_makes_no_sense_is_named(dodo: DodoShop, query: str) -> None:
    answer = dodo.http.get(f"/payments?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_QUERY_PARAMS")


def test_another_shops_payment_is_not_found(dodo: DodoShop) -> None:
    session = dodo.session()
    dodo.pay(session, buyer=BUYER)
    other = DodoShop(dodo.server, dodo.server.new_shop())
    payment_id = dodo.payment_of(session)["payment_id"]
    assert other.http.get(f"/payments/{payment_id}").status_code == 404
    assert other.http.get(f"/checkouts/{session}").status_code == 404
    assert listed(other) == []
