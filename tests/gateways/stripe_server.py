"""A server that charges through the stand-in for Stripe, and purchases on it through the Polar API."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2

from checkstand.testing.demo import DemoShop
from tests.gateways.fake_stripe import FakeStripe
from tests.server import RunningServer, running_server

BUYER = {
    "customer_email": "ada@example.com",
    "customer_name": "Ada Lovelace",
    "customer_billing_address": {"country": "DE"},
}
AMERICAN = {"country": "US", "state": "US-NY", "city": "Albany", "line1": "1 Main St", "postal_code": "12207"}


@dataclass(frozen=True, slots=True)
class StripeShop:
    """A shop whose money comes through Stripe."""

    server: RunningServer
    shop: DemoShop
    fake: FakeStripe
    client: httpx2.Client

    def session(self, label: str = "one_time") -> dict[str, Any]:
        """A new checkout as the API shows it to the merchant."""
        body = {"products": [str(self.shop.products[label].id)]}
        made = self.client.post("/v1/checkouts/", json=body)
        assert made.status_code == 201, made.text
        return dict(made.json())

    def confirm(self, session: dict[str, Any], kind: str = "visa") -> httpx2.Response:
        """The buyer pays with one of Stripe's test methods."""
        body = {**BUYER, "confirmation_token_id": self.fake.token(kind)}
        if kind == "processing":
            body["customer_billing_address"] = AMERICAN  # a debit from a bank account there
        return self.client.post(f"/v1/checkouts/client/{session['client_secret']}/confirm", json=body, timeout=120)

    def now(self, session: dict[str, Any]) -> dict[str, Any]:
        """The checkout as it is now."""
        return dict(self.client.get(f"/v1/checkouts/{session['id']}").json())

    def calm(self) -> None:
        """No faults, and no news on its way; from here on events wait for `fake.deliver`."""
        self.fake.recover()
        self.fake.switch(webhooks={"hold": True})
        self.fake.deliver()

    def attempt(self, session: dict[str, Any], column: str) -> str:
        """Something of a checkout's newest attempt."""
        query = f"SELECT {column}::text FROM payment_attempts WHERE checkout_id = $1 ORDER BY created_at DESC LIMIT 1"
        return str(self.server.value(query, UUID(session["id"])))

    def orders(self, session: dict[str, Any]) -> int:
        """How many orders a checkout has."""
        return int(self.server.value("SELECT count(*) FROM orders WHERE checkout_id = $1", UUID(session["id"])))

    def balance(self, session: dict[str, Any]) -> int:
        """The sum of the checkout's ledger entries, which must be 0."""
        query = """
            SELECT coalesce(sum(e.amount_minor), 0)::bigint
            FROM ledger_entries e JOIN orders o ON o.id = e.order_id
            WHERE o.checkout_id = $1
        """
        return int(self.server.value(query, UUID(session["id"])))

    def paid(self, session: dict[str, Any]) -> int:
        """How often the bank took money for a checkout."""
        return len(self.fake.paid(checkout=session["id"]))

    def paid_in_all(self, sessions: list[dict[str, Any]]) -> dict[str, int]:
        """The same for many at once."""
        checkouts = [charge["metadata"]["checkout"] for charge in self.fake.paid()]
        return {session["id"]: checkouts.count(session["id"]) for session in sessions}

    def later(self, duration: str = "PT2M") -> None:
        """Move the shop's clock and let what is due happen: attempts without a verdict are asked for."""
        moved = self.client.post("/_test/clock", json={"advance": duration}, timeout=300)
        assert moved.status_code == 200, moved.text


@contextlib.contextmanager
def stripe_shop(database_url: str, fake: FakeStripe, **settings: Any) -> Iterator[StripeShop]:
    """A server and a shop of the test's own, until the block ends."""
    with running_server(database_url, **{**fake.settings(), **settings}) as server:
        shop = server.new_shop()
        headers = {"Authorization": f"Bearer {shop.polar_token}"}
        with httpx2.Client(base_url=server.url, headers=headers, timeout=30) as client:
            yield StripeShop(server, shop, fake, client)


@contextlib.contextmanager
def another_shop(server: RunningServer, fake: FakeStripe, mode: str = "test") -> Iterator[StripeShop]:
    """A second shop on a server, of the given mode."""
    shop = server.new_shop()
    change = "UPDATE organizations SET mode = $2 WHERE id = $1"
    server.run(server.services.ports.db.execute(change, shop.organization.id, mode))
    server.services.ports.cache.forget(shop.organization.id)
    headers = {"Authorization": f"Bearer {shop.polar_token}"}
    with httpx2.Client(base_url=server.url, headers=headers, timeout=30) as client:
        yield StripeShop(server, shop, fake, client)
