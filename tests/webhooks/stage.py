"""A shop with a worker, plain renderers of both kinds, and a clock that a test may push: what the delivery tests play on."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from checkstand.domain import ids
from checkstand.domain.facts import Fact, FactType
from checkstand.domain.organization import Organization
from checkstand.domain.profile import Dialect
from checkstand.domain.webhook import Delivery, DeliveryAttempt, Endpoint
from checkstand.flows.ports import Ports, real_now
from checkstand.store import facts, organizations
from checkstand.store.delivery import deliveries, delivery_log, webhooks
from checkstand.store.delivery.webhooks import ENDPOINTS
from checkstand.testing.demo import open_demo_shop
from checkstand.webhooks.deliver import LEASE
from checkstand.worker.loop import Worker
from tests.conftest import Shop, open_shop


@dataclass(slots=True)
class PlainRenderer:
    """Every fact is one event of the same name. Counts how often it was asked, which payloads that are made late show."""

    fixes_payload: bool
    asked: int = 0
    breaks: bool = False

    def event_types(self, fact_type: FactType) -> tuple[str, ...]:
        return (str(fact_type),)

    async def payload(
        self, ports: Ports, organization: Organization, fact: Fact, event_type: str, endpoint: Endpoint
    ) -> str | None:
        self.asked += 1
        if self.breaks:
            raise LookupError("nothing to see")
        return json.dumps({"type": event_type, "note": fact.detail, "asked": self.asked, "at": str(fact.occurred_at)})


@dataclass(slots=True)
class Clock:
    """Real time, and what a test adds to it."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return real_now() + self.ahead


@dataclass(slots=True)
class Stage:
    """The parts, and short ways to use them."""

    shop: Shop
    ports: Ports
    clock: Clock
    renderers: dict[Dialect, PlainRenderer]
    worker: Worker
    woken: asyncio.Event

    @property
    def organization(self) -> Organization:
        return self.shop.demo.organization

    def another_worker(self, woken: asyncio.Event | None = None) -> Worker:
        """As in another process: nothing here wakes it, except by an event of its own."""
        return Worker(self.ports, self.renderers, woken or asyncio.Event(), chance=lambda: 0.0)

    def sleepy_worker(self, woken: asyncio.Event) -> Worker:
        """One that looks for work when it starts and when it is woken, and hardly ever by itself."""
        return Worker(self.ports, self.renderers, woken, chance=lambda: 0.0, idle_s=3600.0)

    async def neighbour(self) -> Stage:
        """Another organization on the same server: same worker, same clock."""
        demo = await open_demo_shop(self.ports, self.shop.authenticator, slug=f"shop-{uuid4().hex[:12]}")
        return replace(self, shop=replace(self.shop, demo=demo))

    async def endpoint(
        self,
        url: str,
        dialect: Dialect = "polar",
        *,
        events: Sequence[str] = ("product.created", "checkout.expired"),
        secret: str | None = None,
        format: str = "raw",
        headers: dict[str, str] | None = None,
        rate_limit: int | None = None,
    ) -> Endpoint:
        endpoint = Endpoint(
            id=self.ports.new_id(),
            organization_id=self.organization.id,
            dialect=dialect,
            url=url,
            secret=secret or ids.webhook_secret(random_bytes=self.ports.random_bytes),
            events=tuple(events),
            format=format,
            headers=headers or {},
            rate_limit=rate_limit,
            created_at=await self.now(),
        )
        await ENDPOINTS.insert(self.ports.db, endpoint)
        await self.ports.cache.changed(self.ports.db, self.organization.id)
        return endpoint

    async def now(self) -> datetime:
        current = await organizations.by_id(self.ports.db, self.organization.id)
        assert current is not None
        return self.ports.now(current)

    async def happen(self, *notes: str, kind: FactType = FactType.PRODUCT_CREATED) -> list[Fact]:
        """Record one fact for each note, in order."""
        now = await self.now()
        made = [
            Fact(
                id=self.ports.new_id(),
                organization_id=self.organization.id,
                type=kind,
                subject_id=self.ports.new_id(),
                occurred_at=now,
                detail=note,
            )
            for note in notes
        ]
        await facts.record(self.ports.db, self.organization.id, made)
        return made

    async def advance(self, by: timedelta) -> None:
        """Move the organization's clock without doing anything else."""
        current = await organizations.by_id(self.ports.db, self.organization.id)
        assert current is not None
        offset = current.clock_offset_us + by // timedelta(microseconds=1)
        await organizations.set_clock(self.ports.db, current.id, offset)
        await self.ports.cache.changed(self.ports.db, current.id)

    async def drain(self) -> tuple[int, int]:
        return await self.worker.drain(self.organization)

    async def queue(self) -> list[Delivery]:
        """All deliveries of the organization, in their order."""
        rows = await self.ports.db.fetch(
            f"SELECT {webhooks.DELIVERIES.columns} FROM deliveries WHERE organization_id = $1 ORDER BY sequence",
            self.organization.id,
        )
        return [webhooks.DELIVERIES.read(row) for row in rows]

    async def tries(self, delivery_id: UUID) -> Sequence[DeliveryAttempt]:
        return await delivery_log.of_delivery(self.ports.db, self.organization.id, delivery_id)

    async def lease(self) -> Sequence[deliveries.LeasedDelivery]:
        """Take what is due like a worker that then dies."""
        now = self.ports.real_now()
        return await deliveries.lease_due(
            self.ports.db,
            self.organization.id,
            now=await self.now(),
            real_now=now,
            leased_until=now + LEASE,
            limit=10,
        )


@contextlib.asynccontextmanager
async def open_stage(url: str) -> AsyncIterator[Stage]:
    """A stage on a shop of its own. Retries wait the shortest time they may."""
    async with open_shop(url) as shop:
        clock, woken = Clock(), asyncio.Event()
        ports = replace(shop.ports, real_now=clock, wake=woken.set)
        renderers: dict[Dialect, PlainRenderer] = {"polar": PlainRenderer(True), "dodo": PlainRenderer(False)}
        worker = Worker(ports, renderers, woken, chance=lambda: 0.0)
        try:
            yield Stage(shop, ports, clock, renderers, worker, woken)
        finally:
            await worker.aclose()
