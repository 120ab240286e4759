"""Where an organization collects tax: taken up and given up, by the codes of `domain/tax.py`.

Which codes there are says the tax provider's table; an organization that collects nowhere has none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from checkstand.domain.organization import OrganizationSettings
from checkstand.flows.organizations.change_settings import change_settings
from checkstand.flows.ports import Ports


async def change_registrations(
    ports: Ports, organization_id: UUID, *, register: Collection[str] = (), remove: Collection[str] = ()
) -> tuple[str, ...]:
    """The registrations after the change, sorted, in upper case. What is there already is not added twice.

    Raises NotFound.
    """

    def change(settings: OrganizationSettings) -> OrganizationSettings:
        after = tuple(sorted((set(settings.tax_registrations) | set(register)) - set(remove)))
        return replace(settings, tax_registrations=after)

    return (await change_settings(ports, organization_id, change)).tax_registrations
