"""Change what an organization decides about its checkouts, one change at a time: the second one sees what the first has changed."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from checkstand.domain.errors import NotFound
from checkstand.domain.organization import OrganizationSettings
from checkstand.flows.ports import Ports
from checkstand.store import organizations


async def change_settings(
    ports: Ports, organization_id: UUID, change: Callable[[OrganizationSettings], OrganizationSettings]
) -> OrganizationSettings:
    """The settings after the change, told to every process. Raises NotFound."""
    async with ports.db.transaction() as tx:
        organization = await organizations.locked(tx, organization_id)
        if organization is None:
            raise NotFound
        after = change(organization.settings)
        if after != organization.settings:
            await organizations.save_settings(tx, organization_id, after, now=ports.real_now())
            await ports.cache.changed(tx, organization_id)
    ports.cache.forget(organization_id)  # somebody may have read the former ones while the transaction was open
    return after
