"""Orders and payments on Polar's wire: what came of a paid session.

Source: docs/behaviour/polar.md#orders and docs/behaviour/polar.md#payments.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from checkstand.dialects.polar.answers import order as answers
from checkstand.dialects.polar.answers.payment import Payment, PaymentStatus
from checkstand.dialects.polar.customers import customer_views
from checkstand.dialects.polar.shown.discounts import discount_without_products
from checkstand.dialects.polar.shown.prices import price
from checkstand.dialects.polar.shown.products import order_product
from checkstand.dialects.polar.wire.words import address, moment, uuid
from checkstand.domain.document import invoice_number, receipt_number
from checkstand.domain.order import Order, OrderItem, Sale
from checkstand.domain.organization import Organization
from checkstand.domain.payment import Attempt, AttemptStatus
from checkstand.domain.refund_shares import whole
from checkstand.domain.refunding import returned_of
from checkstand.domain.terms import SeatBased, UnitBased


def order(sale: Sale, organization: Organization) -> answers.Order:
    """An order with the deprecated keys. The sale must have one."""
    value, buyer = sale.order, sale.customer
    assert value is not None, "only a paid session has an order"
    assert buyer is not None, "an order has a customer"
    bought = sale.checkout.product(value.product_id)
    customer = customer_views.customer(buyer)
    email = buyer.email or sale.checkout.buyer.email or ""
    returned, left = returned_of(sale.refunds), whole(value)
    return {
        "id": str(value.id),
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "status": value.status,
        "paid": value.status in ("paid", "refunded", "partially_refunded"),
        "subtotal_amount": value.subtotal_minor,
        "discount_amount": value.discount_minor,
        "net_amount": value.net_minor,
        "tax_amount": value.tax_minor,
        "total_amount": value.total_minor,
        "applied_balance_amount": 0,
        "due_amount": value.total_minor,
        "refunded_amount": returned.net_minor,
        "refunded_tax_amount": returned.tax_minor,
        "refundable_amount": left.net_left,
        "refundable_tax_amount": left.tax_left,
        "currency": value.currency.lower(),
        "billing_reason": value.billing_reason,
        "billing_name": value.billing_name,
        "billing_address": address(value.billing_address),
        "invoice_number": invoice_number(organization.slug, value.number),
        "is_invoice_generated": value.has_invoice,
        "receipt_number": receipt_number(value.receipt_number) if value.receipt_number else None,
        "seats": sale.checkout.seats,
        "units": sale.checkout.units,
        "customer_id": str(value.customer_id),
        "product_id": str(value.product_id),
        "discount_id": uuid(value.discount_id),
        "subscription_id": None,
        "checkout_id": str(value.checkout_id),
        "next_payment_attempt_at": None,
        "metadata": dict(value.metadata),
        "custom_field_data": dict(value.custom_field_data),
        "platform_fee_amount": 0,
        "platform_fee_currency": None,
        "customer": customer,
        "product": order_product(bought),
        "discount": discount_without_products(sale.checkout.discount, organization),
        "subscription": None,
        "items": [_item(item, sale) for item in value.items],
        "description": bought.name,
        "amount": value.net_minor,
        "from_balance_amount": 0,
        "product_price_id": str(value.items[0].price_id),
        "product_price": price(sale.checkout.selected_price, sale.checkout.selected),
        "user_id": str(value.customer_id),
        "user": {
            "id": str(value.customer_id),
            "email": email,
            "public_name": (buyer.name or email)[:1],
            "avatar_url": customer_views.avatar_url(email),
            "github_username": None,
        },
    }


def _item(item: OrderItem, sale: Sale) -> answers.OrderItem:
    assert sale.order is not None, "an item belongs to an order"
    return {
        "id": str(item.id),
        "created_at": moment(sale.order.created_at),
        "modified_at": None,
        "label": _label(item, sale, sale.order),
        "amount": item.amount_minor,
        "tax_amount": item.tax_minor,
        "proration": False,
        "product_price_id": None if _is_trial(item, sale) else str(item.price_id),
        "start_timestamp": None,
        "end_timestamp": None,
    }


def _label(item: OrderItem, sale: Sale, value: Order) -> str:
    """What was bought: `Team (3 seats)`, `Calls (5 calls)`, `Trial period for Team (Jun 1, 2027 - Jun 15, 2027)`."""
    if _is_trial(item, sale) and sale.checkout.trial_end is not None:
        return f"{item.label} ({_day(value.created_at)} - {_day(sale.checkout.trial_end)})"
    product = sale.checkout.product(item.product_id)
    found = product.price(item.price_id)
    if found is None or not isinstance(found.terms, SeatBased | UnitBased):
        return item.label
    return f"{product.name} ({item.quantity} {_noun(found.terms, item.quantity)})"


def _is_trial(item: OrderItem, sale: Sale) -> bool:
    """Whether an item stands for the time that costs nothing yet: it is sold at no price then."""
    return any(line.is_deferred for line in sale.checkout.quote.lines if line.price_id == item.price_id)


def _noun(terms: SeatBased | UnitBased, count: int) -> str:
    """What is counted, in the merchant's own English word where there is one."""
    form = "one" if count == 1 else "other"
    if isinstance(terms, SeatBased):
        return "seat" if count == 1 else "seats"
    own = (terms.unit_label or {}).get("en") or {}
    return own.get(form) or own.get("other") or ("unit" if count == 1 else "units")


def _day(at: datetime) -> str:
    return f"{at:%b} {at.day}, {at.year}"


_STATUS: Mapping[AttemptStatus, PaymentStatus] = {
    AttemptStatus.SUCCEEDED: "succeeded",
    AttemptStatus.DECLINED: "failed",
    AttemptStatus.CANCELED: "failed",
}


def payment(attempt: Attempt, sale: Sale) -> Payment:
    """One try: how a merchant sees the declines of a session. Its trigger is told with the verdict, its order once it is paid."""
    instrument, status = attempt.instrument, _STATUS.get(attempt.status, "pending")
    shown: Payment = {
        "id": str(attempt.id),
        "created_at": moment(attempt.created_at),
        "modified_at": moment(attempt.modified_at),
        "processor": "stripe",
        "status": status,
        "amount": attempt.amount_minor,
        "currency": attempt.currency.lower(),
        "method": instrument.method if instrument else "card",
        "trigger": None if status == "pending" else "purchase",
        "decline_reason": attempt.decline_code,
        "decline_message": attempt.decline_message,
        "organization_id": str(attempt.organization_id),
        "checkout_id": str(attempt.checkout_id),
        "order_id": str(sale.order.id) if sale.order and status == "succeeded" else None,
        "processor_metadata": {},
    }
    if instrument is None or instrument.method == "card":
        shown["method_metadata"] = {
            "brand": (instrument.brand if instrument else None) or "unknown",
            "last4": (instrument.last_four if instrument else None) or "0000",
        }
    return shown
