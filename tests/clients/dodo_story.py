"""Everything that is served of Dodo's API, as one merchant's story: what is sold, to whom, how it is paid, read back, refunded, disputed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from checkstand.domain import ids
from checkstand.testing.demo import DemoShop
from tests.clients.story import Story
from tests.dialects.dodo_place import MONTHLY_PRICE, ONE_TIME_PRICE

EVENTS = [
    *("payment.succeeded", "payment.failed", "payment.processing", "refund.succeeded", "refund.failed"),
    *("dispute.opened", "dispute.challenged", "dispute.accepted", "dispute.cancelled", "dispute.expired"),
    *("dispute.won", "dispute.lost"),
]
BILLING = {"country": "US", "state": "NY", "city": "Albany", "street": "1 Main St", "zipcode": "12207"}
REFUND_FAILS = "4000000000005126"


def tell(story: Story, shop: DemoShop) -> None:
    """Call everything, then verify each event that came of it."""
    endpoint = story.plainly("POST", "/webhooks", body={"url": story.receiver.url})
    secret = story.plainly("GET", f"/webhooks/{endpoint['id']}/secret")["secret"]
    story.call("misc.list_supported_countries", "GET /checkout/supported_countries")
    _catalogue(story)
    customer = _customers(story)
    payment = _sale(story, shop, customer)
    _after_the_sale(story, shop, payment)
    _endpoints(story)
    story.plainly("POST", "/_test/settle", body={})
    story.verify(secret, EVENTS)


def _catalogue(story: Story) -> None:
    call = story.call
    addon = call(
        "addons.create",
        "POST /addons",
        body={"name": "Seat", "price": 300, "currency": "USD", "tax_category": "saas"},
    )["id"]
    call("addons.retrieve", "GET /addons/{id}", addon)
    call("addons.update", "PATCH /addons/{id}", addon, body={"name": "Chair"})
    call("addons.list", "GET /addons")
    call("addons.update_images", "PUT /addons/{id}/images", addon)
    brand = call("brands.create", "POST /brands", body={"name": "Second", "statement_descriptor": "SECOND"})["brand_id"]
    call("brands.retrieve", "GET /brands/{id}", brand)
    call("brands.update", "PATCH /brands/{id}", brand, body={"name": "Third"})
    call("brands.update_images", "PUT /brands/{id}/images", brand)
    call("brands.list", "GET /brands")
    meter = call(
        "meters.create",
        "POST /meters",
        body={"name": "Calls", "event_name": "call", "measurement_unit": "call", "aggregation": {"type": "count"}},
    )["id"]
    call("meters.retrieve", "GET /meters/{id}", meter)
    call("meters.list", "GET /meters")
    call("meters.update", "PATCH /meters/{id}", meter, body={"name": "Requests"})
    call("meters.archive", "DELETE /meters/{id}", meter)
    call("meters.unarchive", "POST /meters/{id}/unarchive", meter)
    for price in (ONE_TIME_PRICE, MONTHLY_PRICE):
        made: dict[str, Any] = call(
            "products.create",
            "POST /products",
            body={"name": "Guide", "price": price, "tax_category": "saas", "metadata": {"n": "5"}},
        )
    product = made["product_id"]
    call("products.retrieve", "GET /products/{id}", product)
    call("products.list", "GET /products", query={"page_size": 100})
    call("products.update", "PATCH /products/{id}", product, body={"name": "Handbook"})
    call("products.update_files", "PUT /products/{id}/files", product, body={"file_name": "guide.pdf"})
    call("products.images.update", "PUT /products/{id}/images", product)
    call(
        "products.short_links.create",
        "POST /products/{id}/short_links",
        product,
        body={"slug": f"guide-{uuid4().hex[:8]}"},
    )
    call("products.short_links.list", "GET /products/short_links")
    call("products.archive", "DELETE /products/{id}", product)
    call("products.unarchive", "POST /products/{id}/unarchive", product)
    discount = call(
        "discounts.create", "POST /discounts", body={"type": "percentage", "amount": 1000, "code": "TENOFF"}
    )
    discount_id = discount["discount_id"]
    call("discounts.retrieve", "GET /discounts/{discount_id}", discount_id)
    call("discounts.retrieve_by_code", "GET /discounts/code/{code}", "TENOFF")
    call("discounts.update", "PATCH /discounts/{discount_id}", discount_id, body={"name": "Ten"})
    call("discounts.list", "GET /discounts")
    call("discounts.delete", "DELETE /discounts/{discount_id}", discount_id)


def _customers(story: Story) -> str:
    call = story.call
    made = call("customers.create", "POST /customers", body={"email": "mira@example.org", "name": "Mira"})[
        "customer_id"
    ]
    one = "/customers/{customer_id}"
    call("customers.retrieve", f"GET {one}", made)
    call("customers.update", f"PATCH {one}", made, body={"name": "Mira O."})
    call("customers.list", "GET /customers")
    call(
        "customers.wallets.ledger_entries.create",
        f"POST {one}/wallets/ledger-entries",
        made,
        body={"amount": 500, "currency": "USD", "entry_type": "credit"},
    )
    call("customers.wallets.ledger_entries.list", f"GET {one}/wallets/ledger-entries", made)
    call("customers.wallets.list", f"GET {one}/wallets", made)
    call("customers.retrieve_payment_methods", f"GET {one}/payment-methods", made)
    return str(made)


def _sale(story: Story, shop: DemoShop, customer: str) -> str:
    """The id of a payment that succeeded."""
    call = story.call
    cart = [{"product_id": ids.short_id("pdt", shop.products["one_time"].id), "quantity": 2}]
    body = {"product_cart": cart, "billing_address": BILLING}
    call("checkout_sessions.preview", "POST /checkouts/preview", body=body)
    for card in ("4000000000000002", "4242424242424242"):
        session = call(
            "checkout_sessions.create",
            "POST /checkouts",
            body={**body, "customer": {"customer_id": customer}, "metadata": {"cart": "7"}},
        )["session_id"]
        call("checkout_sessions.retrieve", "GET /checkouts/{id}", session)
        story.plainly("POST", f"/_test/checkouts/{session}/pay", body={"card": card})
    paid = call("checkout_sessions.retrieve", "GET /checkouts/{id}", session)
    assert paid["payment_status"] == "succeeded", paid
    payment = str(paid["payment_id"])
    call(
        "payments.create",
        "POST /payments",
        body={
            "product_cart": cart,
            "billing": BILLING,
            "customer": {"customer_id": customer},
            "payment_link": True,
            "metadata": {"cart": "8"},
        },
    )
    call("payments.list", "GET /payments")
    call("payments.retrieve", "GET /payments/{payment_id}", payment)
    call("payments.retrieve_line_items", "GET /payments/{payment_id}/line-items", payment)
    call("invoices.payments.retrieve", "GET /invoices/payments/{payment_id}", payment)
    return payment


def _after_the_sale(story: Story, shop: DemoShop, payment: str) -> None:
    call = story.call
    refund = call("refunds.create", "POST /refunds", body={"payment_id": payment, "reason": "asked"})["refund_id"]
    call("refunds.retrieve", "GET /refunds/{refund_id}", refund)
    call("refunds.list", "GET /refunds")
    call("invoices.payments.retrieve_refund", "GET /invoices/refunds/{refund_id}", refund)
    call("payments.retrieve", "GET /payments/{payment_id}", payment)
    call("customers.list", "GET /customers")
    cart = [{"product_id": ids.short_id("pdt", shop.products["one_time"].id), "quantity": 1}]

    def bought(**purchase: str) -> str:
        session = story.plainly("POST", "/checkouts", body={"product_cart": cart})["session_id"]
        story.plainly("POST", f"/_test/checkouts/{session}/pay", body=purchase)
        return str(story.plainly("GET", f"/checkouts/{session}")["payment_id"])

    bought(token="ctoken_processing")
    story.plainly("POST", "/refunds", body={"payment_id": bought(card=REFUND_FAILS)})
    for outcome in ("accepted", "cancelled", "challenged", "expired", "lost", "opened", "won"):
        story.plainly("POST", f"/_test/payments/{bought()}/dispute", body={"outcome": outcome})
    disputes = call("disputes.list", "GET /disputes")
    call("disputes.retrieve", "GET /disputes/{dispute_id}", disputes["items"][0]["dispute_id"])


def _endpoints(story: Story) -> None:
    call = story.call
    made = call("webhooks.create", "POST /webhooks", body={"url": "https://example.com/hook"})["id"]
    one = "/webhooks/{webhook_id}"
    call("webhooks.retrieve", f"GET {one}", made)
    call("webhooks.list", "GET /webhooks")
    call("webhooks.update", f"PATCH {one}", made, body={"description": "Shop"})
    call("webhooks.retrieve_secret", f"GET {one}/secret", made)
    call("webhooks.headers.update", f"PATCH {one}/headers", made, body={"headers": {"x-shop": "1"}})
    call("webhooks.headers.retrieve", f"GET {one}/headers", made)
    call("webhooks.delete", f"DELETE {one}", made)
