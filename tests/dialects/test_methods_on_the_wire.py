"""Payment methods as both APIs tell of them: what may be asked for, how a payment is shown, and what comes later."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from dodopayments import DodoPayments

from checkstand.domain.ids import DodoPrefix, short_id
from checkstand.domain.methods import Method
from checkstand.testing.demo import DemoShop
from tests.server import RunningServer

FAMILIES = {
    "credit": ("card", "credit"),
    "debit": ("card", "debit"),
    "upi_collect": ("upi", "upi_collect"),
    "upi_intent": ("upi", "upi_intent"),
    "apple_pay": ("wallet", "apple_pay"),
    "google_pay": ("wallet", "google_pay"),
    "amazon_pay": ("wallet", "amazon_pay"),
    "cashapp": ("wallet", "cashapp"),
    "affirm": ("pay_later", "affirm"),
    "klarna": ("pay_later", "klarna"),
    "afterpay_clearpay": ("pay_later", "afterpay_clearpay"),
    "ideal": ("bank_redirect", "ideal"),
    "bancontact_card": ("bank_redirect", "bancontact_card"),
    "eps": ("bank_redirect", "eps"),
    "przelewy24": ("bank_redirect", "przelewy24"),
    "multibanco": ("bank_transfer", "multibanco"),
    "sepa": ("bank_debit", "sepa"),
    "ach": ("bank_debit", "ach"),
}
US = {"line1": "350 Fifth Avenue", "city": "New York", "state": "US-NY", "postal_code": "10118"}
COMPLETE = {
    "confirm": True,
    "customer": {"email": "ada@example.com", "name": "Ada"},
}


def controls(server: RunningServer, shop: DemoShop) -> httpx2.Client:
    return httpx2.Client(
        base_url=f"{server.url}/_test", headers={"Authorization": f"Bearer {shop.dodo_key}"}, timeout=30
    )


def polar(server: RunningServer, shop: DemoShop) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {shop.polar_token}"}
    return httpx2.Client(base_url=server.url, headers=headers, timeout=30)


def product_id(shop: DemoShop, label: str = "one_time") -> str:
    return short_id(DodoPrefix.PRODUCT, shop.products[label].id)


def address(country: str) -> dict[str, str]:
    return {"country": country, "street": "1 Test Street", "city": "Testville", "state": "NY", "zipcode": "10001"}


@pytest.mark.parametrize("method", [str(method) for method in Method])
def test_a_payment_tells_its_method_and_the_family_of_it(server: RunningServer, shop: DemoShop, method: str) -> None:
    with DodoPayments(bearer_token=shop.dodo_key, base_url=server.url) as dodo, controls(server, shop) as test:
        cart: Any = [{"product_id": product_id(shop), "quantity": 10}]
        session = dodo.checkout_sessions.create(product_cart=cart, allowed_payment_method_types=[method])  # type: ignore[list-item]
        told = test.post(f"/checkouts/{session.session_id}/pay", json={"method": method}).json()
        expected = "processing" if method in ("multibanco", "sepa", "ach") else "succeeded"
        assert told["outcome"] == expected, told
        payment = dodo.payments.list().items[0]
        assert payment.status == expected
        assert (payment.payment_method, payment.payment_method_type) == FAMILIES[method]


@pytest.mark.parametrize(
    ("label", "allowed", "country", "currency", "status"),
    [
        ("one_time", ["ideal"], "NL", "EUR", 200),
        ("one_time", ["ideal"], "DE", "EUR", 422),
        ("monthly", ["ideal", "credit"], "NL", "EUR", 200),
        ("monthly", ["ideal"], "NL", "EUR", 422),
        ("one_time", ["klarna"], "US", "USD", 422),
        ("one_time", ["klarna", "credit"], "US", "USD", 200),
        ("one_time", ["upi_collect"], "IN", "USD", 422),
        ("one_time", ["upi_collect"], "IN", "INR", 200),
        ("free", [], "DE", "EUR", 422),
        ("one_time", ["paypal"], "US", "USD", 422),
    ],
)
def test_a_confirmed_session_needs_a_method_that_can_pay_it(
    server: RunningServer, shop: DemoShop, label: str, allowed: list[str], country: str, currency: str, status: int
) -> None:
    body = {
        **COMPLETE,
        "product_cart": [{"product_id": product_id(shop, label), "quantity": 1}],
        "billing_address": address(country),
        "billing_currency": currency,
        "allowed_payment_method_types": allowed,
    }
    headers = {"Authorization": f"Bearer {shop.dodo_key}"}
    answer = httpx2.post(f"{server.url}/checkouts", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    if status == 422:
        assert answer.json()["code"] == "NO_ELIGIBLE_PAYMENT_METHODS"
    later = httpx2.post(f"{server.url}/checkouts", json={**body, "confirm": False}, headers=headers)
    assert later.status_code == (422 if allowed == [] else 200), "the page decides what is still open"


def test_what_a_session_does_not_take_is_declined_as_unsupported(server: RunningServer, shop: DemoShop) -> None:
    with DodoPayments(bearer_token=shop.dodo_key, base_url=server.url) as dodo, controls(server, shop) as test:
        cart: Any = [{"product_id": product_id(shop), "quantity": 1}]
        session = dodo.checkout_sessions.create(product_cart=cart, allowed_payment_method_types=["debit"])
        told = test.post(f"/checkouts/{session.session_id}/pay", json={"card": "4242424242424242"}).json()
        assert (told["outcome"], told["code"]) == ("declined", "payment_method_unsupported")
        payment = dodo.payments.retrieve(dodo.payments.list().items[0].payment_id)
        assert (payment.status, payment.error_code) == ("failed", "PAYMENT_METHOD_UNSUPPORTED")
        assert (
            test.post(f"/checkouts/{session.session_id}/pay", json={"method": "debit"}).json()["outcome"] == "succeeded"
        )


@pytest.mark.parametrize(
    ("body", "ends", "status"),
    [
        ({"token": "ctoken_ach"}, "succeeded", "succeeded"),
        ({"method": "ach", "account": "000222222227"}, "failed", "expired"),
    ],
)
def test_a_polar_debit_keeps_the_session_confirmed_until_the_bank_reports(
    server: RunningServer, shop: DemoShop, body: dict[str, str], ends: str, status: str
) -> None:
    with polar(server, shop) as http:
        session = http.post("/v1/checkouts/", json={"products": [str(shop.products["one_time"].id)]}).json()
        told = http.post(f"/_test/checkouts/{session['id']}/pay", json=body).json()
        assert (told["outcome"], told["checkout"]["status"]) == ("processing", "confirmed")
        http.post("/_test/clock", json={"advance": "P2D"})
        assert [one["status"] for one in http.get("/v1/payments/").json()["items"]] == ["pending"]
        http.post("/_test/clock", json={"advance": "P5D"})
        payment = http.get("/v1/payments/").json()["items"][0]
        assert (payment["status"], payment["method"]) == (ends, "ach")
        assert http.get(f"/v1/checkouts/{session['id']}").json()["status"] == status


def test_a_page_of_the_bank_that_nobody_answers_gives_the_session_back_after_an_hour(
    server: RunningServer, shop: DemoShop
) -> None:
    with polar(server, shop) as http:
        session = http.post("/v1/checkouts/", json={"products": [str(shop.products["one_time"].id)]}).json()
        pay = f"/_test/checkouts/{session['id']}/pay"
        told = http.post(pay, json={"method": "amazon_pay", "challenge": "leave"}).json()
        assert told["outcome"] == "requires_action"
        http.post("/_test/clock", json={"advance": "PT61M"})
        assert http.get(f"/v1/checkouts/{session['id']}").json()["status"] == "open"
        assert http.post(pay, json={}).json()["outcome"] == "succeeded"


def test_a_token_of_every_method_is_known_to_the_confirm_of_the_api(server: RunningServer, shop: DemoShop) -> None:
    with polar(server, shop) as http:
        for method in Method:
            session = http.post("/v1/checkouts/", json={"products": [str(shop.products["one_time"].id)]}).json()
            body = {
                "confirmation_token_id": f"ctoken_{method}",
                "customer_email": "ada@example.com",
                "customer_billing_address": {**US, "country": "US"},
            }
            answer = http.post(f"/v1/checkouts/client/{session['client_secret']}/confirm", json=body)
            fits = method in ("credit", "debit", "apple_pay", "google_pay", "amazon_pay", "cashapp", "ach")
            assert answer.status_code == (200 if fits else 400), (method, answer.text)
            if not fits:
                assert "cannot be used for this purchase" in answer.text
