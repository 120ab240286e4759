"""`/payments`: what came of sessions with at least one try to pay (docs/behaviour/dodo.md#payments)."""

from __future__ import annotations

from starlette.responses import Response

from checkstand.dialects.dodo.answers.common import Page
from checkstand.dialects.dodo.answers.payment import LineItems, Payment, PaymentInList
from checkstand.dialects.dodo.catalogue import brands
from checkstand.dialects.dodo.shown import sales
from checkstand.dialects.dodo.wire import paging
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.domain.currency import DODO_CURRENCIES
from checkstand.domain.ids import DodoPrefix
from checkstand.flows.orders.read_sale import sale_of_payment, sales_of_checkouts
from checkstand.store.sales import payment_list
from checkstand.store.sales.payment_list import PaymentFilter

api = Api("Dodo: payments")
READ = ("payments:read", "orders:read", "orders:write")


class PaymentListQuery(paging.PageQuery):
    status = paging.one_of(sales.INTENT_STATUSES)
    created_at_gte = paging.moment()
    created_at_lte = paging.moment()
    currency = paging.one_of(sorted(DODO_CURRENCIES))
    brand_id = paging.word()
    subscription_id = paging.word()
    customer_id = paging.identity(DodoPrefix.CUSTOMER)
    product_id = paging.identity(DodoPrefix.PRODUCT)


@api.route("GET", "/payments", scopes=READ, query=PaymentListQuery, answers=Page[PaymentInList])
async def search(call: Call) -> Response:
    """List payments, newest first."""
    asked = PaymentListQuery(call)
    part = asked.window()
    try:
        wanted = _filter(call, asked)
    except paging.Nothing:
        return call.json(paging.envelope([]))
    page = await payment_list.search(
        call.ports.reads, call.organization.id, wanted, offset=part.offset, limit=part.limit
    )
    found = await sales_of_checkouts(call.ports, call.organization, list(page.items))
    url = call.ports.public_url()
    items = [sales.payment_in_list(sale, call.organization, public_url=url) for sale in found]
    return call.json(paging.envelope(items))


def _filter(call: Call, asked: PaymentListQuery) -> PaymentFilter:
    """Raises Refused for a filter that makes no sense, Nothing for one that no payment can meet."""
    status, currency = asked.status, asked.currency
    created_after, created_before = asked.created_at_gte, asked.created_at_lte
    brand_ids, has_brand = brands.filtered(call, asked.brand_id)
    if asked.subscription_id is not None:
        raise paging.Nothing
    return PaymentFilter(
        customer_id=asked.customer_id,
        product_id=asked.product_id,
        brand_ids=brand_ids,
        has_brand=has_brand,
        currency=currency,
        created_after=created_after,
        created_before=created_before,
        by_state=status is not None,
        tried=tuple(str(state) for state, name in sales.STATUSES.items() if name == status),
        untried=tuple(str(state) for state, name in sales.UNTRIED.items() if name == status),
    )


@api.route("GET", "/payments/{id}", scopes=READ, answers=Payment)
async def get(call: Call) -> Response:
    """Read a payment.

    404 NOT_FOUND: no such payment.
    """
    sale = await sale_of_payment(call.ports, call.organization, call.path_id(DodoPrefix.PAYMENT))
    return call.json(sales.payment(sale, call.organization, public_url=call.ports.public_url()))


@api.route("GET", "/payments/{id}/line-items", scopes=READ, answers=LineItems)
async def line_items(call: Call) -> Response:
    """Read what a payment is for, line by line.

    404 NOT_FOUND: no such payment.
    """
    sale = await sale_of_payment(call.ports, call.organization, call.path_id(DodoPrefix.PAYMENT))
    return call.json(sales.line_items(sale))
