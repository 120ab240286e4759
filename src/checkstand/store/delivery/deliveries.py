"""The queue of deliveries: put in by the fan-out, leased by workers, written back with the result of each try.

An endpoint has two lanes: events that were never tried, strictly in their order, and retries. Of each lane only the head is ever
leased, so order holds at the first try, a failing event holds up nobody beyond it, and no two workers have the same delivery. A lease
runs in real time and ends by itself when its worker dies; schedules follow the organization's time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from checkstand.domain.webhook import Delivery, DeliveryAttempt, Endpoint
from checkstand.store.delivery.webhooks import ATTEMPTS, DELIVERIES, ENDPOINTS
from checkstand.store.executor import Executor, Reader


async def add(db: Executor, deliveries: Sequence[Delivery]) -> None:
    """Queue deliveries in order; one that exists already for the same fact, endpoint and event is left alone."""
    if not deliveries:
        return
    statement = f"{DELIVERIES.insertion} ON CONFLICT (organization_id, endpoint_id, fact_id, event_type) DO NOTHING"
    await db.executemany(statement, [DELIVERIES.arguments(delivery) for delivery in deliveries])


@dataclass(frozen=True, slots=True)
class Lane:
    """One endpoint's first tries, or its retries."""

    endpoint_id: UUID
    is_first_try: bool


@dataclass(frozen=True, slots=True)
class LeasedDelivery:
    """A delivery that this worker holds for a while, with its endpoint. `is_wanted`: the endpoint is neither disabled nor removed."""

    delivery: Delivery
    endpoint: Endpoint
    is_wanted: bool

    @property
    def lane(self) -> Lane:
        return Lane(self.endpoint.id, self.delivery.attempts == 0)


_HEADS = """
    SELECT head.id, head.sequence, head.leased_until
    FROM webhook_endpoints AS e
    CROSS JOIN LATERAL (
        SELECT d.id, d.sequence, d.leased_until
        FROM deliveries AS d
        WHERE d.organization_id = e.organization_id
          AND d.endpoint_id = e.id
          AND d.status = 'pending'
          AND {lane}
          AND d.next_attempt_at <= $2
        ORDER BY {order}
        LIMIT 1
    ) AS head
    WHERE e.organization_id = $1
      AND ($6::uuid IS NULL OR e.id = $6)
      AND {wanted}
"""
_FIRST_TRIES = _HEADS.format(lane="d.attempts = 0", order="d.sequence", wanted="$7::boolean IS NOT FALSE")
_RETRIES = _HEADS.format(lane="d.attempts > 0", order="d.next_attempt_at, d.sequence", wanted="$7::boolean IS NOT TRUE")
# What was read is checked again by the UPDATE: another worker may have been at the same head meanwhile.
_LEASE = f"""
    WITH heads AS ({_FIRST_TRIES} UNION ALL {_RETRIES}),
    due AS (
        SELECT id
        FROM heads
        WHERE leased_until IS NULL OR leased_until <= $3
        ORDER BY sequence
        LIMIT $5
    ),
    taken AS (
        UPDATE deliveries
        SET leased_until = $4
        FROM due
        WHERE deliveries.organization_id = $1
          AND deliveries.id = due.id
          AND deliveries.status = 'pending'
          AND deliveries.next_attempt_at <= $2
          AND (deliveries.leased_until IS NULL OR deliveries.leased_until <= $3)
        RETURNING {DELIVERIES.columns}
    )
    SELECT {DELIVERIES.select("taken")}, {ENDPOINTS.select("e", prefix="e_")},
        e.enabled AND e.deleted_at IS NULL AS is_wanted
    FROM taken
    JOIN webhook_endpoints AS e ON e.organization_id = taken.organization_id AND e.id = taken.endpoint_id
    ORDER BY taken.sequence
"""


def _leased(row: asyncpg.Record) -> LeasedDelivery:
    return LeasedDelivery(DELIVERIES.read(row), ENDPOINTS.read(row, prefix="e_"), row["is_wanted"])


async def lease_due(
    db: Executor,
    organization_id: UUID,
    *,
    now: datetime,
    real_now: datetime,
    leased_until: datetime,
    limit: int,
    lane: Lane | None = None,
) -> Sequence[LeasedDelivery]:
    """Take the heads of an organization's lanes (or of one lane) that are due and free, at most `limit`, in their order.

    `now` is the organization's time, `real_now` and `leased_until` are real.
    """
    rows = await db.fetch(
        _LEASE,
        organization_id,
        now,
        real_now,
        leased_until,
        limit,
        lane.endpoint_id if lane else None,
        lane.is_first_try if lane else None,
    )
    return [_leased(row) for row in rows]


async def record_attempt(db: Executor, delivery: Delivery, attempt: DeliveryAttempt) -> None:
    """Write the result of one try: the log entry and the delivery's next state.

    One that was skipped meanwhile (its endpoint was disabled or removed) does not come back to wait for another try.
    """
    await db.execute(
        f"""
        WITH tried AS ({ATTEMPTS.insertion_from(7)})
        UPDATE deliveries
        SET status = CASE WHEN $3 = 'pending' AND status = 'skipped' THEN status ELSE $3 END,
            next_attempt_at = CASE WHEN status = 'skipped' THEN NULL ELSE $4::timestamptz END,
            attempts = $5, last_http_code = $6, leased_until = NULL
        WHERE organization_id = $1
          AND id = $2
        """,
        delivery.organization_id,
        delivery.id,
        delivery.status,
        delivery.next_attempt_at,
        delivery.attempts,
        attempt.http_code,
        *ATTEMPTS.arguments(attempt),
    )


async def skip(db: Executor, delivery: Delivery) -> None:
    """Give up on a delivery whose endpoint is gone, or that has nothing left to tell."""
    await db.execute(
        """
        UPDATE deliveries
        SET status = 'skipped', next_attempt_at = NULL, leased_until = NULL
        WHERE organization_id = $1
          AND id = $2
          AND status = 'pending'
        """,
        delivery.organization_id,
        delivery.id,
    )


async def release(db: Executor, delivery: Delivery) -> None:
    """Give a lease back before its time: the worker is leaving."""
    await db.execute(
        "UPDATE deliveries SET leased_until = NULL WHERE organization_id = $1 AND id = $2",
        delivery.organization_id,
        delivery.id,
    )


async def due_count(db: Reader, organization_id: UUID, *, now: datetime) -> int:
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


async def last_all_failed(db: Reader, organization_id: UUID, endpoint_id: UUID, *, count: int) -> bool:
    """Whether the newest `count` events of an endpoint that came to an end all failed; False when there were fewer."""
    failed: bool = await db.fetchval(
        """
        SELECT count(*) = $3 AND bool_and(status = 'failed')
        FROM (
            SELECT status
            FROM deliveries
            WHERE organization_id = $1
              AND endpoint_id = $2
              AND status IN ('delivered', 'failed')
            ORDER BY sequence DESC
            LIMIT $3
        ) AS newest
        """,
        organization_id,
        endpoint_id,
        count,
    )
    return failed
