"""Orders as they are answered, with the deprecated keys that old clients require (docs/behaviour/polar.md#orders)."""

from __future__ import annotations

from typing_extensions import TypedDict

from checkstand.answers import Minor, Moment, Url, Uuid
from checkstand.dialects.polar.answers.common import Address, CurrencyCode, Metadata
from checkstand.dialects.polar.answers.customer import Customer
from checkstand.dialects.polar.answers.discount import DiscountWithoutProducts
from checkstand.dialects.polar.answers.price import Price
from checkstand.dialects.polar.answers.product import ProductWithoutPrices
from checkstand.domain.fields import Answer
from checkstand.domain.order import BillingReason, OrderStatus


class OrderItem(TypedDict):
    """One line of an order. `amount` is before the discount and without tax."""

    id: Uuid
    created_at: Moment
    modified_at: None
    label: str
    amount: Minor
    tax_amount: Minor
    proration: bool
    product_price_id: Uuid | None
    start_timestamp: None
    end_timestamp: None


class OrderUser(TypedDict):
    """The customer in the form that older clients know."""

    id: Uuid
    email: str
    public_name: str
    avatar_url: Url | None
    github_username: None


class Order(TypedDict):
    """What came of a paid session. `net_amount` is after the discount and without tax, `total_amount` with it.

    `refunded_amount` and `refundable_amount` are net, and their tax is told beside them.
    What follows `description` is for clients of older versions: `amount` is the net amount, `user` is the customer.
    """

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    status: OrderStatus
    paid: bool
    subtotal_amount: Minor
    discount_amount: Minor
    net_amount: Minor
    tax_amount: Minor
    total_amount: Minor
    applied_balance_amount: Minor
    due_amount: Minor
    refunded_amount: Minor
    refunded_tax_amount: Minor
    refundable_amount: Minor
    refundable_tax_amount: Minor
    currency: CurrencyCode
    billing_reason: BillingReason
    billing_name: str | None
    billing_address: Address | None
    invoice_number: str
    is_invoice_generated: bool
    receipt_number: str | None
    seats: int | None
    units: int | None
    customer_id: Uuid
    product_id: Uuid
    discount_id: Uuid | None
    subscription_id: None
    checkout_id: Uuid
    next_payment_attempt_at: None
    metadata: Metadata
    custom_field_data: dict[str, Answer]
    platform_fee_amount: Minor
    platform_fee_currency: None
    customer: Customer
    product: ProductWithoutPrices
    discount: DiscountWithoutProducts | None
    subscription: None
    items: list[OrderItem]
    description: str
    amount: Minor
    from_balance_amount: Minor
    product_price_id: Uuid
    product_price: Price
    user_id: Uuid
    user: OrderUser


class DocumentAddress(TypedDict):
    """Where a printed document is, for a day."""

    url: Url
