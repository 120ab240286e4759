"""What the Dodo tests share: a client of one shop, short names for its catalogue, and a buyer who pays without a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

import httpx2

from checkstand.domain import ids
from checkstand.domain.address import Address
from checkstand.domain.errors import PaymentDeclined
from checkstand.flows.checkout.confirm_checkout import confirm_checkout
from checkstand.flows.checkout.read_checkout import read_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.flows.organizations.authenticate import create_token
from checkstand.store import organizations
from checkstand.testing.demo import DemoShop
from tests.server import RunningServer

# P one-time 10.00, S 20.00 a month with add-on A of 5.00, T 20.00 a month with 14 days of trial, W pay what you want from 5.00, F
# free: all USD. The buyer is in a country that pays in USD.
NAMES = {"P": "one_time", "S": "monthly", "T": "trial", "W": "pay_what_you_want", "F": "free"}
TABLES = ("checkouts", "products", "prices", "customers", "webhook_endpoints", "facts", "idempotency_keys")
BUYER = CheckoutChanges(
    given=frozenset({"email", "name", "address"}),
    email="ada@example.com",
    name="Ada Byron",
    address=Address(country="US", line1="1 Main St", city="Albany", state="US-NY", postal_code="12207"),
)

ONE: list[dict[str, object]] = [{"product_id": "P", "quantity": 1}]
FULL_ADDRESS = {"country": "DE", "street": "Markt 4", "city": "Jena", "state": "TH", "zipcode": "07743"}
# Prices as a product is made with: 20.00 once, and 20.00 a month for a year.
ONE_TIME_PRICE: dict[str, Any] = {
    "type": "one_time_price",
    "currency": "USD",
    "price": 2000,
    "discount": 0,
    "purchasing_power_parity": False,
}
MONTHLY_PRICE: dict[str, Any] = {
    **ONE_TIME_PRICE,
    "type": "recurring_price",
    "payment_frequency_count": 1,
    "payment_frequency_interval": "Month",
    "subscription_period_count": 1,
    "subscription_period_interval": "Year",
}
# What `confirm: true` needs besides the cart.
COMPLETE: dict[str, Any] = {
    "customer": {"email": "ada@example.com", "name": "Ada"},
    "billing_address": FULL_ADDRESS,
}


def cart(name: str = "P", quantity: object = 1, **more: object) -> list[dict[str, object]]:
    """A cart of one line."""
    return [{"product_id": name, "quantity": quantity, **more}]


@dataclass
class DodoShop:
    """One organization behind its Dodo key. `P`, `S` ... in a body stand for the ids of its products, `A` for its add-on."""

    server: RunningServer
    demo: DemoShop

    @cached_property
    def http(self) -> httpx2.Client:
        # Nothing here is https: without certificates to read, a client is made in no time.
        headers = {"Authorization": f"Bearer {self.demo.dodo_key}"}
        return httpx2.Client(base_url=self.server.url, headers=headers, verify=False)

    def id(self, name: str) -> str:
        return ids.short_id("pdt", self.demo.products[NAMES[name]].id)

    @property
    def addon_id(self) -> str:
        return ids.short_id("adn", self.demo.addon.id)

    def filled(self, value: Any) -> Any:
        """The value with every short name replaced by the id of the product or add-on."""
        if isinstance(value, Mapping):
            return {key: self._named(key, item) for key, item in value.items()}
        return [self.filled(item) for item in value] if isinstance(value, list) else value

    def _named(self, key: str, item: Any) -> Any:
        if key == "product_id" and item in NAMES:
            return self.id(item)
        return self.addon_id if (key, item) == ("addon_id", "A") else self.filled(item)

    def create(self, **body: Any) -> httpx2.Response:
        return self.http.post("/checkouts", json=self.filled(body))

    def session(self, *names: str, **body: Any) -> str:
        """A session for one of each product; its id."""
        cart = [{"product_id": name, "quantity": 1} for name in names or ("P",)]
        answer = self.create(product_cart=cart, **body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["session_id"])

    def stored(self, session_id: str) -> Any:
        """The session as the domain has it."""
        checkout_id = ids.parse_short_id("cks", session_id)
        assert checkout_id is not None
        return self.server.run(read_checkout(self.server.services.ports, self.demo.organization, checkout_id))

    def pay(self, session_id: str, token: str = "ctoken_visa", buyer: CheckoutChanges = BUYER) -> None:
        """The buyer's part. A decline is the session's business, not the test's."""
        ports = self.server.services.ports

        async def paying() -> None:
            organization = await ports.cache.organization(self.demo.organization.id)
            checkout = await read_checkout(ports, organization, ids.parse_short_id("cks", session_id) or UUID(int=0))
            try:
                await confirm_checkout(
                    ports, organization, checkout, buyer, confirmation_token=token, return_url="http://pay.test/"
                )
            except PaymentDeclined:
                return

        self.server.run(paying())

    def payment_of(self, session_id: str) -> dict[str, Any]:
        """The payment that came of a session."""
        payment_id = self.http.get(f"/checkouts/{session_id}").json()["payment_id"]
        found: dict[str, Any] = self.http.get(f"/payments/{payment_id}").json()
        return found

    def key(self, *scopes: str) -> str:
        """A further key with these scopes alone."""
        services = self.server.services
        _, secret = self.server.run(
            create_token(
                services.ports,
                services.authenticator,
                self.demo.organization.id,
                name="limited",
                dialect="dodo",
                scopes=scopes,
            )
        )
        return secret

    def set(self, statement: str, *arguments: object) -> None:
        """Change something that no API changes; `$1` is the organization."""
        services = self.server.services
        organization_id = self.demo.organization.id
        self.server.run(services.ports.db.execute(statement, organization_id, *arguments))
        self.server.run(services.ports.cache.changed(services.ports.db, organization_id))

    def settle_on(self, **changes: Any) -> None:
        """Change settings of the organization."""
        ports, organization_id = self.server.services.ports, self.demo.organization.id

        async def saving() -> None:
            current = await ports.cache.organization(organization_id)
            settings = replace(current.settings, **changes)
            await organizations.save_settings(ports.db, organization_id, settings, now=ports.real_now())
            await ports.cache.changed(ports.db, organization_id)

        self.server.run(saving())

    def row_counts(self) -> dict[str, int]:
        """How many rows of each table the organization has."""
        counted = ", ".join(f"(SELECT count(*) FROM {table} WHERE organization_id = $1) AS {table}" for table in TABLES)
        row = self.server.run(self.server.services.ports.db.fetchrow(f"SELECT {counted}", self.demo.organization.id))
        assert row is not None
        return dict(row)
