"""Read what came of sessions: an order or payment with its session, tries and customer, put together from few statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from checkstand.domain.checkout import Checkout
from checkstand.domain.dispute import Dispute
from checkstand.domain.errors import NotFound
from checkstand.domain.order import Order, Sale
from checkstand.domain.organization import Organization
from checkstand.domain.refund import Refund
from checkstand.flows.ports import Ports
from checkstand.store import checkouts
from checkstand.store.executor import Executor
from checkstand.store.people.customers import CUSTOMERS
from checkstand.store.sales import disputes, orders, payments, refunds
from checkstand.store.sales.orders import ORDERS


async def sale_of_order(ports: Ports, organization: Organization, order_id: UUID) -> Sale:
    """A paid order as a sale. Raises NotFound."""
    order = await ORDERS.by_id(ports.db, organization.id, order_id)
    if order is None:
        raise NotFound
    return (await sales_of_orders(ports, organization, [order]))[0]


async def sales_of_orders(ports: Ports, organization: Organization, found: Sequence[Order]) -> list[Sale]:
    """Orders as sales, in the same order."""
    return await sales_within(ports.db, organization.id, found)


async def sales_within(db: Executor, organization_id: UUID, found: Sequence[Order]) -> list[Sale]:
    """The same, read through an open transaction: what it has written is seen."""
    wanted = [order.checkout_id for order in found]
    sessions = {item.id: item for item in await checkouts.by_ids(db, organization_id, wanted)}
    attempts = await payments.of_checkouts(db, organization_id, wanted)
    people = await CUSTOMERS.by_ids(db, organization_id, [order.customer_id for order in found])
    returned, disputed = await _money_back(db, organization_id, found)
    return [
        Sale(
            checkout=sessions[order.checkout_id],
            attempts=attempts.get(order.checkout_id, ()),
            customer=people.get(order.customer_id),
            order=order,
            refunds=returned.get(order.id, ()),
            disputes=disputed.get(order.id, ()),
        )
        for order in found
    ]


async def _money_back(
    db: Executor, organization_id: UUID, found: Iterable[Order]
) -> tuple[dict[UUID, tuple[Refund, ...]], dict[UUID, tuple[Dispute, ...]]]:
    """Refunds and disputes by order. An order that nothing was written to since it was made has none: most are not asked for."""
    changed = [order.id for order in found if order.modified_at is not None or order.refunded_minor]
    if not changed:
        return {}, {}
    returned = await refunds.of_orders(db, organization_id, changed)
    return returned, await disputes.of_orders(db, organization_id, changed)


async def sale_of_payment(ports: Ports, organization: Organization, payment_id: UUID) -> Sale:
    """A sale by the order id that its session reserved, paid or not (what Dodo calls a payment). Raises NotFound."""
    checkout = await checkouts.by_order_id(ports.db, organization.id, payment_id)
    if checkout is None:
        raise NotFound
    return (await sales_of_checkouts(ports, organization, [checkout]))[0]


async def sales_of_checkouts(ports: Ports, organization: Organization, found: Sequence[Checkout]) -> list[Sale]:
    """Sessions as sales, in the same order; three statements for all of them."""
    attempts = await payments.of_checkouts(ports.db, organization.id, [checkout.id for checkout in found])
    people = await CUSTOMERS.by_ids(
        ports.db,
        organization.id,
        [checkout.buyer.customer_id for checkout in found if checkout.buyer.customer_id is not None],
    )
    wanted = orders.OrderFilter(checkout_ids=tuple(checkout.id for checkout in found))
    bought = await orders.search(ports.db, organization.id, wanted, sorting=(), offset=0, limit=max(1, len(found)))
    by_checkout = {order.checkout_id: order for order in bought.items} if found else {}
    returned, disputed = await _money_back(ports.db, organization.id, by_checkout.values())
    sales = []
    for checkout in found:
        order = by_checkout.get(checkout.id)
        sale = Sale(
            checkout=checkout,
            attempts=attempts.get(checkout.id, ()),
            customer=people.get(checkout.buyer.customer_id) if checkout.buyer.customer_id else None,
            order=order,
            refunds=returned.get(order.id, ()) if order else (),
            disputes=disputed.get(order.id, ()) if order else (),
        )
        sales.append(sale)
    return sales
