"""Remove a saved method: it can no longer be used, and the gateway is told to forget it.

A payment that claimed it before is finished: its buyer had agreed to that. The gateway is told when nothing undecided uses the method
any more, and again until it has answered; a crash in between loses nothing: what shall be forgotten is written down with the removal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from checkstand.domain.errors import NotFound
from checkstand.domain.organization import Organization
from checkstand.domain.saved_method import SavedMethod
from checkstand.flows.ports import Ports
from checkstand.store.database import Transaction
from checkstand.store.people import payment_methods

ASK_AGAIN: Final = timedelta(minutes=1)


async def remove_method(ports: Ports, organization: Organization, customer_id: UUID, method_id: UUID) -> None:
    """Remove one of this customer's methods. Raises NotFound for another customer's, and for one that is removed already."""
    now = ports.now(organization)
    async with ports.db.transaction() as tx:
        found = await payment_methods.by_id(tx, organization.id, customer_id, method_id, hold=True)
        if found is None:
            raise NotFound
        await _remove(tx, found, now)
    await forget_removed_methods(ports, organization)


async def remove_all_methods(tx: Transaction, organization_id: UUID, customer_id: UUID, *, now: datetime) -> None:
    """Remove all of a customer's methods, in a transaction that holds the customer's row."""
    for method in await payment_methods.of_customer(tx, organization_id, customer_id):
        await _remove(tx, method, now)


async def _remove(tx: Transaction, method: SavedMethod, now: datetime) -> None:
    await payment_methods.save(tx, replace(method, removed_at=now, modified_at=now))
    await payment_methods.to_forget(
        tx, method.organization_id, gateway=method.gateway, gateway_method=method.gateway_method, now=now
    )


async def forget_removed_methods(ports: Ports, organization: Organization) -> int:
    """Tell the gateway what to forget; how many it has forgotten. What belongs to another gateway waits for that one."""
    now = ports.now(organization)
    due: Sequence[tuple[str, str]] = await payment_methods.due_to_forget(ports.db, organization.id, now=now)
    done = 0
    for gateway, method in due:
        if gateway == ports.gateway.name and await ports.gateway.forget(organization.id, method):
            await payment_methods.forgotten(ports.db, organization.id, gateway=gateway, gateway_method=method)
            done += 1
        else:
            await payment_methods.forget_later(
                ports.db, organization.id, gateway=gateway, gateway_method=method, now=now, wait=ASK_AGAIN
            )
    return done
