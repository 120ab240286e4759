"""Webhook endpoints, and a checkout's deliveries for its timeline. The queue is in `deliveries.py`, the log in `delivery_log.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from checkstand.domain.organization import Dialect
from checkstand.domain.webhook import Delivery, Endpoint
from checkstand.store.codec import decode_plain, encode
from checkstand.store.database import Executor

ENDPOINT = """
    organization_id, id, dialect, url, name, description, secret, events, format, enabled, api_version, headers,
    metadata, rate_limit, created_at, modified_at
"""
DELIVERY = """
    organization_id, id, endpoint_id, fact_id, sequence, event_type, payload, status, attempts, next_attempt_at,
    last_http_code, created_at
"""
Row = asyncpg.Record | Mapping[str, Any]


def prefixed(columns: str, table: str, prefix: str = "") -> str:
    """The columns of a table's alias; with a prefix to their names when two tables meet in one row."""
    names = [column.strip() for column in columns.split(",")]
    return ", ".join(f"{table}.{name}" + (f" AS {prefix}{name}" if prefix else "") for name in names)


def endpoint_from(row: Row) -> Endpoint:
    """An endpoint from a row with the columns of ENDPOINT."""
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


def delivery_from(row: Row) -> Delivery:
    """A delivery from a row with the columns of DELIVERY."""
    return Delivery(**{key: row[key] for key in Delivery.__slots__})


async def add_endpoint(db: Executor, endpoint: Endpoint) -> None:
    await db.execute(
        f"""
        INSERT INTO webhook_endpoints ({ENDPOINT})
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::json, $13::json, $14, $15, $16)
        """,
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


async def endpoints(db: Executor, organization_id: UUID, dialect: Dialect | None = None) -> Sequence[Endpoint]:
    """An organization's endpoints, newest first; of one dialect when given."""
    rows = await db.fetch(
        f"""
        SELECT {ENDPOINT}
        FROM webhook_endpoints
        WHERE organization_id = $1
          AND deleted_at IS NULL
          AND ($2::text IS NULL OR dialect = $2)
        ORDER BY created_at DESC, id
        """,
        organization_id,
        dialect,
    )
    return [endpoint_from(row) for row in rows]


async def endpoint_by_id(
    db: Executor, organization_id: UUID, endpoint_id: UUID, *, hold: bool = False
) -> Endpoint | None:
    """One endpoint that is not removed. `hold`: nobody else changes it until the transaction ends."""
    row = await db.fetchrow(
        f"""
        SELECT {ENDPOINT}
        FROM webhook_endpoints
        WHERE organization_id = $1
          AND id = $2
          AND deleted_at IS NULL
        {"FOR NO KEY UPDATE" if hold else ""}
        """,
        organization_id,
        endpoint_id,
    )
    return endpoint_from(row) if row is not None else None


async def listening(db: Executor, organization_ids: Sequence[UUID]) -> dict[UUID, list[Endpoint]]:
    """The enabled endpoints of several organizations, oldest first: for turning everybody's facts into deliveries."""
    rows = await db.fetch(
        f"""
        SELECT {ENDPOINT}
        FROM webhook_endpoints
        WHERE organization_id = ANY($1::uuid[])
          AND enabled
          AND deleted_at IS NULL
        ORDER BY created_at, id
        """,
        list(organization_ids),
    )
    found: dict[UUID, list[Endpoint]] = {}
    for row in rows:
        found.setdefault(row["organization_id"], []).append(endpoint_from(row))
    return found


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
    db: Executor, organization_id: UUID, checkout_id: UUID
) -> Sequence[tuple[Delivery, str]]:
    """Deliveries caused by one checkout with their endpoint's address, in order, for its timeline."""
    rows = await db.fetch(
        f"""
        SELECT {prefixed(DELIVERY, "d")}, e.url
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
    return [(delivery_from(row), row["url"]) for row in rows]
