"""The published quick starts, call for call: create with the vendor's own client, pay the URL, verify the webhook, read it back.

Each is one story with an unmodified client: what a merchant does in their first five minutes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import dodopayments
import httpx2
import polar.v2026_04
import polar.v2026_04.webhooks as polar_webhooks
import pytest
import standardwebhooks

from checkstand.domain import ids
from checkstand.testing.browser import buy
from checkstand.testing.browser_fill import Wishes
from checkstand.testing.demo import DemoShop
from tests.clients.receiver import Hook, Receiver, receiving
from tests.clients.runner import node, polar_0, result
from tests.server import RunningServer

# Loading a client takes seconds: one worker does it for all.
pytestmark = pytest.mark.xdist_group("clients")

EVENTS = ["checkout.created", "checkout.updated", "customer.created", "order.created", "order.paid"]


class Merchant:
    """A shop with a webhook endpoint in each dialect and a receiver for both."""

    def __init__(self, server: RunningServer, shop: DemoShop, receiver: Receiver) -> None:
        self.url, self.shop, self.receiver = server.url, shop, receiver
        self.polar = {"baseUrl": server.url, "token": shop.polar_token}
        self.dodo = {"baseUrl": server.url, "token": shop.dodo_key}
        self.polar_headers = {"Authorization": f"Bearer {shop.polar_token}"}
        self.dodo_headers = {"Authorization": f"Bearer {shop.dodo_key}"}
        body = {"url": receiver.url, "format": "raw", "events": EVENTS}
        self.polar_secret = httpx2.post(
            f"{server.url}/v1/webhooks/endpoints", json=body, headers=self.polar_headers
        ).json()["secret"]
        made = httpx2.post(f"{server.url}/webhooks", json={"url": receiver.url}, headers=self.dodo_headers).json()
        answer = httpx2.get(f"{server.url}/webhooks/{made['id']}/secret", headers=self.dodo_headers)
        self.dodo_secret = answer.json()["secret"]

    def product(self, label: str = "one_time") -> str:
        return str(self.shop.products[label].id)

    def dodo_product(self, label: str = "one_time") -> str:
        return ids.short_id("pdt", self.shop.products[label].id)


@pytest.fixture
def merchant(server: RunningServer, shop: DemoShop) -> Iterator[Merchant]:
    with receiving() as receiver:
        yield Merchant(server, shop, receiver)


def pay(url: str) -> None:
    """The buyer, as a browser without JavaScript."""
    outcome = asyncio.run(buy(url, Wishes(email="ada@example.com", country="DE")))
    assert outcome.status == "succeeded", outcome


Loaded = Callable[[Merchant, Hook], object]


def by_python_1(merchant: Merchant, hook: Hook) -> object:
    """What the current Python client makes of a delivery: its type, once it has verified and loaded it."""
    loaded = polar_webhooks.validate_event(body=hook.body, headers=hook.headers, secret=merchant.polar_secret)
    assert loaded.data.total_amount == 1000
    return loaded.type


def by_python_0(version: str) -> Loaded:
    """The same by a generated client."""
    return lambda merchant, hook: result(polar_0(version, {"verify": _signed(merchant, hook)}))["type"]


def by_node(helper: str) -> Loaded:
    """The same by a JavaScript helper."""
    return lambda merchant, hook: node("verify-webhook.mjs", {"helper": helper, **_signed(merchant, hook)})["type"]


def _signed(merchant: Merchant, hook: Hook) -> dict[str, object]:
    return {"body": hook.body, "headers": hook.headers, "secret": merchant.polar_secret}


def assert_paid_and_told(merchant: Merchant, checkout_id: str, loaded: Loaded | None = None) -> None:
    """The session reads as succeeded and the merchant was told, once per event, with a signature that Standard Webhooks and the
    story's own client verify (`loaded`).
    """
    read = httpx2.get(f"{merchant.url}/v1/checkouts/{checkout_id}", headers=merchant.polar_headers).json()
    assert read["status"] == "succeeded"
    hook = merchant.receiver.wait_for("order.paid")
    assert hook.event["data"]["checkout_id"] == checkout_id
    assert hook.event["data"]["customer"]["email"] == "ada@example.com"
    generic = standardwebhooks.Webhook(base64.b64encode(merchant.polar_secret.encode()).decode())
    assert generic.verify(hook.body, hook.headers)["type"] == "order.paid"
    assert (loaded or by_node("standard"))(merchant, hook) == "order.paid"
    polar_events = [hook.event["type"] for hook in merchant.receiver.hooks if "api_version" in hook.event]
    assert polar_events[0] == "checkout.created"
    assert polar_events.count("order.paid") == polar_events.count("order.created") == 1


def assert_paid_and_told_by_dodo(merchant: Merchant, session_id: str) -> None:
    read = httpx2.get(f"{merchant.url}/checkouts/{session_id}", headers=merchant.dodo_headers).json()
    assert (read["payment_status"], read["customer_email"]) == ("succeeded", "ada@example.com")
    hook = merchant.receiver.wait_for("payment.succeeded")
    assert hook.event["data"]["checkout_session_id"] == session_id
    secret = merchant.dodo_secret
    client = dodopayments.DodoPayments(bearer_token=merchant.shop.dodo_key, base_url=merchant.url)
    event = client.webhooks.unwrap(hook.body, headers=hook.headers, key=secret)
    assert event.type == "payment.succeeded"
    assert standardwebhooks.Webhook(secret).verify(hook.body, hook.headers)["type"] == "payment.succeeded"
    verify = {"body": hook.body, "headers": hook.headers, "secret": secret}
    for helper in ("dodo", "standard"):
        assert node("verify-webhook.mjs", {"helper": helper, **verify})["type"] == "payment.succeeded"


def test_curl_as_in_polars_guide(merchant: Merchant) -> None:
    products = [merchant.product(label) for label in ("one_time", "monthly", "free")]
    command = [
        "curl", "-sS", "--fail", "-X", "POST", f"{merchant.url}/v1/checkouts/",
        "-H", f"Authorization: Bearer {merchant.shop.polar_token}",
        "-H", "Content-Type: application/json",
        "-d", json.dumps({"products": products}),
    ]  # fmt: skip
    made = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout)
    pay(made["url"])
    assert_paid_and_told(merchant, made["id"])


def test_python_polar_sdk_1(merchant: Merchant) -> None:
    sdk = polar.v2026_04.Polar(merchant.shop.polar_token, base_url=merchant.url)
    made = sdk.checkouts.create(products=[merchant.product()], external_customer_id="user-1")
    pay(made.url)
    assert sdk.checkouts.get(made.id).status == "succeeded"
    assert_paid_and_told(merchant, made.id, by_python_1)
    hook = merchant.receiver.wait_for("order.paid")
    assert hook.event["data"]["customer"]["external_id"] == "user-1"


def test_python_polar_sdk_0_32(merchant: Merchant) -> None:
    request = {"allow_discount_codes": True, "products": [merchant.product()]}
    made = result(polar_0("0.32", {**merchant.polar, "call": "checkouts.create", "kwargs": {"request": request}}))
    pay(made["url"])
    read = result(polar_0("0.32", {**merchant.polar, "call": "checkouts.get", "kwargs": {"id": made["id"]}}))
    assert read["status"] == "succeeded"
    assert_paid_and_told(merchant, made["id"], by_python_0("0.32"))


def test_python_polar_sdk_0_13_with_the_oldest_form(merchant: Merchant) -> None:
    request = {"product_id": merchant.product(), "allow_discount_codes": True}
    job = {**merchant.polar, "call": "checkouts.custom.create", "kwargs": {"request": request}}
    made = result(polar_0("0.13", job))
    pay(made["url"])
    assert_paid_and_told(merchant, made["id"])


def test_typescript_polar_sdk_1(merchant: Merchant) -> None:
    job = {**merchant.polar, "call": "checkouts.create", "args": [{"products": [merchant.product()]}]}
    made = result(node("polar1.mjs", job))
    pay(made["url"])
    read = result(node("polar1.mjs", {**merchant.polar, "call": "checkouts.get", "args": [made["id"]]}))
    assert read["status"] == "succeeded"
    assert_paid_and_told(merchant, made["id"], by_node("polar1"))


def test_typescript_polar_sdk_0(merchant: Merchant) -> None:
    job = {**merchant.polar, "call": "checkouts.create", "args": [{"products": [merchant.product()]}]}
    made = result(node("polar0.mjs", job))
    pay(made["url"])
    read: dict[str, Any] = result(
        node("polar0.mjs", {**merchant.polar, "call": "checkouts.get", "args": [{"id": made["id"]}]})
    )
    assert read["status"] == "succeeded"
    assert_paid_and_told(merchant, made["id"], by_node("polar0"))


def test_python_dodopayments(merchant: Merchant) -> None:
    sdk = dodopayments.DodoPayments(bearer_token=merchant.shop.dodo_key, base_url=merchant.url)
    made = sdk.checkout_sessions.create(product_cart=[{"product_id": merchant.dodo_product(), "quantity": 1}])
    assert made.checkout_url is not None
    pay(made.checkout_url)
    assert_paid_and_told_by_dodo(merchant, made.session_id)


def test_javascript_dodopayments(merchant: Merchant) -> None:
    cart = [{"product_id": merchant.dodo_product(), "quantity": 1}]
    made = result(
        node("dodo.mjs", {**merchant.dodo, "call": "checkoutSessions.create", "args": [{"product_cart": cart}]})
    )
    pay(made["checkout_url"])
    assert_paid_and_told_by_dodo(merchant, made["session_id"])


def test_the_published_samples_with_quantity_zero_let_the_buyer_choose(merchant: Merchant) -> None:
    sdk = dodopayments.DodoPayments(bearer_token=merchant.shop.dodo_key, base_url=merchant.url)
    made = sdk.checkout_sessions.create(product_cart=[{"product_id": merchant.dodo_product(), "quantity": 0}])
    assert made.checkout_url is not None
    pay(made.checkout_url)
    assert_paid_and_told_by_dodo(merchant, made.session_id)
