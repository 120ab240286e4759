"""Every answer of the Polar dialect against the interface facts of the original, where that folder is at hand.

Without the folder the same answers are checked against what the official client needs (test_polar_sdk.py).
"""

from __future__ import annotations

from typing import Any

import httpx2
import jsonschema

from tests.clients.receiver import receiving
from tests.dialects.polar_http import READY, Polar
from tests.shared_folder import contract

POLAR = "polar.json"


def assert_fits(path: str, method: str, answer: httpx2.Response) -> None:
    """The body is what the contract declares for this status."""
    assert answer.status_code < 500
    if not contract(POLAR):
        assert answer.headers["content-type"] == "application/json"
        return
    declared = contract(POLAR)["paths"][path][method]["responses"][str(answer.status_code)]
    assert_matches(declared["content"]["application/json"]["schema"], answer.json())


def assert_matches(schema: dict[str, Any], data: object) -> None:
    whole = {**schema, "components": contract(POLAR)["components"]}
    errors = sorted(jsonschema.Draft202012Validator(whole).iter_errors(data), key=lambda error: len(error.path))
    assert not errors, f"{errors[0].json_path}: {errors[0].message[:300]}"


def test_checkouts_of_every_kind_of_product(polar: Polar) -> None:
    for label in polar.shop.products:
        made = polar.create(label, discount_id=str(polar.shop.discount.id) if label != "free" else None)
        assert_fits("/v1/checkouts/", "post", made)
        assert_fits("/v1/checkouts/{id}", "get", polar.client.get(f"/v1/checkouts/{made.json()['id']}"))
        client = f"/v1/checkouts/client/{made.json()['client_secret']}"
        assert_fits("/v1/checkouts/client/{client_secret}", "get", polar.client.get(client))
        address = {"customer_billing_address": {"country": "CA", "state": "QC"}}
        assert_fits("/v1/checkouts/client/{client_secret}", "patch", polar.client.patch(client, json=address))
    assert_fits("/v1/checkouts/", "get", polar.client.get("/v1/checkouts/"))


def test_a_confirmed_checkout_and_all_that_comes_of_it(polar: Polar) -> None:
    secret = polar.secret(external_customer_id="u1", discount_id=str(polar.shop.discount.id))
    assert_fits("/v1/checkouts/client/{client_secret}/confirm", "post", polar.confirm(secret, **READY))
    assert_fits("/v1/orders/", "get", polar.client.get("/v1/orders/"))
    order = polar.client.get("/v1/orders/").json()["items"][0]
    assert_fits("/v1/orders/{id}", "get", polar.client.get(f"/v1/orders/{order['id']}"))
    assert_fits("/v1/customers/", "get", polar.client.get("/v1/customers/"))
    customer = f"/v1/customers/{order['customer_id']}"
    assert_fits("/v1/customers/{id}", "get", polar.client.get(customer))
    assert_fits("/v1/customers/{id}/state", "get", polar.client.get(f"{customer}/state"))
    assert_fits("/v1/customers/external/{external_id}", "get", polar.client.get("/v1/customers/external/u1"))
    assert_fits("/v1/payments/", "get", polar.client.get("/v1/payments/"))


def test_products_organizations_and_endpoints(polar: Polar) -> None:
    for prices in (
        [{"amount_type": "fixed", "price_amount": 500}],
        [{"amount_type": "custom", "minimum_amount": 100, "maximum_amount": 900}],
        [{"amount_type": "free"}],
    ):
        made = polar.client.post("/v1/products/", json={"name": "Thing", "prices": prices})
        assert_fits("/v1/products/", "post", made)
        path = f"/v1/products/{made.json()['id']}"
        assert_fits("/v1/products/{id}", "get", polar.client.get(path))
        assert_fits("/v1/products/{id}", "patch", polar.client.patch(path, json={"name": "Other"}))
    assert_fits("/v1/products/", "get", polar.client.get("/v1/products/?limit=100"))
    assert_fits("/v1/organizations/", "get", polar.client.get("/v1/organizations/"))
    assert_fits("/v1/organizations/{id}", "get", polar.client.get(f"/v1/organizations/{polar.shop.organization.id}"))
    body = {"url": "http://127.0.0.1:9/", "format": "raw", "events": ["order.paid"]}
    assert_fits("/v1/webhooks/endpoints", "post", polar.client.post("/v1/webhooks/endpoints", json=body))
    assert_fits("/v1/webhooks/endpoints", "get", polar.client.get("/v1/webhooks/endpoints"))


def test_an_organization_is_renamed_and_told_of(polar: Polar) -> None:
    path = f"/v1/organizations/{polar.shop.organization.id}"
    with receiving() as receiver:
        body = {"url": receiver.url, "format": "raw", "events": ["organization.updated"]}
        assert polar.client.post("/v1/webhooks/endpoints", json=body).status_code == 201
        wanted = {"name": "Better Shop", "website": "https://better.example/", "email": None, "country": "DE"}
        changed = polar.client.patch(path, json=wanted)
        assert_fits("/v1/organizations/{id}", "patch", changed)
        assert polar.client.post("/_test/settle").status_code == 200
        (told,) = [hook.event["data"] for hook in receiver.hooks]
    assert changed.json() == told == polar.client.get(path).json()
    assert (told["name"], told["website"]) == ("Better Shop", "https://better.example/")
    assert told["email"] is not None, "null leaves it as it is"
    assert changed.headers["checkstand-ignored-fields"] == "country", (
        "where the seller is decides taxes: that is set elsewhere"
    )
    assert polar.client.patch(path, json={"name": "ab"}).status_code == 422
    assert polar.client.patch("/v1/organizations/992fae2a-2a17-4b7a-8d9e-e287cf90131b", json={}).status_code == 404


def test_errors_have_the_declared_bodies(polar: Polar) -> None:
    assert_fits("/v1/checkouts/", "post", polar.client.post("/v1/checkouts/", json={}))
    unknown = "992fae2a-2a17-4b7a-8d9e-e287cf90131b"
    assert_fits("/v1/checkouts/{id}", "get", polar.client.get(f"/v1/checkouts/{unknown}"))
    confirm = "/v1/checkouts/client/{client_secret}/confirm"
    secret = polar.secret()
    assert_fits(confirm, "post", polar.confirm(secret))
    assert_fits(confirm, "post", polar.confirm(secret, **{**READY, "confirmation_token_id": "ctoken_declined"}))
    assert polar.confirm(secret, **READY).status_code == 200
    assert_fits(confirm, "post", polar.confirm(secret, **READY))


def test_webhook_payloads_carry_the_declared_objects(polar: Polar) -> None:
    objects = {
        "checkout": "Checkout",
        "order": "Order",
        "customer": "CustomerIndividual",
        "product": "Product",
    }
    events = [
        "checkout.created", "checkout.updated", "order.created", "order.paid", "customer.created",
        "customer.state_changed", "product.created",
    ]  # fmt: skip
    with receiving() as receiver:
        body = {"url": receiver.url, "format": "raw", "events": events}
        assert polar.client.post("/v1/webhooks/endpoints", json=body).status_code == 201
        polar.product(prices=[{"amount_type": "fixed", "price_amount": 500}])
        assert polar.confirm(polar.secret(), **READY).status_code == 200
        assert polar.client.post("/_test/settle").status_code == 200
        told = [hook.event for hook in receiver.hooks]
    assert set(events) == {event["type"] for event in told}
    for event in told:
        assert set(event) == {"type", "timestamp", "api_version", "data"}
        noun = event["type"].partition(".")[0]
        name = "CustomerStateIndividual" if event["type"] == "customer.state_changed" else objects[noun]
        if contract(POLAR):
            assert_matches({"$ref": f"#/components/schemas/{name}"}, event["data"])
