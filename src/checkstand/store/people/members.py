"""Members of customers. Reads see living ones only; who left is kept for history."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from checkstand.domain.member import Member, MemberRole
from checkstand.store.executor import Reader
from checkstand.store.query import Page, Query
from checkstand.store.rows import Table

MEMBERS = Table("members", Member)
SORTABLE = {"created_at": "created_at"}


async def of_customer(db: Reader, organization_id: UUID, customer_id: UUID) -> Sequence[Member]:
    """All members of a customer, oldest first."""
    return await MEMBERS.all(
        db,
        f"""
        SELECT {MEMBERS.columns}
        FROM members
        WHERE organization_id = $1
          AND customer_id = $2
          AND deleted_at IS NULL
        ORDER BY created_at, id
        """,
        organization_id,
        customer_id,
    )


async def by_external_id(db: Reader, organization_id: UUID, customer_id: UUID, external_id: str) -> Member | None:
    """The member of a customer with the merchant's own id."""
    return await _one_of(db, organization_id, customer_id, "external_id = $3", external_id)


async def by_email(db: Reader, organization_id: UUID, customer_id: UUID, email: str) -> Member | None:
    """The member of a customer with this e-mail, compared without case."""
    return await _one_of(db, organization_id, customer_id, "lower(email) = lower($3)", email)


async def owner(db: Reader, organization_id: UUID, customer_id: UUID) -> Member | None:
    """The member who owns a customer."""
    return await _one_of(db, organization_id, customer_id, "role = $3", "owner")


async def _one_of(db: Reader, organization_id: UUID, customer_id: UUID, condition: str, given: str) -> Member | None:
    """The member of a customer for whom the condition on $3 holds."""
    statement = f"""
        SELECT {MEMBERS.columns}
        FROM members
        WHERE organization_id = $1
          AND customer_id = $2
          AND {condition}
          AND deleted_at IS NULL
    """
    return await MEMBERS.one(db, statement, organization_id, customer_id, given)


async def owner_emails(db: Reader, organization_id: UUID, customer_ids: Sequence[UUID]) -> dict[UUID, str]:
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


async def search(
    db: Reader,
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
    return await MEMBERS.page(db, query, offset=offset, limit=limit)
