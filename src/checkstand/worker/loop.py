"""The worker: turns facts into deliveries and delivers them, each second and whenever it is woken, for every organization.

Deliveries run beside the loop (`lanes.py`), so a slow receiver holds up nobody else. Any number of workers may run, in web processes
or alone: leases in the database keep them apart. No step of a round grows with what one organization has waiting: the fan-out takes a
part of everybody's facts at a time, and each organization has its share of lanes. `drain` is the same work done to its end for one
organization, which is what the test controls wait for.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from checkstand.domain.organization import Organization
from checkstand.domain.profile import Dialect
from checkstand.flows.checkout.expire_checkouts import expire_checkouts
from checkstand.flows.ports import Ports
from checkstand.flows.recovery.reconcile import reconcile
from checkstand.services import Drainer
from checkstand.store import facts, organizations
from checkstand.store import work as due_work
from checkstand.store.delivery import deliveries, delivery_log
from checkstand.store.unavailable import DatabaseUnavailable
from checkstand.webhooks.deliver import Sender
from checkstand.webhooks.fan_out import FanOut, fan_out
from checkstand.webhooks.render import Renderer
from checkstand.webhooks.safe_http import SafeHttp
from checkstand.worker.lanes import Lanes
from checkstand.worker.upkeep import Upkeep

IDLE_S = 1.0
# After a wake-up: what happens at the same moment is dealt with together.
GATHER_S = 0.01
LONGEST_BACK_OFF_S = 30.0
DRAIN_WITHIN_S = 30.0
SHORTEST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 0.25
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
        self._http = http or SafeHttp(private=ports.private_webhooks)
        sender = Sender(ports=ports, renderers=renderers, http=self._http, chance=chance)
        self._lanes = Lanes(ports, sender, woken)
        self._upkeep = Upkeep(ports)
        self._idle_s = idle_s

    async def run(self) -> None:
        """Work until cancelled. What fails is logged and tried again, later each time it fails in a row."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._forever(self.deliver_round, listens=True))
                group.create_task(self._forever(self._upkeep.round, listens=False))
        finally:
            await self.aclose()

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
                    async with asyncio.timeout(
                        self._idle_s
                    ):  # not wait_for, which loses a cancellation that comes with the wake
                        await self._woken.wait()
                    await asyncio.sleep(GATHER_S)
            else:
                await asyncio.sleep(self._idle_s)

    async def deliver_round(self) -> None:
        """Turn waiting facts into deliveries, and start what is due beside us, as far as there is room for each organization."""
        self._woken.clear()
        if await fan_out(self._ports, self._renderers) is FanOut.MORE:
            self._woken.set()
        waiting = list(await due_work.with_due_deliveries(self._ports.db, real_now=self._ports.real_now()))
        random.shuffle(waiting)
        waiting.sort(key=self._lanes.held_by)  # who has least comes first, and among equals nobody is always the last
        for organization_id in waiting:
            if self._lanes.room_for(organization_id):
                try:
                    await self._lanes.start(await self._ports.cache.organization(organization_id))
                except DatabaseUnavailable:
                    raise
                except Exception:  # one's trouble is not the others'
                    log.exception("deliveries_not_started", organization_id=str(organization_id))

    async def drain(self, organization: Organization) -> tuple[int, int]:
        """Do everything that is due, and wait for what others are at; (deliveries, failures) meanwhile, by any worker."""
        started = await self._current(organization)
        since, deadline = self._ports.now(started), time.monotonic() + DRAIN_WITHIN_S
        pause_s = SHORTEST_PAUSE_S
        while True:
            current = await self._current(organization)
            await expire_checkouts(self._ports, current)
            await reconcile(self._ports, current)
            fanned_out = await fan_out(self._ports, self._renderers)
            lanes = await self._lanes.start(current)
            if lanes:
                await asyncio.wait(lanes, timeout=max(0.0, deadline - time.monotonic()))
            elif await self._is_quiet(current):
                break
            if time.monotonic() >= deadline:
                log.warning("drain_gave_up", organization_id=str(organization.id), after_s=DRAIN_WITHIN_S)
                break
            if not lanes and fanned_out is not FanOut.MORE:  # somebody else is at it
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

    async def aclose(self) -> None:
        """Let what is under way finish or give it back, and close what is open."""
        await self._upkeep.leave()
        await self._lanes.leave()
        await self._http.aclose()
