"""`/v1/orders/` and `/v1/payments/` (polar.md 10.4, 10.9)."""

from __future__ import annotations

from starlette.responses import Response

from checkstand.dialects.polar import paging, sales
from checkstand.dialects.polar.call import Api, Call
from checkstand.domain.errors import NotFound
from checkstand.flows.read_sale import sale_of_order, sales_of_checkouts, sales_of_orders
from checkstand.store import checkouts, orders, payments
from checkstand.store.query import Page

api = Api("Polar: orders")
READ = ("orders:read", "orders:write")
PAYMENTS = ("payments:read",)
STATUSES = ("draft", "pending", "paid", "refunded", "partially_refunded", "void")


@api.route("GET", "/orders/", scopes=READ)
async def search(call: Call) -> Response:
    """List orders."""
    window = paging.window(call, orders.SORTABLE)
    wanted = orders.OrderFilter(
        product_ids=paging.uuids(call, "product_id"),
        customer_ids=paging.uuids(call, "customer_id"),
        external_customer_ids=paging.texts(call, "external_customer_id"),
        checkout_ids=paging.uuids(call, "checkout_id"),
        discount_ids=paging.uuids(call, "discount_id"),
        statuses=paging.texts(call, "status", STATUSES),
        billing_types=paging.texts(call, "product_billing_type", ("one_time", "recurring")),
        created_after=paging.time(call, "created_after"),
        created_before=paging.time(call, "created_before"),
        metadata=paging.metadata(call),
    )
    if paging.is_elsewhere(call) or paging.uuids(call, "subscription_id"):
        return call.json(paging.NOTHING)
    page = await orders.search(
        call.ports.db,
        call.organization.id,
        wanted,
        sorting=window.sorting,
        offset=window.offset,
        limit=window.limit,
    )
    found = await sales_of_orders(call.ports, call.organization, page.items)
    shown = [sales.order(sale, call.organization) for sale in found]
    return call.json(paging.envelope(shown, page, window.limit))


@api.route("GET", "/orders/{id}", scopes=READ)
async def get(call: Call) -> Response:
    """Read an order."""
    sale = await sale_of_order(call.ports, call.organization, call.path_id())
    return call.json(sales.order(sale, call.organization))


@api.route("GET", "/payments/", scopes=PAYMENTS)
async def search_payments(call: Call) -> Response:
    """List payments: every try of every session, declined ones too."""
    window = paging.window(call, payments.SORTABLE)
    wanted = payments.AttemptFilter(
        checkout_ids=paging.uuids(call, "checkout_id"),
        order_ids=paging.uuids(call, "order_id"),
        customer_ids=paging.uuids(call, "customer_id"),
        statuses=paging.texts(call, "status", ("pending", "succeeded", "failed")),
        methods=paging.texts(call, "method"),
        emails=paging.texts(call, "customer_email"),
    )
    if paging.is_elsewhere(call):
        return call.json(paging.NOTHING)
    page = await payments.search(
        call.ports.db,
        call.organization.id,
        wanted,
        sorting=window.sorting,
        offset=window.offset,
        limit=window.limit,
    )
    sessions = await checkouts.by_ids(
        call.ports.db, call.organization.id, [attempt.checkout_id for attempt in page.items]
    )
    found = {sale.checkout.id: sale for sale in await sales_of_checkouts(call.ports, call.organization, sessions)}
    shown = [sales.payment(attempt, found[attempt.checkout_id]) for attempt in page.items]
    return call.json(paging.envelope(shown, Page(page.items, page.total), window.limit))


@api.route("GET", "/payments/{id}", scopes=PAYMENTS)
async def get_payment(call: Call) -> Response:
    """Read a payment."""
    attempt = await payments.by_id(call.ports.db, call.organization.id, call.path_id())
    if attempt is None:
        raise NotFound
    sessions = await checkouts.by_ids(call.ports.db, call.organization.id, [attempt.checkout_id])
    sale = (await sales_of_checkouts(call.ports, call.organization, sessions))[0]
    return call.json(sales.payment(attempt, sale))
