"""The catalogue through the JavaScript clients, unmodified: every noun is made, read, listed, changed and removed, and parses.

The 0.x client of Polar checks each answer against its schemas and throws where one does not fit; Dodo's hands over what came. The
Python clients are in the tests of each noun.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from checkstand.domain import ids
from checkstand.testing.demo import DemoShop
from tests.clients.runner import node, result
from tests.dialects.dodo_place import MONTHLY_PRICE
from tests.server import RunningServer

# Loading a client takes seconds: one worker does it for all.
pytestmark = pytest.mark.xdist_group("clients")


class Client:
    """One client in a process of its own per call."""

    def __init__(self, script: str, server: RunningServer, token: str) -> None:
        self._script, self._job = script, {"baseUrl": server.url, "token": token}

    def __call__(self, call: str, *args: Any) -> Any:
        return result(node(self._script, {**self._job, "call": call, "args": list(args)}))


NAME = "Team plan"
PLAN = {"name": NAME, "recurring_interval": "month"}
SEATS = {"seat_tier_type": "volume", "tiers": [{"min_seats": 1, "max_seats": None, "price_per_seat": 900}]}


@pytest.fixture
def polar_1(server: RunningServer, shop: DemoShop) -> Client:
    return Client("polar1.mjs", server, shop.polar_token)


@pytest.fixture
def polar_0(server: RunningServer, shop: DemoShop) -> Client:
    return Client("polar0.mjs", server, shop.polar_token)


@pytest.fixture
def dodo(server: RunningServer, shop: DemoShop) -> Client:
    return Client("dodo.mjs", server, shop.dodo_key)


def test_polars_current_client_manages_a_catalogue_and_sells_from_it(polar_1: Client) -> None:
    field = polar_1("customFields.create", {"type": "text", "slug": "company", "name": "Company", "properties": {}})
    plan = polar_1(
        "products.create",
        {
            **PLAN,
            "prices": [{"amount_type": "seat_based", "seat_tiers": SEATS}],
            "attached_custom_fields": [{"custom_field_id": field["id"], "required": True}],
        },
    )
    discount = polar_1(
        "discounts.create",
        {"name": "Launch", "type": "percentage", "basis_points": 1000, "duration": "once", "code": "LAUNCH"},
    )
    made = polar_1("checkouts.create", {"products": [plan["id"]], "seats": 3, "discount_id": discount["id"]})
    assert (made["amount"], made["discount_amount"], made["seats"]) == (2700, 270, 3)
    assert made["attached_custom_fields"][0]["custom_field"]["slug"] == "company"
    link = polar_1("checkoutLinks.create", {"products": [plan["id"]], "payment_processor": "stripe"})
    assert polar_1("checkoutLinks.get", link["id"])["url"] == link["url"]
    customer = polar_1("customers.create", {"email": "ada@example.com", "external_id": uuid4().hex})
    assert polar_1("customers.update", customer["id"], {"name": "Ada"})["name"] == "Ada"
    for call, noun in (
        ("checkoutLinks", link),
        ("discounts", discount),
        ("customers", customer),
        ("customFields", field),
    ):
        polar_1(f"{call}.delete", noun["id"])


def test_polars_generated_client_parses_every_answer_of_the_catalogue(polar_0: Client) -> None:
    field = polar_0(
        "customFields.create",
        {"type": "select", "slug": "size", "name": "Size", "properties": {"options": [{"value": "s", "label": "S"}]}},
    )
    plan = polar_0(
        "products.create",
        {
            "name": NAME,
            "recurringInterval": "month",
            "prices": [{"amountType": "fixed", "priceAmount": 1500}],
            "attachedCustomFields": [{"customFieldId": field["id"], "required": False}],
        },
    )
    discount = polar_0(
        "discounts.create",
        {"name": "Launch", "type": "fixed", "amount": 500, "currency": "usd", "duration": "once", "code": "LAUNCH0"},
    )
    made = polar_0("checkouts.create", {"products": [plan["id"]], "discountId": discount["id"]})
    assert (made["amount"], made["netAmount"]) == (1500, 1000)
    link = polar_0("checkoutLinks.create", {"products": [plan["id"]], "paymentProcessor": "stripe"})
    assert polar_0("checkoutLinks.get", {"id": link["id"]})["clientSecret"].startswith("polar_cl_")
    customer = polar_0("customers.create", {"email": "ada@example.com"})
    assert polar_0("customers.get", {"id": customer["id"]})["email"] == "ada@example.com"
    for call in ("products", "discounts", "checkoutLinks", "customers", "customFields"):
        listed = polar_0(f"{call}.list", {})
        assert listed["items"], call


def test_dodos_client_manages_a_catalogue_and_sells_from_it(dodo: Client, shop: DemoShop) -> None:
    addon = dodo("addons.create", {"name": "Seat", "price": 300, "currency": "USD", "tax_category": "saas"})
    product = dodo(
        "products.create", {"name": NAME, "price": MONTHLY_PRICE, "tax_category": "saas", "addons": [addon["id"]]}
    )
    assert product["addons"] == [addon["id"]]
    discount = dodo("discounts.create", {"type": "percentage", "amount": 1000, "code": "TENOFF"})
    cart = [{"product_id": product["product_id"], "quantity": 2, "addons": [{"addon_id": addon["id"], "quantity": 3}]}]
    body = {"product_cart": cart, "discount_code": "tenoff"}
    preview = dodo("checkoutSessions.preview", body)
    assert preview["total_price"] == (2 * 2000 + 3 * 300) * 9 // 10
    made = dodo("checkoutSessions.create", body)
    assert made["session_id"].startswith("cks_")
    brand = dodo("brands.create", {"name": "Second", "statement_descriptor": "SECOND"})
    assert dodo("brands.retrieve", brand["brand_id"])["name"] == "Second"
    meter = dodo(
        "meters.create",
        {"name": "Calls", "event_name": "call", "measurement_unit": "call", "aggregation": {"type": "count"}},
    )
    assert dodo("meters.retrieve", meter["id"])["event_name"] == "call"
    customer = dodo("customers.create", {"email": "mira@example.org", "name": "Mira"})
    assert dodo("customers.update", customer["customer_id"], {"name": "Mira O."})["name"] == "Mira O."
    dodo("discounts.delete", discount["discount_id"])
    dodo("products.archive", product["product_id"])
    assert ids.parse_short_id("pdt", product["product_id"])
    assert shop.dodo_key


FIELD = {"type": "text", "slug": "why", "name": "Why", "properties": {}}
TENTH = {"name": "Tenth", "type": "percentage", "basis_points": 1000, "duration": "once", "code": "TENTH"}


@pytest.mark.parametrize(
    ("noun", "body", "change"),
    [
        ("products", {**PLAN, "prices": [{"amount_type": "fixed", "price_amount": 900}]}, {"name": "Other"}),
        ("discounts", TENTH, {"name": "Other"}),
        ("customFields", FIELD, {"type": "text", "name": "Other"}),
        ("checkoutLinks", {"payment_processor": "stripe"}, {"label": "Other"}),
        ("customers", {"email": "ada@example.com", "name": "Ada"}, {"name": "Other"}),
    ],
)
def test_every_operation_of_a_noun_through_polars_current_client(
    polar_1: Client, shop: DemoShop, noun: str, body: dict[str, Any], change: dict[str, Any]
) -> None:
    wanted = {**body, "products": [str(shop.products["one_time"].id)]} if noun == "checkoutLinks" else body
    made = polar_1(f"{noun}.create", wanted)
    assert polar_1(f"{noun}.get", made["id"]) == made
    assert made["id"] in [item["id"] for item in polar_1(f"{noun}.list", {"limit": 100})["items"]]
    changed = polar_1(f"{noun}.update", made["id"], change)
    assert {key: changed[key] for key in change} == change
    if noun == "products":
        assert polar_1("products.update", made["id"], {"is_archived": True})["is_archived"]
    else:
        polar_1(f"{noun}.delete", made["id"])
        assert made["id"] not in [item["id"] for item in polar_1(f"{noun}.list", {"limit": 100})["items"]]


@pytest.mark.parametrize(
    ("noun", "update", "body", "change"),
    [
        (
            "products",
            "productUpdate",
            {"name": NAME, "prices": [{"amountType": "fixed", "priceAmount": 900}]},
            {"name": "Other"},
        ),
        (
            "discounts",
            "discountUpdate",
            {"name": "T", "type": "percentage", "basisPoints": 1000, "duration": "once"},
            {"name": "Other"},
        ),
        ("customFields", "customFieldUpdate", FIELD, {"type": "text", "name": "Other"}),
        ("checkoutLinks", "checkoutLinkUpdate", {"paymentProcessor": "stripe"}, {"label": "Other"}),
        ("customers", "customerUpdate", {"email": "ada@example.com", "name": "Ada"}, {"name": "Other"}),
    ],
)
def test_every_operation_of_a_noun_through_polars_generated_client(
    polar_0: Client, shop: DemoShop, noun: str, update: str, body: dict[str, Any], change: dict[str, Any]
) -> None:
    wanted = {**body, "products": [str(shop.products["one_time"].id)]} if noun == "checkoutLinks" else body
    made = polar_0(f"{noun}.create", wanted)
    assert polar_0(f"{noun}.get", {"id": made["id"]}) == made
    changed = polar_0(f"{noun}.update", {"id": made["id"], update: change})
    assert {key: changed[key] for key in change} == change
    if noun != "products":
        polar_0(f"{noun}.delete", {"id": made["id"]})
        assert made["id"] not in [item["id"] for item in polar_0(f"{noun}.list", {"limit": 100})["items"]]


ONE_TIME = {"type": "one_time_price", "currency": "USD", "price": 900, "discount": 0, "purchasing_power_parity": False}


@pytest.mark.parametrize(
    ("noun", "key", "body"),
    [
        ("products", "product_id", {"name": "First", "price": ONE_TIME, "tax_category": "saas"}),
        ("addons", "id", {"name": "First", "price": 300, "currency": "USD", "tax_category": "saas"}),
        ("discounts", "discount_id", {"name": "First", "type": "percentage", "amount": 1000, "code": "TENTH"}),
        ("customers", "customer_id", {"name": "First", "email": "ada@example.com"}),
        ("brands", "brand_id", {"name": "First"}),
    ],
)
def test_every_operation_of_a_noun_through_dodos_client(
    dodo: Client, noun: str, key: str, body: dict[str, Any]
) -> None:
    made = dodo(f"{noun}.create", body)
    assert dodo(f"{noun}.retrieve", made[key]) == made
    assert made[key] in [item[key] for item in dodo(f"{noun}.list", {})["items"]]
    dodo(f"{noun}.update", made[key], {"name": "Other"})
    assert dodo(f"{noun}.retrieve", made[key])["name"] == "Other"
    if noun == "discounts":
        assert dodo("discounts.retrieveByCode", "tenth")[key] == made[key]
        dodo("discounts.delete", made[key])
        assert made[key] not in [item[key] for item in dodo("discounts.list", {})["items"]]
    if noun == "products":
        assert dodo("products.updateFiles", made[key], {"file_name": "guide.pdf"})["url"]
        assert dodo("products.images.update", made[key])["url"]
        dodo("products.archive", made[key])
        dodo("products.unarchive", made[key])
    if noun == "customers":
        assert dodo("customers.wallets.list", made[key])["items"] == []


def test_meters_through_dodos_client(dodo: Client) -> None:
    body = {"name": "Calls", "event_name": "call", "measurement_unit": "call", "aggregation": {"type": "count"}}
    made = dodo("meters.create", body)
    assert [item["id"] for item in dodo("meters.list", {})["items"]] == [made["id"]]
    dodo("meters.archive", made["id"])
    assert dodo("meters.list", {})["items"] == []
    dodo("meters.unarchive", made["id"])
    assert dodo("meters.retrieve", made["id"])["name"] == "Calls"
