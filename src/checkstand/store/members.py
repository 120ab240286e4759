"""Members of customers. Reads see living ones only; who left is kept for history."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from checkstand.domain.member import Member, MemberRole
from checkstand.store.database import Executor
from checkstand.store.query import Page, Query

COLUMNS = (
    "members.organization_id, members.id, members.customer_id, members.email, members.name, members.external_id, "
    "members.role, members.created_at, members.modified_at, members.deleted_at"
)
SORTABLE = {"created_at": "created_at"}


def _member(row: asyncpg.Record) -> Member:
    return Member(
        id=row["id"],
        organization_id=row["organization_id"],
        customer_id=row["customer_id"],
        email=row["email"],
        name=row["name"],
        external_id=row["external_id"],
        role=row["role"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        deleted_at=row["deleted_at"],
    )


async def by_id(db: Executor, organization_id: UUID, member_id: UUID, *, with_removed: bool = False) -> Member | None:
    """A member of this organization's customers; removed ones only when asked for."""
    row = await db.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM members
        WHERE organization_id = $1
          AND id = $2
          AND (deleted_at IS NULL OR $3)
        """,
        organization_id,
        member_id,
        with_removed,
    )
    return _member(row) if row is not None else None


async def of_customer(db: Executor, organization_id: UUID, customer_id: UUID) -> Sequence[Member]:
    """Everybody of a customer, oldest first."""
    rows = await db.fetch(
        f"""
        SELECT {COLUMNS}
        FROM members
        WHERE organization_id = $1
          AND customer_id = $2
          AND deleted_at IS NULL
        ORDER BY created_at, id
        """,
        organization_id,
        customer_id,
    )
    return [_member(row) for row in rows]


async def by_external_id(db: Executor, organization_id: UUID, customer_id: UUID, external_id: str) -> Member | None:
    """The member of a customer with the merchant's own id."""
    row = await db.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM members
        WHERE organization_id = $1
          AND customer_id = $2
          AND external_id = $3
          AND deleted_at IS NULL
        """,
        organization_id,
        customer_id,
        external_id,
    )
    return _member(row) if row is not None else None


async def by_email(db: Executor, organization_id: UUID, customer_id: UUID, email: str) -> Member | None:
    """The member of a customer with this e-mail, compared without case."""
    row = await db.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM members
        WHERE organization_id = $1
          AND customer_id = $2
          AND lower(email) = lower($3)
          AND deleted_at IS NULL
        """,
        organization_id,
        customer_id,
        email,
    )
    return _member(row) if row is not None else None


async def owner(db: Executor, organization_id: UUID, customer_id: UUID) -> Member | None:
    """The one who owns a customer."""
    row = await db.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM members
        WHERE organization_id = $1
          AND customer_id = $2
          AND role = 'owner'
          AND deleted_at IS NULL
        """,
        organization_id,
        customer_id,
    )
    return _member(row) if row is not None else None


async def owner_emails(db: Executor, organization_id: UUID, customer_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The owners' addresses of these customers, where they have an owner."""
    rows = await db.fetch(
        """
        SELECT customer_id, email
        FROM members
        WHERE organization_id = $1
          AND customer_id = ANY($2::uuid[])
          AND role = 'owner'
          AND deleted_at IS NULL
        """,
        organization_id,
        list(customer_ids),
    )
    return {row["customer_id"]: row["email"] for row in rows}


async def add(db: Executor, member: Member) -> None:
    """Store a new member. The caller holds the customer's row and has looked that e-mail and external id are free."""
    await db.execute(
        """
        INSERT INTO members (
            organization_id, id, customer_id, email, name, external_id, role, created_at, modified_at, deleted_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        *_arguments(member),
    )


async def save(db: Executor, member: Member) -> None:
    """Store a changed or removed member. They stay with their customer."""
    await db.execute(
        """
        UPDATE members
        SET email = $4, name = $5, external_id = $6, role = $7, created_at = $8, modified_at = $9, deleted_at = $10
        WHERE organization_id = $1
          AND id = $2
          AND customer_id = $3
        """,
        *_arguments(member),
    )


def _arguments(member: Member) -> tuple[object, ...]:
    return (
        member.organization_id,
        member.id,
        member.customer_id,
        member.email,
        member.name,
        member.external_id,
        member.role,
        member.created_at,
        member.modified_at,
        member.deleted_at,
    )


async def search(
    db: Executor,
    organization_id: UUID,
    customer_id: UUID,
    *,
    roles: Sequence[MemberRole] = (),
    sorting: Sequence[str],
    offset: int,
    limit: int,
) -> Page[Member]:
    """A page of a customer's members with the total count."""
    query = Query("members", organization_id)
    query.equals("customer_id", customer_id)
    query.where("deleted_at IS NULL")
    query.any_of("role", roles, "text")
    query.order_by(sorting, SORTABLE)
    found = await query.page(db, COLUMNS, offset=offset, limit=limit)
    return found.of([_member(row) for row in found.items])
