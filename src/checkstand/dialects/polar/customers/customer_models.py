"""Request models of customers and their members (docs/behaviour/polar.md#customers), in Pydantic's lax mode, as the original.

E-mail addresses are read as in checkouts: the form is checked, nobody is asked whether the domain exists.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import UUID4, EmailStr, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from checkstand.dialects.polar.wire.models import (
    AddressIn,
    Base,
    LocaleTag,
    Metadata,
    Name,
    Text,
)
from checkstand.domain.member import NewOwner

OWNER_NEEDED = "An owner with an email address is required when creating a team customer without an email."


class CustomerFields(Base):
    """What creating and changing share. Clients up to 0.28 send the tax id as the pair of number and format that answers show."""

    renamed: ClassVar = {"type": "kind", "billing_address": "address"}
    lasting = frozenset({"type", "email", "tax_id_format"})
    apart = frozenset({"organization_id", "owner"})
    tax_id: Text = None
    tax_id_format: SkipJsonSchema[Text] = None

    @model_validator(mode="before")
    @classmethod
    def _pair(cls, given: object) -> object:
        pair = given.get("tax_id") if isinstance(given, dict) else None
        if not (isinstance(given, dict) and isinstance(pair, list)):
            return given
        if len(pair) != 2 or not all(isinstance(part, str | None) for part in pair):
            return given
        return {**given, "tax_id": pair[0], "tax_id_format": pair[1]}


class CustomerType(StrEnum):
    """The kind of a customer: one person, or a team with members."""

    INDIVIDUAL = "individual"
    TEAM = "team"

    def meant(self) -> str:
        """The kind as the domain has it."""
        return self.value


class Role(StrEnum):
    """What a member may do."""

    OWNER = "owner"
    BILLING_MANAGER = "billing_manager"
    MEMBER = "member"

    def meant(self) -> str:
        """The role as the domain has it."""
        return self.value


class OwnerIn(Base):
    """The owner of a new customer."""

    email: EmailStr
    name: Name = None
    external_id: Text = None

    def meant(self) -> NewOwner:
        """The owner as the domain has them."""
        return NewOwner(email=self.email, name=self.name, external_id=self.external_id)


class CustomerCreate(CustomerFields):
    """What both types of a new customer share."""

    metadata: Metadata = Field(default_factory=dict)
    external_id: Text = None
    name: Name = None
    billing_address: AddressIn | None = None
    locale: LocaleTag | None = None
    organization_id: UUID4 | None = None
    owner: OwnerIn | None = None


class IndividualCreate(CustomerCreate):
    """One person; the type may be left out."""

    type: Literal["individual"] = "individual"
    email: EmailStr


class TeamCreate(CustomerCreate):
    """A team: reached by its own e-mail, or by its owner's."""

    type: Literal["team"]
    email: EmailStr | None = None

    @model_validator(mode="after")
    def _reachable(self) -> TeamCreate:
        if self.email is None and self.owner is None:
            raise ValueError(OWNER_NEEDED)
        return self


class CustomerUpdateExternal(CustomerFields):
    """A change to a customer named by the merchant's own id. Absent means unchanged."""

    metadata: Metadata = Field(default_factory=dict)
    email: EmailStr | None = None
    name: Name = None
    billing_address: AddressIn | None = None
    locale: LocaleTag | None = None


class CustomerUpdate(CustomerUpdateExternal):
    """A change to a customer named by our id."""

    external_id: Text = None
    type: CustomerType | None = None


class MemberCreate(Base):
    """A new member of a team. Its owner is named with the team, or made one by a change of role."""

    email: EmailStr
    name: Name = None
    external_id: Text = None
    role: Literal["member", "billing_manager"] = "member"


class MemberUpdate(Base):
    """A change to a member. Null means unchanged, save for the name."""

    lasting = frozenset({"email", "role"})
    name: Name = None
    email: EmailStr | None = None
    role: Role | None = None
