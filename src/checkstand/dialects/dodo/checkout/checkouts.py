"""`/checkouts`: create a session, ask beforehand what it would cost, and read how it stands.

Source: docs/behaviour/dodo.md#creating-a-session and docs/behaviour/dodo.md#reading-a-session.
"""

from __future__ import annotations

import contextlib
from uuid import UUID

from starlette.responses import Response

from checkstand.dialects.dodo.answers.preview import Preview
from checkstand.dialects.dodo.answers.session import CreatedSession, SessionStatus
from checkstand.dialects.dodo.checkout import preview, requests, short_links
from checkstand.dialects.dodo.shown import sales
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.models import CheckoutIn
from checkstand.dialects.dodo.wire.words import shown, shown_or_none
from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import PaymentDeclined
from checkstand.domain.ids import DodoPrefix
from checkstand.flows.checkout.choose_method import PaymentChoice
from checkstand.flows.checkout.confirm_checkout import confirm_checkout
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.checkout.explain_checkout import Account, explain_checkout
from checkstand.flows.checkout.read_checkout import read_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.flows.orders.read_sale import sales_of_checkouts

api = Api("Dodo: checkout sessions")
READ = ("checkouts:read", "checkouts:write")
WRITE = ("checkouts:write",)


@api.route("POST", "/checkouts", scopes=WRITE, body=CheckoutIn, answers=CreatedSession, keyed=True)
async def create(call: Call) -> Response:
    """Create a checkout session.

    With a payment method that is charged at once: 403 MERCHANT_NOT_LIVE: the business cannot take payments; 409 CUSTOMER_DELETED:
    its customer is gone; 503 DISCOUNT_CONCURRENT_REDEMPTION: somebody else was faster. In any case: 422 PRODUCT_CART_EMTPY: no
    product. NOT_FOUND: an unknown product, product collection, customer or payment method. PRODUCT_IS_DELETED: an archived
    product. MISSING_PRODUCT_INFORMATION: a draft, or a product without a price. BRAND_MISMATCH: products of several brands.
    EXCHANGE_RATE_NOT_FOUND: no price in the cart's currency. UNSUPPORTED_CURRENCY: nothing can be charged in it.
    UNSUPPORTED_COUNTRY. INVALID_QUANTITY: other than 1 of what is billed by usage, or 0 with confirm.
    PAY_AS_YOU_WANT_AMOUNT_REQUIRED, REQUEST_AMOUNT_BELOW_MINIMUM: an amount that is missing or too small.
    TOTAL_PAYMENT_AMOUNT_BELOW_MINIMUM_AMOUNT. MISSING_ADDON_IDS: an add-on that is unknown, or not the product's.
    DUPLICATE_ADDON_IDS_IN_REQUEST. ADDONS_IN_USAGE_BASED_BILLING_NOT_SUPPORTED. ON_DEMAND_SUBSCRIPTIONS_NOT_ENABLED.
    NO_ELIGIBLE_PAYMENT_METHODS. INVALID_TAX_ID. INVALID_DISCOUNT_CODE, DISCOUNT_NOT_YET_ACTIVE, DISCOUNT_CODE_EXPIRED,
    DISCOUNT_CODE_USAGE_LIMIT_EXCEEDED, DISCOUNT_NOT_AVAILABLE_FOR_PRODUCT, DISCOUNT_MINIMUM_SUBTOTAL_NOT_MET,
    DISCOUNT_PER_CUSTOMER_USAGE_LIMIT_EXCEEDED, DISCOUNT_CUSTOMER_NOT_ELIGIBLE: a discount code that cannot be used.
    INVALID_REQUEST_PARAMETERS: anything else in the cart that cannot be sold, such as an amount or a total that is too large.
    """
    body = call.body(CheckoutIn)
    request = await requests.create_request(call.ports, call.organization, body)
    created = await create_checkout(call.ports, call.organization, request)
    method_id = requests.method_id_of(body)
    if method_id is not None:
        await charge(call, created, method_id)
        charged: CreatedSession = {
            "session_id": shown(DodoPrefix.CHECKOUT_SESSION, created.id),
            "checkout_url": None,
            "payment_id": shown_or_none(DodoPrefix.PAYMENT, created.order_id),
        }
        return call.json(charged)
    answer: CreatedSession = {
        "session_id": shown(DodoPrefix.CHECKOUT_SESSION, created.id),
        "checkout_url": await short_links.checkout_url(call.ports, call.organization, created),
    }
    if created.order_id is not None:
        answer["payment_id"] = shown(DodoPrefix.PAYMENT, created.order_id)
    return call.json(answer)


async def charge(call: Call, created: Checkout, method_id: UUID) -> None:
    """Charge a saved method now; there is no page to go to. How it ended is told by the payment, a decline as well."""
    back = f"{call.ports.public_url()}{created.page_path}/confirmation"
    with contextlib.suppress(PaymentDeclined):
        await confirm_checkout(
            call.ports,
            call.organization,
            created,
            CheckoutChanges(),
            confirmation_token=None,
            return_url=back,
            pay_with=PaymentChoice(method_id=method_id),
        )


@api.route("POST", "/checkouts/preview", scopes=READ, body=CheckoutIn, answers=Preview)
async def preview_checkout(call: Call) -> Response:
    """See what a checkout session would cost. Nothing is stored. There are no translations, so `locale` changes nothing.

    A wrong tax id is told in the answer. 422 PRODUCT_CART_EMTPY: no product. NOT_FOUND: an unknown product, product collection,
    customer or payment method. PRODUCT_IS_DELETED: an archived product. MISSING_PRODUCT_INFORMATION: a draft, or a product without
    a price. BRAND_MISMATCH: products of several brands. EXCHANGE_RATE_NOT_FOUND: no price in the cart's currency.
    UNSUPPORTED_CURRENCY: nothing can be charged in it. UNSUPPORTED_COUNTRY. INVALID_QUANTITY: other than 1 of what is billed by
    usage, or 0 with confirm. PAY_AS_YOU_WANT_AMOUNT_REQUIRED, REQUEST_AMOUNT_BELOW_MINIMUM: an amount that is missing or too
    small. TOTAL_PAYMENT_AMOUNT_BELOW_MINIMUM_AMOUNT. MISSING_ADDON_IDS: an add-on that is unknown, or not the product's.
    DUPLICATE_ADDON_IDS_IN_REQUEST. ADDONS_IN_USAGE_BASED_BILLING_NOT_SUPPORTED. ON_DEMAND_SUBSCRIPTIONS_NOT_ENABLED.
    NO_ELIGIBLE_PAYMENT_METHODS. INVALID_DISCOUNT_CODE, DISCOUNT_NOT_YET_ACTIVE, DISCOUNT_CODE_EXPIRED,
    DISCOUNT_CODE_USAGE_LIMIT_EXCEEDED, DISCOUNT_NOT_AVAILABLE_FOR_PRODUCT, DISCOUNT_MINIMUM_SUBTOTAL_NOT_MET: a discount code that
    cannot be used. INVALID_REQUEST_PARAMETERS: anything else in the cart that cannot be sold, such as an amount or a total that is
    too large.
    """
    return call.json(await preview.document(call, call.body(CheckoutIn)))


@api.route("GET", "/checkouts/{id}", scopes=READ, answers=SessionStatus)
async def get(call: Call) -> Response:
    """Read how a checkout session stands.

    404 NOT_FOUND: no such session.
    """
    checkout_id = call.path_id(DodoPrefix.CHECKOUT_SESSION)
    found = await read_checkout(call.ports, call.organization, checkout_id)
    sale = (await sales_of_checkouts(call.ports, call.organization, [found]))[0]
    return call.json(sales.session(sale))


@api.route("GET", "/checkouts/{id}/explain", scopes=READ, answers=Account)
async def explain(call: Call) -> Response:
    """How a session's total came about, step by step. Ours; the original has no such endpoint.

    404 NOT_FOUND: no such session.
    """
    checkout_id = call.path_id(DodoPrefix.CHECKOUT_SESSION)
    found = await read_checkout(call.ports, call.organization, checkout_id)
    return call.json(explain_checkout(found, call.organization, shown_id=shown(DodoPrefix.CHECKOUT_SESSION, found.id)))
