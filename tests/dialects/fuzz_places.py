"""A shop of each API with one of everything, and bodies that work: where fuzzing begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx2

from checkstand.domain import ids
from checkstand.openapi import Json
from checkstand.testing.demo import DemoShop
from tests.dialects.fuzzing import Place
from tests.dialects.polar_http import READY, metering
from tests.server import RunningServer

ADDRESS: Json = {"country": "US", "line1": "1 Main St", "city": "Albany", "state": "US-NY", "postal_code": "12207"}
COMPLETE: Json = {
    "confirm": True,
    "customer": {"email": "ada@example.com", "name": "Ada"},
    "billing_address": {
        "country": "US",
        "street": "1 Main St",
        "city": "Albany",
        "state": "NY",
        "zipcode": "12207",
    },
    "return_url": "https://example.com/",
}
METER: Json = {"name": "M", "event_name": "m", "measurement_unit": "ms", "aggregation": {"type": "count"}}
FIXED: list[Json] = [{"amount_type": "fixed", "price_amount": 1000, "price_currency": "usd"}]


def _made(client: httpx2.Client, path: str, body: Json) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def _polar_bodies(products: list[str], order_id: str) -> dict[str, Json]:
    """A body that works, for each operation that takes one."""
    price: Json = {"name": "Fuzzed", "prices": FIXED}
    return {
        "polar_checkouts_create": {"products": products[:2]},
        "polar_checkouts_update": {"metadata": {"a": "b"}},
        "polar_checkouts_client_update": {"customer_email": "ada@example.com"},
        "polar_checkouts_client_confirm": {**READY, "customer_billing_address": ADDRESS},
        "polar_products_create": price,
        "polar_products_update": {"name": "Fuzzed"},
        "polar_custom_fields_create": {"type": "text", "slug": "other", "name": "Other", "properties": {}},
        "polar_custom_fields_update": {"type": "text"},
        "polar_discounts_create": {"type": "percentage", "name": "Tenth", "basis_points": 1000, "duration": "once"},
        "polar_discounts_update": {"name": "Other"},
        "polar_customers_create": {"email": "new@example.com", "name": "New"},
        "polar_customers_update": {"name": "New"},
        "polar_customers_update_external": {"name": "New"},
        "polar_members_create": {"email": "another@example.com"},
        "polar_members_create_external": {"email": "another@example.com"},
        "polar_members_update": {"name": "M"},
        "polar_members_update_external": {"name": "M"},
        "polar_links_create": {"payment_processor": "stripe", "products": products[:1]},
        "polar_links_update": {"label": "L"},
        "polar_webhooks_create": {"url": "https://example.com/", "format": "raw", "events": ["order.paid"]},
        "polar_webhooks_update": {"name": "W"},
        "polar_order_documents_update": {"billing_name": "Ada Ltd"},
        "polar_refunds_create": {"order_id": order_id, "amount": 1, "reason": "other"},
    }


def _bought(http: httpx2.Client, cart: list[dict[str, Any]]) -> str:
    """The id of a payment that succeeded."""
    session = _made(http, "/checkouts", {"product_cart": cart})["session_id"]
    _made(http, f"/_test/checkouts/{session}/pay", {})
    return str(http.get(f"/checkouts/{session}").json()["payment_id"])


def polar_place(server: RunningServer, shop: DemoShop) -> Place:
    """A shop behind its Polar token."""
    products = [str(item.id) for item in shop.products.values()]
    with httpx2.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {shop.polar_token}"}, timeout=30
    ) as http:
        sessions = [_made(http, "/v1/checkouts/", {"products": products[:2]}) for _ in range(4)]
        kept = _made(http, "/v1/checkouts/", {"products": [str(shop.products["trial"].id)]})
        _made(http, f"/v1/checkouts/client/{kept['client_secret']}/confirm", dict(READY))
        paid = _made(http, "/v1/checkouts/", {"products": products[:1]})
        _made(http, f"/v1/checkouts/client/{paid['client_secret']}/confirm", dict(READY))
        team = _made(
            http, "/v1/customers/", {"type": "team", "name": "T", "email": "t@example.com", "external_id": "t 1"}
        )
        member = _made(http, f"/v1/customers/{team['id']}/members", {"email": "m@example.com", "external_id": "m 1"})
        single = _made(http, "/v1/customers/", {"email": "s@example.com", "external_id": "s/1"})
        asked = _made(http, "/v1/custom-fields/", {"type": "text", "slug": "why", "name": "Why", "properties": {}})
        link = _made(http, "/v1/checkout-links/", {"payment_processor": "stripe", "products": products[:1]})
        hook = _made(
            http, "/v1/webhooks/endpoints", {"url": "https://example.com/", "format": "raw", "events": ["order.paid"]}
        )
        orders = http.get("/v1/orders/").json()["items"]
        payments = http.get("/v1/payments/").json()["items"]
    customers = [team["id"], single["id"], *(order["customer_id"] for order in orders)]
    checkouts = [*(item["id"] for item in sessions), paid["id"]]
    existing = {
        "checkouts": checkouts,
        "checkout-links": [link["id"]],
        "products": products,
        "custom-fields": [asked["id"]],
        "discounts": [str(shop.discount.id)],
        "orders": [order["id"] for order in orders],
        "payments": [payment["id"] for payment in payments],
        "customers": customers,
        "organizations": [str(shop.organization.id)],
        "endpoints": [hook["id"]],
        "events": [hook["id"]],  # the form alone: nothing was sent to it
    }
    known: dict[str, Sequence[object]] = {
        "client_secret": [*(item["client_secret"] for item in sessions), paid["client_secret"]],
        "external_id": ["t 1", "s/1"],
        "external_customer_id": ["t 1", "s/1", "new"],
        "member_id": [member["id"]],
        "member_external_id": ["m 1"],
        "products": list(products),
        "product_id": list(products),
        "product_price_id": [str(item.prices[0].id) for item in shop.products.values()],
        "customer_id": list(customers),
        "discount_id": [str(shop.discount.id)],
        "discount_code": [shop.discount.code or ""],
        "custom_field_id": [asked["id"]],
        "meter_id": [metering(server, shop)],
        "checkout_id": list(checkouts),
        "order_id": [order["id"] for order in orders],
        "confirmation_token_id": ["ctoken_visa", "ctoken_declined", "ctoken_3ds"],
        "customer_billing_address": [ADDRESS],
        "billing_address": [ADDRESS],
        "custom_field_data": [{"why": "because"}],
        "currency": ["usd", "eur", "jpy"],
    }
    good = _polar_bodies(products, orders[0]["id"])
    return Place(url=server.url, key=shop.polar_token, ids=existing, known=known, good=good)


def _dodo_bodies(
    whole: Json, cart: list[dict[str, object]], customer_ids: list[str], refunded: Json
) -> dict[str, Json]:
    """The same for Dodo's operations."""
    one_time: Json = {
        "type": "one_time_price",
        "currency": "USD",
        "price": 1000,
        "discount": 0,
        "purchasing_power_parity": False,
    }
    entry: Json = {"amount": 100, "currency": "USD", "entry_type": "credit"}
    return {
        "dodo_checkouts_create": whole,
        "dodo_one_time_payments_create": {
            "product_cart": cart,
            "customer": COMPLETE["customer"],
            "billing": COMPLETE["billing_address"],
            "payment_link": True,
        },
        "dodo_checkouts_preview_checkout": {"product_cart": cart},
        "dodo_products_create": {"name": "Fuzzed", "price": one_time, "tax_category": "saas"},
        "dodo_products_update": {"name": "Fuzzed"},
        "dodo_addons_create": {"name": "Extra", "price": 100, "currency": "USD", "tax_category": "saas"},
        "dodo_discounts_create": {"type": "percentage", "amount": 1000},
        "dodo_discounts_attach_customers": {"customer_ids": customer_ids},
        "dodo_customers_create": {"email": "c@example.com", "name": "C"},
        "dodo_wallets_adjust": entry,
        "dodo_meters_create": {
            "name": "N",
            "event_name": "n",
            "measurement_unit": "ns",
            "aggregation": {"type": "sum", "key": "k"},
        },
        "dodo_webhooks_create": {"url": "https://example.com/"},
        "dodo_webhooks_update_headers": {"headers": {"X-A": "b"}},
        "dodo_short_links_create": {"slug": "short"},
        "dodo_refunds_create": refunded,
    }


def dodo_place(server: RunningServer, shop: DemoShop) -> Place:
    """A shop behind its Dodo key."""
    products = [ids.short_id("pdt", item.id) for item in shop.products.values()]
    cart: list[dict[str, object]] = [{"product_id": products[0], "quantity": 1}]
    whole: Json = {"product_cart": cart, **COMPLETE}
    with httpx2.Client(base_url=server.url, headers={"Authorization": f"Bearer {shop.dodo_key}"}, timeout=30) as http:
        sessions = [_made(http, "/checkouts", {"product_cart": cart}) for _ in range(2)]
        paid = _made(http, "/checkouts", whole)
        customers = [_made(http, "/customers", {"email": f"{name}@example.com", "name": name}) for name in "ab"]
        meter = _made(http, "/meters", METER)
        brand = _made(http, "/brands", {"name": "B"})
        hook = _made(http, "/webhooks", {"url": "https://example.com/"})
        uploaded = http.put(f"/products/{products[0]}/images").json()
        refunded, disputed = (_bought(http, cart) for _ in range(2))
        trial = _bought(http, [{"product_id": ids.short_id("pdt", shop.products["trial"].id), "quantity": 1}])
        keeper = http.get(f"/payments/{trial}").json()["customer"]["customer_id"]
        saved = http.get(f"/customers/{keeper}/payment-methods").json()["items"]
        part: Json = {"payment_id": refunded, "items": [{"item_id": products[0], "amount": 1}]}
        refund = _made(http, "/refunds", part)
        _made(http, f"/_test/payments/{disputed}/dispute", {})
        dispute = http.get("/disputes").json()["items"][0]
    customer_ids = [*(item["customer_id"] for item in customers), keeper]
    discount = ids.short_id("dsc", shop.discount.id)
    addon = ids.short_id("adn", shop.addon.id)
    brands = [brand["brand_id"], ids.short_id("bus", shop.organization.id)]
    existing = {
        "products": products,
        "addons": [addon],
        "brands": brands,
        "checkouts": [*(item["session_id"] for item in sessions), paid["session_id"]],
        "customers": customer_ids,
        "discounts": [discount],
        "meters": [meter["id"]],
        "payments": [paid["payment_id"], refunded],
        "webhooks": [hook["id"]],
        "refunds": [refund["refund_id"]],
        "disputes": [dispute["dispute_id"]],
    }
    known: dict[str, Sequence[object]] = {
        "product_id": products,
        "addon_id": [addon],
        "addons": [addon],
        "customer_id": customer_ids,
        "customer_ids": customer_ids,
        "restricted_to": products,
        "discount_code": [shop.discount.code or ""],
        "discount_codes": [shop.discount.code or ""],
        "code": [shop.discount.code or ""],
        "meter_id": [meter["id"]],
        "brand_id": brands,
        "image_id": [uploaded["image_id"]],
        "currency": ["USD", "EUR", "JPY", "KWD"],
        "billing_currency": ["USD", "EUR", "JPY"],
        "payment_id": [paid["payment_id"], refunded, disputed],
        "item_id": [products[0], addon],
        "refund_id": [refund["refund_id"]],
        "payment_method_id": [item["payment_method_id"] for item in saved],
    }
    good = _dodo_bodies(whole, cart, customer_ids, part)
    return Place(url=server.url, key=shop.dodo_key, ids=existing, known=known, good=good)
