"""Discounts: found by id or by code, and how often each was redeemed."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from checkstand.domain.discount import AmountOff, Discount, Percentage
from checkstand.store.codec import decode_plain, encode
from checkstand.store.database import Executor

_COLUMNS = """
    organization_id, id, name, code, basis_points, amounts, duration, duration_months, starts_at, ends_at,
    max_redemptions, redemptions_count, product_ids, metadata, created_at, modified_at
"""


def _discount(row: asyncpg.Record) -> Discount:
    points = row["basis_points"]
    takes = Percentage(basis_points=points) if points is not None else AmountOff(amounts=decode_plain(row["amounts"]))
    return Discount(
        id=row["id"],
        organization_id=row["organization_id"],
        name=row["name"],
        code=row["code"],
        takes=takes,
        duration=row["duration"],
        duration_months=row["duration_months"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        max_redemptions=row["max_redemptions"],
        redemptions_count=row["redemptions_count"],
        product_ids=tuple(row["product_ids"]),
        metadata=decode_plain(row["metadata"]),
        created_at=row["created_at"],
        modified_at=row["modified_at"],
    )


async def by_id(db: Executor, organization_id: UUID, discount_id: UUID) -> Discount | None:
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM discounts
        WHERE organization_id = $1
          AND id = $2
          AND deleted_at IS NULL
        """,
        organization_id,
        discount_id,
    )
    return _discount(row) if row is not None else None


async def by_code(db: Executor, organization_id: UUID, code: str) -> Discount | None:
    """The living discount with this code, compared without case after trimming."""
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM discounts
        WHERE organization_id = $1
          AND upper(code) = upper($2)
          AND deleted_at IS NULL
        """,
        organization_id,
        code.strip(),
    )
    return _discount(row) if row is not None else None


async def add(db: Executor, discount: Discount) -> None:
    takes = discount.takes
    await db.execute(
        f"""
        INSERT INTO discounts ({_COLUMNS})
        VALUES ($1, $2, $3, $4, $5, $6::json, $7, $8, $9, $10, $11, $12, $13, $14::json, $15, $16)
        """,
        discount.organization_id,
        discount.id,
        discount.name,
        discount.code,
        takes.basis_points if isinstance(takes, Percentage) else None,
        encode(takes.amounts) if isinstance(takes, AmountOff) else None,
        discount.duration,
        discount.duration_months,
        discount.starts_at,
        discount.ends_at,
        discount.max_redemptions,
        discount.redemptions_count,
        list(discount.product_ids),
        encode(discount.metadata),
        discount.created_at,
        discount.modified_at,
    )


async def reserve(db: Executor, discount: Discount, redemption_id: UUID, checkout_id: UUID) -> bool:
    """Take one redemption if any is left; False when the limit was reached meanwhile. Call inside a transaction."""
    taken = await db.fetchval(
        """
        WITH counted AS (
            UPDATE discounts
            SET redemptions_count = redemptions_count + 1
            WHERE organization_id = $1
              AND id = $2
              AND deleted_at IS NULL
              AND (max_redemptions IS NULL OR redemptions_count < max_redemptions)
            RETURNING organization_id, id
        )
        INSERT INTO redemptions (organization_id, id, discount_id, checkout_id, created_at)
        SELECT organization_id, $3, id, $4, now()
        FROM counted
        RETURNING id
        """,
        discount.organization_id,
        discount.id,
        redemption_id,
        checkout_id,
    )
    return taken is not None


async def give_back(db: Executor, organization_id: UUID, checkout_id: UUID) -> None:
    """Return what a checkout had reserved: its payment failed."""
    await db.execute(
        """
        WITH returned AS (
            DELETE FROM redemptions
            WHERE organization_id = $1
              AND checkout_id = $2
            RETURNING discount_id
        )
        UPDATE discounts
        SET redemptions_count = redemptions_count - 1
        FROM returned
        WHERE discounts.organization_id = $1
          AND discounts.id = returned.discount_id
        """,
        organization_id,
        checkout_id,
    )
