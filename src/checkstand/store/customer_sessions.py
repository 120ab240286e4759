"""Customer sessions, found again by the keyed hash of their token."""

from __future__ import annotations

from datetime import datetime

from checkstand.domain.customer_session import CustomerSession
from checkstand.store.database import Executor


async def add(db: Executor, session: CustomerSession, token_hash: bytes) -> None:
    """Store a new session."""
    await db.execute(
        """
        INSERT INTO customer_sessions (organization_id, id, customer_id, token_hash, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        session.organization_id,
        session.id,
        session.customer_id,
        token_hash,
        session.created_at,
        session.expires_at,
    )


async def by_token_hash(db: Executor, token_hash: bytes, *, real_now: datetime) -> CustomerSession | None:
    """The session that a token opens, by its organization's clock; None once it ended or its customer was deleted."""
    row = await db.fetchrow(
        """
        SELECT s.organization_id, s.id, s.customer_id, s.created_at, s.expires_at
        FROM customer_sessions AS s
        JOIN organizations AS o ON o.id = s.organization_id
        JOIN customers AS c ON c.organization_id = s.organization_id AND c.id = s.customer_id
        WHERE s.token_hash = $1
          AND s.expires_at > $2::timestamptz + o.clock_offset_us * interval '1 microsecond'
          AND c.deleted_at IS NULL
        """,
        token_hash,
        real_now,
    )
    if row is None:
        return None
    return CustomerSession(
        id=row["id"],
        organization_id=row["organization_id"],
        customer_id=row["customer_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
