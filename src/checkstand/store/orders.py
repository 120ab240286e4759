"""Orders and their items: written once, when a checkout is paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from checkstand.domain.address import Address
from checkstand.domain.order import Order, OrderItem
from checkstand.store.codec import decode, decode_plain, encode
from checkstand.store.database import Executor
from checkstand.store.query import Page, Query

_ITEMS = """
    (
        SELECT json_agg(json_build_object(
            'id', id, 'product_id', product_id, 'price_id', price_id, 'label', label, 'quantity', quantity,
            'amount_minor', amount_minor, 'discount_minor', discount_minor, 'tax_minor', tax_minor, 'net_minor', net_minor,
            'taxes', taxes
        ) ORDER BY position)
        FROM order_items
        WHERE order_items.organization_id = orders.organization_id
          AND order_items.order_id = orders.id
    ) AS items
"""
_COLUMNS = f"""
    orders.organization_id, orders.id, orders.checkout_id, orders.customer_id, orders.product_id, orders.discount_id,
    orders.status, orders.billing_reason, orders.number, orders.currency, orders.subtotal_minor, orders.discount_minor,
    orders.net_minor, orders.tax_minor, orders.total_minor, orders.billing_name, orders.billing_address,
    orders.metadata, orders.custom_field_data, orders.created_at, orders.modified_at,
    orders.refunded_minor, orders.refunded_tax_minor, orders.receipt_number, orders.has_invoice, {_ITEMS}
"""


def _order(row: asyncpg.Record) -> Order:
    address = row["billing_address"]
    return Order(
        id=row["id"],
        organization_id=row["organization_id"],
        checkout_id=row["checkout_id"],
        customer_id=row["customer_id"],
        product_id=row["product_id"],
        discount_id=row["discount_id"],
        status=row["status"],
        billing_reason=row["billing_reason"],
        number=row["number"],
        currency=row["currency"],
        subtotal_minor=row["subtotal_minor"],
        discount_minor=row["discount_minor"],
        net_minor=row["net_minor"],
        tax_minor=row["tax_minor"],
        total_minor=row["total_minor"],
        billing_name=row["billing_name"],
        billing_address=decode(Address, address) if address is not None else None,
        items=decode(tuple[OrderItem, ...], row["items"]) if row["items"] is not None else (),
        metadata=decode_plain(row["metadata"]),
        custom_field_data=decode_plain(row["custom_field_data"]),
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        refunded_minor=row["refunded_minor"],
        refunded_tax_minor=row["refunded_tax_minor"],
        receipt_number=row["receipt_number"],
        has_invoice=row["has_invoice"],
    )


async def add(db: Executor, order: Order) -> None:
    """Store a new order with its items. A second one for the same checkout is refused by constraint."""
    await db.execute(
        """
        INSERT INTO orders (
            organization_id, id, checkout_id, customer_id, product_id, discount_id, status, billing_reason, number,
            currency, subtotal_minor, discount_minor, net_minor, tax_minor, total_minor, billing_name, billing_address,
            metadata, custom_field_data, created_at, modified_at, receipt_number, has_invoice
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17::json, $18::json,
                $19::json, $20, $21, $22, $23)
        """,
        order.organization_id,
        order.id,
        order.checkout_id,
        order.customer_id,
        order.product_id,
        order.discount_id,
        order.status,
        order.billing_reason,
        order.number,
        order.currency,
        order.subtotal_minor,
        order.discount_minor,
        order.net_minor,
        order.tax_minor,
        order.total_minor,
        order.billing_name,
        encode(order.billing_address) if order.billing_address is not None else None,
        encode(order.metadata),
        encode(order.custom_field_data),
        order.created_at,
        order.modified_at,
        order.receipt_number,
        order.has_invoice,
    )
    await db.executemany(
        """
        INSERT INTO order_items (
            organization_id, id, order_id, position, product_id, price_id, label, quantity, amount_minor,
            discount_minor, tax_minor, net_minor, taxes
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::json)
        """,
        [
            (
                order.organization_id,
                item.id,
                order.id,
                position,
                item.product_id,
                item.price_id,
                item.label,
                item.quantity,
                item.amount_minor,
                item.discount_minor,
                item.tax_minor,
                item.net_minor,
                encode(item.taxes),
            )
            for position, item in enumerate(order.items)
        ],
    )


async def by_id(db: Executor, organization_id: UUID, order_id: UUID, *, hold: bool = False) -> Order | None:
    """An order of this organization with its items. `hold`: nobody else can move its money until the transaction ends."""
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM orders
        WHERE organization_id = $1
          AND id = $2
        {"FOR NO KEY UPDATE" if hold else ""}
        """,
        organization_id,
        order_id,
    )
    return _order(row) if row is not None else None


async def save_billing(db: Executor, order: Order) -> None:
    """Write whom an order is made out to."""
    await db.execute(
        """
        UPDATE orders
        SET billing_name = $3, billing_address = $4::json, modified_at = $5
        WHERE organization_id = $1
          AND id = $2
        """,
        order.organization_id,
        order.id,
        order.billing_name,
        encode(order.billing_address) if order.billing_address is not None else None,
        order.modified_at,
    )


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
    db: Executor, organization_id: UUID, wanted: OrderFilter, *, sorting: Sequence[str], offset: int, limit: int
) -> Page[Order]:
    """A page of orders with the total count. `billing_types`: `one_time` or `recurring`."""
    query = await _filtered(db, organization_id, wanted)
    query.order_by(sorting, SORTABLE)
    found = await query.page(db, _COLUMNS, offset=offset, limit=limit)
    return found.of([_order(row) for row in found.items])


async def before(
    db: Executor, organization_id: UUID, wanted: OrderFilter, last: tuple[datetime, UUID] | None, *, limit: int
) -> Sequence[Order]:
    """The orders made before `last` (time and id of the one before), newest first: a walk that nothing can shift."""
    query = await _filtered(db, organization_id, wanted)
    query.older_than(last)
    return [_order(row) for row in await query.newest(db, _COLUMNS, limit=limit)]


async def _filtered(db: Executor, organization_id: UUID, wanted: OrderFilter) -> Query:
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
