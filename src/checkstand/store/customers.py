"""Customers. An e-mail is not unique (Dodo may be told to make a new customer each time); an external id is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from checkstand.domain.address import Address
from checkstand.domain.customer import Customer, fold_email
from checkstand.store.codec import decode, decode_plain, encode
from checkstand.store.database import Executor
from checkstand.store.query import Page, Query

COLUMNS = (
    "customers.organization_id, customers.id, customers.kind, customers.external_id, customers.email, customers.name, "
    "customers.billing_name, customers.billing_address, customers.tax_id, customers.tax_id_format, customers.phone, "
    "customers.locale, customers.metadata, customers.created_at, customers.modified_at, customers.deleted_at"
)


def from_row(row: asyncpg.Record) -> Customer:
    address = row["billing_address"]
    return Customer(
        id=row["id"],
        organization_id=row["organization_id"],
        kind=row["kind"],
        external_id=row["external_id"],
        email=row["email"],
        name=row["name"],
        billing_name=row["billing_name"],
        address=decode(Address, address) if address is not None else None,
        tax_id=row["tax_id"],
        tax_id_format=row["tax_id_format"],
        phone=row["phone"],
        locale=row["locale"],
        metadata=decode_plain(row["metadata"]),
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        deleted_at=row["deleted_at"],
    )


async def by_id(
    db: Executor, organization_id: UUID, customer_id: UUID, *, with_deleted: bool = False, hold: bool = False
) -> Customer | None:
    """A customer of this organization; deleted ones only when asked for. `hold`: until the transaction ends."""
    row = await db.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM customers
        WHERE organization_id = $1
          AND id = $2
          AND (deleted_at IS NULL OR $3)
        {"FOR NO KEY UPDATE" if hold else ""}
        """,
        organization_id,
        customer_id,
        with_deleted,
    )
    return from_row(row) if row is not None else None


async def by_ids(db: Executor, organization_id: UUID, customer_ids: Sequence[UUID]) -> dict[UUID, Customer]:
    """The customers among these ids, deleted ones included."""
    rows = await db.fetch(
        f"""
        SELECT {COLUMNS}
        FROM customers
        WHERE organization_id = $1
          AND id = ANY($2::uuid[])
        """,
        organization_id,
        list(customer_ids),
    )
    return {row["id"]: from_row(row) for row in rows}


async def by_external_id(db: Executor, organization_id: UUID, external_id: str) -> Customer | None:
    """The living customer with the merchant's own id."""
    row = await db.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM customers
        WHERE organization_id = $1
          AND external_id = $2
          AND deleted_at IS NULL
        """,
        organization_id,
        external_id,
    )
    return from_row(row) if row is not None else None


async def newest_by_email(db: Executor, organization_id: UUID, email: str, *, hold: bool = False) -> Customer | None:
    """The most recently made living customer with this e-mail, compared without case. `hold`: until the transaction ends."""
    row = await db.fetchrow(
        f"""
        SELECT {COLUMNS}
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
    return from_row(row) if row is not None else None


@dataclass(frozen=True, slots=True)
class Taken:
    """What another living customer has already."""

    email: bool
    external_id: bool


async def taken(
    db: Executor, organization_id: UUID, *, email: str | None, external_id: str | None, besides: UUID
) -> Taken:
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
    return Taken(row["email"], row["external_id"])


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
        """
        INSERT INTO customers (
            organization_id, id, external_id, email, name, billing_name, billing_address, tax_id, phone, locale,
            metadata, created_at, modified_at, deleted_at, kind, tax_id_format
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7::json, $8, $9, $10, $11::json, $12, $13, $14, $15, $16)
        ON CONFLICT (organization_id, external_id) WHERE deleted_at IS NULL DO NOTHING
        """,
        *_arguments(customer),
    )
    return status.endswith(" 1")


async def save(db: Executor, customer: Customer) -> bool:
    """Store a changed customer. One that is deleted stays deleted.

    False when its external id is taken: nothing is stored, and a transaction around it can only be given up.
    """
    try:
        await db.execute(
            """
            UPDATE customers
            SET external_id = $3, email = $4, name = $5, billing_name = $6, billing_address = $7::json, tax_id = $8,
                phone = $9, locale = $10, metadata = $11::json, created_at = $12, modified_at = $13,
                deleted_at = coalesce($14, deleted_at), kind = $15, tax_id_format = $16
            WHERE organization_id = $1
              AND id = $2
            """,
            *_arguments(customer),
        )
    except asyncpg.UniqueViolationError:
        return False
    return True


def _arguments(customer: Customer) -> tuple[object, ...]:
    return (
        customer.organization_id,
        customer.id,
        customer.external_id,
        customer.email,
        customer.name,
        customer.billing_name,
        encode(customer.address) if customer.address is not None else None,
        customer.tax_id,
        customer.phone,
        customer.locale,
        encode(customer.metadata),
        customer.created_at,
        customer.modified_at,
        customer.deleted_at,
        customer.kind,
        customer.tax_id_format,
    )


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
    db: Executor, organization_id: UUID, wanted: CustomerFilter, *, sorting: Sequence[str], offset: int, limit: int
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
    found = await query.page(db, COLUMNS, offset=offset, limit=limit)
    return found.of([from_row(row) for row in found.items])


async def after(
    db: Executor, organization_id: UUID, last: tuple[datetime, UUID] | None, *, limit: int
) -> Sequence[Customer]:
    """The living customers made after `last` (time and id of the one before), oldest first: a walk that nothing can shift."""
    rows = await db.fetch(
        f"""
        SELECT {COLUMNS}
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
    return [from_row(row) for row in rows]
