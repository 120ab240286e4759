"""Refunds. One is committed, and its amount taken from what its order has left, before the gateway hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from checkstand.domain.refund import MAY_FOLLOW, Refund, RefundItem
from checkstand.store.executor import Executor, Reader
from checkstand.store.field_mapping import selected
from checkstand.store.query import Page, Query
from checkstand.store.rows import Table

ITEMS = Table("refund_items", RefundItem, owned=("organization_id", "refund_id"))
_ITEMS = f"""
    (
        SELECT {ITEMS.documents("i", order="i.order_item_id")}
        FROM refund_items AS i
        WHERE i.organization_id = refunds.organization_id
          AND i.refund_id = refunds.id
    )
"""
REFUNDS = Table(
    "refunds",
    Refund,
    kept={"items": selected("items", _ITEMS, tuple[RefundItem, ...])},
    unwritten=("credit_note_number",),
    owned=("ask_again_at",),
)


async def reserve(db: Executor, refund: Refund) -> bool:
    """Take the amount from what its order has left. False when it has not so much: nothing is changed."""
    status = await db.execute(
        """
        UPDATE orders
        SET refunded_minor = refunded_minor + $3, refunded_tax_minor = refunded_tax_minor + $4
        WHERE organization_id = $1
          AND id = $2
          AND refunded_minor + $3 <= total_minor
          AND refunded_tax_minor + $4 <= tax_minor
        """,
        refund.organization_id,
        refund.order_id,
        refund.total_minor,
        refund.tax_minor,
    )
    return status.endswith(" 1")


async def settle_order(
    db: Executor, organization_id: UUID, order_id: UUID, *, status: str, given_up: Refund | None, now: datetime
) -> None:
    """Write an order's status after a verdict. `given_up`: a refund that failed, whose amount can be refunded again."""
    await db.execute(
        """
        UPDATE orders
        SET status = $3, refunded_minor = refunded_minor - $4, refunded_tax_minor = refunded_tax_minor - $5,
            modified_at = $6
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        order_id,
        status,
        given_up.total_minor if given_up else 0,
        given_up.tax_minor if given_up else 0,
        now,
    )


async def add(db: Executor, refund: Refund, *, ask_again_at: datetime) -> None:
    """Store a new refund with its items."""
    await db.execute(REFUNDS.insertion, ask_again_at, *REFUNDS.arguments(refund))
    items = [(refund.organization_id, refund.id, *ITEMS.arguments(item)) for item in refund.items]
    await db.executemany(ITEMS.insertion, items)


async def record_verdict(db: Executor, refund: Refund, *, ask_again_at: datetime) -> bool:
    """Write what the gateway said, if that may follow what it said before. False: it is no news."""
    status = await db.execute(
        """
        UPDATE refunds
        SET status = $3, gateway_reference = $4, failure_code = $5, modified_at = $6, ask_again_at = $7
        WHERE organization_id = $1
          AND id = $2
          AND status = ANY($8::text[])
          AND (status <> $3 OR modified_at IS NULL)
        """,
        refund.organization_id,
        refund.id,
        refund.status,
        refund.gateway_reference,
        refund.failure_code,
        refund.modified_at,
        ask_again_at,
        list(MAY_FOLLOW[refund.status]),
    )
    return status.endswith(" 1")


async def ask_later(db: Executor, organization_id: UUID, refund_id: UUID, *, at: datetime) -> None:
    """The gateway still cannot say: it is asked again at that time."""
    await db.execute(
        """
        UPDATE refunds
        SET ask_again_at = $3
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        refund_id,
        at,
    )


async def by_gateway_key(db: Reader, organization_id: UUID, gateway_key: UUID) -> Refund | None:
    """The refund that was sent under this key: how a gateway's own word finds its way back."""
    return await REFUNDS.one(
        db,
        f"""
        SELECT {REFUNDS.columns}
        FROM refunds
        WHERE organization_id = $1
          AND gateway_key = $2
        """,
        organization_id,
        gateway_key,
    )


async def of_orders(db: Reader, organization_id: UUID, order_ids: Sequence[UUID]) -> dict[UUID, tuple[Refund, ...]]:
    """All refunds of these orders, failed ones too, oldest first, by order."""
    if not order_ids:
        return {}
    return await REFUNDS.grouped(
        db,
        "order_id",
        f"""
        SELECT {REFUNDS.columns}
        FROM refunds
        WHERE organization_id = $1
          AND order_id = ANY($2::uuid[])
        ORDER BY created_at, id
        """,
        organization_id,
        list(order_ids),
    )


async def undecided(db: Reader, organization_id: UUID, *, now: datetime) -> Sequence[Refund]:
    """Refunds whose gateway has to be asked now: a crash, a lost reply, or one that takes its time."""
    return await REFUNDS.all(
        db,
        f"""
        SELECT {REFUNDS.columns}
        FROM refunds
        WHERE organization_id = $1
          AND status = 'pending'
          AND ask_again_at <= $2
        ORDER BY ask_again_at
        LIMIT 100
        """,
        organization_id,
        now,
    )


SORTABLE = {"created_at": "created_at", "amount": "net_minor"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFilter:
    """What a list of refunds may be narrowed by."""

    ids: tuple[UUID, ...] = ()
    order_ids: tuple[UUID, ...] = ()
    customer_ids: tuple[UUID, ...] = ()
    external_customer_ids: tuple[str, ...] = ()
    succeeded: bool | None = None
    status: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


async def search(
    db: Reader, organization_id: UUID, wanted: RefundFilter, *, sorting: Sequence[str], offset: int, limit: int
) -> Page[Refund]:
    """A page of refunds with the total count."""
    query = Query("refunds", organization_id)
    query.any_of("id", wanted.ids, "uuid")
    query.any_of("order_id", wanted.order_ids, "uuid")
    query.any_of("customer_id", wanted.customer_ids, "uuid")
    await query.of_customers(db, wanted.external_customer_ids)
    if wanted.succeeded is not None:
        query.where(f"(status = 'succeeded') = {query.bind(wanted.succeeded)}::boolean")
    query.equals("status", wanted.status)
    query.at_least("created_at", wanted.created_after)
    query.at_most("created_at", wanted.created_before)
    query.order_by(sorting, SORTABLE)
    return await REFUNDS.page(db, query, offset=offset, limit=limit)
