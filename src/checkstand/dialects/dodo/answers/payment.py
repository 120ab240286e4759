"""Payments as they are answered (docs/behaviour/dodo.md#payments): whole, within a list, and line by line."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from checkstand.answers import Empty, Minor, Moment, Url
from checkstand.dialects.dodo.answers.common import BillingAddress, CountryCode, CurrencyCode, Notes
from checkstand.dialects.dodo.answers.customer import Buyer
from checkstand.dialects.dodo.answers.discount import DiscountSummary
from checkstand.dialects.dodo.answers.dispute import DisputeOfPayment, DisputeStatus, Provider
from checkstand.dialects.dodo.answers.refund import RefundInList

PaymentStatus = Literal[
    "requires_payment_method",
    "requires_customer_action",
    "processing",
    "partially_captured",
    "succeeded",
    "failed",
    "cancelled",
]


class PaymentSummary(TypedDict):
    """What a payment and its entry in a list have in common."""

    payment_id: str
    brand_id: str
    created_at: Moment
    currency: CurrencyCode
    customer: Buyer
    digital_products_delivered: bool
    metadata: Notes
    payment_method: str | None
    payment_method_type: str | None
    status: PaymentStatus
    subscription_id: None
    total_amount: Minor
    card_last_four: str | None
    card_network: str | None
    card_type: Literal["credit", "debit"] | None
    card_exp_month: str | None
    card_exp_year: str | None
    charge_type: None
    checkout_session_id: str
    includes_usage: bool
    invoice_id: str | None
    invoice_url: Url | None
    is_multi_subscription: bool
    is_update_payment_method: bool
    payment_provider: Provider
    refund_status: Literal["full", "partial"] | None
    retry_attempt: int
    service_periods: Empty
    subscription_ids: Empty
    three_ds_flow: None
    three_ds_status: None
    three_ds_version: None


class PaymentInList(PaymentSummary):
    """A payment without its details. Status and card are the latest try's, and so is the dispute's status."""

    dispute_status: DisputeStatus | None
    has_license_key: bool


class PaymentInstrument(TypedDict):
    """How a payment was made. `payment_method` is the family, such as `wallet`; the month has two digits, the year four."""

    payment_method: str | None
    payment_method_type: str | None
    card_last_four: str | None
    card_network: str | None
    card_type: Literal["credit", "debit"] | None
    card_issuing_country: CountryCode | None
    card_holder_name: str | None
    card_exp_month: str | None
    card_exp_year: str | None


class PaymentError(TypedDict):
    """Why a payment failed. The message is for the merchant."""

    error_code: str | None
    error_message: str | None


class CartItem(TypedDict):
    """One product of a payment."""

    product_id: str
    quantity: int


class CustomFieldResponse(TypedDict):
    """What a buyer answered to a question of the merchant's."""

    key: str
    value: str


class PaymentDiscount(DiscountSummary):
    """A discount of a payment. `position` is its place in the order in which they were taken, from 0."""

    position: int
    cycles_remaining: None


class Payment(PaymentSummary):
    """A payment. Status, card and error are the latest try's.

    `settlement_` amounts are in the currency of the prices, the others in the one that was paid in, both in its smallest unit. Taxes
    are null until money moves.
    """

    business_id: str
    tax: Minor | None
    settlement_amount: Minor
    settlement_currency: CurrencyCode
    settlement_tax: Minor | None
    card_issuing_country: CountryCode | None
    card_holder_name: str | None
    billing: BillingAddress
    product_cart: list[CartItem]
    discount_id: str | None
    discounts: list[PaymentDiscount] | None
    payment_link: Url | None
    error_code: str | None
    error_message: str | None
    refunds: list[RefundInList]
    disputes: list[DisputeOfPayment]
    custom_field_responses: list[CustomFieldResponse] | None
    payment_method_id: str | None
    updated_at: Moment | None


class LineItem(TypedDict):
    """One line of what was bought. `amount` is after discounts and without `tax`; `refundable_amount` contains tax."""

    items_id: str
    name: str
    description: str | None
    amount: Minor
    tax: Minor
    refundable_amount: Minor


class LineItems(TypedDict):
    """What a payment is for, line by line."""

    currency: CurrencyCode
    partial_refund_allowed: bool
    items: list[LineItem]


class CartEntry(TypedDict):
    """A line of the cart as it was asked for."""

    product_id: str
    quantity: int


class CreatedPayment(TypedDict):
    """A payment that was made without a session of the merchant's own. `payment_link`: its page, where that was asked for."""

    payment_id: str
    client_secret: str
    total_amount: Minor
    customer: Buyer
    metadata: Notes
    payment_link: Url | None
    expires_on: Moment
    discount_id: str | None
    discount_ids: list[str] | None
    product_cart: list[CartEntry]
