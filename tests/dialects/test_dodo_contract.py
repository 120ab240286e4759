"""Answers against the published schemas, where they are at hand, and against the keys that strict receivers demand, always."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from checkstand.dialects.dodo.wire.models import METHODS
from checkstand.domain.address import COUNTRIES
from checkstand.domain.currency import DODO_CURRENCIES
from tests.dialects.dodo_place import DodoShop
from tests.shared_folder import contract

# The framework adapters' one schema answers 400 when any of these is missing; null is allowed.
STRICT_PAYMENT = """
    billing brand_id business_id card_issuing_country card_last_four card_network card_type created_at currency customer
    digital_products_delivered discount_id disputes error_code error_message metadata payment_id payment_link payment_method
    payment_method_type product_cart refunds settlement_amount settlement_currency settlement_tax status subscription_id tax
    total_amount updated_at checkout_session_id card_holder_name custom_field_responses invoice_id invoice_url refund_status
"""


def conform(name: str, *values: Any) -> None:
    """The values match a schema of the published contract."""
    components = contract("dodo.json").get("components")
    if not components:
        return
    validator = Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})
    for value in values:
        assert [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(value)] == []


def confirmed_at_once(dodo: DodoShop) -> dict[str, Any]:
    """The answer to a session whose payment is made with it, before the page was opened."""
    answer = dodo.create(
        product_cart=[{"product_id": "P", "quantity": 1}],
        confirm=True,
        minimal_address=True,
        customer={"email": "ada@example.com", "name": "Ada"},
        billing_address={"country": "DE", "zipcode": "07743"},
    )
    found: dict[str, Any] = answer.json()
    return found


def test_sessions_payments_and_their_lists_match_the_contract(dodo: DodoShop) -> None:
    answer = dodo.create(product_cart=[{"product_id": "P", "quantity": 2}])
    conform("CreateSessionResponse", answer.json())
    for token in ("ctoken_visa", "ctoken_declined", "ctoken_processing", "ctoken_3ds"):
        session = dodo.session("P", "S", discount_code="WELCOME20")
        dodo.pay(session, token)
        payment = dodo.payment_of(session)
        assert set(STRICT_PAYMENT.split()) <= set(payment)
        assert set(payment["customer"]) >= {"customer_id", "email", "name", "metadata", "phone_number"}
        conform("PaymentResponse", payment)
        conform("PaymentLineItemsResponse", dodo.http.get(f"/payments/{payment['payment_id']}/line-items").json())
    confirmed = confirmed_at_once(dodo)
    conform("CreateSessionResponse", confirmed)
    conform("PaymentResponse", dodo.http.get(f"/payments/{confirmed['payment_id']}").json())
    conform("GetPaymentsListResponse", dodo.http.get("/payments").json())


def test_what_the_buyer_never_told_is_an_empty_text_where_the_contract_wants_text(dodo: DodoShop) -> None:
    session = dodo.session("F")
    dodo.pay(session)
    conform("PaymentResponse", dodo.payment_of(session))
    confirmed = confirmed_at_once(dodo)
    payment = dodo.http.get(f"/payments/{confirmed['payment_id']}").json()
    assert payment["customer"]["customer_id"] == "", "there is no customer before somebody tried to pay"
    assert payment["billing"] == {"city": "", "country": "DE", "state": "", "street": "", "zipcode": "07743"}


def test_products_customers_webhooks_and_brands_match_the_contract(dodo: DodoShop) -> None:
    listed = dodo.http.get("/products").json()
    conform("GetProductsListResponse", listed)
    assert {dodo.id(name) for name in "PSTWF"} <= {item["product_id"] for item in listed["items"]}
    conform("GetProductResponse", *[dodo.http.get(f"/products/{dodo.id(name)}").json() for name in "PSTWF"])
    customer = dodo.http.post("/customers", json={"email": "ada@example.com", "name": ""}).json()
    conform("CustomerResponse", customer)
    conform("GetCustomersListResponse", dodo.http.get("/customers").json())
    endpoint = dodo.http.post("/webhooks", json={"url": "https://example.com"}).json()
    conform("WebhookDetails", endpoint)
    conform("ListWebhooksResponse", dodo.http.get("/webhooks").json(), dodo.http.get("/webhooks?limit=1").json())
    conform("GetWebhookSecretResponse", dodo.http.get(f"/webhooks/{endpoint['id']}/secret").json())
    conform("GetWebhookHeadersResponse", dodo.http.get(f"/webhooks/{endpoint['id']}/headers").json())
    conform("ListBrandsResponse", dodo.http.get("/brands").json())
    for country in dodo.http.get("/checkout/supported_countries").json():
        conform("CountryCodeAlpha2", country)


def test_the_lists_of_the_contract_are_accepted_whole() -> None:
    seed = contract("dodo-seed.json")
    if seed:
        schemas = seed["components"]["schemas"]
        assert set(schemas["CountryCodeAlpha2"]["enum"]) == COUNTRIES
        assert set(schemas["Currency"]["enum"]) == DODO_CURRENCIES
        assert set(schemas["PaymentMethodTypes"]["enum"]) <= METHODS
    assert {"credit", "debit", "afterpay_clearpay"} <= METHODS


@pytest.mark.parametrize("quantity", [0, 1, 3])
def test_the_contracts_own_shape_of_a_request_is_accepted(dodo: DodoShop, quantity: int) -> None:
    body = {
        "allowed_payment_method_types": ["credit", "debit", "upi_collect", "ideal"],
        "billing_address": {"city": None, "country": "US", "state": "anything", "street": None, "zipcode": None},
        "billing_currency": "USD",
        "confirm": False,
        "customer": {"email": "a@example.com", "name": "A", "phone_number": None},
        "customization": {"show_on_demand_tag": True, "show_order_details": True, "theme": "system"},
        "discount_code": None,
        "feature_flags": {
            "allow_currency_selection": True,
            "allow_discount_code": True,
            "allow_phone_number_collection": True,
            "allow_tax_id": True,
            "always_create_new_customer": True,
        },
        "metadata": {"any": "text"},
        "product_cart": [{"product_id": "S", "quantity": quantity, "addons": None, "amount": None}],
        "return_url": None,
        "show_saved_payment_methods": True,
        "subscription_data": {"on_demand": None, "trial_period_days": None},
    }
    seed = contract("dodo-seed.json")
    if seed:
        schema = {"$ref": "#/components/schemas/CreateCheckoutSessionRequest", "components": seed["components"]}
        assert list(Draft202012Validator(schema).iter_errors(dodo.filled(body))) == []
    assert dodo.create(**body).status_code == 200
