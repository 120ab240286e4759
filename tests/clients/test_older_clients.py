"""What the oldest Polar clients do otherwise than the newest, and what they need for it.

That each loads every answer and event is in `test_matrix.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from checkstand.testing.demo import DemoShop
from tests.clients.runner import error, node_answer, polar_0, polar_0_answer, result
from tests.server import RunningServer

pytestmark = pytest.mark.xdist_group("clients")

Call = Callable[..., Any]


def python_client(version: str, server: RunningServer, shop: DemoShop) -> Call:
    """Calls of a generated Python client."""
    place = {"baseUrl": server.url, "token": shop.polar_token}
    return lambda call, **kwargs: result(polar_0(version, {**place, "call": call, "kwargs": kwargs}))


def test_the_python_client_of_the_oldest_guides_buys_and_reads_everything(
    server: RunningServer, shop: DemoShop
) -> None:
    call = python_client("0.13", server, shop)
    monthly = call("products.get", id=str(shop.products["monthly"].id))
    assert [price["recurring_interval"] for price in monthly["prices"]] == ["month"]
    product = {"product_id": str(shop.products["free"].id), "customer_email": "ada@example.com"}
    made = call("checkouts.custom.create", request=product)
    seen = call("checkouts.custom.client_get", client_secret=made["client_secret"])
    assert seen["organization"]["id"] == str(shop.organization.id)
    confirmed = call("checkouts.custom.client_confirm", client_secret=made["client_secret"], checkout_confirm_stripe={})
    assert confirmed["customer_session_token"].startswith("polar_cst_")
    assert [order["customer"]["email"] for order in call("orders.list")["items"]] == ["ada@example.com"]
    by_pair = {"email": "fr@example.com", "billing_address": {"country": "FR"}}
    kept = call("customers.create", request={**by_pair, "tax_id": ["FR61954506077", "eu_vat"]})
    digest = hashlib.sha256(b"fr@example.com").hexdigest()
    assert kept["avatar_url"] == f"https://www.gravatar.com/avatar/{digest}?d=404"
    assert kept["tax_id"] == ["FR61954506077", "eu_vat"]
    changed = call("customers.update", id=kept["id"], customer_update={"tax_id": ["DE136695976", "eu_vat"]})
    assert changed["tax_id"] == ["DE136695976", "eu_vat"]


def test_what_the_oldest_clients_require_of_a_sessions_organization_is_there_for_its_buyer(
    server: RunningServer, shop: DemoShop
) -> None:
    headers = {"Authorization": f"Bearer {shop.polar_token}"}
    product = {"products": [str(shop.products["one_time"].id)]}
    made = httpx2.post(f"{server.url}/v1/checkouts/", json=product, headers=headers).json()
    organization = httpx2.get(f"{server.url}/v1/checkouts/client/{made['client_secret']}").json()["organization"]
    assert isinstance(organization["notification_settings"], dict)
    assert isinstance(organization["profile_settings"], dict)
    assert isinstance(organization["feature_settings"]["unit_based_pricing_enabled"], bool)


def test_older_clients_raise_their_own_error_for_what_is_not_served(server: RunningServer, shop: DemoShop) -> None:
    place = {"baseUrl": server.url, "token": shop.polar_token}
    for package in ("polar-sdk-0-34", "polar-sdk-0"):
        job = {**place, "client": package, "call": "licenseKeys.list", "args": [{}]}
        raised = error(node_answer("polar0.mjs", job))
        assert (raised["name"], raised["status"]) == ("ResourceNotFound", 404), raised
        assert "Checkstand does not serve GET /v1/license-keys/" in str(raised), raised
    for version in ("0.13", "0.32"):
        job = {**place, "call": "benefits.get", "kwargs": {"id": str(shop.organization.id)}}
        raised = error(polar_0_answer(version, job))
        assert raised["name"] == "ResourceNotFound", raised
        assert "Checkstand does not serve GET /v1/benefits/" in raised["message"], raised


def test_a_known_buyer_is_named_by_the_merchant_where_an_old_client_wants_a_token_for_them(
    server: RunningServer, shop: DemoShop
) -> None:
    """Who only types a known customer's e-mail gets no token, as at the original: old clients throw, and the sale stands."""
    call = python_client("0.13", server, shop)
    kept = call("customers.create", request={"email": "ada@example.com"})
    product = {"product_id": str(shop.products["free"].id), "customer_email": "ada@example.com"}
    typed = call("checkouts.custom.create", request=product)
    confirm = {"client_secret": typed["client_secret"], "checkout_confirm_stripe": {}}
    job = {"baseUrl": server.url, "token": shop.polar_token, "call": "checkouts.custom.client_confirm"}
    assert "customer_session_token" in error(polar_0_answer("0.13", {**job, "kwargs": confirm}))["message"]
    assert call("checkouts.custom.get", id=typed["id"])["status"] == "succeeded"
    named = call("checkouts.custom.create", request={**product, "customer_id": kept["id"]})
    confirmed = call("checkouts.custom.client_confirm", **{**confirm, "client_secret": named["client_secret"]})
    assert confirmed["customer_session_token"].startswith("polar_cst_")
    orders = call("orders.list")["items"]
    assert [order["customer"]["id"] for order in orders] == [kept["id"], kept["id"]]
