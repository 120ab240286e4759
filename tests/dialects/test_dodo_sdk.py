"""The official Dodo client, unmodified, against the server: only the base URL is ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dodopayments import (
    AuthenticationError,
    DodoPayments,
    NotFoundError,
    PermissionDeniedError,
    UnprocessableEntityError,
)

from tests.dialects.dodo_place import DodoShop


@pytest.fixture
def client(dodo: DodoShop) -> Iterator[DodoPayments]:
    with DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url) as client:
        yield client


def test_the_published_quick_start_makes_a_session_that_can_be_paid(client: DodoPayments, dodo: DodoShop) -> None:
    session = client.checkout_sessions.create(product_cart=[{"product_id": dodo.id("P"), "quantity": 1}])
    assert session.checkout_url == f"{dodo.server.url}/session/{session.session_id}"
    before = client.checkout_sessions.retrieve(session.session_id)
    assert (before.id, before.payment_id, before.payment_status) == (session.session_id, None, None)
    dodo.pay(session.session_id)
    after = client.checkout_sessions.retrieve(session.session_id)
    assert (after.payment_status, after.customer_email, after.customer_name) == (
        "succeeded",
        "ada@example.com",
        "Ada Byron",
    )


def test_the_samples_quantity_of_nothing_makes_a_session(client: DodoPayments, dodo: DodoShop) -> None:
    session = client.checkout_sessions.create(product_cart=[{"product_id": dodo.id("P"), "quantity": 0}])
    assert len(session.session_id) == 25


def test_the_full_request_is_accepted(client: DodoPayments, dodo: DodoShop) -> None:
    session = client.checkout_sessions.create(
        product_cart=[{"product_id": dodo.id("S"), "quantity": 2}],
        customer={"email": "mira@example.org", "name": "Mira Okafor", "phone_number": "+4915112345678"},
        billing_address={"country": "DE", "city": "Jena", "state": "TH", "street": "Markt 4", "zipcode": "07743"},
        billing_currency="EUR",
        allowed_payment_method_types=["credit", "debit", "sepa"],
        discount_code="WELCOME20",
        return_url="https://shop.example.org/done?cart=77",
        cancel_url="https://shop.example.org/cart",
        confirm=True,
        show_saved_payment_methods=False,
        subscription_data={"trial_period_days": 14},
        customization={"theme": "dark", "show_order_details": True, "show_on_demand_tag": True, "force_language": "de"},
        feature_flags={"allow_discount_code": True, "allow_tax_id": True, "redirect_immediately": True},
        metadata={"cart": "77"},
        custom_fields=[{"key": "size", "label": "Size", "field_type": "dropdown", "options": ["S", "M"]}],
        minimal_address=False,
        force_3ds=False,
    )
    assert session.payment_id is not None
    assert client.payments.retrieve(session.payment_id).status == "requires_payment_method"


def test_a_purchase_is_read_as_payment_customer_and_line_items(client: DodoPayments, dodo: DodoShop) -> None:
    session = dodo.session("P", "S", metadata={"cart": "77"})
    dodo.pay(session)
    listed = list(client.payments.list(page_size=100))
    assert len(listed) == 1
    payment = client.payments.retrieve(listed[0].payment_id)
    assert (payment.status, payment.total_amount, payment.currency) == ("succeeded", 3000, "USD")
    assert (payment.checkout_session_id, payment.metadata) == (session, {"cart": "77"})
    assert (payment.card_last_four, payment.payment_provider) == ("4242", "dodo")
    assert payment.billing.city == "Albany"
    assert [line.amount for line in client.payments.retrieve_line_items(payment.payment_id).items] == [1000, 2000]
    customer = client.customers.retrieve(payment.customer.customer_id)
    assert (customer.email, customer.name) == ("ada@example.com", "Ada Byron")


def test_products_are_made_listed_changed_and_archived(client: DodoPayments) -> None:
    made = client.products.create(
        name="Guide",
        tax_category="e_book",
        price={
            "type": "recurring_price",
            "currency": "USD",
            "price": 3000,
            "payment_frequency_count": 1,
            "payment_frequency_interval": "Month",
            "subscription_period_count": 20,
            "subscription_period_interval": "Year",
        },
        metadata={"shelf": "3"},
    )
    assert (made.is_recurring, made.price.type, made.price.discount) == (True, "recurring_price", 0)
    client.products.update(made.product_id, name="Handbook")
    assert client.products.retrieve(made.product_id).name == "Handbook"
    listed = {item.product_id: item for item in client.products.list(page_size=100)}
    assert (listed[made.product_id].price, listed[made.product_id].currency) == (3000, "USD")
    client.products.archive(made.product_id)
    assert made.product_id not in {item.product_id for item in client.products.list(page_size=100)}
    assert [item.product_id for item in client.products.list(archived=True)] == [made.product_id]
    client.products.unarchive(made.product_id)


def test_customers_are_made_found_and_changed(client: DodoPayments, dodo: DodoShop) -> None:
    made = client.customers.create(email="ada@example.com", name="Ada", metadata={"tier": "gold"})
    assert client.customers.update(made.customer_id, name="Ada Byron").name == "Ada Byron"
    assert [item.customer_id for item in client.customers.list(email="ada@example.com")] == [made.customer_id]
    session = client.checkout_sessions.create(
        product_cart=[{"product_id": dodo.id("P"), "quantity": 1}], customer={"customer_id": made.customer_id}
    )
    assert client.checkout_sessions.retrieve(session.session_id).customer_email == "ada@example.com"


def test_webhooks_are_made_walked_changed_and_removed(client: DodoPayments) -> None:
    made = [client.webhooks.create(url=f"https://example.com/{number}") for number in range(3)]
    walked = [item.id for item in client.webhooks.list(limit=1)]
    assert walked == [item.id for item in reversed(made)], "the client stops by itself at the end"
    client.webhooks.headers.update(made[0].id, headers={"X-Shop": "one"})
    assert client.webhooks.headers.retrieve(made[0].id).headers == {"X-Shop": "one"}
    assert client.webhooks.update(made[0].id, disabled=True, filter_types=["payment.succeeded"]).disabled
    assert client.webhooks.retrieve_secret(made[0].id).secret.startswith("whsec_")
    client.webhooks.delete(made[0].id)
    with pytest.raises(NotFoundError):
        client.webhooks.retrieve(made[0].id)


def test_countries_and_brands_load(client: DodoPayments) -> None:
    assert "DE" in client.misc.list_supported_countries()
    assert client.brands.list().items[0].enabled


def test_refusals_are_the_clients_own_error_classes(client: DodoPayments, dodo: DodoShop) -> None:
    with pytest.raises(UnprocessableEntityError, match="PRODUCT_CART_EMTPY"):
        client.checkout_sessions.create(product_cart=[])
    with pytest.raises(NotFoundError, match="Item not found"):
        client.payments.retrieve("pay_nothing")
    with pytest.raises(AuthenticationError):
        DodoPayments(bearer_token="wrong", base_url=dodo.server.url).products.retrieve(dodo.id("P"))
    with pytest.raises(PermissionDeniedError):
        DodoPayments(bearer_token=dodo.key("products:read"), base_url=dodo.server.url).products.archive(dodo.id("P"))


def test_the_newest_client_finds_every_key_of_its_types(dodo: DodoShop) -> None:
    """With its strict validation on, one missing key would raise."""
    client = DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url, _strict_response_validation=True)
    session = client.checkout_sessions.create(product_cart=[{"product_id": dodo.id("P"), "quantity": 2}])
    dodo.pay(session.session_id)
    paid = client.checkout_sessions.retrieve(session.session_id).payment_id
    assert paid is not None
    assert [item.has_license_key for item in client.payments.list().items] == [False]
    assert client.payments.retrieve_line_items(paid).partial_refund_allowed
    refund = client.refunds.create(payment_id=paid, items=[{"item_id": dodo.id("P"), "amount": 300}])
    assert client.refunds.retrieve(refund.refund_id).is_partial
    opened = dodo.http.post(f"/_test/payments/{paid}/dispute", json={"amount": 500})
    assert opened.status_code == 200, opened.text
    disputes = client.disputes.list().items
    assert [item.payment_provider for item in disputes] == ["dodo"]
    assert client.disputes.retrieve(disputes[0].dispute_id).payment_provider == "dodo"
    for noun in (client.customers, client.products, client.discounts, client.addons, client.brands, client.refunds):
        assert noun.list().items, noun
    assert client.payments.retrieve(paid).total_amount == 2000


def test_metadata_of_the_other_api_is_shown_in_dodos_type(client: DodoPayments, dodo: DodoShop) -> None:
    """Clients before 1.100 know texts alone."""
    headers = {"Authorization": f"Bearer {dodo.demo.polar_token}"}
    price = {"amount_type": "fixed", "price_amount": 1000}
    body = {"name": "Noted", "prices": [price], "metadata": {"n": 5, "half": 0.5, "yes": True, "text": "a"}}
    made = dodo.http.post("/v1/products/", json=body, headers=headers).json()
    assert made["metadata"] == {"n": 5, "half": 0.5, "yes": True, "text": "a"}
    shown = next(item for item in client.products.list().items if item.name == "Noted")
    assert shown.metadata == {"n": "5", "half": "0.5", "yes": "true", "text": "a"}
    assert client.products.retrieve(shown.product_id).metadata == shown.metadata


def test_a_strict_client_reads_the_note_of_a_reverse_charge(dodo: DodoShop) -> None:
    dodo.settle_on(tax_registrations=("FR",), country="FR")
    with DodoPayments(
        bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url, _strict_response_validation=True
    ) as strict:
        cart = [{"product_id": dodo.id("P"), "quantity": 1}]
        business = {"tax_id": "DE136695976", "customer_business_name": "Ada GmbH", "billing_address": {"country": "DE"}}
        preview = strict.checkout_sessions.preview(product_cart=cart, **business)  # type: ignore[arg-type]
        made = strict.checkout_sessions.create(product_cart=cart, **business)  # type: ignore[arg-type]
        session = strict.checkout_sessions.retrieve(made.session_id)
    assert (preview.model_extra or {})["tax_reason"] == "reverse_charge"
    assert (session.model_extra or {})["tax_reason"] == "reverse_charge"
