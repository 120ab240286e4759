"""The log of tries (docs/behaviour/polar.md#deliveries): one entry for each try, with its event; and sending an event again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from checkstand.domain.profile import Dialect
from checkstand.domain.webhook import Delivery, DeliveryAttempt
from checkstand.store.delivery.webhooks import ATTEMPTS, DELIVERIES
from checkstand.store.executor import Executor, Reader
from checkstand.store.query import Page, Query

SORTABLE = {"created_at": "delivery_attempts.created_at"}


@dataclass(frozen=True, slots=True)
class LoggedAttempt:
    """One try, with the delivery it belongs to as it is now, and the version that the endpoint's payloads have."""

    attempt: DeliveryAttempt
    delivery: Delivery
    api_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """What of one dialect's log is wanted; empty means no narrowing.

    `http_code_classes`: 2 stands for 2xx. `text` is looked for in events' ids and in answers.
    """

    dialect: Dialect
    endpoint_ids: tuple[UUID, ...] = ()
    event_types: tuple[str, ...] = ()
    succeeded: bool | None = None
    http_code_classes: tuple[int, ...] = ()
    text: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None


async def search(
    db: Reader, organization_id: UUID, wanted: LogFilter, *, sorting: Sequence[str], offset: int, limit: int
) -> Page[LoggedAttempt]:
    """A page of the log with the total count. `sorting` names keys of SORTABLE, a leading '-' for descending."""
    query = Query("delivery_attempts", organization_id)
    query.equals("succeeded", wanted.succeeded)
    query.any_of("http_code / 100", wanted.http_code_classes, "integer")
    query.at_least("delivery_attempts.created_at", wanted.not_before)
    query.at_most("delivery_attempts.created_at", wanted.not_after)
    of_delivery = (
        "delivery_id IN (SELECT d.id FROM deliveries AS d "
        "WHERE d.organization_id = delivery_attempts.organization_id AND "
    )
    query.where(
        f"{of_delivery} d.endpoint_id IN (SELECT e.id FROM webhook_endpoints AS e "
        f"WHERE e.organization_id = d.organization_id AND e.dialect = {query.bind(wanted.dialect)}))"
    )
    if wanted.endpoint_ids:
        query.where(f"{of_delivery} d.endpoint_id = ANY({query.bind(list(wanted.endpoint_ids))}::uuid[]))")
    if wanted.event_types:
        query.where(f"{of_delivery} d.event_type = ANY({query.bind(list(wanted.event_types))}::text[]))")
    if wanted.text:
        query.contains("delivery_id::text || ' ' || response", wanted.text)
    query.order_by(sorting, SORTABLE)
    found = await ATTEMPTS.page(db, query, offset=offset, limit=limit)
    events = await _events(db, organization_id, {attempt.delivery_id for attempt in found.items})
    return found.of([LoggedAttempt(attempt, *events[attempt.delivery_id]) for attempt in found.items])


async def _events(db: Reader, organization_id: UUID, delivery_ids: set[UUID]) -> dict[UUID, tuple[Delivery, str]]:
    if not delivery_ids:
        return {}
    rows = await db.fetch(
        f"""
        SELECT {DELIVERIES.select("d")}, e.api_version
        FROM deliveries AS d
        JOIN webhook_endpoints AS e ON e.organization_id = d.organization_id AND e.id = d.endpoint_id
        WHERE d.organization_id = $1
          AND d.id = ANY($2::uuid[])
        """,
        organization_id,
        list(delivery_ids),
    )
    return {row["id"]: (DELIVERIES.read(row), row["api_version"]) for row in rows}


async def of_delivery(db: Reader, organization_id: UUID, delivery_id: UUID) -> Sequence[DeliveryAttempt]:
    """All tries of one delivery, oldest first."""
    return await ATTEMPTS.all(
        db,
        f"""
        SELECT {ATTEMPTS.columns}
        FROM delivery_attempts
        WHERE organization_id = $1
          AND delivery_id = $2
        ORDER BY created_at, id
        """,
        organization_id,
        delivery_id,
    )


async def counts_since(db: Reader, organization_id: UUID, since: datetime) -> tuple[int, int]:
    """How many tries succeeded and how many failed since a moment of the organization's time, by any worker."""
    row = await db.fetchrow(
        """
        SELECT count(*) FILTER (WHERE succeeded) AS succeeded, count(*) FILTER (WHERE NOT succeeded) AS failed
        FROM delivery_attempts
        WHERE organization_id = $1
          AND created_at >= $2
        """,
        organization_id,
        since,
    )
    assert row is not None, "a count always has a row"
    return row["succeeded"], row["failed"]


async def requeue(db: Executor, organization_id: UUID, delivery_id: UUID, *, dialect: Dialect, now: datetime) -> bool:
    """Make an event due again, delivered or not: same id, same payload, one more try. False when its dialect has no such event."""
    status = await db.execute(
        """
        UPDATE deliveries
        SET status = 'pending', next_attempt_at = $3
        FROM webhook_endpoints AS e
        WHERE deliveries.organization_id = $1
          AND deliveries.id = $2
          AND e.organization_id = $1
          AND e.id = deliveries.endpoint_id
          AND e.dialect = $4
        """,
        organization_id,
        delivery_id,
        now,
        dialect,
    )
    return status.endswith(" 1")
