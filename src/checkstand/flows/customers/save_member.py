"""Add, change and remove members of a customer.

The customer's row is held throughout, so that two requests cannot make two owners or two members of one e-mail.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from checkstand.domain.changes import Given, dated, made_of, with_given
from checkstand.domain.customer import Customer
from checkstand.domain.errors import Invalid, NotFound, NotPermitted, Problem
from checkstand.domain.facts import Fact, FactType
from checkstand.domain.member import Member, removed
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.ports import FactWriter, Ports, fact_writer
from checkstand.store import facts as fact_store
from checkstand.store.database import Transaction
from checkstand.store.people import members
from checkstand.store.people.customers import CUSTOMERS
from checkstand.store.people.members import MEMBERS


class NotATeam(NotPermitted):
    """A member was added to a customer who is no team."""


async def add_member(ports: Ports, organization: Organization, customer_id: UUID, given: Given) -> Member:
    """A new member with the fields that were given, or the one who has this e-mail already. Raises NotFound, NotATeam, Invalid."""
    now = ports.now(organization)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        customer = await _held(tx, organization, customer_id)
        if customer.kind != "team":
            raise NotATeam
        own = {"id": ports.new_id(), "organization_id": organization.id, "customer_id": customer_id, "created_at": now}
        member = made_of(Member, given, **own)
        known = await members.by_email(tx, organization.id, customer_id, member.email)
        if known is not None:
            return known
        if member.external_id is not None:
            same = await members.by_external_id(tx, organization.id, customer_id, member.external_id)
            if same is not None:
                raise Invalid.single(ProblemCode.MEMBER_EXTERNAL_ID_TAKEN, "external_id", given=member.external_id)
        await MEMBERS.insert(tx, member)
        fact = tell(FactType.MEMBER_CREATED, member.id, shows=member)
        await fact_store.record(tx, organization.id, [fact])
    ports.wake()
    return member


async def _held(tx: Transaction, organization: Organization, customer_id: UUID) -> Customer:
    found = await CUSTOMERS.living(tx, organization.id, customer_id, hold=True)
    if found is None:
        raise NotFound
    return found


async def change_member(
    ports: Ports, organization: Organization, customer_id: UUID, member_id: UUID, given: Given
) -> Member:
    """The member with the fields that were given. A new owner takes over from the present one. Raises NotFound, Invalid."""
    now = ports.now(organization)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        await _held(tx, organization, customer_id)
        present = await _living(tx, organization, customer_id, member_id)
        changed = dated(present, with_given(present, given), now)
        await _check(tx, present, changed)
        facts: list[Fact] = []
        if changed.role == "owner" and present.role != "owner":
            facts += await _step_down(tx, tell, present)
        await MEMBERS.update(tx, changed)
        facts.append(tell(FactType.MEMBER_UPDATED, changed.id, shows=changed))
        await fact_store.record(tx, organization.id, facts)
    ports.wake()
    return changed


async def _living(tx: Transaction, organization: Organization, customer_id: UUID, member_id: UUID) -> Member:
    found = await MEMBERS.living(tx, organization.id, member_id)
    if found is None or found.customer_id != customer_id:
        raise NotFound
    return found


async def _check(tx: Transaction, present: Member, changed: Member) -> None:
    """Raises Invalid for another member's e-mail, and for an owner who would stop being one."""
    problems = []
    if changed.email != present.email:
        same = await members.by_email(tx, present.organization_id, present.customer_id, changed.email)
        if same is not None and same.id != present.id:
            problems.append(Problem(ProblemCode.MEMBER_EMAIL_TAKEN, ("email",), changed.email))
    if present.role == "owner" and changed.role != "owner":
        problems.append(Problem(ProblemCode.OWNER_NEEDED, ("role",), changed.role))
    if problems:
        raise Invalid(problems)


async def _step_down(tx: Transaction, tell: FactWriter, successor: Member) -> list[Fact]:
    """The present owner, if there is one, becomes a billing manager."""
    owner = await members.owner(tx, successor.organization_id, successor.customer_id)
    if owner is None:
        return []
    former = replace(owner, role="billing_manager", modified_at=tell.now)
    await MEMBERS.update(tx, former)
    return [tell(FactType.MEMBER_UPDATED, former.id, shows=former)]


async def remove_member(ports: Ports, organization: Organization, customer_id: UUID, member_id: UUID) -> None:
    """Take a member out. Raises NotFound, Invalid for the owner."""
    now = ports.now(organization)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        await _held(tx, organization, customer_id)
        present = await _living(tx, organization, customer_id, member_id)
        if present.role == "owner":
            raise Invalid.single(ProblemCode.OWNER_NEEDED, "role", given=present.role)
        gone = removed(present, anonymize=False, now=now)
        await MEMBERS.update(tx, gone)
        fact = tell(FactType.MEMBER_DELETED, gone.id, shows=gone)
        await fact_store.record(tx, organization.id, [fact])
    ports.wake()


async def read_member(ports: Ports, customer: Customer, member_id: UUID) -> Member:
    """A member of this customer. Raises NotFound."""
    found = await MEMBERS.living(ports.db, customer.organization_id, member_id)
    if found is None or found.customer_id != customer.id:
        raise NotFound
    return found


async def read_member_by_external_id(ports: Ports, customer: Customer, external_id: str) -> Member:
    """The member of this customer with the merchant's own id. Raises NotFound."""
    found = await members.by_external_id(ports.db, customer.organization_id, customer.id, external_id)
    if found is None:
        raise NotFound
    return found
