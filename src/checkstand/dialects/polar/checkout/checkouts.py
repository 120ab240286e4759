"""`/v1/checkouts/`: the merchant's endpoints and the buyer's, under the client secret."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from starlette.responses import Response

from checkstand.code_tries import trying_code
from checkstand.dialects.polar.answers import checkout as answers
from checkstand.dialects.polar.answers.common import Page
from checkstand.dialects.polar.checkout import requests
from checkstand.dialects.polar.checkout.checkout_models import (
    VARIANTS,
    CheckoutConfirm,
    CheckoutCreate,
    CheckoutPriceCreate,
    CheckoutProductCreate,
    CheckoutProductsCreate,
    CheckoutUpdate,
    CheckoutUpdatePublic,
)
from checkstand.dialects.polar.shown import checkouts as translate_checkouts
from checkstand.dialects.polar.wire import paging
from checkstand.dialects.polar.wire.call import Api, Call
from checkstand.dialects.polar.wire.prices import meter_ids, told_with_prices
from checkstand.domain.catalog import Product
from checkstand.domain.checkout import Checkout, CheckoutStatus
from checkstand.domain.errors import NotFound
from checkstand.domain.organization import Organization
from checkstand.flows.checkout.checkout_request import CheckoutRequest
from checkstand.flows.checkout.confirm_checkout import confirm_checkout
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.checkout.current_prices import with_products_now
from checkstand.flows.checkout.explain_checkout import Account, explain_checkout
from checkstand.flows.checkout.read_checkout import find_by_secret, read_checkout, read_for_buyer, require_in_time
from checkstand.flows.checkout.update_checkout import update_checkout
from checkstand.flows.customers.customer_sessions import session_after_purchase
from checkstand.http import encode, with_ignored
from checkstand.store import checkouts
from checkstand.store.catalogue.meters import METERS

api = Api("Polar: checkouts")
READ = ("checkouts:read", "checkouts:write")
WRITE = ("checkouts:write",)


async def _shown(call: Call, value: Checkout) -> answers.Checkout:
    return _rendered(call, with_products_now(value, await _products_now(call, value)))


def _rendered(call: Call, value: Checkout) -> answers.Checkout:
    ports = call.ports
    return translate_checkouts.checkout(
        value, call.organization, public_url=ports.public_url(), publishable_key=ports.gateway.publishable_key
    )


async def _shown_to_buyer(call: Call, value: Checkout, organization: Organization) -> answers.ClientCheckout:
    ports = call.ports
    return translate_checkouts.client_checkout(
        with_products_now(value, await _products_now(call, value)),
        organization,
        public_url=ports.public_url(),
        publishable_key=ports.gateway.publishable_key,
    )


async def _products_now(call: Call, value: Checkout) -> Mapping[UUID, Product]:
    """The session's products as they are in the catalogue, where a session shows them until it is paid and afterwards."""
    return await call.ports.cache.products(value.organization_id, [product.id for product in value.products])


@api.route(
    "POST",
    "/checkouts/",
    scopes=WRITE,
    body=CheckoutProductsCreate | CheckoutProductCreate | CheckoutPriceCreate,
    status=201,
    answers=answers.Checkout,
    also=("/checkouts/custom/",),
)
async def create(call: Call) -> Response:
    """Create a checkout session.

    422 PolarRequestValidationError: a product, price, customer, subscription or discount that is unknown or cannot be used here;
    prices that cannot be combined; an amount, a number of seats or units, or a total that is too small or too large; a tax ID that
    is wrong or lacks its country; an answer that does not fit its custom field.
    """
    body = call.first_of(VARIANTS)
    request = await _request(call, body)
    with told_with_prices(body.prices or {}):
        created = await create_checkout(call.ports, call.organization, request)
    return call.json(await _shown(call, created), 201)


async def _request(call: Call, body: CheckoutCreate) -> CheckoutRequest:
    """The session that is asked for; its own prices are judged by what their products and meters are."""
    own = body.prices or {}
    named = meter_ids([price for listed in own.values() for price in listed])
    return requests.create_request(
        body,
        call.organization.settings,
        known=await call.ports.cache.products(call.organization.id, list(own)) if own else {},
        meters=await METERS.by_ids(call.ports.reads, call.organization.id, named) if named else {},
    )


class CheckoutListQuery(paging.ListQuery):
    sorting = paging.sorted_by(checkouts.SORTABLE)
    product_id = paging.ids()
    customer_id = paging.ids()
    external_customer_id = paging.words()
    status = paging.words_of([str(status) for status in CheckoutStatus], "CheckoutStatus")
    query = paging.word()


@api.route(
    "GET",
    "/checkouts/",
    scopes=READ,
    query=CheckoutListQuery,
    answers=Page[answers.Checkout],
    also=("/checkouts/custom/",),
)
async def search(call: Call) -> Response:
    """List checkout sessions."""
    asked = CheckoutListQuery(call)
    window = asked.window()
    wanted = checkouts.CheckoutFilter(
        product_ids=asked.product_id,
        customer_ids=asked.customer_id,
        external_customer_ids=asked.external_customer_id,
        statuses=asked.status,
        email_contains=asked.query,
    )
    page = await asked.found(window, checkouts.search, wanted)
    return call.json(paging.envelope([await _shown(call, item) for item in page.items], page, window.limit))


@api.route("GET", "/checkouts/{id}", scopes=READ, answers=answers.Checkout, also=("/checkouts/custom/{id}",))
async def get(call: Call) -> Response:
    """Read a checkout session. One that did not change is answered with the bytes that were made for it before.

    404 ResourceNotFound: no such session.
    """
    checkout_id = call.path_id()
    document = await checkouts.document(call.ports.reads, call.organization.id, checkout_id)
    if document is None:
        raise NotFound
    rendered, currency = call.services.rendered, call.organization.settings.default_currency
    offered = await call.ports.cache.products(call.organization.id, rendered.about(checkout_id))
    body = rendered.get(checkout_id, (document, currency, *offered.values()))
    if body is None:
        read = checkouts.read(document)
        now = await _products_now(call, read)
        made_of = (document, currency, *now.values())
        body = rendered.put(checkout_id, made_of, encode(_rendered(call, with_products_now(read, now))), about=now)
    return Response(body, media_type="application/json")


@api.route("GET", "/checkouts/{id}/explain", scopes=READ, answers=Account)
async def explain(call: Call) -> Response:
    """How a session's total came about, step by step. Ours; the original has no such endpoint.

    404 ResourceNotFound: no such session.
    """
    found = await read_checkout(call.ports, call.organization, call.path_id())
    return call.json(explain_checkout(found, call.organization, shown_id=str(found.id)))


@api.route(
    "PATCH",
    "/checkouts/{id}",
    scopes=WRITE,
    body=CheckoutUpdate,
    answers=answers.Checkout,
    refuses=(403, 409, 410),
    also=("/checkouts/custom/{id}",),
)
async def update(call: Call) -> Response:
    """Change an open checkout session.

    403 NotOpenCheckout: the session is no longer open. 404 ResourceNotFound: no such session. 409 CheckoutLocked: it is being
    changed at this moment. 422 PolarRequestValidationError: a product, price or currency that it does not offer, a discount that
    cannot be used, an amount, number or total outside of its bounds, a tax ID that is wrong or lacks its country, an answer that
    does not fit its custom field.
    """
    checkout_id = call.path_id()
    body = call.body(CheckoutUpdate)
    found = await read_checkout(call.ports, call.organization, checkout_id)
    changed = await update_checkout(
        call.ports, call.organization, found, requests.merchant_changes(body), by_merchant=True
    )
    return call.json(await _shown(call, changed))


_CLIENT = "/checkouts/client/{client_secret}"
_CLIENT_OLD = "/checkouts/custom/client/{client_secret}"


async def _sessions_buyer(call: Call) -> tuple[Organization, Checkout]:
    """The session that a client secret opens, and whose it is. Raises NotFound."""
    return await find_by_secret(call.ports, _secret(call))


@api.route("GET", _CLIENT, public=True, answers=answers.ClientCheckout, refuses=(410,), also=(_CLIENT_OLD,))
async def client_get(call: Call) -> Response:
    """Read a session as its buyer.

    404 ResourceNotFound: no such session. 410 ExpiredCheckoutError: its time is over.
    """
    organization, found = await read_for_buyer(call.ports, _secret(call))
    return call.json(await _shown_to_buyer(call, found, organization))


@api.route(
    "PATCH",
    _CLIENT,
    public=True,
    opened_by=_sessions_buyer,
    body=CheckoutUpdatePublic,
    answers=answers.ClientCheckout,
    refuses=(403, 409, 410, 429),
    also=(_CLIENT_OLD,),
)
async def client_update(call: Call) -> Response:
    """Change an open session as its buyer.

    403 NotOpenCheckout: the session is no longer open; DiscountRedemptionLimitReached: this customer has used the discount as
    often as one customer may. 404 ResourceNotFound: no such session. 409 CheckoutLocked: it is being changed at this moment. 410
    ExpiredCheckoutError: its time is over. 422 PolarRequestValidationError: a product, price or currency that it does not offer, a
    discount that cannot be used, an amount, number or total outside of its bounds, a tax ID that is wrong or lacks its country, an
    answer that does not fit its custom field. 429 TooManyRequests: too many wrong discount codes.
    """
    organization, found = call.buyers_session
    body = call.body(CheckoutUpdatePublic)
    require_in_time(call.ports, organization, found)
    changes = requests.buyer_changes(body)
    with trying_code(call.request, found.id, changes.discount_code):
        changed = await update_checkout(call.ports, organization, found, changes, by_merchant=False)
    if changes.discount_code and not found.options.allow_discount_codes:
        call.ignored = with_ignored(call.ignored, "discount_code")
    return call.json(await _shown_to_buyer(call, changed, organization))


@api.route(
    "POST",
    f"{_CLIENT}/confirm",
    public=True,
    opened_by=_sessions_buyer,
    body=CheckoutConfirm,
    answers=answers.ConfirmedCheckout,
    refuses=(400, 403, 409, 410, 429),
    also=(f"{_CLIENT_OLD}/confirm",),
)
async def client_confirm(call: Call) -> Response:
    """Pay. The answer says `confirmed`; the session is `succeeded` when the payment is settled.

    400 PaymentError: the payment was declined. 403 NotOpenCheckout: the session is no longer open; PaymentNotReady: the
    organization cannot take payments; DiscountRedemptionLimitReached: this customer has used the discount as often as one customer
    may. 404 ResourceNotFound: no such session. 409 CheckoutLocked: it is being changed or paid at this moment;
    CheckoutCustomerDeleted: its customer is gone. 410 ExpiredCheckoutError: its time is over. 422 PolarRequestValidationError:
    something is missing, is wrong as for a change, or holds no longer: a price, a discount, the total that was shown. 422
    CheckoutCustomerExternalIdMismatch: the external ID belongs to another e-mail address. 429 TooManyRequests: too many wrong
    discount codes.
    """
    organization, found = call.buyers_session
    body = call.body(CheckoutConfirm)
    require_in_time(call.ports, organization, found)
    changes = requests.confirm_changes(body)
    with trying_code(call.request, found.id, changes.discount_code):
        confirmed = await confirm_checkout(
            call.ports,
            organization,
            found,
            changes,
            confirmation_token=body.confirmation_token_id,
            return_url=f"{call.public_url}/checkout/{found.client_secret}/confirmation",
        )
    if changes.discount_code and not found.options.allow_discount_codes:
        call.ignored = with_ignored(call.ignored, "discount_code")
    settled = confirmed.settled
    shown = await _shown_to_buyer(call, settled, organization)
    token = await session_after_purchase(call.ports, call.services.authenticator, organization, settled.buyer)
    paid: answers.ConfirmedCheckout = {**shown, "status": CheckoutStatus.CONFIRMED, "customer_session_token": token}
    return call.json(paid)


@api.route("POST", f"{_CLIENT}/opened", public=True, also=(f"{_CLIENT_OLD}/opened",), hidden=True)
async def client_opened(call: Call) -> Response:
    """Note that the page was opened; later calls change nothing."""
    organization, found = await read_for_buyer(call.ports, _secret(call))
    return call.json(await _shown_to_buyer(call, found, organization))


def _secret(call: Call) -> str:
    """The client secret in the path; empty for one that is not spelled like Polar's, so that it is found nowhere."""
    text: str = call.request.path_params["client_secret"]
    return text if text.startswith("polar_c_") else ""
