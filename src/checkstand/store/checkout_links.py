"""Checkout links: found by id or by the secret in their address, and kept in step with the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from checkstand.domain.catalog import Span
from checkstand.domain.link import CheckoutLink
from checkstand.store.database import Transaction
from checkstand.store.executor import Executor, Reader
from checkstand.store.field_mapping import spread
from checkstand.store.query import Page, Query
from checkstand.store.rows import Table

LINKS = Table(
    "checkout_links",
    CheckoutLink,
    kept={"back_url": "return_url", "trial": spread(Span, "trial_interval", "trial_count")},
)
SORTABLE: Mapping[str, str] = {
    "created_at": "created_at",
    "label": "label",
    "success_url": "success_url",
    "allow_discount_codes": "allow_discount_codes",
}


async def by_secret(db: Reader, secret: str) -> CheckoutLink | None:
    """Look-up by secret: the link that was opened. Its address names no organization."""
    return await LINKS.one(db, f"SELECT {LINKS.columns} FROM checkout_links WHERE client_secret = $1", secret)


async def remove(db: Executor, organization_id: UUID, link_id: UUID) -> bool:
    """Delete a link; False when there is none."""
    status = await db.execute(
        "DELETE FROM checkout_links WHERE organization_id = $1 AND id = $2", organization_id, link_id
    )
    return status.endswith(" 1")


async def without_product(tx: Transaction, organization_id: UUID, product_id: UUID) -> None:
    """Take a product out of every link that has it; a link that had nothing else is deleted."""
    await tx.execute(
        """
        DELETE FROM checkout_links
        WHERE organization_id = $1
          AND product_ids <@ ARRAY[$2::uuid]
        """,
        organization_id,
        product_id,
    )
    await tx.execute(
        """
        UPDATE checkout_links
        SET product_ids = array_remove(product_ids, $2)
        WHERE organization_id = $1
          AND $2 = ANY(product_ids)
        """,
        organization_id,
        product_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFilter:
    """What a list may be narrowed by: links that have any of these products."""

    product_ids: tuple[UUID, ...] = ()


async def search(
    db: Reader, organization_id: UUID, wanted: LinkFilter, *, sorting: Sequence[str], offset: int, limit: int
) -> Page[CheckoutLink]:
    """A page of links with the total count."""
    query = Query("checkout_links", organization_id)
    if wanted.product_ids:
        query.where(f"product_ids && {query.bind(list(wanted.product_ids))}::uuid[]")
    query.order_by(sorting, SORTABLE)
    return await LINKS.page(db, query, offset=offset, limit=limit)
