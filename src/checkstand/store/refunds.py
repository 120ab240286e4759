"""Refunds. One is committed, and its amount taken from what its order has left, before the gateway hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from checkstand.domain.refund import MAY_FOLLOW, Refund, RefundItem
from checkstand.store.codec import decode, decode_plain, encode
from checkstand.store.database import Executor
from checkstand.store.query import Page, Query

_COLUMNS = """
    refunds.organization_id, refunds.id, refunds.order_id, refunds.checkout_id, refunds.customer_id, refunds.attempt_id,
    refunds.status, refunds.net_minor, refunds.tax_minor, refunds.currency, refunds.is_partial, refunds.reason,
    refunds.comment, refunds.revoke_benefits, refunds.metadata, refunds.gateway, refunds.gateway_key,
    refunds.gateway_reference, refunds.failure_code, refunds.created_at, refunds.modified_at,
    refunds.credit_note_number,
    (
        SELECT json_agg(json_build_object(
            'order_item_id', i.order_item_id, 'net_minor', i.net_minor, 'tax_minor', i.tax_minor, 'taxes', i.taxes,
            'settled_net_minor', i.settled_net_minor, 'settled_tax_minor', i.settled_tax_minor
        ) ORDER BY i.order_item_id)
        FROM refund_items AS i
        WHERE i.organization_id = refunds.organization_id
          AND i.refund_id = refunds.id
    ) AS items
"""


def _refund(row: asyncpg.Record) -> Refund:
    return Refund(
        id=row["id"],
        organization_id=row["organization_id"],
        order_id=row["order_id"],
        checkout_id=row["checkout_id"],
        customer_id=row["customer_id"],
        attempt_id=row["attempt_id"],
        status=row["status"],
        net_minor=row["net_minor"],
        tax_minor=row["tax_minor"],
        currency=row["currency"],
        is_partial=row["is_partial"],
        reason=row["reason"],
        comment=row["comment"],
        revoke_benefits=row["revoke_benefits"],
        metadata=decode_plain(row["metadata"]),
        items=decode(tuple[RefundItem, ...], row["items"]) if row["items"] is not None else (),
        gateway=row["gateway"],
        gateway_key=row["gateway_key"],
        gateway_reference=row["gateway_reference"],
        failure_code=row["failure_code"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        credit_note_number=row["credit_note_number"],
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
    await db.execute(
        """
        INSERT INTO refunds (
            organization_id, id, order_id, checkout_id, customer_id, attempt_id, status, net_minor, tax_minor, currency,
            is_partial, reason, comment, revoke_benefits, metadata, gateway, gateway_key, created_at, ask_again_at,
            gateway_reference
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::json, $16, $17, $18, $19, $20)
        """,
        refund.organization_id,
        refund.id,
        refund.order_id,
        refund.checkout_id,
        refund.customer_id,
        refund.attempt_id,
        refund.status,
        refund.net_minor,
        refund.tax_minor,
        refund.currency,
        refund.is_partial,
        refund.reason,
        refund.comment,
        refund.revoke_benefits,
        encode(refund.metadata),
        refund.gateway,
        refund.gateway_key,
        refund.created_at,
        ask_again_at,
        refund.gateway_reference,
    )
    await db.executemany(
        """
        INSERT INTO refund_items (
            organization_id, refund_id, order_item_id, net_minor, tax_minor, taxes, settled_net_minor, settled_tax_minor
        )
        VALUES ($1, $2, $3, $4, $5, $6::json, $7, $8)
        """,
        [
            (
                refund.organization_id,
                refund.id,
                item.order_item_id,
                item.net_minor,
                item.tax_minor,
                encode(item.taxes),
                item.settled_net_minor,
                item.settled_tax_minor,
            )
            for item in refund.items
        ],
    )


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


async def by_id(db: Executor, organization_id: UUID, refund_id: UUID) -> Refund | None:
    """One refund of this organization."""
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM refunds
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        refund_id,
    )
    return _refund(row) if row is not None else None


async def by_gateway_key(db: Executor, organization_id: UUID, gateway_key: UUID) -> Refund | None:
    """The refund that was sent under this key: how a gateway's own word finds its way back."""
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM refunds
        WHERE organization_id = $1
          AND gateway_key = $2
        """,
        organization_id,
        gateway_key,
    )
    return _refund(row) if row is not None else None


async def of_orders(db: Executor, organization_id: UUID, order_ids: Sequence[UUID]) -> dict[UUID, tuple[Refund, ...]]:
    """All refunds of these orders, failed ones too, oldest first, by order."""
    if not order_ids:
        return {}
    rows = await db.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM refunds
        WHERE organization_id = $1
          AND order_id = ANY($2::uuid[])
        ORDER BY created_at, id
        """,
        organization_id,
        list(order_ids),
    )
    found: dict[UUID, list[Refund]] = {}
    for row in rows:
        found.setdefault(row["order_id"], []).append(_refund(row))
    return {order_id: tuple(refunds) for order_id, refunds in found.items()}


async def undecided(db: Executor, organization_id: UUID, *, now: datetime) -> Sequence[Refund]:
    """Refunds whose gateway has to be asked now: a crash, a lost reply, or one that takes its time."""
    rows = await db.fetch(
        f"""
        SELECT {_COLUMNS}
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
    return [_refund(row) for row in rows]


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
    db: Executor, organization_id: UUID, wanted: RefundFilter, *, sorting: Sequence[str], offset: int, limit: int
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
    found = await query.page(db, _COLUMNS, offset=offset, limit=limit)
    return found.of([_refund(row) for row in found.items])
