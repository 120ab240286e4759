"""Create an organization: the tenant and its first user, who owns it, in one transaction. How a production install begins."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from checkstand.domain.organization import Mode, Organization, OrganizationSettings, User
from checkstand.flows.ports import Ports
from checkstand.store import organizations
from checkstand.store.organizations import ORGANIZATIONS


class SlugTaken(Exception):
    """Another organization has this slug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedOrganization:
    """The new organization and its owner. `owner_is_new`: the password that was given is theirs; else they keep the one they have."""

    organization: Organization
    owner_id: UUID
    owner_is_new: bool


async def create_organization(
    ports: Ports,
    *,
    slug: str,
    name: str,
    mode: Mode,
    email: str,
    password_hash: str,
    currency: str = "USD",
    country: str | None = None,
) -> CreatedOrganization:
    """The new organization with its owner, who may have an account with this e-mail already.

    `country`: where it sells from, if that is known. Raises SlugTaken. The password of somebody known is left as it is.
    """
    now = ports.real_now()
    organization = Organization(
        id=ports.new_id(),
        slug=slug,
        name=name,
        mode=mode,
        settings=OrganizationSettings(default_currency=currency, email=email, country=country),
        clock_offset_us=0,
        created_at=now,
    )
    async with ports.db.transaction() as tx:
        if await organizations.by_slug(tx, slug) is not None:
            raise SlugTaken
        await ORGANIZATIONS.insert(tx, organization)
        known = await organizations.user_with_password(tx, email)
        user = known[0] if known else User(id=ports.new_id(), email=email, name=email.partition("@")[0], created_at=now)
        if known is None:
            await organizations.add_user(tx, user, password_hash)
        await organizations.add_membership(tx, organization.id, user.id, "owner", now=now)
    return CreatedOrganization(organization=organization, owner_id=user.id, owner_is_new=known is None)
