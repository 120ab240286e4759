"""What a process remembers for a few seconds: whose a token is, products, and which organizations have endpoints.

A change drops what it touches in its own process at once and tells the others by NOTIFY; where that does not arrive (a pooler
in transaction mode), the short life of an entry bounds how stale it can be.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Generic, TypeVar
from uuid import UUID

from checkstand.domain.catalog import Product
from checkstand.domain.discount import Discount
from checkstand.domain.organization import Organization, Principal
from checkstand.store import organizations
from checkstand.store.catalogue import discounts
from checkstand.store.catalogue.products import PRODUCTS
from checkstand.store.database import Database
from checkstand.store.delivery import webhooks
from checkstand.store.executor import Executor
from checkstand.store.listener import Listener

LIFE_S = 5.0
LISTENING_WITHIN_S = 2.0
LARGEST = 20_000
CHANNEL = "checkstand_changed"
K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """A dictionary whose entries live for a few seconds and whose size is bounded."""

    def __init__(self, life_s: float = LIFE_S) -> None:
        self._life_s = life_s
        self._entries: dict[K, tuple[float, V]] = {}

    def get(self, key: K) -> V | None:
        entry = self._entries.get(key)
        if entry is None or entry[0] < time.monotonic():
            return None
        return entry[1]

    def put(self, key: K, value: V) -> None:
        if len(self._entries) >= LARGEST:
            self._entries.clear()
        self._entries[key] = (time.monotonic() + self._life_s, value)

    def drop(self, key: K) -> None:
        self._entries.pop(key, None)

    def clear(self) -> None:
        self._entries.clear()


class Cache:
    """The process's memory. Everything of one organization is dropped together: changes are rare, reads are not."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._principals: Remembered[bytes, Principal] = Remembered()
        self._organizations: Remembered[UUID, Organization] = Remembered()
        self._products: dict[UUID, Remembered[UUID, Product]] = {}
        self._listeners: Remembered[UUID, bool] = Remembered()
        self._discounts: dict[UUID, Remembered[str, Discount]] = {}
        self._listening: asyncio.Task[None] | None = None

    async def principal(self, token_hash: bytes) -> Principal | None:
        """The token's row with its organization; None when unknown (which is not remembered)."""
        found = self._principals.get(token_hash)
        if found is None:
            found = await organizations.principal_by_hash(self._db, token_hash)
            if found is not None:
                self._principals.put(token_hash, found)
        return found

    async def organization(self, organization_id: UUID) -> Organization:
        """An organization that is known to exist. Raises KeyError otherwise."""
        found = self._organizations.get(organization_id)
        if found is None:
            found = await organizations.by_id(self._db, organization_id)
            if found is None:
                raise KeyError(organization_id)
            self._organizations.put(organization_id, found)
        return found

    async def products(self, organization_id: UUID, wanted: Sequence[UUID]) -> dict[UUID, Product]:
        """The wanted products that exist; one statement for all that are not remembered."""
        shelf = self._products.setdefault(organization_id, Remembered())
        found: dict[UUID, Product] = {}
        missing: list[UUID] = []
        for product_id in wanted:
            product = shelf.get(product_id)
            if product is None:
                missing.append(product_id)
            else:
                found[product_id] = product
        if missing:
            for product_id, product in (await PRODUCTS.by_ids(self._db, organization_id, missing)).items():
                shelf.put(product_id, product)
                found[product_id] = product
        return found

    async def has_endpoints(self, organization_id: UUID) -> bool:
        """Whether facts of this organization may be asked for as they were when they happened."""
        known = self._listeners.get(organization_id)
        if known is None:
            known = any(endpoint.enabled for endpoint in await webhooks.endpoints(self._db, organization_id))
            self._listeners.put(organization_id, known)
        return known

    async def discount_by_code(self, organization_id: UUID, code: str) -> Discount | None:
        """The living discount with this code; an unknown one is not remembered. How often it was used may be a few seconds old
        where another process redeemed it: reserving is what decides.
        """
        shelf = self._discounts.setdefault(organization_id, Remembered())
        wanted = code.strip().upper()
        found = shelf.get(wanted)
        if found is None:
            found = await discounts.by_code(self._db, organization_id, code)
            if found is not None:
                shelf.put(wanted, found)
        return found

    def forget_discounts(self, organization_id: UUID) -> None:
        """Drop what is remembered of an organization's discounts, here: one was just redeemed or given back."""
        self._discounts.pop(organization_id, None)

    def forget(self, organization_id: UUID) -> None:
        """Drop all that is remembered of an organization, here."""
        self.forget_discounts(organization_id)
        self._organizations.drop(organization_id)
        self._products.pop(organization_id, None)
        self._listeners.drop(organization_id)
        self._principals.clear()

    def forget_everything(self) -> None:
        """Drop all that is remembered: what others changed may have been missed."""
        for remembered in (self._principals, self._organizations, self._listeners):
            remembered.clear()
        self._products.clear()
        self._discounts.clear()

    async def changed(self, db: Executor, organization_id: UUID) -> None:
        """Tell every process that an organization's tokens, products, endpoints or clock changed; call where it is written."""
        await db.execute("SELECT pg_notify($1, $2)", CHANNEL, str(organization_id))
        self.forget(organization_id)

    async def listen(self) -> None:
        """Begin to listen for other processes' changes, also after the database was away."""
        listener = Listener(self._db, CHANNEL, hear=self._hear, missed=self.forget_everything)
        self._listening = asyncio.create_task(listener.run())
        with contextlib.suppress(TimeoutError):  # no connection to spare for it: it is tried again and again
            async with asyncio.timeout(LISTENING_WITHIN_S):
                await listener.listening.wait()

    def _hear(self, payload: str) -> None:
        self.forget(UUID(payload))

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
            self._listening = None
