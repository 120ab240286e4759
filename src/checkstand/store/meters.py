"""Meters: found by id, listed newest first, archived instead of removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from checkstand.domain.meter import Aggregation, Filter, Meter
from checkstand.store.codec import decode, encode
from checkstand.store.database import Executor
from checkstand.store.query import Page, Query

_COLUMNS = """
    organization_id, id, name, event_name, measurement_unit, description, aggregation, filter, created_at, modified_at,
    archived_at
"""
_SORTABLE = {"created_at": "created_at"}


def _meter(row: asyncpg.Record) -> Meter:
    return Meter(
        id=row["id"],
        organization_id=row["organization_id"],
        name=row["name"],
        event_name=row["event_name"],
        measurement_unit=row["measurement_unit"],
        description=row["description"],
        aggregation=decode(Aggregation, row["aggregation"]),
        filter=decode(Filter, row["filter"]) if row["filter"] is not None else None,
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        archived_at=row["archived_at"],
    )


async def by_ids(
    db: Executor, organization_id: UUID, meter_ids: Sequence[UUID], *, hold: bool = False
) -> dict[UUID, Meter]:
    """The meters among these ids that this organization has, archived ones included. `hold`: nobody else changes them meanwhile."""
    rows = await db.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM meters
        WHERE organization_id = $1
          AND id = ANY($2::uuid[])
        {"FOR NO KEY UPDATE" if hold else ""}
        """,
        organization_id,
        list(meter_ids),
    )
    return {row["id"]: _meter(row) for row in rows}


async def search(db: Executor, organization_id: UUID, *, is_archived: bool, offset: int, limit: int) -> Page[Meter]:
    """A page of meters, newest first: the archived ones, or those in use."""
    query = Query("meters", organization_id)
    query.where(f"archived_at IS {'NOT ' if is_archived else ''}NULL")
    query.order_by(("-created_at",), _SORTABLE)
    found = await query.page(db, _COLUMNS, offset=offset, limit=limit)
    return found.of([_meter(row) for row in found.items])


async def add(db: Executor, meter: Meter) -> None:
    await db.execute(
        f"""
        INSERT INTO meters ({_COLUMNS})
        VALUES ($1, $2, $3, $4, $5, $6, $7::json, $8::json, $9, $10, $11)
        """,
        meter.organization_id,
        meter.id,
        meter.name,
        meter.event_name,
        meter.measurement_unit,
        meter.description,
        encode(meter.aggregation),
        encode(meter.filter) if meter.filter is not None else None,
        meter.created_at,
        meter.modified_at,
        meter.archived_at,
    )


async def rename(db: Executor, meter: Meter) -> None:
    """Store what people read of a meter; what it counts never changes."""
    await db.execute(
        """
        UPDATE meters
        SET name = $3, measurement_unit = $4, description = $5, modified_at = $6
        WHERE organization_id = $1
          AND id = $2
        """,
        meter.organization_id,
        meter.id,
        meter.name,
        meter.measurement_unit,
        meter.description,
        meter.modified_at,
    )


async def set_archived(
    db: Executor, organization_id: UUID, meter_id: UUID, *, is_archived: bool, now: datetime
) -> bool:
    """Archive a meter or take it back into use; one that is so already stays untouched. False when there is no such meter."""
    found = await db.fetchval(
        """
        UPDATE meters
        SET modified_at = CASE WHEN (archived_at IS NOT NULL) = $3 THEN modified_at ELSE $4 END,
            archived_at = CASE WHEN NOT $3 THEN NULL ELSE coalesce(archived_at, $4) END
        WHERE organization_id = $1
          AND id = $2
        RETURNING id
        """,
        organization_id,
        meter_id,
        is_archived,
        now,
    )
    return found is not None
