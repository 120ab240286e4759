"""Prices by seat, unit and meter through the official Polar clients, unmodified, the declared interface, and webhooks.

The generated 0.x client knows no price by unit: it came after it, so that kind is read with the current client alone.
"""

from __future__ import annotations

from typing import Any

import polar.v2026_04.webhooks as polar_webhooks
import pytest
from polar.v2026_04 import Polar as Polar_2026_04
from polar.v2026_10 import Polar as Polar_2026_10
from polar.v2027_01 import Polar as Polar_2027_01

from checkstand.testing.demo import DemoShop
from tests.clients.receiver import receiving
from tests.clients.runner import polar_0, result
from tests.dialects.polar_http import READY, Polar, decide, fixed, metered, metering, seats, units
from tests.dialects.test_polar_contract import assert_fits
from tests.server import RunningServer

# Loading a client takes seconds: one worker does it for all.
pytestmark = pytest.mark.xdist_group("clients")

CLIENTS = pytest.mark.parametrize(
    "client", [Polar_2026_04, Polar_2026_10, Polar_2027_01], ids=["2026-04", "2026-10", "2027-01"]
)
SEATS = seats((1, 4, 1000), (5, None, 800), kind="graduated")
UNITS = units((10, 100), (None, 80), minimum_units=2, unit_label={"en": {"one": "call", "other": "calls"}})


def placed(server: RunningServer, shop: DemoShop) -> dict[str, Any]:
    return {"baseUrl": server.url, "token": shop.polar_token}


@CLIENTS
def test_the_current_client_makes_and_reads_prices_of_every_kind(
    client: type, server: RunningServer, shop: DemoShop
) -> None:
    sdk = client(shop.polar_token, base_url=server.url)
    meter = metering(server, shop)
    made = sdk.products.create(
        name="Team", recurring_interval="month", prices=[fixed(500), SEATS, metered(meter, cap_amount=9000)]
    )
    one, by_seat, by_meter = made.prices
    assert (one.price_amount, by_seat.amount_type) == (500, "seat_based")
    if client is Polar_2027_01:
        assert (by_seat.minimum_units, [tier.unit_amount for tier in by_seat.tiers.tiers]) == (1, ["1000", "800"])
    else:
        assert (by_seat.seat_tiers.minimum_seats, by_seat.seat_tiers.tiers[1].price_per_seat) == (1, 800)
    assert (by_meter.meter.id, float(by_meter.unit_amount), by_meter.cap_amount) == (meter, 0.25, 9000)
    assert sdk.products.get(made.id) == made
    checkout = sdk.checkouts.create(products=[made.id], seats=6, min_seats=2, max_seats=9)
    assert (checkout.amount, checkout.seats, checkout.min_seats, checkout.max_seats) == (6100, 6, 2, 9)
    assert sdk.checkouts.get(checkout.id).prices[made.id] == made.prices
    assert sdk.checkouts.update(checkout.id, seats=2).amount == 2500


@CLIENTS
def test_the_current_client_reads_units(client: type, server: RunningServer, shop: DemoShop) -> None:
    sdk = client(shop.polar_token, base_url=server.url)
    product = Polar(server, shop).product(prices=[UNITS], recurring_interval="month")
    price = sdk.products.get(product["id"]).prices[0]
    assert (price.minimum_units, price.maximum_units, price.tiers.tiers[0].unit_amount) == (2, None, "100")
    checkout = sdk.checkouts.create(products=[product["id"]], units=12)
    assert (checkout.amount, checkout.units) == (960, 12)


@CLIENTS
def test_the_current_client_makes_ad_hoc_prices(client: type, server: RunningServer, shop: DemoShop) -> None:
    sdk = client(shop.polar_token, base_url=server.url)
    product = str(shop.products["one_time"].id)
    made = sdk.checkouts.create(products=[product], prices={product: [SEATS]}, seats=6)
    assert (made.amount, made.prices[product][0].source) == (5600, "ad_hoc")


def test_the_generated_client_reads_seats_and_meters_but_knows_no_units(server: RunningServer, shop: DemoShop) -> None:
    where = placed(server, shop)
    meter = metering(server, shop)
    request = {"name": "Team", "recurring_interval": "month", "prices": [fixed(500), SEATS, metered(meter)]}
    made = result(polar_0("0.32", {**where, "call": "products.create", "kwargs": {"request": request}}))
    assert [price["amount_type"] for price in made["prices"]] == ["fixed", "seat_based", "metered_unit"]
    assert made["prices"][1]["seat_tiers"]["minimum_seats"] == 1
    asked = {"products": [made["id"]], "seats": 6, "allow_discount_codes": True}
    checkout = result(polar_0("0.32", {**where, "call": "checkouts.create", "kwargs": {"request": asked}}))
    assert (checkout["amount"], checkout["seats"]) == (6100, 6)
    assert checkout["prices"][made["id"]] == made["prices"]
    read = result(polar_0("0.32", {**where, "call": "checkouts.get", "kwargs": {"id": checkout["id"]}}))
    assert read == checkout


def test_every_answer_about_seats_and_meters_is_as_declared(server: RunningServer, shop: DemoShop) -> None:
    http = Polar(server, shop)
    decide(server, shop, tax_registrations=("DE",))
    body = {
        "name": "Team",
        "recurring_interval": "month",
        "prices": [fixed(500, tax_behavior="exclusive"), {**SEATS, "tax_behavior": "exclusive"}]
        + [metered(metering(server, shop), tax_behavior="exclusive")],
    }
    made = http.client.post("/v1/products/", json=body)
    assert_fits("/v1/products/", "post", made)
    product = made.json()
    path = f"/v1/products/{product['id']}"
    assert_fits("/v1/products/{id}", "get", http.client.get(path))
    keep = [{"id": price["id"]} for price in product["prices"]]
    assert_fits("/v1/products/{id}", "patch", http.client.patch(path, json={"prices": keep}))
    assert_fits("/v1/products/{id}", "patch", http.client.patch(path, json={"prices": []}))
    assert_fits("/v1/products/", "post", http.client.post("/v1/products/", json={**body, "recurring_interval": None}))
    own = {product["id"]: [SEATS]}
    for checkout in (
        http.create(products=[product["id"]], seats=6, min_seats=2),
        http.create(products=[product["id"]], prices=own, customer_billing_address={"country": "DE"}),
        http.create(products=[product["id"]], seats=10_001),
    ):
        assert_fits("/v1/checkouts/", "post", checkout)
    session = http.sold(product["id"], seats=6)
    assert_fits("/v1/checkouts/{id}", "patch", http.update(session, seats=3))
    secret = session["client_secret"]
    assert_fits("/v1/checkouts/client/{client_secret}", "patch", http.patch(secret, seats=4))
    assert_fits("/v1/checkouts/client/{client_secret}", "patch", http.patch(secret, seats=0))
    confirm = "/v1/checkouts/client/{client_secret}/confirm"
    assert_fits(confirm, "post", http.confirm(secret, **{**READY, "is_business_customer": True}))
    assert_fits(confirm, "post", http.confirm(secret, **READY, is_business_customer=False))
    orders = http.client.get("/v1/orders/")
    assert_fits("/v1/orders/", "get", orders)
    assert [item["amount"] for item in orders.json()["items"][0]["items"]] == [500, 4000]
    assert_fits("/v1/checkouts/", "get", http.client.get("/v1/checkouts/"))


def test_webhooks_about_seats_load_into_both_clients(server: RunningServer, shop: DemoShop) -> None:
    http = Polar(server, shop)
    with receiving() as receiver:
        events = ["product.created", "checkout.created", "checkout.updated", "order.paid"]
        body = {"url": receiver.url, "format": "raw", "events": events}
        secret = http.client.post("/v1/webhooks/endpoints", json=body).json()["secret"]
        product = http.selling(fixed(500), SEATS, metered(metering(server, shop)), every="month")
        made = http.sold(product, seats=6)
        assert http.update(made, seats=3).status_code == 200
        assert http.confirm(made["client_secret"], **READY).status_code == 200
        hooks = [receiver.wait_for(kind) for kind in events]
    for hook in hooks:
        loaded = polar_webhooks.validate_event(body=hook.body, headers=hook.headers, secret=secret)
        assert loaded.type == hook.event["type"]
        verify = {"body": hook.body, "headers": hook.headers, "secret": secret}
        assert result(polar_0("0.32", {"verify": verify}))["type"] == hook.event["type"]
    _, created, updated, paid = (hook.event["data"] for hook in hooks)
    assert (created["seats"], created["amount"]) == (6, 6100)
    assert (updated["seats"], updated["amount"], updated["total_amount"]) == (3, 3500, 3500)
    assert (paid["seats"], paid["total_amount"]) == (3, 3500)
