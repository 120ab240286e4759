"""Members: the people of a customer.

Rule: a customer has one owner from its beginning, an individual as well as a team, if an e-mail reaches them. Making somebody else the
owner makes the present one a billing manager; the owner can neither be demoted otherwise nor removed. An e-mail and an external id
name one member of a customer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from checkstand.domain.customer import Customer, anonymous_email

MemberRole = Literal["owner", "billing_manager", "member"]
MEMBER_ROLES: tuple[MemberRole, ...] = ("owner", "billing_manager", "member")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person of a customer."""

    id: UUID
    organization_id: UUID
    customer_id: UUID
    email: str
    name: str | None = None
    external_id: str | None = None
    role: MemberRole = "member"
    created_at: datetime
    modified_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOwner:
    """The owner that a new customer is given."""

    email: str
    name: str | None = None
    external_id: str | None = None


def owner_of(customer: Customer, named: NewOwner | None, member_id: UUID, *, now: datetime) -> Member | None:
    """Who owns a new customer: the one named, else whoever its own e-mail reaches; None without either."""
    if named is None:
        if customer.email is None:
            return None
        named = NewOwner(email=customer.email)
    return Member(
        id=member_id,
        organization_id=customer.organization_id,
        customer_id=customer.id,
        email=named.email,
        name=named.name or customer.name,
        external_id=named.external_id or customer.external_id,
        role="owner",
        created_at=now,
    )


def removed(member: Member, *, anonymize: bool, now: datetime) -> Member:
    """The member as history keeps them."""
    gone = replace(member, modified_at=now, deleted_at=now)
    return replace(gone, email=anonymous_email(member.id), name=None, external_id=None) if anonymize else gone
