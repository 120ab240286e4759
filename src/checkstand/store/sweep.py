"""Removing what has served its time, for all organizations at once. Nothing that an answer or a book depends on is removed."""

from __future__ import annotations

from datetime import datetime

from checkstand.store.executor import Executor


async def idempotency_keys(db: Executor, *, older_than: datetime) -> None:
    """Forget answers that may no longer be replayed."""
    await db.execute("DELETE FROM idempotency_keys WHERE created_at < $1", older_than)


async def user_sessions(db: Executor, *, now: datetime) -> None:
    """Forget browsers whose sign-in has ended."""
    await db.execute("DELETE FROM user_sessions WHERE expires_at <= $1", now)


async def customer_sessions(db: Executor, *, now: datetime) -> None:
    """Forget buyers' ways in that have ended. No organization's clock is behind the real one."""
    await db.execute("DELETE FROM customer_sessions WHERE expires_at <= $1", now)
