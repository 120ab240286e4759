"""`POST /payments`: the older way to be paid ends at the same page, payment and events as a session."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.dialects.dodo_place import COMPLETE, DodoShop

BILLING = {"country": "US", "state": "NY", "city": "Albany", "street": "1 Main St", "zipcode": "12207"}


def made(dodo: DodoShop, **more: Any) -> httpx2.Response:
    body = {
        "product_cart": [{"product_id": "P", "quantity": 2}],
        "customer": COMPLETE["customer"],
        "billing": BILLING,
    }
    return dodo.http.post("/payments", json=dodo.filled({**body, **more}))


def test_a_payment_with_a_link_is_paid_at_its_page_and_read_as_any_payment(dodo: DodoShop) -> None:
    answer = made(dodo, payment_link=True, metadata={"cart": "7"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["total_amount"], found["metadata"]) == (2000, {"cart": "7"})
    assert found["customer"]["email"] == "ada@example.com"
    assert found["product_cart"] == [{"product_id": dodo.id("P"), "quantity": 2}]
    assert found["payment_link"].startswith(f"{dodo.server.url}/session/cks_")
    before = dodo.http.get(f"/payments/{found['payment_id']}").json()
    assert (before["status"], before["total_amount"], before["billing"]["city"]) == (
        "requires_payment_method",
        2000,
        "Albany",
    )
    session = before["checkout_session_id"]
    assert dodo.http.post(f"/_test/checkouts/{session}/pay", json={}).status_code == 200
    assert dodo.http.get(f"/payments/{found['payment_id']}").json()["status"] == "succeeded"


def test_without_a_link_there_is_a_secret_alone_and_a_repeated_key_makes_no_second_payment(dodo: DodoShop) -> None:
    assert made(dodo).json()["payment_link"] is None
    body = {
        "product_cart": [{"product_id": dodo.id("P"), "quantity": 1}],
        "customer": COMPLETE["customer"],
        "billing": BILLING,
    }
    headers = {"Idempotency-Key": "once"}
    twice = [dodo.http.post("/payments", json=body, headers=headers).json() for _ in range(2)]
    assert twice[0] == twice[1]
    assert twice[0]["client_secret"]


def test_what_a_payment_cannot_be_made_of_is_refused(dodo: DodoShop) -> None:
    dodo.settle_on(adaptive_currency=False)
    for more, code in (
        ({"product_cart": []}, "PRODUCT_CART_EMTPY"),
        ({"product_cart": [{"product_id": "pdt_nothing", "quantity": 1}]}, "NOT_FOUND"),
        ({"billing_currency": "EUR"}, "EXCHANGE_RATE_NOT_FOUND"),
        ({"billing": None}, "INVALID_REQUEST_BODY"),
        ({"discount_code": "A", "discount_codes": ["B"]}, "INVALID_REQUEST_BODY"),
        ({"payment_method_id": "pm_1"}, "INVALID_REQUEST_BODY"),
        ({"discount_code": "NOSUCHCODE"}, "INVALID_DISCOUNT_CODE"),
    ):
        answer = made(dodo, **more)
        assert (answer.status_code, answer.json()["code"]) == (422, code), (more, answer.text)


def test_a_discount_is_taken_off_and_named(dodo: DodoShop) -> None:
    found = made(dodo, discount_code="WELCOME20", payment_link=True).json()
    assert found["total_amount"] == 1600
    assert found["discount_ids"] == [found["discount_id"]]


def test_what_is_missing_is_named_as_the_body_has_it(dodo: DodoShop) -> None:
    answer = made(dodo, billing={"country": "US"})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST_BODY")
    assert answer.json()["message"] == "to be confirmed at once this needs billing.zipcode"
    dodo.set("UPDATE organizations SET mode = 'live' WHERE id = $1")
    embargoed = made(dodo, billing={**BILLING, "country": "KP"}).json()
    assert embargoed["message"] == "billing.country: Country KP currently not supported"
