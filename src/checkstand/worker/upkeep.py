"""Periodic work that nobody asks for: sessions expire, attempts without a verdict get one, what is out of date is swept away."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from checkstand.domain.organization import Organization
from checkstand.flows import idempotency, reconcile
from checkstand.flows.expire_checkouts import expire_checkouts
from checkstand.flows.ports import Ports
from checkstand.store import sweep, work
from checkstand.store.unavailable import DatabaseUnavailable

RECONCILE_EVERY_S = 10.0
SWEEP_EVERY_S = 3600.0
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Upkeep:
    """Remembers when the slower duties were last done."""

    ports: Ports
    _reconciled: dict[UUID, float] = field(default_factory=dict)
    _swept: float | None = None

    async def round(self) -> None:
        """Look after every organization that has something due. One's trouble is logged and is not the others'."""
        due = await work.with_due_upkeep(self.ports.db, real_now=self.ports.real_now(), patience=reconcile.PATIENCE)
        for organization_id in due:
            try:
                await self._look_after(await self.ports.cache.organization(organization_id))
            except DatabaseUnavailable:
                raise
            except Exception:
                log.exception("upkeep_failed", organization_id=str(organization_id))
        await self._sweep()

    async def _look_after(self, organization: Organization) -> None:
        await expire_checkouts(self.ports, organization)
        # A gateway that does not answer is asked again, but not every second.
        now, last = time.monotonic(), self._reconciled.get(organization.id)
        if last is None or now - last >= RECONCILE_EVERY_S:
            self._reconciled[organization.id] = now
            await reconcile.reconcile(self.ports, organization)

    async def _sweep(self) -> None:
        if self._swept is not None and time.monotonic() - self._swept < SWEEP_EVERY_S:
            return
        self._swept = time.monotonic()
        self._reconciled.clear()
        now = self.ports.real_now()
        await sweep.idempotency_keys(self.ports.db, older_than=now - idempotency.LIFE)
        await sweep.user_sessions(self.ports.db, now=now)
        await sweep.customer_sessions(self.ports.db, now=now)
