"""Disputes: one row each, moved by guarded updates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import asyncpg

from checkstand.domain.dispute import Dispute, DisputeStatus
from checkstand.store.database import Executor
from checkstand.store.query import Page, Query

_NAMES = tuple(field.name for field in fields(Dispute))
_COLUMNS = ", ".join(_NAMES)


def _dispute(row: asyncpg.Record) -> Dispute:
    return Dispute(**{name: row[name] for name in _NAMES})


async def add(db: Executor, dispute: Dispute) -> None:
    """Store a new dispute. A second one of the gateway's name, or a second open one without a name, is refused by constraint."""
    places = ", ".join(f"${number}" for number in range(1, len(_NAMES) + 1))
    await db.execute(
        f"INSERT INTO disputes ({_COLUMNS}) VALUES ({places})", *(getattr(dispute, name) for name in _NAMES)
    )


async def move(db: Executor, dispute: Dispute, *, seen: DisputeStatus) -> bool:
    """Write a dispute's next state, if it is still in the state that was seen. False: somebody was first."""
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


async def by_id(db: Executor, organization_id: UUID, dispute_id: UUID) -> Dispute | None:
    """One dispute of this organization."""
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM disputes
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        dispute_id,
    )
    return _dispute(row) if row is not None else None


async def by_reference(db: Executor, organization_id: UUID, reference: str) -> Dispute | None:
    """The dispute that the gateway calls so."""
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM disputes
        WHERE organization_id = $1
          AND gateway_reference = $2
        """,
        organization_id,
        reference,
    )
    return _dispute(row) if row is not None else None


async def of_orders(db: Executor, organization_id: UUID, order_ids: Sequence[UUID]) -> dict[UUID, tuple[Dispute, ...]]:
    """All disputes of these orders, oldest first, by order."""
    if not order_ids:
        return {}
    rows = await db.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM disputes
        WHERE organization_id = $1
          AND order_id = ANY($2::uuid[])
        ORDER BY created_at, id
        """,
        organization_id,
        list(order_ids),
    )
    found: dict[UUID, list[Dispute]] = {}
    for row in rows:
        found.setdefault(row["order_id"], []).append(_dispute(row))
    return {order_id: tuple(disputes) for order_id, disputes in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFilter:
    """What a list of disputes may be narrowed by."""

    status: str | None = None
    stage: str | None = None
    customer_id: UUID | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


async def search(
    db: Executor, organization_id: UUID, wanted: DisputeFilter, *, offset: int, limit: int
) -> Page[Dispute]:
    """A page of disputes with the total count, newest first."""
    query = Query("disputes", organization_id)
    query.equals("status", wanted.status)
    query.equals("stage", wanted.stage)
    query.equals("customer_id", wanted.customer_id)
    query.at_least("created_at", wanted.created_after)
    query.at_most("created_at", wanted.created_before)
    query.order_by(("-created_at",), {"created_at": "created_at"})
    found = await query.page(db, _COLUMNS, offset=offset, limit=limit)
    return found.of([_dispute(row) for row in found.items])
