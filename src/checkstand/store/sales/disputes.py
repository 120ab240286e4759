"""Disputes: one row each, moved by guarded updates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from checkstand.domain.dispute import Dispute, DisputeStatus
from checkstand.store.executor import Executor, Reader
from checkstand.store.query import Page, Query
from checkstand.store.rows import Table

DISPUTES = Table("disputes", Dispute)


async def move(db: Executor, dispute: Dispute, *, seen: DisputeStatus) -> bool:
    """Write a dispute's next state, if it is still in the state that was seen. False: another write came first."""
    status = await db.execute(
        """
        UPDATE disputes
        SET status = $3, remarks = $4, modified_at = $5
        WHERE organization_id = $1
          AND id = $2
          AND status = $6
        """,
        dispute.organization_id,
        dispute.id,
        dispute.status,
        dispute.remarks,
        dispute.modified_at,
        seen,
    )
    return status.endswith(" 1")


async def by_reference(db: Reader, organization_id: UUID, reference: str) -> Dispute | None:
    """The dispute that the gateway calls so."""
    return await DISPUTES.one(
        db,
        f"""
        SELECT {DISPUTES.columns}
        FROM disputes
        WHERE organization_id = $1
          AND gateway_reference = $2
        """,
        organization_id,
        reference,
    )


async def of_orders(db: Reader, organization_id: UUID, order_ids: Sequence[UUID]) -> dict[UUID, tuple[Dispute, ...]]:
    """All disputes of these orders, oldest first, by order."""
    if not order_ids:
        return {}
    return await DISPUTES.grouped(
        db,
        "order_id",
        f"""
        SELECT {DISPUTES.columns}
        FROM disputes
        WHERE organization_id = $1
          AND order_id = ANY($2::uuid[])
        ORDER BY created_at, id
        """,
        organization_id,
        list(order_ids),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFilter:
    """What a list of disputes may be narrowed by."""

    status: str | None = None
    stage: str | None = None
    customer_id: UUID | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


async def search(db: Reader, organization_id: UUID, wanted: DisputeFilter, *, offset: int, limit: int) -> Page[Dispute]:
    """A page of disputes with the total count, newest first."""
    query = Query("disputes", organization_id)
    query.equals("status", wanted.status)
    query.equals("stage", wanted.stage)
    query.equals("customer_id", wanted.customer_id)
    query.at_least("created_at", wanted.created_after)
    query.at_most("created_at", wanted.created_before)
    query.order_by(("-created_at",), {"created_at": "created_at"})
    return await DISPUTES.page(db, query, offset=offset, limit=limit)
