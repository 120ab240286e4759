"""Short addresses and what they stand for. One namespace for all organizations, since an address names none."""

from __future__ import annotations

from uuid import UUID

from checkstand.domain.link import ShortLink
from checkstand.store.executor import Executor, Reader
from checkstand.store.query import Page, Query
from checkstand.store.rows import Table

SHORT_LINKS = Table("short_links", ShortLink)


async def add(db: Executor, link: ShortLink) -> bool:
    """Store a new short link; False when its address is taken, by whomever."""
    status = await db.execute(f"{SHORT_LINKS.insertion} ON CONFLICT (id) DO NOTHING", *SHORT_LINKS.arguments(link))
    return status.endswith(" 1")


async def by_code(db: Reader, code: str) -> ShortLink | None:
    """Look-up by secret: the short address that was opened. It names no organization."""
    return await SHORT_LINKS.one(db, f"SELECT {SHORT_LINKS.columns} FROM short_links WHERE id = $1", code)


async def of_products(
    db: Reader, organization_id: UUID, *, product_id: UUID | None, offset: int, limit: int
) -> Page[ShortLink]:
    """A page of the short links that a merchant made for products, newest first."""
    query = Query("short_links", organization_id)
    query.where("product_id IS NOT NULL")
    query.equals("product_id", product_id)
    query.order_by(("-created_at",), {"created_at": "created_at"})
    return await SHORT_LINKS.page(db, query, offset=offset, limit=limit)
