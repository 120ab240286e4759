"""Expire open sessions whose time has passed, and tell of it. Confirmed ones are left: their payment decides."""

from __future__ import annotations

from dataclasses import replace

from checkstand.domain.checkout import CheckoutStatus, move
from checkstand.domain.facts import FactType
from checkstand.domain.organization import Organization
from checkstand.flows.ports import Ports, fact_writer
from checkstand.store import checkouts


async def expire_checkouts(ports: Ports, organization: Organization) -> int:
    """How many sessions were expired. One that is confirmed at the same moment is left alone."""
    now = ports.now(organization)
    expired = 0
    while due := await checkouts.due_for_expiry(ports.db, organization.id, now=now):
        tell = await fact_writer(ports, organization.id, now)
        for checkout in due:
            over = replace(move(checkout, CheckoutStatus.EXPIRED, now=now), version=checkout.version + 1)
            fact = tell(FactType.CHECKOUT_EXPIRED, checkout.id, checkout_id=checkout.id, shows=over)
            expired += await checkouts.save(ports.db, over, [fact], seen=checkout.version)
    if expired:
        ports.wake()
    return expired
