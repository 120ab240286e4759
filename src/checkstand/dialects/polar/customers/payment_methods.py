"""`/v1/customers/{id}/payment-methods` and the same by the merchant's own id (docs/behaviour/polar.md#customers)."""

from __future__ import annotations

from starlette.responses import Response

from checkstand.dialects.polar.answers.common import Page
from checkstand.dialects.polar.answers.payment_method import (
    PaymentMethod,
    PaymentMethodBase,
    PaymentMethodCardMetadata,
)
from checkstand.dialects.polar.customers.customers import by_external_id, by_id
from checkstand.dialects.polar.wire import paging
from checkstand.dialects.polar.wire.call import Api, Call
from checkstand.dialects.polar.wire.words import moment
from checkstand.domain.customer import Customer
from checkstand.domain.saved_method import SavedMethod
from checkstand.store.people import payment_methods

api = Api("Polar: payment methods")
READ = ("customers:read", "customers:write")


@api.route(
    "GET",
    "/customers/external/{external_id}/payment-methods",
    scopes=READ,
    query=paging.UnsortedQuery,
    answers=Page[PaymentMethod],
)
async def payment_methods_external(call: Call) -> Response:
    """The saved payment methods of a customer by the merchant's own id.

    404 ResourceNotFound: no such customer.
    """
    return await _found(call, await by_external_id(call))


@api.route(
    "GET", "/customers/{id}/payment-methods", scopes=READ, query=paging.UnsortedQuery, answers=Page[PaymentMethod]
)
async def payment_methods_of(call: Call) -> Response:
    """The saved payment methods of a customer.

    404 ResourceNotFound: no such customer.
    """
    return await _found(call, await by_id(call))


async def _found(call: Call, customer: Customer) -> Response:
    window = paging.UnsortedQuery(call).window()
    page = await payment_methods.search(
        call.ports.reads, call.organization.id, customer.id, offset=window.offset, limit=window.limit
    )
    return call.json(paging.envelope([_method(item) for item in page.items], page, window.limit))


def _method(value: SavedMethod) -> PaymentMethod:
    """A card (also one in a wallet) with what may be shown of it; anything else by its kind. No method is a customer's default."""
    used = value.instrument
    shown: PaymentMethodBase = {
        "id": str(value.id),
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "processor": "stripe",
        "customer_id": str(value.customer_id),
        "is_default": False,
    }
    if not (used.brand and used.last_four and used.exp_month and used.exp_year):
        return {**shown, "type": used.method}
    card: PaymentMethodCardMetadata = {
        "brand": used.brand,
        "last4": used.last_four,
        "exp_month": used.exp_month,
        "exp_year": used.exp_year,
        "wallet": None if used.method == "card" else used.method,
    }
    return {**shown, "type": "card", "method_metadata": card}
