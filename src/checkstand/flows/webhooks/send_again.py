"""Send an event again: the same id and the same payload, one more try, whether it was delivered before or not."""

from __future__ import annotations

from uuid import UUID

from checkstand.domain.errors import NotFound
from checkstand.domain.organization import Organization
from checkstand.domain.profile import Dialect
from checkstand.flows.ports import Ports
from checkstand.store.delivery import delivery_log


async def send_again(ports: Ports, organization: Organization, dialect: Dialect, delivery_id: UUID) -> None:
    """Make an event of this organization and dialect due now. Asked twice before the next try, it is tried once. Raises NotFound."""
    now = ports.now(organization)
    if not await delivery_log.requeue(ports.db, organization.id, delivery_id, dialect=dialect, now=now):
        raise NotFound
    ports.wake()
