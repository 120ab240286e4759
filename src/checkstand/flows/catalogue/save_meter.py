"""Create, change and archive meters. What a meter counts is fixed; its words may change."""

from __future__ import annotations

from uuid import UUID

from checkstand.domain.changes import Given, dated, made_of, with_given
from checkstand.domain.errors import NotFound
from checkstand.domain.meter import Meter
from checkstand.domain.organization import Organization
from checkstand.flows.ports import Ports
from checkstand.store.catalogue import meters
from checkstand.store.catalogue.meters import METERS


async def create_meter(ports: Ports, organization: Organization, given: Given) -> Meter:
    """A new meter of the fields that were given."""
    now = ports.now(organization)
    meter = made_of(Meter, given, id=ports.new_id(), organization_id=organization.id, created_at=now, modified_at=now)
    await METERS.insert(ports.db, meter)
    return meter


async def read_meter(ports: Ports, organization: Organization, meter_id: UUID) -> Meter:
    """A meter of this organization, archived or not. Raises NotFound."""
    found = await METERS.by_id(ports.db, organization.id, meter_id)
    if found is None:
        raise NotFound
    return found


async def change_meter(ports: Ports, organization: Organization, meter_id: UUID, given: Given) -> Meter:
    """The meter with the words that were given: name, description, unit. Raises NotFound."""
    async with ports.db.transaction() as tx:
        found = await METERS.by_id(tx, organization.id, meter_id, hold=True)
        if found is None:
            raise NotFound
        changed = dated(found, with_given(found, given), ports.now(organization))
        await METERS.update(tx, changed)
    return changed


async def archive_meter(ports: Ports, organization: Organization, meter_id: UUID, *, is_archived: bool) -> None:
    """Take a meter out of use, or back into it; one that is so already stays untouched. Raises NotFound."""
    now = ports.now(organization)
    if not await meters.set_archived(ports.db, organization.id, meter_id, is_archived=is_archived, now=now):
        raise NotFound
