"""The official Polar clients, unmodified: the calls of their quick starts, and every resource that this server has."""

from __future__ import annotations

import pytest
from polar.v2026_04 import Polar as Polar_2026_04
from polar.v2026_10 import Polar as Polar_2026_10
from polar.v2027_01 import Polar as Polar_2027_01

from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import READY, Polar, decide
from tests.server import RunningServer

CLIENTS = pytest.mark.parametrize(
    "client", [Polar_2026_04, Polar_2026_10, Polar_2027_01], ids=["2026-04", "2026-10", "2027-01"]
)


@CLIENTS
def test_a_checkout_is_created_and_read_back_typed(client: type, server: RunningServer, shop: DemoShop) -> None:
    sdk = client(shop.polar_token, base_url=server.url)
    product_id = str(shop.products["one_time"].id)
    made = sdk.checkouts.create(products=[product_id], external_customer_id="user-1")
    assert made.url.startswith(f"{server.url}/checkout/polar_c_")
    read = sdk.checkouts.get(made.id)
    assert (read.status, read.external_customer_id, read.amount) == ("open", "user-1", 1000)


@CLIENTS
def test_every_resource_of_a_purchase_loads_into_the_clients_types(
    client: type, server: RunningServer, shop: DemoShop
) -> None:
    sdk = client(shop.polar_token, base_url=server.url)
    http = Polar(server, shop)
    made = http.create(external_customer_id="u1", discount_id=str(shop.discount.id)).json()
    assert http.confirm(made["client_secret"], **READY).status_code == 200
    assert sdk.checkouts.get(made["id"]).status == "succeeded"
    assert [item.id for item in sdk.checkouts.list(status=["succeeded"]).items] == [made["id"]]
    order = sdk.orders.list().items[0]
    assert (order.total_amount, order.discount.code) == (800, "WELCOME20")
    assert sdk.orders.get(order.id).customer.email == "ada@example.com"
    customer = sdk.customers.list(email="ada@example.com").items[0]
    assert sdk.customers.get(customer.id).external_id == "u1"
    assert sdk.payments.list(checkout_id=made["id"]).items[0].status == "succeeded"
    names = {item.name for item in sdk.products.list(limit=100).items}
    assert {"Field Guide", "Tip Jar"} <= names
    assert sdk.organizations.list().items[0].slug == shop.organization.slug
    assert sdk.organizations.get(str(shop.organization.id)).name == "Demo Shop"


@CLIENTS
def test_products_and_webhook_endpoints_are_managed(client: type, server: RunningServer, shop: DemoShop) -> None:
    sdk = client(shop.polar_token, base_url=server.url)
    made = sdk.products.create(
        name="Mug", prices=[{"amount_type": "fixed", "price_amount": 1200, "price_currency": "usd"}]
    )
    assert made.prices[0].price_amount == 1200
    assert sdk.products.update(made.id, is_archived=True).is_archived is True
    endpoint = sdk.webhooks.create_webhook_endpoint(
        url="http://127.0.0.1:9/hook", format="raw", events=["order.paid", "checkout.updated"]
    )
    assert endpoint.secret.startswith("whsec_")
    assert sdk.webhooks.get_webhook_endpoint(endpoint.id).events == ["order.paid", "checkout.updated"]
    assert sdk.webhooks.update_webhook_endpoint(endpoint.id, enabled=False).enabled is False
    sdk.webhooks.delete_webhook_endpoint(endpoint.id)
    assert sdk.webhooks.list_webhook_endpoints().items == []


@CLIENTS
def test_errors_arrive_as_the_clients_own_types(client: type, server: RunningServer, shop: DemoShop) -> None:
    sdk = client(shop.polar_token, base_url=server.url)
    http = Polar(server, shop)
    with pytest.raises(Exception, match="does not exist|422|valid") as refused:
        sdk.checkouts.create(products=["992fae2a-2a17-4b7a-8d9e-e287cf90131b"])
    assert "Deserial" not in type(refused.value).__name__
    made = http.create().json()
    declined = {**READY, "confirmation_token_id": "ctoken_declined"}
    with pytest.raises(Exception, match=r"payment failed|400") as refused:
        sdk.checkouts.client_confirm(made["client_secret"], **declined)
    assert "Deserial" not in type(refused.value).__name__
    confirmed = sdk.checkouts.client_confirm(made["client_secret"], **READY)
    assert confirmed.status == "confirmed"


@CLIENTS
def test_the_rarer_operations_of_the_catalogue_load_too(client: type, server: RunningServer, shop: DemoShop) -> None:
    sdk = client(shop.polar_token, base_url=server.url)
    made = sdk.customers.create(email="ada@example.com", external_id="u 1")
    assert sdk.customers.get_external("u 1").id == made.id
    assert sdk.customers.get_state(made.id).active_subscriptions == []
    assert sdk.customers.get_state_external("u 1").id == made.id
    assert sdk.customers.list_payment_methods(made.id).items == []
    assert sdk.customers.list_payment_methods_external("u 1").items == []
    assert "ada@example.com" in sdk.customers.export()
    product = str(shop.products["one_time"].id)
    assert sdk.products.update_benefits(product, benefits=[]).id == product
    session = sdk.checkouts.create(products=[product])
    assert sdk.checkouts.client_get(session.client_secret).organization.slug == shop.organization.slug
    assert sdk.checkouts.client_update(session.client_secret, customer_name="Ada").customer_name == "Ada"
    assert sdk.checkouts.update(session.id, metadata={"a": "b"}).metadata == {"a": "b"}


@CLIENTS
def test_the_note_of_a_reverse_charge_hinders_no_client(client: type, server: RunningServer, shop: DemoShop) -> None:
    decide(server, shop, tax_registrations=("DE",), country="DE")
    business = {"is_business_customer": True, "customer_billing_name": "Ada SARL", "customer_tax_id": "FR61954506077"}
    made = Polar(server, shop).create(customer_billing_address={"country": "FR"}, **business).json()
    assert made["tax_reason"] == "reverse_charge"
    sdk = client(shop.polar_token, base_url=server.url)
    assert sdk.checkouts.get(made["id"]).tax_amount == 0
    assert sdk.checkouts.client_get(made["client_secret"]).tax_amount == 0
