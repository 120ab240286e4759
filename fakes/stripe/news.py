"""Signed webhooks. Each event goes to every subscription, again on failure, and in any order and number that a test asks for.

`Stripe-Signature: t=1700000000,v1=<hex HMAC-SHA256 of "1700000000.body">`
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import time
from dataclasses import dataclass, field

import httpx2

from fakes.stripe.books import Books, Thing

TRIES = 5
BETWEEN_S = 0.2


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where events go, and the secret that signs them."""

    url: str
    secret: str


def signature(secret: str, body: bytes, at: int) -> str:
    """The header for a body that is sent at a moment."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


@dataclass(slots=True)
class News:
    """Delivers the books' events. `held`: nothing leaves until `settle`, which sends `copies` of each, shuffled by `seed`."""

    books: Books
    subscriptions: list[Subscription] = field(default_factory=list)
    copies: int = 1
    held: bool = False
    seed: int | None = None
    sent: list[tuple[str, int]] = field(default_factory=list)
    _next: int = 0
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Deliver as events come, unless they are held back."""
        while True:
            if not self.held and self._next < len(self.books.events):
                await self.settle()
            await asyncio.sleep(0.02)

    async def settle(self) -> int:
        """Send everything that is due now; how many deliveries were made."""
        async with self._busy:
            due = self.books.events[self._next :]
            self._next += len(due)
            deliveries = [event for event in due for _ in range(self.copies)]
            if self.seed is not None:
                random.Random(self.seed).shuffle(deliveries)
            if not deliveries or not self.subscriptions:
                return 0
            # Without its list of authorities, which takes longer to load than all of this: the receiver is on this machine.
            async with httpx2.AsyncClient(timeout=20, verify=False) as client:
                # A few at a time, as Stripe does: the receiver must bear two of one session at once.
                gate = asyncio.Semaphore(8)
                await asyncio.gather(
                    *(self._send(client, gate, event, to) for event in deliveries for to in self.subscriptions)
                )
            return len(deliveries) * len(self.subscriptions)

    async def _send(self, client: httpx2.AsyncClient, gate: asyncio.Semaphore, event: Thing, to: Subscription) -> None:
        body = json.dumps(event, indent=2).encode()
        async with gate:
            for number in range(TRIES):
                headers = {
                    "Content-Type": "application/json; charset=utf-8",
                    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                    "Stripe-Signature": signature(to.secret, body, int(time.time())),
                }
                try:
                    status = (await client.post(to.url, content=body, headers=headers)).status_code
                except httpx2.HTTPError:
                    status = 0
                self.sent.append((event["type"], status))
                if 200 <= status < 300:
                    return
                await asyncio.sleep(BETWEEN_S * 2**number)
