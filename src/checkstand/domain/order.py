"""Orders: what was bought. Made once per checkout when it is paid, and never changed except by refunds.

Rule: the amounts are the session's; a trial's order is all zero with one item that says so; the billing
reason is `purchase` for one-time products and `subscription_create` for the first order of a repeating one.

Source: docs/behaviour/polar.md#orders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from checkstand.domain.address import Address
from checkstand.domain.catalog import Metadata
from checkstand.domain.checkout import Checkout
from checkstand.domain.customer import Customer
from checkstand.domain.dispute import Dispute
from checkstand.domain.payment import Attempt
from checkstand.domain.quote import QuoteLine, subtotal_and_discount
from checkstand.domain.refund import Refund
from checkstand.domain.tax import TaxShare

OrderStatus = Literal["pending", "paid", "refunded", "partially_refunded", "void"]
BillingReason = Literal["purchase", "subscription_create", "subscription_cycle", "subscription_update"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderItem:
    """One line of an order, in minor units; `amount_minor` is before the discount, `net_minor` after it and without tax.

    `taxes` are the parts of `tax_minor`; none in an order from before they were kept apart.
    """

    id: UUID
    product_id: UUID
    price_id: UUID
    label: str
    quantity: int
    amount_minor: int
    discount_minor: int
    tax_minor: int
    net_minor: int = 0
    taxes: tuple[TaxShare, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A purchase. `number` counts per organization without gaps, and so does `receipt_number`, which only paid ones have.

    `refunded_minor` and the tax in it are given back or on their way back: no more than what is left can be refunded.
    """

    id: UUID
    organization_id: UUID
    checkout_id: UUID
    customer_id: UUID
    product_id: UUID
    discount_id: UUID | None
    status: OrderStatus
    billing_reason: BillingReason
    number: int
    currency: str
    subtotal_minor: int
    discount_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    billing_name: str | None
    billing_address: Address | None
    items: tuple[OrderItem, ...]
    metadata: Metadata = field(default_factory=dict)
    custom_field_data: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    created_at: datetime
    modified_at: datetime | None = None
    refunded_minor: int = 0
    refunded_tax_minor: int = 0
    receipt_number: int | None = None
    has_invoice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A session with at least one try to pay, with all that came of it: what both APIs build their payments and orders from.

    `order` is None until it is paid, `customer` until one is known; `attempts`, `refunds` and `disputes` are oldest first.
    """

    checkout: Checkout
    attempts: tuple[Attempt, ...] = ()
    customer: Customer | None = None
    order: Order | None = None
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()


def from_checkout(
    checkout: Checkout,
    *,
    customer_id: UUID,
    number: int,
    receipt_number: int | None = None,
    new_id: Callable[[], UUID],
    now: datetime,
) -> Order:
    """The order that a paid session becomes. Its id is the one reserved when the session was confirmed."""
    assert checkout.order_id is not None, "a session is settled only after it was confirmed"
    quote = checkout.quote
    items = tuple(_item(line, new_id()) for line in quote.lines if line.quantity)
    due = [line for line in quote.lines if not line.is_deferred]
    subtotal, discount = subtotal_and_discount(due, quote.currency)
    return Order(
        id=checkout.order_id,
        organization_id=checkout.organization_id,
        checkout_id=checkout.id,
        customer_id=customer_id,
        product_id=checkout.selected.id,
        discount_id=checkout.discount_id,
        status="paid",
        billing_reason="subscription_create" if checkout.is_recurring else "purchase",
        number=number,
        currency=checkout.currency,
        subtotal_minor=subtotal,
        discount_minor=discount,
        net_minor=sum(line.net_minor for line in due),
        tax_minor=sum(line.tax_minor for line in due),
        total_minor=quote.due_minor,
        billing_name=checkout.buyer.billing_name or checkout.buyer.name,
        billing_address=checkout.buyer.address,
        items=items,
        metadata=checkout.metadata,
        custom_field_data=checkout.custom_field_data,
        created_at=now,
        receipt_number=receipt_number,
    )


def _item(line: QuoteLine, item_id: UUID) -> OrderItem:
    label = line.label if line.quantity == 1 else f"{line.label} × {line.quantity}"
    return OrderItem(
        id=item_id,
        product_id=line.product_id,
        price_id=line.price_id,
        label=f"Trial period for {line.label}" if line.is_deferred else label,
        quantity=line.quantity,
        amount_minor=0 if line.is_deferred else line.subtotal_minor,
        discount_minor=0 if line.is_deferred else line.discount_minor,
        tax_minor=0 if line.is_deferred else line.tax_minor,
        net_minor=0 if line.is_deferred else line.net_minor,
        taxes=() if line.is_deferred else line.tax_shares,
    )
