"""Checkout links: found by id or by the secret in their address, and kept in step with the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from checkstand.domain.catalog import Interval, Span
from checkstand.domain.link import CheckoutLink
from checkstand.store.codec import decode_plain, encode
from checkstand.store.database import Executor, Transaction
from checkstand.store.query import Page, Query

_COLUMNS = """
    organization_id, id, client_secret, label, product_ids, price_id, discount_id, seats, units, allow_discount_codes,
    require_billing_address, success_url, return_url, trial_interval, trial_count, metadata, created_at, modified_at
"""
SORTABLE: Mapping[str, str] = {
    "created_at": "created_at",
    "label": "label",
    "success_url": "success_url",
    "allow_discount_codes": "allow_discount_codes",
}


def _link(row: asyncpg.Record) -> CheckoutLink:
    interval, count = row["trial_interval"], row["trial_count"]
    return CheckoutLink(
        id=row["id"],
        organization_id=row["organization_id"],
        client_secret=row["client_secret"],
        label=row["label"],
        product_ids=tuple(row["product_ids"]),
        price_id=row["price_id"],
        discount_id=row["discount_id"],
        seats=row["seats"],
        units=row["units"],
        allow_discount_codes=row["allow_discount_codes"],
        require_billing_address=row["require_billing_address"],
        success_url=row["success_url"],
        back_url=row["return_url"],
        trial=Span(interval=Interval(interval), count=count) if interval is not None else None,
        metadata=decode_plain(row["metadata"]),
        created_at=row["created_at"],
        modified_at=row["modified_at"],
    )


def _arguments(link: CheckoutLink) -> tuple[object, ...]:
    return (
        link.organization_id,
        link.id,
        link.client_secret,
        link.label,
        list(link.product_ids),
        link.price_id,
        link.discount_id,
        link.seats,
        link.units,
        link.allow_discount_codes,
        link.require_billing_address,
        link.success_url,
        link.back_url,
        str(link.trial.interval) if link.trial else None,
        link.trial.count if link.trial else None,
        encode(link.metadata),
        link.created_at,
        link.modified_at,
    )


async def add(db: Executor, link: CheckoutLink) -> None:
    """Store a new link."""
    await db.execute(
        f"""
        INSERT INTO checkout_links ({_COLUMNS})
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::json, $17, $18)
        """,
        *_arguments(link),
    )


async def by_id(db: Executor, organization_id: UUID, link_id: UUID) -> CheckoutLink | None:
    """A link of this organization."""
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM checkout_links
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        link_id,
    )
    return _link(row) if row is not None else None


async def locked(tx: Transaction, organization_id: UUID, link_id: UUID) -> CheckoutLink | None:
    """The same link, nobody else's to change until the transaction ends."""
    row = await tx.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM checkout_links
        WHERE organization_id = $1
          AND id = $2
        FOR UPDATE
        """,
        organization_id,
        link_id,
    )
    return _link(row) if row is not None else None


async def by_secret(db: Executor, secret: str) -> CheckoutLink | None:
    """Look-up by secret: the link that somebody opened. Its address names no organization."""
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM checkout_links
        WHERE client_secret = $1
        """,
        secret,
    )
    return _link(row) if row is not None else None


async def save(db: Executor, link: CheckoutLink) -> None:
    """Store a changed link."""
    await db.execute(
        """
        UPDATE checkout_links
        SET client_secret = $3, label = $4, product_ids = $5, price_id = $6, discount_id = $7, seats = $8, units = $9,
            allow_discount_codes = $10, require_billing_address = $11, success_url = $12, return_url = $13,
            trial_interval = $14, trial_count = $15, metadata = $16::json, created_at = $17, modified_at = $18
        WHERE organization_id = $1
          AND id = $2
        """,
        *_arguments(link),
    )


async def remove(db: Executor, organization_id: UUID, link_id: UUID) -> bool:
    """Delete a link; False when there is none."""
    status = await db.execute(
        "DELETE FROM checkout_links WHERE organization_id = $1 AND id = $2", organization_id, link_id
    )
    return status.endswith(" 1")


async def without_product(tx: Transaction, organization_id: UUID, product_id: UUID, *, now: datetime) -> None:
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
        SET product_ids = array_remove(product_ids, $2), modified_at = $3
        WHERE organization_id = $1
          AND $2 = ANY(product_ids)
        """,
        organization_id,
        product_id,
        now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFilter:
    """What a list may be narrowed by: links that have any of these products."""

    product_ids: tuple[UUID, ...] = ()


async def search(
    db: Executor, organization_id: UUID, wanted: LinkFilter, *, sorting: Sequence[str], offset: int, limit: int
) -> Page[CheckoutLink]:
    """A page of links with the total count."""
    query = Query("checkout_links", organization_id)
    if wanted.product_ids:
        query.where(f"product_ids && {query.bind(list(wanted.product_ids))}::uuid[]")
    query.order_by(sorting, SORTABLE)
    found = await query.page(db, _COLUMNS, offset=offset, limit=limit)
    return found.of([_link(row) for row in found.items])
