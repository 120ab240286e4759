"""A Dodo payment: the order that a session reserved, with its tries. Status, card and error are the latest try's.

All keys of the contract era, the current additions, and the keys that the strict framework adapters demand are always there.
Before a verdict there may be no customer yet: their id is then an empty text, which the contract's type allows.

Source: docs/behaviour/dodo.md#payments.
"""

from __future__ import annotations

from collections.abc import Mapping

from checkstand.answers import only
from checkstand.dialects.dodo.answers.customer import Buyer
from checkstand.dialects.dodo.answers.discount import DiscountSummary
from checkstand.dialects.dodo.answers.dispute import Provider
from checkstand.dialects.dodo.answers.payment import (
    CustomFieldResponse,
    LineItem,
    LineItems,
    Payment,
    PaymentDiscount,
    PaymentError,
    PaymentInList,
    PaymentInstrument,
    PaymentStatus,
    PaymentSummary,
)
from checkstand.dialects.dodo.answers.session import SessionStatus, TaxNote
from checkstand.dialects.dodo.shown import returns
from checkstand.dialects.dodo.shown.products import business_id
from checkstand.dialects.dodo.wire import discount_models
from checkstand.dialects.dodo.wire.words import billing, moment, notes, shown, shown_brand, shown_or_none
from checkstand.domain.address import Address
from checkstand.domain.checkout import Checkout, CheckoutStatus
from checkstand.domain.fields import as_text
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.methods import MethodKind, kind_of
from checkstand.domain.order import Order, Sale
from checkstand.domain.organization import Organization
from checkstand.domain.payment import Attempt, AttemptStatus, Instrument
from checkstand.domain.quote import QuoteLine
from checkstand.domain.refund_shares import parts_of

STATUSES: Mapping[AttemptStatus, PaymentStatus] = {
    AttemptStatus.STARTED: "processing",
    AttemptStatus.REQUIRES_ACTION: "requires_customer_action",
    AttemptStatus.PROCESSING: "processing",
    AttemptStatus.PARTIALLY_CAPTURED: "partially_captured",
    AttemptStatus.SUCCEEDED: "succeeded",
    AttemptStatus.DECLINED: "failed",
    AttemptStatus.CANCELED: "cancelled",
}
UNTRIED: Mapping[CheckoutStatus, PaymentStatus] = {
    CheckoutStatus.OPEN: "requires_payment_method",
    CheckoutStatus.CONFIRMED: "processing",
    CheckoutStatus.SUCCEEDED: "succeeded",
    CheckoutStatus.FAILED: "failed",
    CheckoutStatus.EXPIRED: "cancelled",
}
# Money has moved, or is on its way. Before that there is no tax of a payment, and no method that paid it.
_SETTLING = frozenset({"succeeded", "processing", "partially_captured"})
INTENT_STATUSES = (
    "succeeded",
    "failed",
    "cancelled",
    "processing",
    "requires_customer_action",
    "requires_merchant_action",
    "requires_payment_method",
    "requires_confirmation",
    "requires_capture",
    "partially_captured",
    "partially_captured_and_capturable",
)
# docs/behaviour/dodo.md#failure-codes: every failure code there is, soft and hard.
_FAILURE_CODES = """
    AUTHENTICATION_FAILURE AUTHENTICATION_REQUIRED AUTHENTICATION_TIMEOUT CARD_NOT_ACTIVATED CARD_VELOCITY_EXCEEDED
    CUSTOMER_CANCELLED GENERIC_DECLINE INCORRECT_CVC INCORRECT_NUMBER INSUFFICIENT_FUNDS INVALID_AMOUNT
    INVALID_CARD_NUMBER INVALID_CARD_OWNER INVALID_CVC INVALID_EXPIRY_YEAR INVALID_PIN INVALID_REQUEST INVALID_UPI_ID
    LIMIT_EXCEEDED LIVE_MODE_TEST_CARD MANDATE_INVALID MANDATE_REQUIRED NETWORK_ERROR NETWORK_TIMEOUT
    ORDER_CREATION_FAILED PROCESSING_ERROR REENTER_TRANSACTION TRY_AGAIN_LATER UNKNOWN_ERROR
    CARD_DECLINED DO_NOT_HONOR EXPIRED_CARD FRAUDULENT INVALID_ACCOUNT LOST_CARD MANDATE_REQUIRED_SYSTEM
    PAYMENT_METHOD_PROVIDER_DECLINED PAYMENT_METHOD_UNSUPPORTED PICKUP_CARD PROVIDER_UNSUPPORTED
    REVOCATION_OF_AUTHORIZATION STOLEN_CARD TRANSACTION_NOT_ALLOWED TRANSACTION_NOT_APPROVED
"""
FAILURE_CODES = frozenset(_FAILURE_CODES.split())
# Codes of ours that the original spells otherwise.
_RENAMED = {
    "invalid_expiry": "INVALID_EXPIRY_YEAR",
    "live_in_test": "INVALID_CARD_NUMBER",
    "unknown_token": "INVALID_REQUEST",
    "voucher_expired": "TRANSACTION_NOT_APPROVED",
    "too_many_declines": "TRY_AGAIN_LATER",
}
# The family that a method is told under, beside its own name.
_FAMILIES = {
    MethodKind.WALLET: "wallet",
    MethodKind.REDIRECT: "bank_redirect",
    MethodKind.UPI: "upi",
    MethodKind.VOUCHER: "bank_transfer",
    MethodKind.DEBIT: "bank_debit",
    MethodKind.PAY_LATER: "pay_later",
}


def failure_code(decline_code: str) -> str:
    """The original's code for a decline.

    >>> failure_code("insufficient_funds"), failure_code("something_else")
    ('INSUFFICIENT_FUNDS', 'UNKNOWN_ERROR')
    """
    code = _RENAMED.get(decline_code, decline_code.upper())
    return code if code in FAILURE_CODES else "UNKNOWN_ERROR"


def status_of(sale: Sale) -> PaymentStatus:
    """The payment's status: the latest try's, else what the session's own says."""
    if sale.attempts and sale.checkout.status is not CheckoutStatus.SUCCEEDED:
        return STATUSES[sale.attempts[-1].status]
    return UNTRIED[sale.checkout.status]


def payment(sale: Sale, organization: Organization, *, public_url: str, attempt: Attempt | None = None) -> Payment:
    """The payment as it is now; with `attempt`, as that try left it (an event tells of one try)."""
    checkout = sale.checkout
    assert checkout.order_id is not None, "a session has a payment once somebody tried to pay"
    latest = attempt or (sale.attempts[-1] if sale.attempts else None)
    status = STATUSES[attempt.status] if attempt else status_of(sale)
    business = business_id(organization)
    total, tax = _amounts(sale)
    base = checkout.base_quote
    settled, settled_tax = (base.due_minor, base.tax_due_minor) if base else (total, tax)
    has_settled = status in _SETTLING
    created = sale.attempts[0].created_at if sale.attempts else checkout.created_at
    return {
        "payment_id": shown(DodoPrefix.PAYMENT, checkout.order_id),
        "business_id": business,
        "brand_id": shown_brand(organization.id, checkout.selected.brand_id),
        "total_amount": total,
        "currency": checkout.currency,
        "tax": tax if has_settled else None,
        "settlement_amount": settled,
        "settlement_currency": checkout.price_currency,
        "settlement_tax": settled_tax if has_settled else None,
        "status": status,
        **_instrument(latest.instrument if latest else None, has_settled=has_settled),
        "customer": buyer(sale),
        "billing": billing(_address(sale), country=organization.settings.country or "US"),
        "metadata": notes(checkout.metadata),
        "product_cart": [
            {"product_id": shown(DodoPrefix.PRODUCT, line.product_id), "quantity": line.quantity}
            for line in checkout.lines
            if line.part_of is None
        ],
        "subscription_id": None,
        "subscription_ids": [],
        "checkout_session_id": shown(DodoPrefix.CHECKOUT_SESSION, checkout.id),
        "discount_id": shown_or_none(DodoPrefix.DISCOUNT, checkout.discount_id),
        "discounts": _discounts(checkout, organization),
        "payment_link": public_url + checkout.page_path if checkout.dialect == "dodo" else None,
        **_error(latest, status),
        "digital_products_delivered": False,
        "refunds": [returns.refund(item, organization) for item in sale.refunds],
        "refund_status": returns.refund_status(sale.order),
        "disputes": [returns.dispute(item, organization) for item in sale.disputes],
        "custom_field_responses": _answers(checkout),
        "invoice_id": shown(DodoPrefix.INVOICE, sale.order.id) if sale.order else None,
        "invoice_url": invoice_url(public_url, sale.order) if sale.order else None,
        "charge_type": None,
        "includes_usage": False,
        "is_multi_subscription": False,
        "is_update_payment_method": False,
        "payment_method_id": shown_or_none(DodoPrefix.PAYMENT_METHOD, latest.method_id) if latest else None,
        "payment_provider": provider(latest),
        "retry_attempt": 0,
        "service_periods": [],
        "three_ds_flow": None,
        "three_ds_status": None,
        "three_ds_version": None,
        "created_at": moment(created),
        "updated_at": moment(latest.modified_at) if latest and latest.modified_at else None,
    }


def invoice_url(public_url: str, order: Order) -> str:
    """The address of a payment's invoice, which opens without a key."""
    return f"{public_url}/invoices/payments/{shown(DodoPrefix.PAYMENT, order.id)}"


def _amounts(sale: Sale) -> tuple[int, int]:
    """What is charged and the tax in it: the order's once there is one, before that what would be taken today."""
    if sale.order is not None:
        return sale.order.total_minor, sale.order.tax_minor
    return sale.checkout.quote.due_minor, sale.checkout.quote.tax_due_minor


def _discounts(checkout: Checkout, organization: Organization) -> list[PaymentDiscount] | None:
    """The discounts in the order they were taken. A payment that is no subscription's has no cycles left."""
    shown_whole = [discount_models.discount(one, organization) for one in checkout.discounts]
    return [
        {**only(DiscountSummary, whole), "position": position, "cycles_remaining": None}
        for position, whole in enumerate(shown_whole)
    ] or None


def _address(sale: Sale) -> Address | None:
    if sale.order is not None and sale.order.billing_address is not None:
        return sale.order.billing_address
    return sale.checkout.buyer.address


def buyer(sale: Sale) -> Buyer:
    """The short form of a customer, or of the buyer who will become one."""
    known, given = sale.customer, sale.checkout.buyer
    customer_id = known.id if known else given.customer_id
    # A team may have no e-mail: its session has the owner's. Who was deleted is not told of again.
    email = given.email if known is None or (known.email is None and known.deleted_at is None) else known.email
    return {
        "customer_id": shown(DodoPrefix.CUSTOMER, customer_id) if customer_id else "",
        "email": email or "",
        "name": (known.name if known else given.name) or "",
        "metadata": notes(known.metadata) if known else {},
        "phone_number": known.phone if known else given.phone,
    }


def _instrument(value: Instrument | None, *, has_settled: bool) -> PaymentInstrument:
    """How it was paid. What was free was paid with nothing; before money moves no method has paid it."""
    if value is None or value.method == "none":
        value = None
    family, name = _method(value) if value and has_settled else (None, None)
    return {
        "payment_method": family,
        "payment_method_type": name,
        "card_last_four": value.last_four if value else None,
        "card_network": value.brand.lower() if value and value.brand else None,
        "card_type": value.funding if value else None,
        "card_issuing_country": value.country if value else None,
        "card_holder_name": value.holder if value else None,
        "card_exp_month": f"{value.exp_month:02d}" if value and value.exp_month else None,
        "card_exp_year": str(value.exp_year) if value and value.exp_year else None,
    }


def _method(value: Instrument) -> tuple[str, str]:
    """The family of a method, and its own name."""
    kind = kind_of(value.method)
    family = _FAMILIES.get(kind, value.method) if kind else value.method
    return family, (value.funding or "credit") if value.method == "card" else value.method


def _error(latest: Attempt | None, status: PaymentStatus) -> PaymentError:
    """Null unless it failed. The message is for the merchant."""
    if latest is None or latest.decline_code is None or status != "failed":
        return {"error_code": None, "error_message": None}
    return {"error_code": failure_code(latest.decline_code), "error_message": latest.decline_message}


def _answers(checkout: Checkout) -> list[CustomFieldResponse] | None:
    """What the buyer answered to the merchant's own questions: values are texts."""
    given = checkout.custom_field_data
    return [
        {"key": slug, "value": as_text(asked.field, given[slug])}
        for asked in checkout.fields
        if given.get(slug := asked.field.slug) is not None
    ] or None


def payment_in_list(sale: Sale, organization: Organization, *, public_url: str) -> PaymentInList:
    """A list's item: the payment without its details."""
    whole = payment(sale, organization, public_url=public_url)
    disputed = returns.DISPUTE_STATUSES[sale.disputes[-1].status] if sale.disputes else None
    return {**only(PaymentSummary, whole), "dispute_status": disputed, "has_license_key": False}


def line_items(sale: Sale) -> LineItems:
    """Each line of what was bought; only what was paid can be given back."""
    lines = [line for line in sale.checkout.quote.lines if line.quantity or line.part_of is None]
    labels = [item.label for item in sale.order.items] if sale.order else [line.label for line in lines]
    left = [part.left for part in parts_of(sale.order, sale.refunds)] if sale.order else [0] * len(lines)
    return {
        "currency": sale.checkout.currency,
        "partial_refund_allowed": True,  # by every method here
        "items": [_line_item(sale, *item) for item in zip(lines, labels, left, strict=True)],
    }


def _line_item(sale: Sale, line: QuoteLine, label: str, refundable_minor: int) -> LineItem:
    product = sale.checkout.product(line.product_id)
    prefix = DodoPrefix.ADDON if product.kind == "addon" else DodoPrefix.PRODUCT
    net, tax = (0, 0) if line.is_deferred else (line.net_minor, line.tax_minor)
    return {
        "items_id": shown(prefix, line.product_id),
        "name": label,
        "description": product.description,
        "amount": net,
        "tax": tax,
        "refundable_amount": refundable_minor,
    }


def provider(attempt: Attempt | None) -> Provider:
    """The gateway's name as the original spells it: it knows `stripe`, `adyen` and its own."""
    return "stripe" if attempt is not None and attempt.gateway == "stripe" else "dodo"


def session(sale: Sale) -> SessionStatus:
    """`GET /checkouts/{id}`: nulls until the first try to pay (docs/behaviour/dodo.md#reading-a-session). `expires_at` is ours."""
    checkout, buyer = sale.checkout, sale.checkout.buyer
    has_payment = checkout.order_id is not None
    return {
        "id": shown(DodoPrefix.CHECKOUT_SESSION, checkout.id),
        "created_at": moment(checkout.created_at),
        "customer_email": sale.customer.email if sale.customer else buyer.email,
        "customer_name": (sale.customer.name if sale.customer else None) or buyer.name,
        "payment_id": shown_or_none(DodoPrefix.PAYMENT, checkout.order_id),
        "payment_status": status_of(sale) if has_payment else None,
        "expires_at": moment(checkout.expires_at),
        **tax_note(checkout),
    }


def tax_note(checkout: Checkout) -> TaxNote:
    """Why no tax is charged, where an invoice has to say so (two keys of ours); nothing elsewhere."""
    note = checkout.reverse_charge_note
    return {"tax_reason": "reverse_charge", "tax_note": note} if note else {}
