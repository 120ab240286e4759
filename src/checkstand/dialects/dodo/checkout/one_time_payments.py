"""`POST /payments`: a payment without a session of the merchant's own, the older way to be paid.

It is a session that is confirmed at once, read from another body and told as the payment that it has from the start.

Source: docs/behaviour/dodo.md#one-time-payments.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, model_validator
from starlette.responses import Response

from checkstand.dialects.dodo.answers.payment import CreatedPayment
from checkstand.dialects.dodo.checkout import checkouts, requests, short_links
from checkstand.dialects.dodo.shown import sales
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.models import (
    MOST_PRODUCTS,
    AddressIn,
    AttachedCustomerIn,
    Base,
    CartItemIn,
    CheckoutIn,
    Currency,
    CustomerIn,
    Many,
    Metadata,
    Method,
    Text,
    Url,
    check_codes,
    unique,
)
from checkstand.dialects.dodo.wire.words import moment, notes, shown, shown_or_none
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.orders.read_sale import sales_of_checkouts

api = Api("Dodo: payments")


class PaymentIn(Base):
    """`POST /payments`: what a session takes, under the names of its own time."""

    billing: AddressIn
    customer: CustomerIn
    product_cart: Annotated[list[CartItemIn], Field(max_length=MOST_PRODUCTS)]
    allowed_payment_method_types: Annotated[list[Method], Many, AfterValidator(unique)] | None = None
    billing_currency: Currency | None = None
    discount_code: Text = None
    metadata: Metadata | None = None
    payment_link: bool | None = None
    return_url: Url = None
    show_saved_payment_methods: bool = False
    tax_id: Text = None
    adaptive_currency_fees_inclusive: bool | None = None
    customer_business_name: Text = None
    discount_codes: Annotated[list[Text], Field(max_length=20)] | None = None
    force_3ds: bool | None = None
    payment_method_id: Text = None
    redirect_immediately: bool = False
    require_phone_number: bool = False
    short_link: bool | None = None

    @model_validator(mode="after")
    def _consistent(self) -> PaymentIn:
        check_codes(self.discount_code, self.discount_codes)
        if self.payment_method_id is not None and not isinstance(self.customer, AttachedCustomerIn):
            raise ValueError("payment_method_id needs customer.customer_id")
        return self

    def as_session(self) -> CheckoutIn:
        """The session that comes to the same."""
        given = {name: _plain(getattr(self, name)) for name in self.model_fields_set - _OWN}
        flags = {name: getattr(self, name) for name in ("redirect_immediately", "require_phone_number")}
        session = {ADDRESS: _plain(self.billing), "feature_flags": flags, "short_link": bool(self.short_link)}
        return CheckoutIn.model_validate({**given, **session, "confirm": True, "minimal_address": True})


ADDRESS = "billing_address"
# What a session has under another name, or not at all.
_OWN = {"billing", "payment_link", "redirect_immediately", "require_phone_number", "short_link"}


def _plain(value: object) -> object:
    """The value as it came in the body."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    return [_plain(item) for item in value] if isinstance(value, list) else value


@contextlib.contextmanager
def _told_of_payment() -> Iterator[None]:
    """What is wrong with the session, told of the body that it was read from: there the address is `billing`."""
    try:
        yield
    except Invalid as refused:
        raise Invalid([_of_payment(problem) for problem in refused.problems]) from refused


def _of_payment(problem: Problem) -> Problem:
    where = tuple("billing" if part == ADDRESS else part for part in problem.where)
    is_list_of_names = problem.code is ProblemCode.CONFIRM_INCOMPLETE
    given = str(problem.given).replace(ADDRESS, "billing") if is_list_of_names else problem.given
    return replace(problem, where=where, given=given)


@api.route("POST", "/payments", scopes=checkouts.WRITE, body=PaymentIn, answers=CreatedPayment, keyed=True)
async def create(call: Call) -> Response:
    """Create a payment, and with `payment_link: true` the page where it is paid. New programs create a checkout session instead.

    With a payment method that is charged at once: 403 MERCHANT_NOT_LIVE: the business cannot take payments; 409 CUSTOMER_DELETED:
    its customer is gone; 503 DISCOUNT_CONCURRENT_REDEMPTION: somebody else was faster. In any case: 422 PRODUCT_CART_EMTPY: no
    product. NOT_FOUND: an unknown product, customer or payment method. PRODUCT_IS_DELETED: an archived product.
    MISSING_PRODUCT_INFORMATION: a draft, or a product without a price. BRAND_MISMATCH: products of several brands.
    EXCHANGE_RATE_NOT_FOUND: no price in the currency. UNSUPPORTED_CURRENCY: nothing can be charged in it. UNSUPPORTED_COUNTRY.
    INVALID_QUANTITY: 0, or other than 1 of what is billed by usage. PAY_AS_YOU_WANT_AMOUNT_REQUIRED,
    REQUEST_AMOUNT_BELOW_MINIMUM: an amount that is missing or too small. TOTAL_PAYMENT_AMOUNT_BELOW_MINIMUM_AMOUNT.
    MISSING_ADDON_IDS: an add-on that is unknown, or not the product's. DUPLICATE_ADDON_IDS_IN_REQUEST.
    ADDONS_IN_USAGE_BASED_BILLING_NOT_SUPPORTED. NO_ELIGIBLE_PAYMENT_METHODS. INVALID_TAX_ID. INVALID_DISCOUNT_CODE,
    DISCOUNT_NOT_YET_ACTIVE, DISCOUNT_CODE_EXPIRED, DISCOUNT_CODE_USAGE_LIMIT_EXCEEDED, DISCOUNT_NOT_AVAILABLE_FOR_PRODUCT,
    DISCOUNT_MINIMUM_SUBTOTAL_NOT_MET, DISCOUNT_PER_CUSTOMER_USAGE_LIMIT_EXCEEDED, DISCOUNT_CUSTOMER_NOT_ELIGIBLE: a discount code
    that cannot be used. INVALID_REQUEST_PARAMETERS: anything else in the cart that cannot be sold, or details that are missing.
    """
    given = call.body(PaymentIn)
    body = given.as_session()
    with _told_of_payment():
        request = await requests.create_request(call.ports, call.organization, body)
        wanted = body.billing_currency
        if wanted is not None and wanted not in (request.currency, request.wanted_currency):
            raise Invalid.single(ProblemCode.CURRENCY_UNAVAILABLE, "billing_currency", given=wanted)
        created = await create_checkout(call.ports, call.organization, request)
    method_id = requests.method_id_of(body)
    if method_id is not None:
        await checkouts.charge(call, created, method_id)
    sale = (await sales_of_checkouts(call.ports, call.organization, [created]))[0]
    has_page = bool(given.payment_link) and method_id is None
    answer: CreatedPayment = {
        "payment_id": shown_or_none(DodoPrefix.PAYMENT, created.order_id) or "",
        "client_secret": created.client_secret,
        "total_amount": created.quote.due_minor,
        "customer": sales.buyer(sale),
        "metadata": notes(created.metadata),
        "payment_link": await short_links.checkout_url(call.ports, call.organization, created) if has_page else None,
        "expires_on": moment(created.expires_at),
        "discount_id": shown_or_none(DodoPrefix.DISCOUNT, created.discount_id),
        "discount_ids": [shown(DodoPrefix.DISCOUNT, one.id) for one in created.discounts] or None,
        "product_cart": [{"product_id": item.product_id, "quantity": item.quantity} for item in given.product_cart],
    }
    return call.json(answer)
