"""`/v1/orders/` and `/v1/payments/` (docs/behaviour/polar.md#orders and docs/behaviour/polar.md#payments)."""

from __future__ import annotations

from starlette.responses import Response

from checkstand.dialects.polar.answers import common
from checkstand.dialects.polar.answers.order import Order
from checkstand.dialects.polar.answers.payment import Payment
from checkstand.dialects.polar.shown import sales
from checkstand.dialects.polar.wire import paging
from checkstand.dialects.polar.wire.call import Api, Call
from checkstand.domain.errors import NotFound
from checkstand.flows.orders.read_sale import sale_of_order, sales_of_checkouts, sales_of_orders
from checkstand.store import checkouts
from checkstand.store.query import Page
from checkstand.store.sales import orders, payments
from checkstand.store.sales.payments import ATTEMPTS

api = Api("Polar: orders")
READ = ("orders:read",)
PAYMENTS = ("payments:read",)
STATUSES = ("draft", "pending", "paid", "refunded", "partially_refunded", "void")


class OrderListQuery(paging.ListQuery):
    sorting = paging.sorted_by(orders.SORTABLE)
    product_id = paging.ids()
    customer_id = paging.ids()
    external_customer_id = paging.words()
    checkout_id = paging.ids()
    discount_id = paging.ids()
    subscription_id = paging.ids()
    status = paging.words_of(STATUSES, "OrderStatus")
    product_billing_type = paging.words_of(("one_time", "recurring"), "ProductBillingType")
    created_after = paging.moment()
    created_before = paging.moment()
    metadata = paging.pairs()


@api.route("GET", "/orders/", scopes=READ, query=OrderListQuery, answers=common.Page[Order])
async def search(call: Call) -> Response:
    """List orders."""
    asked = OrderListQuery(call)
    window = asked.window()
    wanted = orders.OrderFilter(
        product_ids=asked.product_id,
        customer_ids=asked.customer_id,
        external_customer_ids=asked.external_customer_id,
        checkout_ids=asked.checkout_id,
        discount_ids=asked.discount_id,
        statuses=asked.status,
        billing_types=asked.product_billing_type,
        created_after=asked.created_after,
        created_before=asked.created_before,
        metadata=asked.metadata,
    )
    of_subscriptions = asked.subscription_id
    page = await asked.found(window, orders.search, wanted, is_empty=bool(of_subscriptions))
    found = await sales_of_orders(call.ports, call.organization, page.items)
    shown = [sales.order(sale, call.organization) for sale in found]
    return call.json(paging.envelope(shown, page, window.limit))


@api.route("GET", "/orders/{id}", scopes=READ, answers=Order)
async def get(call: Call) -> Response:
    """Read an order.

    404 ResourceNotFound: no such order.
    """
    sale = await sale_of_order(call.ports, call.organization, call.path_id())
    return call.json(sales.order(sale, call.organization))


class PaymentListQuery(paging.ListQuery):
    sorting = paging.sorted_by(payments.SORTABLE)
    checkout_id = paging.ids()
    order_id = paging.ids()
    customer_id = paging.ids()
    status = paging.words_of(("pending", "succeeded", "failed"), "PaymentStatus")
    method = paging.words()
    customer_email = paging.words()


@api.route("GET", "/payments/", scopes=PAYMENTS, query=PaymentListQuery, answers=common.Page[Payment])
async def search_payments(call: Call) -> Response:
    """List payments: every try of every session, declined ones too."""
    asked = PaymentListQuery(call)
    window = asked.window()
    wanted = payments.AttemptFilter(
        checkout_ids=asked.checkout_id,
        order_ids=asked.order_id,
        customer_ids=asked.customer_id,
        statuses=asked.status,
        methods=asked.method,
        emails=asked.customer_email,
    )
    page = await asked.found(window, payments.search, wanted)
    sessions = await checkouts.by_ids(
        call.ports.reads, call.organization.id, [attempt.checkout_id for attempt in page.items]
    )
    found = {sale.checkout.id: sale for sale in await sales_of_checkouts(call.ports, call.organization, sessions)}
    shown = [sales.payment(attempt, found[attempt.checkout_id]) for attempt in page.items]
    return call.json(paging.envelope(shown, Page(page.items, page.total), window.limit))


@api.route("GET", "/payments/{id}", scopes=PAYMENTS, answers=Payment)
async def get_payment(call: Call) -> Response:
    """Read a payment.

    404 ResourceNotFound: no such payment.
    """
    attempt = await ATTEMPTS.by_id(call.ports.reads, call.organization.id, call.path_id())
    if attempt is None:
        raise NotFound
    sessions = await checkouts.by_ids(call.ports.reads, call.organization.id, [attempt.checkout_id])
    sale = (await sales_of_checkouts(call.ports, call.organization, sessions))[0]
    return call.json(sales.payment(attempt, sale))
