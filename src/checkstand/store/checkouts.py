"""Checkouts: one row each, the columns that queries and constraints need beside the whole session as a document.

Every change is guarded by the version that was read: whoever comes second changes nothing and is told so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from checkstand.domain.checkout import Checkout
from checkstand.domain.facts import Fact
from checkstand.store import facts as fact_store
from checkstand.store.codec import decode, encode
from checkstand.store.database import Database, Executor
from checkstand.store.query import Page, Query

_CREATE = f"""
    WITH made AS (
        INSERT INTO checkouts (
            organization_id, id, dialect, status, client_secret, version, customer_id, customer_email, product_id,
            order_id, currency, total_minor, created_at, modified_at, expires_at, document
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::json)
    )
    INSERT INTO facts {fact_store.COLUMNS}
    SELECT f.organization_id, {fact_store.SELECTED}
    FROM {fact_store.unnest_with_organization(17)}
"""

# The same for several sessions: every column an array, every fact with the organization it belongs to.
_CREATE_SEVERAL = f"""
    WITH made AS (
        INSERT INTO checkouts (
            organization_id, id, dialect, status, client_secret, version, customer_id, customer_email, product_id,
            order_id, currency, total_minor, created_at, modified_at, expires_at, document
        )
        SELECT c.organization_id, c.id, c.dialect, c.status, c.client_secret, c.version, c.customer_id, c.customer_email,
            c.product_id, c.order_id, c.currency, c.total_minor, c.created_at, c.modified_at, c.expires_at, c.document::json
        FROM unnest(
            $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::uuid[], $8::text[], $9::uuid[],
            $10::uuid[], $11::text[], $12::bigint[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[],
            $16::text[]
        ) AS c (
            organization_id, id, dialect, status, client_secret, version, customer_id, customer_email, product_id,
            order_id, currency, total_minor, created_at, modified_at, expires_at, document
        )
    )
    INSERT INTO facts {fact_store.COLUMNS}
    SELECT f.organization_id, {fact_store.SELECTED}
    FROM {fact_store.unnest_with_organization(17)}
"""

_SAVE = f"""
    WITH changed AS (
        UPDATE checkouts
        SET status = $4, client_secret = $5, version = $6, customer_id = $7, customer_email = $8, product_id = $9,
            order_id = $10, currency = $11, total_minor = $12, modified_at = $14, expires_at = $15, document = $16::json
        WHERE organization_id = $1
          AND id = $2
          AND dialect = $3
          AND created_at = $13
          AND version = $24
        RETURNING id
    ),
    told AS (
        INSERT INTO facts {fact_store.COLUMNS}
        SELECT $1, {fact_store.SELECTED}
        FROM changed, {fact_store.unnest_from(17)} {fact_store.ALIAS}
    )
    SELECT count(*) FROM changed
"""


def _arguments(checkout: Checkout) -> tuple[object, ...]:
    return (
        checkout.organization_id,
        checkout.id,
        checkout.dialect,
        str(checkout.status),
        checkout.client_secret,
        checkout.version,
        checkout.buyer.customer_id,
        checkout.buyer.email,
        checkout.selected.id,
        checkout.order_id,
        checkout.currency,
        checkout.quote.total_minor,
        checkout.created_at,
        checkout.modified_at,
        checkout.expires_at,
        encode(checkout),
    )


async def create(db: Database, checkout: Checkout, facts: Sequence[Fact]) -> None:
    """Store a new session and what it tells, in one statement, which sessions made at the same time may share."""
    grouped = db.grouped(_CREATE, _CREATE_SEVERAL, fact_width=fact_store.WIDTH)
    await grouped.store(_arguments(checkout), [fact_store.row(fact) for fact in facts])


async def save(db: Executor, checkout: Checkout, facts: Sequence[Fact], *, seen: int) -> bool:
    """Store a changed session and its facts if nobody changed it since version `seen` was read; False otherwise."""
    changed = await db.fetchval(_SAVE, *_arguments(checkout), *fact_store.columns(facts), seen)
    return bool(changed)


async def document(db: Executor, organization_id: UUID, checkout_id: UUID) -> str | None:
    """A session of this organization as it is stored; `read` makes a Checkout of it."""
    text: str | None = await db.fetchval(
        """
        SELECT document
        FROM checkouts
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        checkout_id,
    )
    return text


def read(document: str) -> Checkout:
    """The session that a stored document holds."""
    return decode(Checkout, document)


async def by_id(db: Executor, organization_id: UUID, checkout_id: UUID) -> Checkout | None:
    """A session of this organization."""
    text = await document(db, organization_id, checkout_id)
    return read(text) if text is not None else None


async def by_ids(db: Executor, organization_id: UUID, checkout_ids: Sequence[UUID]) -> Sequence[Checkout]:
    """The sessions among these ids."""
    rows = await db.fetch(
        """
        SELECT document
        FROM checkouts
        WHERE organization_id = $1
          AND id = ANY($2::uuid[])
        """,
        organization_id,
        list(checkout_ids),
    )
    return [decode(Checkout, row["document"]) for row in rows]


async def by_client_secret(db: Executor, secret: str) -> Checkout | None:
    """Look-up by secret for Polar: the session whose page or client endpoints are asked for. Dodo's are not reachable this way."""
    text = await db.fetchval(
        """
        SELECT document
        FROM checkouts
        WHERE client_secret = $1
          AND dialect = 'polar'
        """,
        secret,
    )
    return decode(Checkout, text) if text is not None else None


async def by_page_id(db: Executor, checkout_id: UUID) -> Checkout | None:
    """Look-up by secret for Dodo, where the session's id is the page's key. Polar sessions are not reachable this way."""
    text = await db.fetchval(
        """
        SELECT document
        FROM checkouts
        WHERE id = $1
          AND dialect = 'dodo'
        """,
        checkout_id,
    )
    return decode(Checkout, text) if text is not None else None


async def by_order_id(db: Executor, organization_id: UUID, order_id: UUID) -> Checkout | None:
    """The session that reserved this order id."""
    text = await db.fetchval(
        """
        SELECT document
        FROM checkouts
        WHERE organization_id = $1
          AND order_id = $2
        """,
        organization_id,
        order_id,
    )
    return decode(Checkout, text) if text is not None else None


async def due_for_expiry(db: Executor, organization_id: UUID, *, now: datetime, limit: int = 100) -> Sequence[Checkout]:
    """Open sessions whose time has passed, oldest first."""
    rows = await db.fetch(
        """
        SELECT document
        FROM checkouts
        WHERE organization_id = $1
          AND status = 'open'
          AND expires_at <= $2
        ORDER BY expires_at
        LIMIT $3
        """,
        organization_id,
        now,
        limit,
    )
    return [decode(Checkout, row["document"]) for row in rows]


SORTABLE = {"created_at": "created_at", "expires_at": "expires_at", "status": "status"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutFilter:
    """What a list may be narrowed by; empty means no narrowing. `order_reserved`: only those that were confirmed once."""

    product_ids: tuple[UUID, ...] = ()
    customer_ids: tuple[UUID, ...] = ()
    external_customer_ids: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    email_contains: str | None = None
    order_reserved: bool = False
    created_after: datetime | None = None
    created_before: datetime | None = None


async def _has_email(db: Executor, organization_id: UUID, text: str) -> bool:
    """Whether the text is somebody's whole address: then it is looked for as such, which an index finds among any number."""
    if "@" not in text:
        return False
    return bool(
        await db.fetchval(
            """
            SELECT EXISTS (
                SELECT 1
                FROM checkouts
                WHERE organization_id = $1
                  AND lower(customer_email) = lower($2::text)
            )
            """,
            organization_id,
            text,
        )
    )


async def search(
    db: Executor, organization_id: UUID, wanted: CheckoutFilter, *, sorting: Sequence[str], offset: int, limit: int
) -> Page[Checkout]:
    """A page of sessions with the total count. `sorting` names keys of SORTABLE, a leading '-' for descending."""
    query = Query("checkouts", organization_id)
    query.any_of("product_id", wanted.product_ids, "uuid")
    query.any_of("customer_id", wanted.customer_ids, "uuid")
    query.any_of("status", wanted.statuses, "text")
    if wanted.email_contains and await _has_email(db, organization_id, wanted.email_contains):
        query.where(f"lower(customer_email) = lower({query.bind(wanted.email_contains)}::text)")
    else:
        query.contains("customer_email", wanted.email_contains)
    query.at_least("created_at", wanted.created_after)
    query.at_most("created_at", wanted.created_before)
    if wanted.order_reserved:
        query.where("order_id IS NOT NULL")
    await query.of_customers(db, wanted.external_customer_ids)
    query.order_by(sorting, SORTABLE)
    found = await query.page(db, "document", offset=offset, limit=limit)
    return found.of([decode(Checkout, row["document"]) for row in found.items])
