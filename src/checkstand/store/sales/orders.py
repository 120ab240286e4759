"""Orders and their items: written once, when a checkout is paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from checkstand.domain.order import Order, OrderItem
from checkstand.store.executor import Executor, Reader
from checkstand.store.field_mapping import selected
from checkstand.store.query import Page, Query
from checkstand.store.rows import Table

ITEMS = Table("order_items", OrderItem, owned=("organization_id", "order_id", "position"))
_ITEMS = f"""
    (
        SELECT {ITEMS.documents("order_items", order="position")}
        FROM order_items
        WHERE order_items.organization_id = orders.organization_id
          AND order_items.order_id = orders.id
    )
"""
ORDERS = Table("orders", Order, kept={"items": selected("items", _ITEMS, tuple[OrderItem, ...])})


async def add(db: Executor, order: Order) -> None:
    """Store a new order with its items. A second one for the same checkout is refused by constraint."""
    await ORDERS.insert(db, order)
    items = [
        (order.organization_id, order.id, position, *ITEMS.arguments(item)) for position, item in enumerate(order.items)
    ]
    await db.executemany(ITEMS.insertion, items)


async def note_invoice(db: Executor, organization_id: UUID, order_id: UUID, *, now: datetime) -> None:
    """The order has an invoice, or another revision of it."""
    await db.execute(
        """
        UPDATE orders
        SET has_invoice = true, modified_at = $3
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        order_id,
        now,
    )


SORTABLE = {
    "created_at": "created_at",
    "status": "status",
    "invoice_number": "number",
    "amount": "total_minor",
    "net_amount": "net_minor",
    "customer": "(SELECT email FROM customers c WHERE c.organization_id = orders.organization_id "
    "AND c.id = orders.customer_id)",
    "product": "(SELECT name FROM products p WHERE p.organization_id = orders.organization_id "
    "AND p.id = orders.product_id)",
    "discount": "discount_id",
    "subscription": "billing_reason",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What an order list may be narrowed by."""

    product_ids: tuple[UUID, ...] = ()
    customer_ids: tuple[UUID, ...] = ()
    external_customer_ids: tuple[str, ...] = ()
    checkout_ids: tuple[UUID, ...] = ()
    discount_ids: tuple[UUID, ...] = ()
    statuses: tuple[str, ...] = ()
    billing_types: tuple[str, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
    metadata: tuple[tuple[str, tuple[str, ...]], ...] = ()


async def search(
    db: Reader, organization_id: UUID, wanted: OrderFilter, *, sorting: Sequence[str], offset: int, limit: int
) -> Page[Order]:
    """A page of orders with the total count. `billing_types`: `one_time` or `recurring`."""
    query = await _filtered(db, organization_id, wanted)
    query.order_by(sorting, SORTABLE)
    return await ORDERS.page(db, query, offset=offset, limit=limit)


async def before(
    db: Reader, organization_id: UUID, wanted: OrderFilter, last: tuple[datetime, UUID] | None, *, limit: int
) -> Sequence[Order]:
    """The orders made before `last` (time and id of the one before), newest first: a walk that nothing can shift."""
    query = await _filtered(db, organization_id, wanted)
    query.older_than(last)
    return [ORDERS.read(row) for row in await query.newest(db, ORDERS.columns, limit=limit)]


async def _filtered(db: Reader, organization_id: UUID, wanted: OrderFilter) -> Query:
    query = Query("orders", organization_id)
    query.any_of("product_id", wanted.product_ids, "uuid")
    query.any_of("customer_id", wanted.customer_ids, "uuid")
    query.any_of("checkout_id", wanted.checkout_ids, "uuid")
    query.any_of("discount_id", wanted.discount_ids, "uuid")
    query.any_of("status", wanted.statuses, "text")
    await query.of_customers(db, wanted.external_customer_ids)
    if len(set(wanted.billing_types)) == 1:
        query.where(f"(billing_reason = 'purchase') = {query.bind(wanted.billing_types[0] == 'one_time')}::boolean")
    for key, values in wanted.metadata:
        query.where(f"metadata ->> {query.bind(key)}::text = ANY({query.bind(list(values))}::text[])")
    query.at_least("created_at", wanted.created_after)
    query.at_most("created_at", wanted.created_before)
    return query
