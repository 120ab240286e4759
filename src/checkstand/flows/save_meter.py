"""Create, change and archive meters. What a meter counts is fixed; its words may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from checkstand.domain.errors import NotFound
from checkstand.domain.meter import Meter
from checkstand.domain.organization import Organization
from checkstand.flows.ports import Ports
from checkstand.store import meters


async def create_meter(ports: Ports, organization: Organization, draft: Meter) -> Meter:
    """A new meter."""
    now = ports.now(organization)
    meter = replace(draft, created_at=now, modified_at=now)
    await meters.add(ports.db, meter)
    return meter


async def read_meter(ports: Ports, organization: Organization, meter_id: UUID) -> Meter:
    """A meter of this organization, archived or not. Raises NotFound."""
    found = await meters.by_ids(ports.db, organization.id, [meter_id])
    if meter_id not in found:
        raise NotFound
    return found[meter_id]


async def change_meter(ports: Ports, organization: Organization, meter_id: UUID, given: Mapping[str, object]) -> Meter:
    """The meter with the words that were given. Raises NotFound."""
    async with ports.db.transaction() as tx:
        found = await meters.by_ids(tx, organization.id, [meter_id], hold=True)
        if meter_id not in found:
            raise NotFound
        changed: Meter = replace(found[meter_id], **given, modified_at=ports.now(organization))  # type: ignore[arg-type]
        await meters.rename(tx, changed)
    return changed


async def archive_meter(ports: Ports, organization: Organization, meter_id: UUID, *, is_archived: bool) -> None:
    """Take a meter out of use, or back into it; one that is so already stays untouched. Raises NotFound."""
    now = ports.now(organization)
    if not await meters.set_archived(ports.db, organization.id, meter_id, is_archived=is_archived, now=now):
        raise NotFound
