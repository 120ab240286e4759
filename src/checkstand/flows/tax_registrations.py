"""Where an organization collects tax: taken up and given up, by the codes of `domain/tax.py`.

Which codes there are says the tax provider's table; an organization that collects nowhere has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from checkstand.flows.ports import Ports
from checkstand.store import organizations


async def change_registrations(
    ports: Ports, organization_id: UUID, *, register: Iterable[str] = (), remove: Iterable[str] = ()
) -> tuple[str, ...]:
    """The registrations after the change, sorted; codes are upper case. What is there, or gone, already is no mistake."""
    async with ports.db.transaction() as tx:
        organization = await organizations.locked(tx, organization_id)
        if organization is None:
            raise KeyError(organization_id)
        before = organization.settings.tax_registrations
        after = tuple(sorted((set(before) | set(register)) - set(remove)))
        if after != before:
            settings = replace(organization.settings, tax_registrations=after)
            await organizations.save_settings(tx, organization_id, settings, now=ports.real_now())
            await ports.cache.changed(tx, organization_id)
    ports.cache.forget(organization_id)  # somebody may have read the former ones while the transaction was open
    return after
