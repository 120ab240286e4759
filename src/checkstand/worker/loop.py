"""The worker: turns facts into deliveries and delivers them, each second and whenever it is woken, for every organization.

Deliveries run beside the loop, one task for each lane of an endpoint, so a slow receiver holds up nobody else. Any number of workers
may run, in web processes or alone: leases in the database keep them apart. `drain` is the same work done to its end for one
organization, which is what the test controls wait for.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

import structlog

from checkstand.domain.organization import Dialect, Organization
from checkstand.flows.expire_checkouts import expire_checkouts
from checkstand.flows.ports import Ports
from checkstand.flows.reconcile import reconcile
from checkstand.services import Drainer
from checkstand.store import deliveries, delivery_log, facts, organizations
from checkstand.store import work as due_work
from checkstand.store.deliveries import Lane, Leased
from checkstand.store.unavailable import DatabaseUnavailable
from checkstand.webhooks.deliver import LEASE, Sender
from checkstand.webhooks.fan_out import BATCH, fan_out
from checkstand.webhooks.render import Renderer
from checkstand.webhooks.safe_http import SafeHttp
from checkstand.worker.upkeep import Upkeep

IDLE_S = 1.0
# After a wake-up: what happens at the same moment is dealt with together.
GATHER_S = 0.01
LONGEST_BACK_OFF_S = 30.0
MOST_LANES = 64
MOST_LANES_OF_ONE = 16
DRAIN_WITHIN_S = 30.0
SHORTEST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 0.25
LEAVE_WITHIN_S = 2.0
log = structlog.get_logger(__name__)


class Worker(Drainer):
    """One process's worker. `run` goes on until cancelled; `drain` may be called beside it or without it."""

    def __init__(
        self,
        ports: Ports,
        renderers: Mapping[Dialect, Renderer],
        woken: asyncio.Event,
        *,
        http: SafeHttp | None = None,
        chance: Callable[[], float] = random.random,
        idle_s: float = IDLE_S,
    ) -> None:
        self._ports = ports
        self._renderers = renderers
        self._woken = woken
        self._http = http or SafeHttp()
        self._sender = Sender(ports=ports, renderers=renderers, http=self._http, chance=chance)
        self._upkeep = Upkeep(ports)
        self._lanes: dict[Lane, asyncio.Task[None]] = {}
        self._held: dict[UUID, Leased] = {}
        self._idle_s = idle_s
        self._leaving = False

    async def run(self) -> None:
        """Work until cancelled. What fails is logged and tried again, later each time it fails in a row."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._forever(self.deliver_round, listens=True))
                group.create_task(self._forever(self._upkeep.round, listens=False))
        finally:
            await self._leave()

    async def _forever(self, do: Callable[[], Awaitable[None]], *, listens: bool) -> None:
        failures = 0
        while True:
            try:
                await do()
                failures = 0
            except DatabaseUnavailable as error:  # told once by whoever listens; back as soon as it is
                log.debug("worker_waits_for_database", reason=error.reason)
                await asyncio.sleep(self._idle_s)
                continue
            except Exception:
                failures += 1
                log.exception("worker_round_failed", failures=failures)
            if failures:
                await asyncio.sleep(min(2.0**failures, LONGEST_BACK_OFF_S))
            elif listens:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._idle_s)
                    await asyncio.sleep(GATHER_S)
            else:
                await asyncio.sleep(self._idle_s)

    async def deliver_round(self) -> None:
        """Turn all pending facts into deliveries, and start what is due beside us, as far as there is room."""
        self._woken.clear()
        while await fan_out(self._ports, self._renderers) == BATCH:
            pass
        waiting = list(await due_work.with_due_deliveries(self._ports.db, real_now=self._ports.real_now()))
        random.shuffle(waiting)  # when there is more to do than room, nobody is always the last
        for organization_id in waiting:
            room = MOST_LANES - len(self._lanes)
            if room <= 0:
                break
            organization = await self._ports.cache.organization(organization_id)
            await self._start(organization, limit=min(room, MOST_LANES_OF_ONE))

    async def drain(self, organization: Organization) -> tuple[int, int]:
        """Do everything that is due, and wait for what others are at; (deliveries, failures) meanwhile, whoever made them."""
        started = await self._current(organization)
        since, deadline = self._ports.now(started), time.monotonic() + DRAIN_WITHIN_S
        pause_s = SHORTEST_PAUSE_S
        while True:
            current = await self._current(organization)
            await expire_checkouts(self._ports, current)
            await reconcile(self._ports, current)
            while await fan_out(self._ports, self._renderers) == BATCH:
                pass
            lanes = await self._start(current, limit=MOST_LANES_OF_ONE)
            if lanes:
                await asyncio.wait(lanes, timeout=max(0.0, deadline - time.monotonic()))
            elif await self._is_quiet(current):
                break
            if time.monotonic() >= deadline:
                log.warning("drain_gave_up", organization_id=str(organization.id), after_s=DRAIN_WITHIN_S)
                break
            if not lanes:  # another worker is at it
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                await asyncio.sleep(pause_s)
        return await delivery_log.counts_since(self._ports.db, organization.id, since)

    async def _current(self, organization: Organization) -> Organization:
        """The organization as it is now: its clock may have been moved since."""
        found = await organizations.by_id(self._ports.db, organization.id)
        return found or organization

    async def _is_quiet(self, organization: Organization) -> bool:
        db, now = self._ports.db, self._ports.now(organization)
        if await facts.pending_count(db, organization.id):
            return False
        return await deliveries.due_count(db, organization.id, now=now) == 0

    async def _start(self, organization: Organization, *, limit: int) -> list[asyncio.Task[None]]:
        """Lease the heads of an organization's due lanes, and start a task for each."""
        started = []
        for leased in await self._lease(organization, limit=limit):
            task = asyncio.create_task(self._run_lane(organization, leased))
            self._lanes[leased.lane] = task
            started.append(task)
        return started

    async def _lease(self, organization: Organization, *, limit: int, lane: Lane | None = None) -> list[Leased]:
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

    async def _run_lane(self, organization: Organization, leased: Leased) -> None:
        """Deliver one lane, one after the other, until nothing in it is due. Trouble leaves the rest to the next round."""
        lane = leased.lane
        try:
            while True:
                began = time.monotonic()
                await self._sender.send(organization, leased)
                self._held.pop(leased.delivery.id, None)
                if self._leaving:
                    break
                rate = leased.endpoint.rate_limit
                if rate:
                    await asyncio.sleep(max(0.0, 1.0 / rate - (time.monotonic() - began)))
                organization = await self._ports.cache.organization(organization.id)
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
            if self._lanes.get(lane) is asyncio.current_task():
                del self._lanes[lane]
            self._woken.set()

    async def _leave(self) -> None:
        """End politely: what is under way gets a moment to finish, the rest is given back for another worker."""
        self._leaving = True
        tasks = list(self._lanes.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=LEAVE_WITHIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(DatabaseUnavailable):  # their leases run out by themselves
            for leased in list(self._held.values()):
                await deliveries.release(self._ports.db, leased.delivery)
        self._held.clear()
        await self._http.aclose()
        self._leaving = False

    async def aclose(self) -> None:
        """Close what a worker that only ever drained has open."""
        await self._leave()
