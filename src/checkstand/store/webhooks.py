"""Webhook endpoints, deliveries and the log of tries. Deliveries are leased in batches, so that workers never share one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from checkstand.domain.organization import Dialect
from checkstand.domain.webhook import Delivery, DeliveryAttempt, Endpoint
from checkstand.store.codec import decode_plain, encode
from checkstand.store.database import Executor

_ENDPOINT = """
    organization_id, id, dialect, url, name, description, secret, events, format, enabled, api_version, headers,
    metadata, rate_limit, created_at, modified_at
"""
_DELIVERY = """
    organization_id, id, endpoint_id, fact_id, sequence, event_type, payload, status, attempts, next_attempt_at,
    last_http_code, created_at
"""


def _endpoint(row: asyncpg.Record) -> Endpoint:
    return Endpoint(
        id=row["id"],
        organization_id=row["organization_id"],
        dialect=row["dialect"],
        url=row["url"],
        name=row["name"],
        description=row["description"],
        secret=row["secret"],
        events=tuple(row["events"]),
        format=row["format"],
        enabled=row["enabled"],
        api_version=row["api_version"],
        headers=decode_plain(row["headers"]),
        metadata=decode_plain(row["metadata"]),
        rate_limit=row["rate_limit"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
    )


def _delivery(row: asyncpg.Record) -> Delivery:
    return Delivery(**{key: row[key] for key in Delivery.__slots__})


async def add_endpoint(db: Executor, endpoint: Endpoint) -> None:
    await db.execute(
        f"""
        INSERT INTO webhook_endpoints ({_ENDPOINT})
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::json, $13::json, $14, $15, $16)
        """,  # noqa: S608 - built from constants
        *_endpoint_arguments(endpoint),
    )


async def save_endpoint(db: Executor, endpoint: Endpoint) -> None:
    await db.execute(
        """
        UPDATE webhook_endpoints
        SET dialect = $3, url = $4, name = $5, description = $6, secret = $7, events = $8, format = $9, enabled = $10,
            api_version = $11, headers = $12::json, metadata = $13::json, rate_limit = $14, created_at = $15,
            modified_at = $16
        WHERE organization_id = $1
          AND id = $2
        """,
        *_endpoint_arguments(endpoint),
    )


def _endpoint_arguments(endpoint: Endpoint) -> tuple[object, ...]:
    return (
        endpoint.organization_id,
        endpoint.id,
        endpoint.dialect,
        endpoint.url,
        endpoint.name,
        endpoint.description,
        endpoint.secret,
        list(endpoint.events),
        endpoint.format,
        endpoint.enabled,
        endpoint.api_version,
        encode(endpoint.headers),
        encode(endpoint.metadata),
        endpoint.rate_limit,
        endpoint.created_at,
        endpoint.modified_at,
    )


async def delete_endpoint(db: Executor, organization_id: UUID, endpoint_id: UUID, *, now: datetime) -> bool:
    """Remove an endpoint; what is still under way to it is skipped. False when there is none."""
    status = await db.execute(
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
    return status.endswith(" 1")


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


async def endpoints(db: Executor, organization_id: UUID, dialect: Dialect | None = None) -> Sequence[Endpoint]:
    """An organization's endpoints, newest first; of one dialect when given."""
    rows = await db.fetch(
        f"""
        SELECT {_ENDPOINT}
        FROM webhook_endpoints
        WHERE organization_id = $1
          AND deleted_at IS NULL
          AND ($2::text IS NULL OR dialect = $2)
        ORDER BY created_at DESC, id
        """,  # noqa: S608 - built from constants
        organization_id,
        dialect,
    )
    return [_endpoint(row) for row in rows]


async def endpoint_by_id(db: Executor, organization_id: UUID, endpoint_id: UUID) -> Endpoint | None:
    row = await db.fetchrow(
        f"""
        SELECT {_ENDPOINT}
        FROM webhook_endpoints
        WHERE organization_id = $1
          AND id = $2
          AND deleted_at IS NULL
        """,  # noqa: S608 - built from constants
        organization_id,
        endpoint_id,
    )
    return _endpoint(row) if row is not None else None


async def add_deliveries(db: Executor, deliveries: Sequence[Delivery]) -> None:
    """Queue deliveries in order; one that exists already for the same fact, endpoint and event is left alone."""
    await db.executemany(
        """
        INSERT INTO deliveries (
            organization_id, id, endpoint_id, fact_id, event_type, payload, status, next_attempt_at, created_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8)
        ON CONFLICT (organization_id, endpoint_id, fact_id, event_type) DO NOTHING
        """,
        [
            (
                d.organization_id,
                d.id,
                d.endpoint_id,
                d.fact_id,
                d.event_type,
                d.payload,
                d.next_attempt_at,
                d.created_at,
            )
            for d in deliveries
        ],
    )


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that this worker holds for a while, with its endpoint."""

    delivery: Delivery
    endpoint: Endpoint


async def lease_due(
    db: Executor, organization_id: UUID, *, now: datetime, real_now: datetime, leased_until: datetime, limit: int
) -> Sequence[Leased]:
    """Take due deliveries for a while: the oldest untried one of each endpoint first, so that order holds at the first try.

    `now` is the organization's time (schedules follow it), the lease runs in real time.
    """
    rows = await db.fetch(
        f"""
        WITH due AS (
            SELECT d.organization_id, d.id
            FROM deliveries AS d
            WHERE d.organization_id = $1
              AND d.status = 'pending'
              AND d.next_attempt_at <= $2
              AND (d.leased_until IS NULL OR d.leased_until <= $3)
              AND NOT EXISTS (
                  SELECT 1
                  FROM deliveries AS earlier
                  WHERE earlier.organization_id = d.organization_id
                    AND earlier.endpoint_id = d.endpoint_id
                    AND earlier.status = 'pending'
                    AND earlier.attempts = 0
                    AND earlier.sequence < d.sequence
              )
            ORDER BY d.sequence
            LIMIT $5
            FOR UPDATE SKIP LOCKED
        )
        UPDATE deliveries
        SET leased_until = $4
        FROM due
        WHERE deliveries.organization_id = due.organization_id
          AND deliveries.id = due.id
        RETURNING {", ".join("deliveries." + column.strip() for column in _DELIVERY.split(","))}
        """,  # noqa: S608 - built from constants
        organization_id,
        now,
        real_now,
        leased_until,
        limit,
    )
    found = [_delivery(row) for row in rows]
    if not found:
        return []
    known = {endpoint.id: endpoint for endpoint in await endpoints(db, organization_id)}
    return [
        Leased(delivery, known[delivery.endpoint_id])
        for delivery in sorted(found, key=lambda item: item.sequence)
        if delivery.endpoint_id in known
    ]


async def record_attempt(db: Executor, delivery: Delivery, attempt: DeliveryAttempt) -> None:
    """Write the result of one try: the log entry and the delivery's next state."""
    await db.execute(
        """
        WITH tried AS (
            INSERT INTO delivery_attempts (
                organization_id, id, delivery_id, succeeded, http_code, response, duration_ms, created_at
            )
            VALUES ($1, $3, $2, $4, $5, $6, $7, $8)
        )
        UPDATE deliveries
        SET status = $9, attempts = $10, next_attempt_at = $11, last_http_code = $5, leased_until = NULL
        WHERE organization_id = $1
          AND id = $2
        """,
        delivery.organization_id,
        delivery.id,
        attempt.id,
        attempt.succeeded,
        attempt.http_code,
        attempt.response,
        attempt.duration_ms,
        attempt.created_at,
        delivery.status,
        delivery.attempts,
        delivery.next_attempt_at,
    )


async def due_count(db: Executor, organization_id: UUID, *, now: datetime) -> int:
    """How many deliveries should have been tried by now."""
    return int(
        await db.fetchval(
            """
            SELECT count(*)
            FROM deliveries
            WHERE organization_id = $1
              AND status = 'pending'
              AND next_attempt_at <= $2
            """,
            organization_id,
            now,
        )
    )


async def deliveries_of_checkout(
    db: Executor, organization_id: UUID, checkout_id: UUID
) -> Sequence[tuple[Delivery, str]]:
    """Deliveries caused by one checkout with their endpoint's address, in order, for its timeline."""
    rows = await db.fetch(
        f"""
        SELECT {", ".join("d." + column.strip() for column in _DELIVERY.split(","))}, e.url
        FROM deliveries AS d
        JOIN facts AS f ON f.organization_id = d.organization_id AND f.id = d.fact_id
        JOIN webhook_endpoints AS e ON e.organization_id = d.organization_id AND e.id = d.endpoint_id
        WHERE d.organization_id = $1
          AND f.checkout_id = $2
        ORDER BY d.sequence
        """,  # noqa: S608 - built from constants
        organization_id,
        checkout_id,
    )
    return [(_delivery(row), row["url"]) for row in rows]
