"""Create and change customers as the merchant enters them. Purchases make and change their own in `settle_payment.py`."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from checkstand.domain.customer import Customer
from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.facts import FactType
from checkstand.domain.organization import Organization
from checkstand.flows.ports import Ports, fact_writer
from checkstand.store import customers
from checkstand.store import facts as fact_store


async def create_customer(ports: Ports, organization: Organization, draft: Customer) -> Customer:
    """A new customer. Raises Invalid when the external id is taken."""
    now = ports.now(organization)
    customer = replace(draft, created_at=now)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        if not await customers.add(tx, customer):
            raise Invalid.single("customer_external_id_taken", "external_id", given=customer.external_id)
        await fact_store.record(tx, organization.id, [tell(FactType.CUSTOMER_CREATED, customer.id, shows=customer)])
    ports.wake()
    return customer


async def change_customer(ports: Ports, organization: Organization, changed: Customer) -> Customer:
    """A changed customer."""
    now = ports.now(organization)
    customer = replace(changed, modified_at=now)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        await customers.save(tx, customer)
        await fact_store.record(tx, organization.id, [tell(FactType.CUSTOMER_UPDATED, customer.id, shows=customer)])
    ports.wake()
    return customer


async def read_customer(ports: Ports, organization: Organization, customer_id: UUID) -> Customer:
    """A living customer of this organization. Raises NotFound."""
    found = await customers.by_id(ports.db, organization.id, customer_id)
    if found is None:
        raise NotFound
    return found
