"""The lanes that this process is at: one task for each, delivering one event after the other.

Each task holds a place of its organization's share (`ops/shares.py`) from before its first delivery is leased until its last one is
written down. So receivers that never answer use up their own organization's places, and what is due for others finds free ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from uuid import UUID

import structlog

from checkstand.domain.organization import Organization
from checkstand.flows.ports import Ports
from checkstand.ops.shares import Shares
from checkstand.store.delivery import deliveries
from checkstand.store.delivery.deliveries import Lane, LeasedDelivery
from checkstand.store.unavailable import DatabaseUnavailable
from checkstand.webhooks.deliver import LEASE, Sender
from checkstand.webhooks.safe_http import MOST_CONNECTIONS

MOST_LANES = MOST_CONNECTIONS
MOST_LANES_OF_ONE = 16
# A receiver that takes longer than this gives its place back after each event, to the lane of its organization that waits longest.
SLOW_S = 1.0
LEAVE_WITHIN_S = 2.0
log = structlog.get_logger(__name__)


class Lanes:
    """Starts lanes as far as there is room, and ends them in time. `ended` is set whenever one ends."""

    def __init__(self, ports: Ports, sender: Sender, ended: asyncio.Event) -> None:
        self._ports = ports
        self._sender = sender
        self._ended = ended
        self._shares = Shares(places=MOST_LANES, most_of_one=MOST_LANES_OF_ONE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: dict[UUID, LeasedDelivery] = {}
        self._leaving = False

    def held_by(self, organization_id: UUID) -> int:
        """How many lanes of an organization are under way here."""
        return self._shares.held(organization_id)

    def room_for(self, organization_id: UUID) -> int:
        """How many more lanes an organization may have under way here."""
        return self._shares.room(organization_id)

    async def start(self, organization: Organization) -> list[asyncio.Task[None]]:
        """Lease the heads of an organization's due lanes, as many as it has room for, and start a task for each."""
        owner, places = organization.id, 0
        while self._shares.take(owner):
            places += 1
        started: list[asyncio.Task[None]] = []
        try:
            for leased in await self._lease(organization, limit=places) if places else ():
                started.append(asyncio.create_task(self._run(organization, leased)))
                self._tasks.add(started[-1])
        finally:
            for _ in range(places - len(started)):
                self._shares.release(owner)
        return started

    async def _lease(self, organization: Organization, *, limit: int, lane: Lane | None = None) -> list[LeasedDelivery]:
        real_now = self._ports.real_now()
        found = await deliveries.lease_due(
            self._ports.db,
            organization.id,
            now=self._ports.now(organization),
            real_now=real_now,
            leased_until=real_now + LEASE,
            limit=limit,
            lane=lane,
        )
        self._held.update({leased.delivery.id: leased for leased in found})
        return list(found)

    async def _run(self, organization: Organization, leased: LeasedDelivery) -> None:
        """Deliver one lane, one after the other, until nothing in it is due or another organization's lane needs the place.

        Trouble leaves the rest to the next round.
        """
        lane, owner = leased.lane, organization.id
        try:
            while True:
                began = time.monotonic()
                await self._sender.send(organization, leased)
                self._held.pop(leased.delivery.id, None)
                took_s = time.monotonic() - began
                if self._leaving or took_s > SLOW_S or self._shares.is_beyond(owner):
                    break
                if leased.endpoint.rate_limit:
                    await asyncio.sleep(max(0.0, 1.0 / leased.endpoint.rate_limit - took_s))
                organization = await self._ports.cache.organization(owner)
                following = await self._lease(organization, limit=1, lane=lane)
                if not following:
                    break
                leased = following[0]
        except DatabaseUnavailable as error:
            self._held.pop(leased.delivery.id, None)  # its lease runs out by itself
            log.warning("delivery_lane_stopped", endpoint_id=str(lane.endpoint_id), reason=error.reason)
        except Exception:
            self._held.pop(leased.delivery.id, None)
            log.exception("delivery_lane_failed", endpoint_id=str(lane.endpoint_id))
        finally:
            current = asyncio.current_task()
            assert current is not None, "a lane runs in a task"
            self._tasks.discard(current)
            self._shares.release(owner)
            self._ended.set()

    async def leave(self) -> None:
        """End: what is under way gets a moment to finish, the rest is given back for another worker."""
        self._leaving = True
        tasks = list(self._tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=LEAVE_WITHIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(DatabaseUnavailable):  # their leases run out by themselves
            for leased in list(self._held.values()):
                await deliveries.release(self._ports.db, leased.delivery)
        self._held.clear()
        self._leaving = False
