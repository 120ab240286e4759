"""Webhook endpoints, and a checkout's deliveries for its timeline. The queue is in `deliveries.py`, the log in `delivery_log.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from checkstand.domain.profile import Dialect
from checkstand.domain.webhook import Delivery, DeliveryAttempt, Endpoint
from checkstand.store.executor import Executor, Reader
from checkstand.store.rows import Table

ENDPOINTS = Table("webhook_endpoints", Endpoint)
DELIVERIES = Table("deliveries", Delivery, unwritten=("sequence",))
ATTEMPTS = Table("delivery_attempts", DeliveryAttempt)


async def delete_endpoint(db: Executor, organization_id: UUID, endpoint_id: UUID, *, now: datetime) -> None:
    """Remove an endpoint; what is still under way to it is skipped."""
    await db.execute(
        """
        UPDATE webhook_endpoints
        SET deleted_at = $3, enabled = false
        WHERE organization_id = $1
          AND id = $2
          AND deleted_at IS NULL
        """,
        organization_id,
        endpoint_id,
        now,
    )
    await skip_pending(db, organization_id, endpoint_id)


async def skip_pending(db: Executor, organization_id: UUID, endpoint_id: UUID) -> None:
    """Give up on what still waits for an endpoint that was disabled or removed."""
    await db.execute(
        """
        UPDATE deliveries
        SET status = 'skipped', next_attempt_at = NULL
        WHERE organization_id = $1
          AND endpoint_id = $2
          AND status = 'pending'
        """,
        organization_id,
        endpoint_id,
    )


async def endpoints(db: Reader, organization_id: UUID, dialect: Dialect | None = None) -> Sequence[Endpoint]:
    """An organization's endpoints, newest first; of one dialect when given."""
    return await ENDPOINTS.all(
        db,
        f"""
        SELECT {ENDPOINTS.columns}
        FROM webhook_endpoints
        WHERE organization_id = $1
          AND deleted_at IS NULL
          AND ($2::text IS NULL OR dialect = $2)
        ORDER BY created_at DESC, id
        """,
        organization_id,
        dialect,
    )


async def endpoint_by_id(
    db: Reader, organization_id: UUID, endpoint_id: UUID, *, hold: bool = False
) -> Endpoint | None:
    """One endpoint that is not removed. `hold`: nobody else changes it until the transaction ends."""
    return await ENDPOINTS.one(
        db,
        f"""
        SELECT {ENDPOINTS.columns}
        FROM webhook_endpoints
        WHERE organization_id = $1
          AND id = $2
          AND deleted_at IS NULL
        {"FOR NO KEY UPDATE" if hold else ""}
        """,
        organization_id,
        endpoint_id,
    )


async def listening(db: Reader, organization_ids: Sequence[UUID]) -> dict[UUID, tuple[Endpoint, ...]]:
    """The enabled endpoints of several organizations, oldest first: for turning facts into deliveries."""
    return await ENDPOINTS.grouped(
        db,
        "organization_id",
        f"""
        SELECT {ENDPOINTS.columns}
        FROM webhook_endpoints
        WHERE organization_id = ANY($1::uuid[])
          AND enabled
          AND deleted_at IS NULL
        ORDER BY created_at, id
        """,
        list(organization_ids),
    )


async def disable_endpoint(db: Executor, organization_id: UUID, endpoint_id: UUID, *, now: datetime) -> bool:
    """Stop sending to an endpoint; what still waits for it is skipped. False when it was disabled or removed already."""
    status = await db.execute(
        """
        UPDATE webhook_endpoints
        SET enabled = false, modified_at = $3
        WHERE organization_id = $1
          AND id = $2
          AND enabled
          AND deleted_at IS NULL
        """,
        organization_id,
        endpoint_id,
        now,
    )
    await skip_pending(db, organization_id, endpoint_id)
    return status.endswith(" 1")


async def deliveries_of_checkout(
    db: Reader, organization_id: UUID, checkout_id: UUID
) -> Sequence[tuple[Delivery, str]]:
    """Deliveries caused by one checkout with their endpoint's address, in order, for its timeline."""
    rows = await db.fetch(
        f"""
        SELECT {DELIVERIES.select("d")}, e.url
        FROM deliveries AS d
        JOIN facts AS f ON f.organization_id = d.organization_id AND f.id = d.fact_id
        JOIN webhook_endpoints AS e ON e.organization_id = d.organization_id AND e.id = d.endpoint_id
        WHERE d.organization_id = $1
          AND f.checkout_id = $2
        ORDER BY d.sequence
        """,
        organization_id,
        checkout_id,
    )
    return [(DELIVERIES.read(row), row["url"]) for row in rows]
