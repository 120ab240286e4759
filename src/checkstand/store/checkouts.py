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
from checkstand.domain.profile import names_where
from checkstand.store import facts as fact_store
from checkstand.store.codec import decode, encode
from checkstand.store.database import Database
from checkstand.store.executor import Executor, Reader
from checkstand.store.query import Page, Query
from checkstand.store.written_columns import WrittenColumns

CHECKOUTS = WrittenColumns[Checkout](
    "c",
    organization_id=("uuid", lambda checkout: checkout.organization_id),
    id=("uuid", lambda checkout: checkout.id),
    dialect=("text", lambda checkout: checkout.dialect),
    status=("text", lambda checkout: checkout.status),
    client_secret=("text", lambda checkout: checkout.client_secret),
    version=("integer", lambda checkout: checkout.version),
    customer_id=("uuid", lambda checkout: checkout.buyer.customer_id),
    customer_email=("text", lambda checkout: checkout.buyer.email),
    product_id=("uuid", lambda checkout: checkout.selected.id),
    order_id=("uuid", lambda checkout: checkout.order_id),
    currency=("text", lambda checkout: checkout.currency),
    total_minor=("bigint", lambda checkout: checkout.quote.total_minor),
    created_at=("timestamptz", lambda checkout: checkout.created_at),
    modified_at=("timestamptz", lambda checkout: checkout.modified_at),
    expires_at=("timestamptz", lambda checkout: checkout.expires_at),
    document=("json", encode),
)
_CHANGING = (
    "status",
    "client_secret",
    "version",
    "customer_id",
    "customer_email",
    "product_id",
    "order_id",
    "currency",
    "total_minor",
    "modified_at",
    "expires_at",
    "document",
)

_CREATE = f"""
    WITH made AS (
        INSERT INTO checkouts ({CHECKOUTS.names})
        VALUES ({CHECKOUTS.places})
    )
    {fact_store.told(len(CHECKOUTS) + 1)}
"""

# The same for several sessions.
_CREATE_SEVERAL = f"""
    WITH made AS (
        INSERT INTO checkouts ({CHECKOUTS.names})
        SELECT {CHECKOUTS.selected}
        FROM {CHECKOUTS.unnested(1)}
    )
    {fact_store.told(len(CHECKOUTS) + 1)}
"""

_SAVE = f"""
    WITH changed AS (
        UPDATE checkouts
        SET {CHECKOUTS.assignments(*_CHANGING, first=4)}
        WHERE organization_id = $1
          AND id = $2
          AND version = $3
        RETURNING id
    ),
    told AS (
        {fact_store.told(4 + len(_CHANGING))}
        WHERE EXISTS (SELECT 1 FROM changed)
    )
    SELECT count(*) FROM changed
"""


async def create(db: Database, checkout: Checkout, facts: Sequence[Fact]) -> None:
    """Store a new session and what it tells, in one statement, which sessions made at the same time may share."""
    grouped = db.grouped(_CREATE, _CREATE_SEVERAL, fact_width=len(fact_store.FACTS))
    await grouped.store(CHECKOUTS.row(checkout), [fact_store.FACTS.row(fact) for fact in facts])


async def save(db: Executor, checkout: Checkout, facts: Sequence[Fact], *, seen: int) -> bool:
    """Store a changed session and its facts if it is still at the version `seen`; False otherwise."""
    changed = await db.fetchval(
        _SAVE,
        checkout.organization_id,
        checkout.id,
        seen,
        *CHECKOUTS.row(checkout, *_CHANGING),
        *fact_store.FACTS.arrays(facts),
    )
    return bool(changed)


async def document(db: Reader, organization_id: UUID, checkout_id: UUID) -> str | None:
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


async def by_id(db: Reader, organization_id: UUID, checkout_id: UUID) -> Checkout | None:
    """A session of this organization."""
    text = await document(db, organization_id, checkout_id)
    return read(text) if text is not None else None


async def by_ids(db: Reader, organization_id: UUID, checkout_ids: Sequence[UUID]) -> Sequence[Checkout]:
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


async def by_client_secret(db: Reader, secret: str) -> Checkout | None:
    """Look-up by secret: the session whose page or client endpoints are asked for, if its API gives it a secret of its own."""
    text = await db.fetchval(
        """
        SELECT document
        FROM checkouts
        WHERE client_secret = $1
          AND dialect = ANY($2::text[])
        """,
        secret,
        names_where(lambda profile: profile.page.id_prefix is None),
    )
    return decode(Checkout, text) if text is not None else None


async def by_page_id(db: Reader, checkout_id: UUID) -> Checkout | None:
    """Look-up by secret where the session's id is the page's key. Sessions with a secret of their own are not reachable this way."""
    text = await db.fetchval(
        """
        SELECT document
        FROM checkouts
        WHERE id = $1
          AND dialect = ANY($2::text[])
        """,
        checkout_id,
        names_where(lambda profile: profile.page.id_prefix is not None),
    )
    return decode(Checkout, text) if text is not None else None


async def by_order_id(db: Reader, organization_id: UUID, order_id: UUID) -> Checkout | None:
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


async def due_for_expiry(db: Reader, organization_id: UUID, *, now: datetime, limit: int = 100) -> Sequence[Checkout]:
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


async def _has_email(db: Reader, organization_id: UUID, text: str) -> bool:
    """Whether the text is a whole address: then it is looked for as such, which an index finds among any number."""
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
    db: Reader, organization_id: UUID, wanted: CheckoutFilter, *, sorting: Sequence[str], offset: int, limit: int
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
