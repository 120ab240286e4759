"""Customer sessions, found again by the keyed hash of their token."""

from __future__ import annotations

from datetime import datetime

from checkstand.domain.customer_session import CustomerSession
from checkstand.store.executor import Executor, Reader
from checkstand.store.rows import Table

SESSIONS = Table("customer_sessions", CustomerSession, owned=("token_hash",))


async def add(db: Executor, session: CustomerSession, token_hash: bytes) -> None:
    """Store a new session."""
    await db.execute(SESSIONS.insertion, token_hash, *SESSIONS.arguments(session))


async def by_token_hash(db: Reader, token_hash: bytes, *, real_now: datetime) -> CustomerSession | None:
    """The session that a token opens, by its organization's clock; None once it ended or its customer was deleted."""
    return await SESSIONS.one(
        db,
        f"""
        SELECT {SESSIONS.select("s")}
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
