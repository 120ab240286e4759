"""Periodic work, which no request starts: sessions expire, attempts without a verdict get one, what is out of date is swept away."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from checkstand.flows import idempotency
from checkstand.flows.checkout.expire_checkouts import expire_checkouts
from checkstand.flows.ports import Ports
from checkstand.flows.recovery import reconcile
from checkstand.ops.shares import Shares
from checkstand.store import sweep, work
from checkstand.store.unavailable import DatabaseUnavailable

# Few, because each may hold a connection to the database that requests want too.
MOST_AT_ONCE = 4
ROUND_WITHIN_S = 1.0
RECONCILE_EVERY_S = 10.0
SWEEP_EVERY_S = 3600.0
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Upkeep:
    """Remembers when the slower duties were last done."""

    ports: Ports
    _reconciled: dict[UUID, float] = field(default_factory=dict)
    _swept: float | None = None
    _shares: Shares = field(default_factory=lambda: Shares(places=MOST_AT_ONCE, most_of_one=1))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def round(self) -> None:
        """Begin to look after every organization that has something due and is not being looked after; none waits for another."""
        due = list(
            await work.with_due_upkeep(self.ports.db, real_now=self.ports.real_now(), patience=reconcile.PATIENCE)
        )
        random.shuffle(due)  # when there is more to do than room, nobody is always the last
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ROUND_WITHIN_S):
                for organization_id in due:
                    if not self._shares.held(organization_id):
                        await self._shares.wait(organization_id)
                        task = asyncio.create_task(self._look_after(organization_id))
                        self._tasks.add(task)
                        task.add_done_callback(self._tasks.discard)
        await self._sweep()

    async def _look_after(self, organization_id: UUID) -> None:
        """Look after one organization. What fails is logged, and does not keep the others from their turn."""
        try:
            organization = await self.ports.cache.organization(organization_id)
            await expire_checkouts(self.ports, organization)
            # A gateway that does not answer is asked again, but not every second.
            now, last = time.monotonic(), self._reconciled.get(organization.id)
            if last is None or now - last >= RECONCILE_EVERY_S:
                self._reconciled[organization.id] = now
                await reconcile.reconcile(self.ports, organization)
        except DatabaseUnavailable as error:  # the next round meets it as well
            log.debug("upkeep_waits_for_database", reason=error.reason)
        except Exception:
            log.exception("upkeep_failed", organization_id=str(organization_id))
        finally:
            self._shares.release(organization_id)

    async def leave(self) -> None:
        """Stop at once: what is unfinished is due again."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _sweep(self) -> None:
        if self._swept is not None and time.monotonic() - self._swept < SWEEP_EVERY_S:
            return
        self._swept = time.monotonic()
        self._reconciled.clear()
        now = self.ports.real_now()
        await sweep.idempotency_keys(self.ports.db, older_than=now - idempotency.LIFE)
        await sweep.user_sessions(self.ports.db, now=now)
        await sweep.customer_sessions(self.ports.db, now=now)
