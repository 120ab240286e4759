"""Idempotency keys and the answers given under them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from checkstand.store.executor import Executor


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What is known under a key: the request's hash, and the answer once there is one."""

    request_hash: bytes
    status: int | None
    body: bytes | None


async def take(
    db: Executor,
    organization_id: UUID,
    key: str,
    request_hash: bytes,
    *,
    now: datetime,
    older_than: datetime,
    abandoned_before: datetime,
) -> StoredAnswer | None:
    """Take the key: None when it was free, too old, or left behind by a crash; else what is kept under it."""
    taken = await db.fetchval(
        """
        INSERT INTO idempotency_keys AS kept (organization_id, id, request_hash, created_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (organization_id, id) DO UPDATE
        SET request_hash = excluded.request_hash, status = NULL, body = NULL, created_at = excluded.created_at
        WHERE kept.created_at < $5
           OR (kept.status IS NULL AND kept.created_at < $6)
        RETURNING id
        """,
        organization_id,
        key,
        request_hash,
        now,
        older_than,
        abandoned_before,
    )
    if taken is not None:
        return None
    row = await db.fetchrow(
        "SELECT request_hash, status, body FROM idempotency_keys WHERE organization_id = $1 AND id = $2",
        organization_id,
        key,
    )
    return StoredAnswer(row["request_hash"], row["status"], row["body"]) if row is not None else None


async def keep(db: Executor, organization_id: UUID, key: str, status: int, body: bytes) -> None:
    await db.execute(
        "UPDATE idempotency_keys SET status = $3, body = $4 WHERE organization_id = $1 AND id = $2",
        organization_id,
        key,
        status,
        body,
    )


async def release(db: Executor, organization_id: UUID, key: str) -> None:
    await db.execute("DELETE FROM idempotency_keys WHERE organization_id = $1 AND id = $2", organization_id, key)
