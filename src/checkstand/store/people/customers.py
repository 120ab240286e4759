"""Customers. An e-mail is not unique (Dodo may be told to make a new customer each time); an external id is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from checkstand.domain.customer import Customer, fold_email
from checkstand.store.executor import Executor, Reader
from checkstand.store.query import Page, Query
from checkstand.store.rows import Table

CUSTOMERS = Table("customers", Customer, kept={"address": "billing_address"})


async def by_external_id(db: Reader, organization_id: UUID, external_id: str) -> Customer | None:
    """The living customer with the merchant's own id."""
    return await CUSTOMERS.one(
        db,
        f"""
        SELECT {CUSTOMERS.columns}
        FROM customers
        WHERE organization_id = $1
          AND external_id = $2
          AND deleted_at IS NULL
        """,
        organization_id,
        external_id,
    )


async def newest_by_email(db: Reader, organization_id: UUID, email: str, *, hold: bool = False) -> Customer | None:
    """The most recently made living customer with this e-mail, compared without case. `hold`: until the transaction ends."""
    return await CUSTOMERS.one(
        db,
        f"""
        SELECT {CUSTOMERS.columns}
        FROM customers
        WHERE organization_id = $1
          AND lower(email) = lower($2)
          AND deleted_at IS NULL
        ORDER BY created_at DESC, id
        LIMIT 1
        {"FOR NO KEY UPDATE" if hold else ""}
        """,
        organization_id,
        email.strip(),
    )


@dataclass(frozen=True, slots=True)
class TakenValues:
    """What another living customer has already."""

    email: bool
    external_id: bool


async def taken(
    db: Reader, organization_id: UUID, *, email: str | None, external_id: str | None, besides: UUID
) -> TakenValues:
    """Whether a living customer other than `besides` has this e-mail or this external id; None is never taken."""
    row = await db.fetchrow(
        """
        SELECT
            EXISTS (
                SELECT 1
                FROM customers
                WHERE organization_id = $1
                  AND lower(email) = lower($2::text)
                  AND deleted_at IS NULL
                  AND id <> $4
            ) AS email,
            EXISTS (
                SELECT 1
                FROM customers
                WHERE organization_id = $1
                  AND external_id = $3::text
                  AND deleted_at IS NULL
                  AND id <> $4
            ) AS external_id
        """,
        organization_id,
        email,
        external_id,
        besides,
    )
    assert row is not None, "a statement without FROM has one row"
    return TakenValues(row["email"], row["external_id"])


async def lock_email(db: Executor, organization_id: UUID, email: str) -> None:
    """Hold back other purchases with the same e-mail until this transaction ends, so that one customer is made, not two."""
    await db.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1::text || $2::text, 0))",
        str(organization_id),
        fold_email(email),
    )


async def add(db: Executor, customer: Customer) -> bool:
    """Store a new customer; False when its external id is taken."""
    status = await db.execute(
        f"""
        {CUSTOMERS.insertion}
        ON CONFLICT (organization_id, external_id) WHERE deleted_at IS NULL DO NOTHING
        """,
        *CUSTOMERS.arguments(customer),
    )
    return status.endswith(" 1")


async def save(db: Executor, customer: Customer) -> bool:
    """Store a changed customer, whose row is held.

    False when its external id is taken: nothing is stored, and a transaction around it can only be given up.
    """
    try:
        await CUSTOMERS.update(db, customer)
    except asyncpg.UniqueViolationError:
        return False
    return True


SORTABLE = {"created_at": "created_at", "email": "email", "name": "name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFilter:
    """What a customer list may be narrowed by."""

    email: str | None = None
    name_contains: str | None = None
    text: str | None = None
    metadata: tuple[tuple[str, tuple[str, ...]], ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None


async def search(
    db: Reader, organization_id: UUID, wanted: CustomerFilter, *, sorting: Sequence[str], offset: int, limit: int
) -> Page[Customer]:
    """A page of living customers with the total count."""
    query = Query("customers", organization_id)
    query.where("deleted_at IS NULL")
    if wanted.email:
        query.where(f"lower(email) = lower({query.bind(wanted.email.strip())}::text)")
    query.contains("name", wanted.name_contains)
    if wanted.text:
        needle = query.bind(wanted.text)
        query.where(
            f"(strpos(lower(email), lower({needle}::text)) > 0 OR strpos(lower(coalesce(name, '')), "
            f"lower({needle}::text)) > 0 OR external_id = {needle}::text)"
        )
    for key, values in wanted.metadata:
        query.where(f"metadata ->> {query.bind(key)}::text = ANY({query.bind(list(values))}::text[])")
    query.at_least("created_at", wanted.created_after)
    query.at_most("created_at", wanted.created_before)
    query.order_by(sorting, SORTABLE)
    return await CUSTOMERS.page(db, query, offset=offset, limit=limit)


async def after(
    db: Reader, organization_id: UUID, last: tuple[datetime, UUID] | None, *, limit: int
) -> Sequence[Customer]:
    """The living customers made after `last` (time and id of the one before), oldest first: a walk that nothing can shift."""
    return await CUSTOMERS.all(
        db,
        f"""
        SELECT {CUSTOMERS.columns}
        FROM customers
        WHERE organization_id = $1
          AND deleted_at IS NULL
          AND ($2::timestamptz IS NULL OR (created_at, id) > ($2, $3::uuid))
        ORDER BY created_at, id
        LIMIT $4
        """,
        organization_id,
        last[0] if last else None,
        last[1] if last else None,
        limit,
    )
