"""Short addresses and what they stand for. One namespace for all organizations, since an address names none."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from checkstand.domain.link import ShortLink
from checkstand.store.database import Executor
from checkstand.store.query import Page, Query

_COLUMNS = "organization_id, id, product_id, target, created_at"


def _link(row: asyncpg.Record) -> ShortLink:
    return ShortLink(
        id=row["id"],
        organization_id=row["organization_id"],
        product_id=row["product_id"],
        target=row["target"],
        created_at=row["created_at"],
    )


async def add(db: Executor, link: ShortLink) -> bool:
    """Store a new short link; False when its address is taken, by whomever."""
    status = await db.execute(
        f"""
        INSERT INTO short_links ({_COLUMNS})
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO NOTHING
        """,
        link.organization_id,
        link.id,
        link.product_id,
        link.target,
        link.created_at,
    )
    return status.endswith(" 1")


async def by_code(db: Executor, code: str) -> ShortLink | None:
    """Look-up by secret: the short address that somebody opened. It names no organization."""
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM short_links WHERE id = $1", code)
    return _link(row) if row is not None else None


async def of_products(
    db: Executor, organization_id: UUID, *, product_id: UUID | None, offset: int, limit: int
) -> Page[ShortLink]:
    """A page of the short links that a merchant made for products, newest first."""
    query = Query("short_links", organization_id)
    query.where("product_id IS NOT NULL")
    query.equals("product_id", product_id)
    query.order_by(("-created_at",), {"created_at": "created_at"})
    found = await query.page(db, _COLUMNS, offset=offset, limit=limit)
    return found.of([_link(row) for row in found.items])
