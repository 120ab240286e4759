"""`/payments`: what came of sessions that somebody tried to pay (dodo.md 5.5)."""

from __future__ import annotations

from starlette.responses import Response

from checkstand.dialects.dodo import paging, sales
from checkstand.dialects.dodo.call import Api, Call
from checkstand.domain.currency import DODO_CURRENCIES
from checkstand.domain.ids import DodoPrefix
from checkstand.flows.read_sale import sale_of_payment, sales_of_checkouts
from checkstand.store import payment_list
from checkstand.store.payment_list import PaymentFilter

api = Api("Dodo: payments")
READ = ("payments:read", "orders:read", "orders:write")


@api.route("GET", "/payments", scopes=READ)
async def search(call: Call) -> Response:
    """List payments, newest first."""
    part = paging.window(call)
    try:
        wanted = _filter(call)
    except paging.Nothing:
        return call.json(paging.envelope([]))
    page = await payment_list.search(call.ports.db, call.organization.id, wanted, offset=part.offset, limit=part.limit)
    found = await sales_of_checkouts(call.ports, call.organization, list(page.items))
    url = call.ports.public_url()
    items = [sales.payment_in_list(sale, call.organization, public_url=url) for sale in found]
    return call.json(paging.envelope(items))


def _filter(call: Call) -> PaymentFilter:
    """Raises Refused for a filter that makes no sense, Nothing for one that no payment can meet."""
    status = paging.choice(call, "status", sales.INTENT_STATUSES)
    created_after, created_before = paging.time(call, "created_at_gte"), paging.time(call, "created_at_lte")
    currency = paging.choice(call, "currency", sorted(DODO_CURRENCIES))
    paging.brand(call)
    if paging.text(call, "subscription_id") is not None:
        raise paging.Nothing
    return PaymentFilter(
        customer_id=paging.identity(call, "customer_id", DodoPrefix.CUSTOMER),
        product_id=paging.identity(call, "product_id", DodoPrefix.PRODUCT),
        currency=currency,
        created_after=created_after,
        created_before=created_before,
        by_state=status is not None,
        tried=tuple(str(state) for state, name in sales.STATUSES.items() if name == status),
        untried=tuple(str(state) for state, name in sales.UNTRIED.items() if name == status),
    )


@api.route("GET", "/payments/{id}", scopes=READ)
async def get(call: Call) -> Response:
    """Read a payment."""
    sale = await sale_of_payment(call.ports, call.organization, call.path_id(DodoPrefix.PAYMENT))
    return call.json(sales.payment(sale, call.organization, public_url=call.ports.public_url()))


@api.route("GET", "/payments/{id}/line-items", scopes=READ)
async def line_items(call: Call) -> Response:
    """Read what a payment is for, line by line."""
    sale = await sale_of_payment(call.ports, call.organization, call.path_id(DodoPrefix.PAYMENT))
    return call.json(sales.line_items(sale))
