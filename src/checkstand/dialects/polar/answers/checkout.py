"""Checkout sessions (docs/behaviour/polar.md#checkout-object): as merchants and as buyers see them."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from checkstand.answers import Minor, Moment, Url, Uuid
from checkstand.dialects.polar.answers.common import Address, CurrencyCode, Metadata
from checkstand.dialects.polar.answers.custom_field import AttachedCustomField
from checkstand.dialects.polar.answers.discount import CheckoutDiscount
from checkstand.dialects.polar.answers.organization import CheckoutOrganization
from checkstand.dialects.polar.answers.price import Price
from checkstand.dialects.polar.answers.product import CheckoutProduct
from checkstand.domain.address import FieldMode
from checkstand.domain.catalog import Interval
from checkstand.domain.checkout import CheckoutStatus


class RequiredAddressFields(TypedDict):
    """Which parts of the billing address are required."""

    country: bool
    line1: bool
    line2: bool
    city: bool
    state: bool
    postal_code: bool


class AddressFieldModes(TypedDict):
    """What the form asks of each part of the billing address."""

    country: FieldMode
    line1: FieldMode
    line2: FieldMode
    city: FieldMode
    state: FieldMode
    postal_code: FieldMode


class PaymentProcessorMetadata(TypedDict):
    """What a page needs to finish a payment. Of an intent only once there is one; `next_action_url` is where a buyer without the
    page finishes the bank's check.
    """

    publishable_key: str
    intent_client_secret: NotRequired[str]
    intent_status: NotRequired[str]
    next_action_url: NotRequired[Url]


class CheckoutParts(TypedDict):
    """What merchants and buyers see of a session alike."""

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    custom_field_data: dict[str, str | int | bool | None]
    payment_processor: Literal["stripe"]
    status: CheckoutStatus
    client_secret: str
    url: Url
    expires_at: Moment
    success_url: Url
    return_url: Url | None
    embed_origin: str | None
    amount: Minor
    seats: int | None
    min_seats: int | None
    max_seats: int | None
    units: int | None
    min_units: int | None
    max_units: int | None
    discount_amount: Minor
    net_amount: Minor
    tax_amount: Annotated[Minor | None, Field(description="Null while not enough is known of the buyer.")]
    tax_behavior: Literal["inclusive", "exclusive"] | None
    total_amount: Minor
    subtotal_amount: Minor
    currency: CurrencyCode
    allow_trial: bool | None
    active_trial_interval: Interval | None
    active_trial_interval_count: int | None
    trial_end: Moment | None
    organization_id: Uuid
    product_id: Uuid
    product_price_id: Uuid
    discount_id: Uuid | None
    allow_discount_codes: bool
    require_billing_address: bool
    is_discount_applicable: bool
    is_free_product_price: bool
    is_payment_required: bool
    is_payment_setup_required: bool
    is_payment_form_required: bool
    customer_id: Uuid | None
    is_business_customer: bool
    customer_name: str | None
    customer_email: str | None
    customer_ip_address: str | None
    customer_billing_name: str | None
    customer_billing_address: Address | None
    customer_tax_id: str | None
    locale: str | None
    payment_method_type: str | None
    payment_processor_metadata: PaymentProcessorMetadata
    customer_billing_address_fields: RequiredAddressFields
    billing_address_fields: AddressFieldModes
    products: list[CheckoutProduct]
    product: CheckoutProduct
    product_price: Price
    prices: Annotated[dict[str, list[Price]], Field(description="By the product's id.")]
    discount: CheckoutDiscount | None
    attached_custom_fields: list[AttachedCustomField]


class TaxNote(TypedDict):
    """Why no tax is charged, where an invoice has to say so: then both are there."""

    tax_reason: NotRequired[Literal["reverse_charge"]]
    tax_note: NotRequired[Annotated[str, Field(description="Why no tax is charged, as an invoice has to say it.")]]


class CheckoutHint(TypedDict):
    """What a merchant is told beside the session."""

    hint: NotRequired[Annotated[str, Field(description="What was asked for and not done, and how to do it.")]]


class Checkout(CheckoutParts, TaxNote, CheckoutHint):
    """A checkout session as its merchant sees it."""

    metadata: Metadata
    customer_metadata: dict[str, str | int | bool]
    external_customer_id: str | None
    customer_external_id: str | None
    subscription_id: None
    trial_interval: Interval | None
    trial_interval_count: int | None


class ClientCheckout(CheckoutParts, TaxNote):
    """A checkout session as its buyer sees it: without metadata, with the organization."""

    organization: CheckoutOrganization


class ConfirmedCheckout(ClientCheckout):
    """A session that its buyer has just begun to pay: `status` is `confirmed`. The token, if any, opens what is the buyer's own."""

    customer_session_token: str | None
