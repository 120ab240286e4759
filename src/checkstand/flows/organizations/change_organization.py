"""Change what an organization is called and how buyers reach it, and tell of it in the same transaction."""

from __future__ import annotations

from dataclasses import fields
from uuid import UUID

from checkstand.domain.changes import Given, dated, with_given
from checkstand.domain.errors import NotFound
from checkstand.domain.facts import FactType
from checkstand.domain.organization import Organization, OrganizationSettings
from checkstand.flows.ports import Ports, fact_writer
from checkstand.store import facts as fact_store
from checkstand.store import organizations

_SETTINGS = frozenset(field.name for field in fields(OrganizationSettings))


async def change_organization(ports: Ports, organization_id: UUID, given: Given) -> Organization:
    """The organization with the fields that were given, its own and those of its settings. Raises NotFound.

    What changes nothing is told of as well, as the original does.
    """
    async with ports.db.transaction() as tx:
        found = await organizations.locked(tx, organization_id)
        if found is None:
            raise NotFound
        now = ports.now(found)
        settings = with_given(found.settings, {name: value for name, value in given.items() if name in _SETTINGS})
        own = {name: value for name, value in given.items() if name not in _SETTINGS}
        changed = dated(found, with_given(found, {**own, "settings": settings}), now)
        await organizations.save_details(tx, changed)
        tell = await fact_writer(ports, organization_id, now)
        fact = tell(FactType.ORGANIZATION_UPDATED, organization_id, shows=changed)
        await fact_store.record(tx, organization_id, [fact])
        await ports.cache.changed(tx, organization_id)
    ports.cache.forget(organization_id)  # somebody may have read the former name while the transaction was open
    ports.wake()
    return changed
