"""Members: the people of a team customer.

Rule: a customer with members has exactly one owner. Making somebody else the owner makes the present one a billing manager; the
owner can neither be demoted otherwise nor removed. An e-mail and an external id name one member of a customer.
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
class NewMember:
    """Somebody to be added."""

    email: str
    name: str | None = None
    external_id: str | None = None
    role: MemberRole = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChanges:
    """What an edit asks for. The name changes when it is in `given`, null included; null means nothing for the others."""

    given: frozenset[str] = frozenset()
    name: str | None = None
    email: str | None = None
    role: MemberRole | None = None


def as_member(new: NewMember, customer: Customer, member_id: UUID, *, now: datetime) -> Member:
    """A new member of this customer."""
    return Member(
        id=member_id,
        organization_id=customer.organization_id,
        customer_id=customer.id,
        email=new.email,
        name=new.name,
        external_id=new.external_id,
        role=new.role,
        created_at=now,
    )


def owner_of(customer: Customer, given: NewMember | None) -> NewMember | None:
    """Who owns a new customer: the one named, else, for a team, whoever its own e-mail reaches. An individual needs none."""
    if given is None and (customer.kind == "individual" or customer.email is None):
        return None
    email = given.email if given is not None else customer.email
    assert email is not None, "a team without an e-mail was let through without an owner"
    return NewMember(
        email=email,
        name=(given.name if given is not None else None) or customer.name,
        external_id=(given.external_id if given is not None else None) or customer.external_id,
        role="owner",
    )


def edited(member: Member, changes: MemberChanges, *, now: datetime) -> Member:
    """The member after an edit that was found allowed."""
    return replace(
        member,
        name=changes.name if "name" in changes.given else member.name,
        email=changes.email or member.email,
        role=changes.role or member.role,
        modified_at=now,
    )


def removed(member: Member, *, anonymize: bool, now: datetime) -> Member:
    """The member as history keeps them."""
    gone = replace(member, modified_at=now, deleted_at=now)
    return replace(gone, email=anonymous_email(member.id), name=None, external_id=None) if anonymize else gone
