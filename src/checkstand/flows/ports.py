"""What every flow is handed: the database, the process's memory, the gateway, time and randomness. Wired once, in `app.py`."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from checkstand.domain.facts import Fact, FactType
from checkstand.domain.organization import Organization
from checkstand.flows.steps import Step
from checkstand.gateways.base import Gateway
from checkstand.providers.places import OfflinePlaces, PlaceFinder
from checkstand.providers.rates import EmbeddedRates, RateProvider
from checkstand.providers.taxes import OfflineTaxes, TaxProvider
from checkstand.store.cache import Cache
from checkstand.store.codec import encode
from checkstand.store.database import Database
from checkstand.store.executor import Reader


def real_now() -> datetime:
    """The machine's time, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside world, as flows may see it. `wake` tells the worker that there is something to do.

    `private_webhooks`: test organizations may have webhooks on this machine and its network. `reached` is told each step of taking and
    giving back money (`steps.py`).
    """

    db: Database
    cache: Cache
    gateway: Gateway
    public_url: Callable[[], str]
    taxes: TaxProvider = field(default_factory=OfflineTaxes)
    rates: RateProvider = field(default_factory=EmbeddedRates)
    places: PlaceFinder = field(default_factory=OfflinePlaces)
    private_webhooks: bool = False
    real_now: Callable[[], datetime] = real_now
    new_id: Callable[[], UUID] = uuid4
    random_bytes: Callable[[int], bytes] = os.urandom
    wake: Callable[[], None] = field(default=lambda: None)
    reached: Callable[[Step], None] = field(default=lambda step: None)

    @property
    def reads(self) -> Reader:
        """The database for reading alone: an API shows what is stored, and a flow writes."""
        return self.db

    def now(self, organization: Organization) -> datetime:
        """The organization's time."""
        return organization.now(self.real_now())


@dataclass(frozen=True, slots=True)
class FactWriter:
    """Makes facts for one organization at one moment; keeps snapshots only where an endpoint may ask for them."""

    organization_id: UUID
    now: datetime
    new_id: Callable[[], UUID]
    keeps_snapshots: bool

    def __call__(
        self,
        kind: FactType,
        subject_id: UUID,
        *,
        checkout_id: UUID | None = None,
        shows: object = None,
        detail: str | None = None,
    ) -> Fact:
        """One fact; `shows` is the object as it is now."""
        snapshot = encode(shows).encode() if shows is not None and self.keeps_snapshots else None
        return Fact(
            id=self.new_id(),
            organization_id=self.organization_id,
            type=kind,
            subject_id=subject_id,
            checkout_id=checkout_id,
            occurred_at=self.now,
            detail=detail,
            snapshot=snapshot,
        )


async def fact_writer(ports: Ports, organization_id: UUID, now: datetime) -> FactWriter:
    """A writer for one flow's run."""
    return FactWriter(organization_id, now, ports.new_id, await ports.cache.has_endpoints(organization_id))
