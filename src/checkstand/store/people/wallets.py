"""Wallets: entries are only ever added, and a wallet is what its entries say."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from checkstand.domain.wallet import Wallet, WalletEntry
from checkstand.store.executor import Reader
from checkstand.store.rows import Table

ENTRIES = Table("wallet_entries", WalletEntry)


async def of_customer(
    db: Reader, organization_id: UUID, customer_id: UUID, *, currency: str | None = None
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


async def latest(db: Reader, organization_id: UUID, customer_id: UUID, currency: str) -> WalletEntry | None:
    """The last entry of a wallet, whose balance is the wallet's."""
    return await ENTRIES.one(
        db,
        f"""
        SELECT {ENTRIES.columns}
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


async def by_key(db: Reader, organization_id: UUID, customer_id: UUID, key: str) -> WalletEntry | None:
    """The entry that was made under an idempotency key."""
    return await ENTRIES.one(
        db,
        f"""
        SELECT {ENTRIES.columns}
        FROM wallet_entries
        WHERE organization_id = $1
          AND customer_id = $2
          AND idempotency_key = $3
        """,
        organization_id,
        customer_id,
        key,
    )


async def entries(
    db: Reader, organization_id: UUID, customer_id: UUID, *, currency: str | None, offset: int, limit: int
) -> Sequence[WalletEntry]:
    """A page of a customer's entries, newest first; of one wallet, strictly in order."""
    return await ENTRIES.all(
        db,
        f"""
        SELECT {ENTRIES.columns}
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
