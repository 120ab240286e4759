"""Everything that is served of Polar's API, as one merchant's story: what is sold, to whom, how it is paid, read back and refunded."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from checkstand.testing.demo import DemoShop
from tests.clients.story import Story, pick

EVENTS = [
    *("checkout.created", "checkout.updated", "checkout.expired"),
    *("order.created", "order.updated", "order.paid", "order.refunded", "refund.created", "refund.updated"),
    *("customer.created", "customer.updated", "customer.deleted", "customer.state_changed"),
    *("member.created", "member.updated", "member.deleted"),
    *("product.created", "product.updated", "discount.created", "discount.updated", "discount.deleted"),
]
NEW_YORK = {"line1": "1 Main St", "city": "Albany", "state": "US-NY", "postal_code": "12207", "country": "US"}


def tell(story: Story, shop: DemoShop) -> None:
    """Call everything, then verify each event that came of it."""
    _endpoints(story)  # first: an older client cannot list one that is told of more than it knows
    endpoint = story.plainly(
        "POST", "/v1/webhooks/endpoints", body={"url": story.receiver.url, "format": "raw", "events": EVENTS}
    )
    _deliveries(story)
    story.call("organizations.list", "GET /v1/organizations/")
    story.call("organizations.get", "GET /v1/organizations/{id}", str(shop.organization.id))
    story.call(
        "organizations.update",
        "PATCH /v1/organizations/{id}",
        str(shop.organization.id),
        body={"name": "Shop"},
        as_="organization_update",
    )
    _catalogue(story, shop)
    customer = _customers(story)
    _sale(story, shop, customer)
    _members(story)
    story.plainly("POST", "/_test/clock", body={"advance": "P2D"})
    story.plainly("POST", "/_test/settle", body={})
    story.verify(str(endpoint["secret"]), EVENTS)


def _catalogue(story: Story, shop: DemoShop) -> None:
    call = story.call
    field = call(
        "custom_fields.create",
        "POST /v1/custom-fields/",
        body={"type": "text", "slug": f"f{uuid4().hex[:8]}", "name": "Company", "properties": {}},
    )
    field_id = pick(field, "id")
    call("custom_fields.get", "GET /v1/custom-fields/{id}", field_id)
    call("custom_fields.list", "GET /v1/custom-fields/")
    call(
        "custom_fields.update",
        "PATCH /v1/custom-fields/{id}",
        field_id,
        body={"type": "text", "name": "Firm"},
        as_="custom_field_update",
    )
    for prices in (
        [{"amount_type": "fixed", "price_amount": 1500, "price_currency": "usd"}],
        [{"amount_type": "custom"}],
    ):
        made = call(
            "products.create",
            "POST /v1/products/",
            body={"name": "Plan", "recurring_interval": "month", "prices": prices, "metadata": {"n": 5}},
        )
    product_id = pick(made, "id")
    for listed in (product_id, *(str(shop.products[name].id) for name in ("monthly", "one_time", "pay_what_you_want"))):
        call("products.get", "GET /v1/products/{id}", listed)
    call("products.update", "PATCH /v1/products/{id}", product_id, body={"name": "Other"}, as_="product_update")
    call(
        "products.update_benefits",
        "POST /v1/products/{id}/benefits",
        product_id,
        body={"benefits": []},
        as_="product_benefits_update",
    )
    call("products.list", "GET /v1/products/", query={"limit": 100})
    for value in ({"type": "percentage", "basis_points": 1000}, {"type": "fixed", "amount": 100, "currency": "usd"}):
        discount = call(
            "discounts.create",
            "POST /v1/discounts/",
            body={"name": "Launch", "duration": "once", "code": f"C{uuid4().hex[:8]}", **value},
        )
    discount_id = pick(discount, "id")
    call("discounts.get", "GET /v1/discounts/{id}", discount_id)
    call("discounts.update", "PATCH /v1/discounts/{id}", discount_id, body={"name": "Tenth"}, as_="discount_update")
    call("discounts.list", "GET /v1/discounts/")
    link = call(
        "checkout_links.create",
        "POST /v1/checkout-links/",
        body={"payment_processor": "stripe", **_sold(story, shop)},
    )
    link_id = pick(link, "id")
    call("checkout_links.get", "GET /v1/checkout-links/{id}", link_id)
    call(
        "checkout_links.update",
        "PATCH /v1/checkout-links/{id}",
        link_id,
        body={"label": "Shop"},
        as_="checkout_link_update",
    )
    call("checkout_links.list", "GET /v1/checkout-links/")
    call("checkout_links.delete", "DELETE /v1/checkout-links/{id}", link_id)
    call("discounts.delete", "DELETE /v1/discounts/{id}", discount_id)
    call("custom_fields.delete", "DELETE /v1/custom-fields/{id}", field_id)


def _sold(story: Story, shop: DemoShop) -> dict[str, Any]:
    """What a checkout or a link is of; clients before 0.14 name one product."""
    product = str(shop.products["one_time"].id)
    names_one = story.client.is_generated and story.client.numbers < (0, 14)
    return {"product_id": product} if names_one else {"products": [product]}


def _customers(story: Story) -> str:
    """A customer with an external id of their own, in a shop where others came and went; their id."""
    call = story.call
    # Older clients know a tax id as its number and kind.
    newer = (0, 29) if story.client.language == "python" else (0, 41)
    pair = story.client.is_generated and story.client.numbers < newer
    tax_id = ["FR61954506077", "eu_vat"] if pair else "FR61954506077"
    made = call("customers.create", "POST /v1/customers/", body={"email": "A1@example.com"})
    call(
        "customers.update",
        "PATCH /v1/customers/{id}",
        pick(made, "id"),
        body={"name": "Ada", "billing_address": {"country": "FR"}, "tax_id": tax_id},
        as_="customer_update",
    )
    call("customers.delete", "DELETE /v1/customers/{id}", pick(made, "id"))
    for external in ("u-1", "u-2"):
        body = {"email": f"{external}@example.com", "external_id": external, "metadata": {"n": 1}}
        story.plainly("POST", "/v1/customers/", body=body)  # the oldest client does not know of external ids
    story.call("customers.delete_external", "DELETE /v1/customers/external/{external_id}", "u-2")
    customer = call("customers.get_external", "GET /v1/customers/external/{external_id}", "u-1")
    call(
        "customers.update_external",
        "PATCH /v1/customers/external/{external_id}",
        "u-1",
        body={"name": "Una"},
        as_="customer_update_external_ID",
    )
    return str(pick(customer, "id"))


def _sale(story: Story, shop: DemoShop, customer: str) -> None:
    call = story.call
    wanted = _sold(story, shop)
    call("checkouts.create", "POST /v1/checkouts/", body={**wanted, "customer_email": "z@example.com"})
    made = call("checkouts.create", "POST /v1/checkouts/", body={**wanted, "customer_id": customer})
    checkout, secret = pick(made, "id"), pick(made, "client_secret")
    call("checkouts.get", "GET /v1/checkouts/{id}", checkout)
    call(
        "checkouts.update",
        "PATCH /v1/checkouts/{id}",
        checkout,
        body={"metadata": {"cart": "7"}},
        as_="checkout_update",
    )
    call("checkouts.client_get", "GET /v1/checkouts/client/{client_secret}", secret)
    call(
        "checkouts.client_update",
        "PATCH /v1/checkouts/client/{client_secret}",
        secret,
        body={"customer_billing_address": NEW_YORK},
        as_="checkout_update_public",
    )
    call(
        "checkouts.client_confirm",
        "POST /v1/checkouts/client/{client_secret}/confirm",
        secret,
        body={"confirmation_token_id": "ctoken_visa", "customer_name": "Una", "customer_billing_address": NEW_YORK},
        as_="checkout_confirm_stripe",
    )
    story.plainly("POST", "/_test/settle", body={})
    assert story.plainly("GET", f"/v1/checkouts/{checkout}")["status"] == "succeeded"
    call("checkouts.get", "GET /v1/checkouts/{id}", checkout)
    call("checkouts.list", "GET /v1/checkouts/")
    order = story.plainly("GET", "/v1/orders/")["items"][0]["id"]
    call("orders.list", "GET /v1/orders/")
    call("orders.get", "GET /v1/orders/{id}", order)
    call(
        "orders.update",
        "PATCH /v1/orders/{id}",
        order,
        body={"billing_name": "Una Byron", "billing_address": NEW_YORK},
        as_="order_update",
    )
    call("orders.generate_invoice", "POST /v1/orders/{id}/invoice", order)
    story.plainly("POST", "/_test/settle", body={})
    call("orders.invoice", "GET /v1/orders/{id}/invoice", order)
    call("orders.receipt", "GET /v1/orders/{id}/receipt", order)
    call("orders.export", "GET /v1/orders/export")
    payments = call("payments.list", "GET /v1/payments/")
    call("payments.get", "GET /v1/payments/{id}", payments["items"][0]["id"])
    refund = {"order_id": order, "reason": "customer_request", "amount": 300}
    call("refunds.create", "POST /v1/refunds/", body=refund)
    call("refunds.list", "GET /v1/refunds/")
    call("orders.get", "GET /v1/orders/{id}", order)
    call("customers.get", "GET /v1/customers/{id}", customer)
    call("customers.list", "GET /v1/customers/")
    call("customers.get_state", "GET /v1/customers/{id}/state", customer)
    call("customers.get_state_external", "GET /v1/customers/external/{external_id}/state", "u-1")
    call("customers.list_payment_methods", "GET /v1/customers/{id}/payment-methods", customer)
    call(
        "customers.list_payment_methods_external",
        "GET /v1/customers/external/{external_id}/payment-methods",
        "u-1",
    )
    call("customers.export", "GET /v1/customers/export")


def _members(story: Story) -> None:
    call = story.call
    team = story.plainly(
        "POST",
        "/v1/customers/",
        body={"type": "team", "name": "Engines", "external_id": "engines", "owner": {"email": "grace@example.com"}},
    )
    made = call(
        "customers.members.create",
        "POST /v1/customers/{id}/members",
        team["id"],
        body={"email": "b@example.com", "role": "member"},
        as_="member_create_from_customer",
    )
    call("customers.members.get", "GET /v1/customers/{id}/members/{member_id}", team["id"], pick(made, "id"))
    call("customers.members.list", "GET /v1/customers/{id}/members", team["id"])
    call(
        "customers.members.update",
        "PATCH /v1/customers/{id}/members/{member_id}",
        team["id"],
        pick(made, "id"),
        body={"name": "Bob"},
        as_="member_update",
    )
    call("customers.members.delete", "DELETE /v1/customers/{id}/members/{member_id}", team["id"], pick(made, "id"))
    external = "/v1/customers/external/{external_id}/members"
    call(
        "customers.members.create_external",
        f"POST {external}",
        "engines",
        body={"email": "c@example.com", "external_id": "c1"},
        as_="member_create_from_customer",
    )
    one = f"{external}/{{member_external_id}}"
    call("customers.members.list_external", f"GET {external}", "engines")
    call("customers.members.get_external", f"GET {one}", "engines", "c1")
    call("customers.members.update_external", f"PATCH {one}", "engines", "c1", body={"name": "Cy"}, as_="member_update")
    call("customers.members.delete_external", f"DELETE {one}", "engines", "c1")


def _deliveries(story: Story) -> None:
    """While there is none yet of an event that an older client does not know."""
    story.plainly("POST", "/v1/products/", body={"name": "First", "prices": [{"amount_type": "free"}]})
    story.plainly("POST", "/_test/settle", body={})
    event = story.plainly("GET", "/v1/webhooks/deliveries")["items"][0]["webhook_event"]["id"]
    story.call("webhooks.list_webhook_deliveries", "GET /v1/webhooks/deliveries")
    story.call("webhooks.redeliver_webhook_event", "POST /v1/webhooks/events/{id}/redeliver", event)


def _endpoints(story: Story) -> None:
    call = story.call
    made = call(
        "webhooks.create_webhook_endpoint",
        "POST /v1/webhooks/endpoints",
        body={"url": "https://example.com/hook", "format": "raw", "events": ["order.paid"]},
    )
    one, endpoint = "/v1/webhooks/endpoints/{id}", pick(made, "id")
    call("webhooks.get_webhook_endpoint", f"GET {one}", endpoint)
    call("webhooks.list_webhook_endpoints", "GET /v1/webhooks/endpoints")
    call(
        "webhooks.update_webhook_endpoint",
        f"PATCH {one}",
        endpoint,
        body={"events": ["order.paid", "order.created"]},
        as_="webhook_endpoint_update",
    )
    call("webhooks.reset_webhook_endpoint_secret", f"PATCH {one}/secret", endpoint)
    call("webhooks.delete_webhook_endpoint", f"DELETE {one}", endpoint)
