"""Meters: found by id, listed newest first, archived instead of removed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from checkstand.domain.meter import Meter
from checkstand.store.executor import Executor, Reader
from checkstand.store.query import Page, Query
from checkstand.store.rows import Table

METERS = Table("meters", Meter)
_SORTABLE = {"created_at": "created_at"}


async def search(db: Reader, organization_id: UUID, *, is_archived: bool, offset: int, limit: int) -> Page[Meter]:
    """A page of meters, newest first: the archived ones, or those in use."""
    query = Query("meters", organization_id)
    query.where(f"archived_at IS {'NOT ' if is_archived else ''}NULL")
    query.order_by(("-created_at",), _SORTABLE)
    return await METERS.page(db, query, offset=offset, limit=limit)


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
