"""What we believe that a gateway took and gave back, to be compared with its own books."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from checkstand.domain.ledger import Moved
from checkstand.store.executor import Reader


async def captured(
    db: Reader, organization_id: UUID, gateway: str, *, keys: Sequence[UUID] | None = None
) -> Sequence[Moved]:
    """What we believe this gateway took; of these keys alone where some are given."""
    rows = await db.fetch(
        """
        SELECT gateway_key, coalesce(gateway_reference, '') AS reference, amount_minor, currency
        FROM payment_attempts
        WHERE organization_id = $1
          AND gateway = $2
          AND status = 'succeeded'
          AND amount_minor > 0
          AND ($3::uuid[] IS NULL OR gateway_key = ANY ($3))
        ORDER BY created_at, id
        """,
        organization_id,
        gateway,
        keys,
    )
    return [_moved(row) for row in rows]


async def refunded(
    db: Reader, organization_id: UUID, gateway: str, *, keys: Sequence[UUID] | None = None
) -> Sequence[Moved]:
    """What we believe this gateway gave back; of these keys alone where some are given."""
    rows = await db.fetch(
        """
        SELECT gateway_key, coalesce(gateway_reference, '') AS reference, net_minor + tax_minor AS amount_minor, currency
        FROM refunds
        WHERE organization_id = $1
          AND gateway = $2
          AND status = 'succeeded'
          AND ($3::uuid[] IS NULL OR gateway_key = ANY ($3))
        ORDER BY created_at, id
        """,
        organization_id,
        gateway,
        keys,
    )
    return [_moved(row) for row in rows]


def _moved(row: asyncpg.Record) -> Moved:
    return Moved(
        key=row["gateway_key"], reference=row["reference"], amount_minor=row["amount_minor"], currency=row["currency"]
    )
