"""Create, change and delete customers as the merchant asks. Purchases make and change their own in `settle_payment.py`.

Rule: an external id names one living customer. An e-mail does so only where the API says so (`unique_email`: Polar; Dodo lets
several customers share one): then the same lock that purchases take keeps two requests from making two of one.

Source: docs/behaviour/polar.md#customers and docs/behaviour/dodo.md#customers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from checkstand.domain import member as people
from checkstand.domain.changes import Given, made_of
from checkstand.domain.customer import Customer, deleted, edited, same_email
from checkstand.domain.errors import Invalid, NotFound, Problem
from checkstand.domain.facts import FactType
from checkstand.domain.member import Member, NewOwner
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows import tax_ids
from checkstand.flows.customer_owner import add_owner
from checkstand.flows.payments.remove_method import remove_all_methods
from checkstand.flows.ports import Ports, fact_writer
from checkstand.store import facts as fact_store
from checkstand.store.database import Transaction
from checkstand.store.people import customers, members
from checkstand.store.people.customers import CUSTOMERS
from checkstand.store.people.members import MEMBERS


async def create_customer(
    ports: Ports,
    organization: Organization,
    given: Given,
    *,
    owner: NewOwner | None = None,
    unique_email: bool = False,
) -> Customer:
    """A new customer with the fields that were given, and with its owner where it has one.
    Raises Invalid with everything that is wrong or taken.
    """
    now = ports.now(organization)
    made = made_of(
        Customer, {"email": None, **given}, id=ports.new_id(), organization_id=organization.id, created_at=now
    )
    customer, problems = _with_checked_tax_id(made)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        problems += await _conflicts(tx, customer, email=customer.email if unique_email else None)
        if problems:
            raise Invalid(problems)
        if not await customers.add(tx, customer):
            # Somebody took the external id since we looked: the index says so, whoever was first.
            raise Invalid([_external_id_taken(customer)])
        facts = [tell(FactType.CUSTOMER_CREATED, customer.id, shows=customer)]
        facts += await add_owner(ports, tx, tell, customer, owner)
        await fact_store.record(tx, organization.id, facts)
    ports.wake()
    return customer


async def _conflicts(tx: Transaction, customer: Customer, *, email: str | None) -> list[Problem]:
    """What another customer has already. An `email` is held for this transaction, so that it stays free."""
    if email is not None:
        await customers.lock_email(tx, customer.organization_id, email)
    taken = await customers.taken(
        tx, customer.organization_id, email=email, external_id=customer.external_id, besides=customer.id
    )
    problems = []
    if taken.email:
        problems.append(Problem(ProblemCode.CUSTOMER_EMAIL_TAKEN, ("email",), email))
    if taken.external_id:
        problems.append(_external_id_taken(customer))
    return problems


def _external_id_taken(customer: Customer) -> Problem:
    return Problem(ProblemCode.CUSTOMER_EXTERNAL_ID_TAKEN, ("external_id",), customer.external_id)


def _with_checked_tax_id(customer: Customer) -> tuple[Customer, list[Problem]]:
    """The customer with the number as it is kept, or what is wrong with it.

    Source: docs/behaviour/polar.md#tax-ids.
    """
    if customer.tax_id is None:
        return replace(customer, tax_id_format=None), []
    if customer.address is not None:
        found = tax_ids.check(customer.tax_id, customer.address.country)
    elif customer.tax_id_format is not None:
        found = tax_ids.check_format(customer.tax_id, customer.tax_id_format)
    else:
        return customer, [Problem(ProblemCode.TAX_ID_NEEDS_COUNTRY, ("billing_address",))]
    if found is None:
        return customer, [Problem(ProblemCode.CUSTOMER_TAX_ID_INVALID, ("tax_id",), customer.tax_id)]
    return replace(customer, tax_id=found.number, tax_id_format=found.format), []


async def change_customer(
    ports: Ports,
    organization: Organization,
    customer_id: UUID,
    given: Given,
    *,
    unique_email: bool = False,
) -> Customer:
    """The customer with the fields that were given. Raises NotFound, or Invalid with everything that is wrong or taken."""
    now = ports.now(organization)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        email = given.get("email")
        if unique_email and isinstance(email, str):
            # Before the row, as everywhere: a purchase holds the e-mail while it waits for the row.
            await customers.lock_email(tx, organization.id, email)
        present = await CUSTOMERS.living(tx, organization.id, customer_id, hold=True)
        if present is None:
            raise NotFound
        changed = edited(present, given, now=now)
        problems = _forbidden(present, changed)
        if given.get("tax_id") is not None:
            changed, wrong = _with_checked_tax_id(changed)
            problems += wrong
        problems += await _conflicts_of_change(tx, present, changed, unique_email=unique_email)
        if problems:
            raise Invalid(problems)
        if not await customers.save(tx, changed):
            raise Invalid([_external_id_taken(changed)])
        facts = [tell(FactType.CUSTOMER_UPDATED, changed.id, shows=changed)]
        if changed.kind != present.kind and await members.owner(tx, organization.id, changed.id) is None:
            facts += await add_owner(ports, tx, tell, changed)
        await fact_store.record(tx, organization.id, facts)
    ports.wake()
    return changed


def _forbidden(present: Customer, changed: Customer) -> list[Problem]:
    """What is set once and for all. Sending again what is there already is fine."""
    problems = []
    if present.external_id is not None and changed.external_id != present.external_id:
        problems.append(Problem(ProblemCode.CUSTOMER_EXTERNAL_ID_FIXED, ("external_id",), changed.external_id))
    if present.address is not None and changed.address is None:
        problems.append(Problem(ProblemCode.CUSTOMER_ADDRESS_FIXED, ("billing_address",)))
    if present.kind == "team" and changed.kind == "individual":
        problems.append(Problem(ProblemCode.CUSTOMER_KIND_FIXED, ("type",), changed.kind))
    return problems


async def _conflicts_of_change(
    tx: Transaction, present: Customer, changed: Customer, *, unique_email: bool
) -> list[Problem]:
    """Conflicts of what is new: an e-mail that was shared before may stay as it is."""
    is_new_email = unique_email and not same_email(present.email, changed.email)
    is_new_id = present.external_id is None and changed.external_id is not None
    if not (is_new_email or is_new_id):
        return []
    return await _conflicts(tx, changed, email=changed.email if is_new_email else None)


async def delete_customer(
    ports: Ports, organization: Organization, customer_id: UUID, *, anonymize: bool = False
) -> None:
    """Take a customer and its members out of use; orders keep pointing to them. Raises NotFound.

    `anonymize` also removes what leads to a person. The facts show the customer without the id that is free again.
    """
    now = ports.now(organization)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        present = await CUSTOMERS.living(tx, organization.id, customer_id, hold=True)
        if present is None:
            raise NotFound
        gone = deleted(present, anonymize=anonymize, now=now)
        await customers.save(tx, gone)
        await remove_all_methods(tx, organization.id, gone.id, now=now)
        facts = [tell(FactType.CUSTOMER_DELETED, gone.id, shows=gone)]
        for member in await _remove_members(tx, gone, anonymize=anonymize):
            facts.append(tell(FactType.MEMBER_DELETED, member.id, shows=member))
        await fact_store.record(tx, organization.id, facts)
    ports.wake()


async def _remove_members(tx: Transaction, customer: Customer, *, anonymize: bool) -> Sequence[Member]:
    assert customer.deleted_at is not None, "members leave with their customer"
    found = await members.of_customer(tx, customer.organization_id, customer.id)
    left = [people.removed(member, anonymize=anonymize, now=customer.deleted_at) for member in found]
    for member in left:
        await MEMBERS.update(tx, member)
    return left


async def read_customer(ports: Ports, organization: Organization, customer_id: UUID) -> Customer:
    """A living customer of this organization. Raises NotFound."""
    found = await CUSTOMERS.living(ports.db, organization.id, customer_id)
    if found is None:
        raise NotFound
    return found


async def read_customer_by_external_id(ports: Ports, organization: Organization, external_id: str) -> Customer:
    """The living customer with the merchant's own id. Raises NotFound."""
    found = await customers.by_external_id(ports.db, organization.id, external_id)
    if found is None:
        raise NotFound
    return found
