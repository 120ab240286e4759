"""Wallets: entries are only ever added, and a wallet is what its entries say."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from checkstand.domain.wallet import Wallet, WalletEntry
from checkstand.store.database import Executor

COLUMNS = (
    "organization_id, id, customer_id, currency, position, amount_minor, is_credit, before_minor, after_minor, event, "
    "reason, idempotency_key, created_at"
)


def _entry(row: asyncpg.Record) -> WalletEntry:
    return WalletEntry(
        id=row["id"],
        organization_id=row["organization_id"],
        customer_id=row["customer_id"],
        currency=row["currency"],
        position=row["position"],
        amount_minor=row["amount_minor"],
        is_credit=row["is_credit"],
        before_minor=row["before_minor"],
        after_minor=row["after_minor"],
        event=row["event"],
        reason=row["reason"],
        idempotency_key=row["idempotency_key"],
        created_at=row["created_at"],
    )


async def of_customer(
    db: Executor, organization_id: UUID, customer_id: UUID, *, currency: str | None = None
) -> Sequence[Wallet]:
    """A customer's wallets, or the one of a currency."""
    rows = await db.fetch(
        """
        SELECT
            currency,
            (array_agg(after_minor ORDER BY position DESC))[1] AS balance_minor,
            min(created_at) AS created_at,
            max(created_at) AS modified_at
        FROM wallet_entries
        WHERE organization_id = $1
          AND customer_id = $2
          AND ($3::text IS NULL OR currency = $3)
        GROUP BY currency
        ORDER BY currency
        """,
        organization_id,
        customer_id,
        currency,
    )
    return [
        Wallet(
            customer_id=customer_id,
            currency=row["currency"],
            balance_minor=row["balance_minor"],
            created_at=row["created_at"],
            modified_at=row["modified_at"],
        )
        for row in rows
    ]


async def latest(db: Executor, organization_id: UUID, customer_id: UUID, currency: str) -> WalletEntry | None:
    """The last entry of a wallet, whose balance is the wallet's."""
    row = await db.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM wallet_entries
        WHERE organization_id = $1
          AND customer_id = $2
          AND currency = $3
        ORDER BY position DESC
        LIMIT 1
        """,
        organization_id,
        customer_id,
        currency,
    )
    return _entry(row) if row is not None else None


async def by_key(db: Executor, organization_id: UUID, customer_id: UUID, key: str) -> WalletEntry | None:
    """The entry that was made under an idempotency key."""
    row = await db.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM wallet_entries
        WHERE organization_id = $1
          AND customer_id = $2
          AND idempotency_key = $3
        """,
        organization_id,
        customer_id,
        key,
    )
    return _entry(row) if row is not None else None


async def add(db: Executor, entry: WalletEntry) -> None:
    """Store a new entry. The customer's row is held by the caller, so positions have neither gaps nor doubles."""
    await db.execute(
        f"""
        INSERT INTO wallet_entries ({COLUMNS})
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        entry.organization_id,
        entry.id,
        entry.customer_id,
        entry.currency,
        entry.position,
        entry.amount_minor,
        entry.is_credit,
        entry.before_minor,
        entry.after_minor,
        entry.event,
        entry.reason,
        entry.idempotency_key,
        entry.created_at,
    )


async def entries(
    db: Executor, organization_id: UUID, customer_id: UUID, *, currency: str | None, offset: int, limit: int
) -> Sequence[WalletEntry]:
    """A page of a customer's entries, newest first; of one wallet, strictly in order."""
    rows = await db.fetch(
        f"""
        SELECT {COLUMNS}
        FROM wallet_entries
        WHERE organization_id = $1
          AND customer_id = $2
          AND ($3::text IS NULL OR currency = $3)
        ORDER BY created_at DESC, position DESC, currency
        LIMIT $4
        OFFSET $5
        """,
        organization_id,
        customer_id,
        currency,
        limit,
        offset,
    )
    return [_entry(row) for row in rows]
