"""Which organizations have work due, and when the next is: the worker asks each second. One statement for all tenants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from checkstand.store.executor import Reader


async def with_due_deliveries(db: Reader, *, real_now: datetime) -> Sequence[UUID]:
    """Organizations with a delivery that is due by their clock and free."""
    rows = await db.fetch(
        """
        SELECT o.id
        FROM organizations AS o
        WHERE EXISTS (
            SELECT 1
            FROM deliveries AS d
            WHERE d.organization_id = o.id
              AND d.status = 'pending'
              AND d.next_attempt_at <= $1::timestamptz + o.clock_offset_us * interval '1 microsecond'
              AND (d.leased_until IS NULL OR d.leased_until <= $1::timestamptz)
        )
        """,
        real_now,
    )
    return [row["id"] for row in rows]


async def with_due_upkeep(db: Reader, *, real_now: datetime, patience: timedelta) -> Sequence[UUID]:
    """Organizations with a session to expire, an attempt that has waited longer than `patience` or that its gateway has decided by
    now, a refund or a fee to ask for, or a method that the gateway shall forget.
    """
    rows = await db.fetch(
        """
        SELECT o.id
        FROM organizations AS o
        CROSS JOIN LATERAL (SELECT $1::timestamptz + o.clock_offset_us * interval '1 microsecond' AS now) AS clock
        WHERE EXISTS (
                  SELECT 1
                  FROM checkouts AS c
                  WHERE c.organization_id = o.id
                    AND c.status = 'open'
                    AND c.expires_at <= clock.now
              )
           OR EXISTS (
                  SELECT 1
                  FROM payment_attempts AS p
                  WHERE p.organization_id = o.id
                    AND p.status = 'started'
                    AND p.created_at <= clock.now - $2::interval
              )
           OR EXISTS (
                  SELECT 1
                  FROM refunds AS r
                  WHERE r.organization_id = o.id
                    AND r.status = 'pending'
                    AND r.ask_again_at <= clock.now
              )
           OR EXISTS (
                  SELECT 1
                  FROM payment_attempts AS p
                  WHERE p.organization_id = o.id
                    AND p.status IN ('requires_action', 'processing', 'partially_captured')
                    AND p.ask_again_at <= clock.now
              )
           OR EXISTS (
                  SELECT 1
                  FROM payment_attempts AS p
                  WHERE p.organization_id = o.id
                    AND p.ask_fee_at <= clock.now
              )
           OR EXISTS (
                  SELECT 1
                  FROM gateway_methods_to_forget AS f
                  WHERE f.organization_id = o.id
                    AND f.try_at <= clock.now
                    AND NOT EXISTS (
                        SELECT 1
                        FROM payment_attempts AS p
                        WHERE p.organization_id = o.id
                          AND p.gateway_method = f.gateway_method
                          AND p.status IN ('started', 'requires_action', 'processing', 'partially_captured')
                    )
              )
        """,
        real_now,
        patience,
    )
    return [row["id"] for row in rows]


async def next_due(db: Reader, organization_id: UUID, *, after: datetime, patience: timedelta) -> datetime | None:
    """The first moment after `after` (organization's time) at which something will be due; None when nothing waits."""
    moment: datetime | None = await db.fetchval(
        """
        SELECT least(
            (
                SELECT min(next_attempt_at)
                FROM deliveries
                WHERE organization_id = $1
                  AND status = 'pending'
                  AND next_attempt_at > $2
            ),
            (
                SELECT min(expires_at)
                FROM checkouts
                WHERE organization_id = $1
                  AND status = 'open'
                  AND expires_at > $2
            ),
            (
                SELECT min(created_at) + $3::interval
                FROM payment_attempts
                WHERE organization_id = $1
                  AND status = 'started'
                  AND created_at > $2 - $3::interval
            ),
            (
                SELECT min(ask_again_at)
                FROM refunds
                WHERE organization_id = $1
                  AND status = 'pending'
                  AND ask_again_at > $2
            ),
            (
                SELECT min(ask_again_at)
                FROM payment_attempts
                WHERE organization_id = $1
                  AND status IN ('requires_action', 'processing', 'partially_captured')
                  AND ask_again_at > $2
            ),
            (
                SELECT min(ask_fee_at)
                FROM payment_attempts
                WHERE organization_id = $1
                  AND ask_fee_at > $2
            )
        )
        """,
        organization_id,
        after,
        patience,
    )
    return moment
