"""A shop in which everything moves while people pay, and the people: what the machine of consent plays with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

import httpx2
from hypothesis import strategies as st

from checkstand.domain.address import Address
from checkstand.domain.catalog import Product
from checkstand.domain.checkout import Buyer, Checkout
from checkstand.domain.discount import Discount
from checkstand.domain.lines import Counts
from checkstand.domain.organization import Organization
from checkstand.domain.profile import Dialect
from checkstand.domain.terms import SeatBased, SeatTier, Terms
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.flows.ports import Ports
from checkstand.providers.rates import EmbeddedRates, Rate
from checkstand.store import checkouts
from checkstand.testing.demo import DemoShop
from tests.machine.steps import one_of
from tests.paper import PaperPage

GOODS = ("one_time", "monthly", "trial", "pay_what_you_want", "seats")
PLACES: Mapping[str, Address] = {
    "DE": Address(country="DE", line1="Markt 1", city="Jena", postal_code="07743"),
    "JP": Address(country="JP", line1="1-1 Chiyoda", city="Tokyo", state="JP-13", postal_code="100-0001"),
    "US": Address(country="US", line1="305 Harrison St", city="Seattle", state="US-WA", postal_code="98109"),
}
CARD = {"method": "card", "card_number": "4242 4242 4242 4242", "card_exp": "12/34", "card_cvc": "123"}
COUNTRY = st.sampled_from(sorted(PLACES))
REGISTERED = ("EU", "DE", "JP", "US-WA")
BOOKED = """
    SELECT charges.amount_minor, charges.currency
    FROM test_gateway_charges AS charges
    JOIN payment_attempts ON payment_attempts.gateway_key = charges.id
    WHERE charges.organization_id = $1
      AND payment_attempts.checkout_id = $2
"""


@dataclass(slots=True)
class MovingRates:
    """An exchange whose rates move: a provider like any other."""

    factor: int = 100

    async def rate(self, base: str, currency: str) -> Rate | None:
        found = await EmbeddedRates().rate(base, currency)
        return found and replace(found, rate=str(round(float(found.rate) * self.factor / 100, 6)))


@dataclass(slots=True)
class Payer:
    """A buyer with a session. `page`: the page that they have open."""

    checkout_id: UUID
    dialect: Dialect
    page: PaperPage | None = None


@dataclass(slots=True)
class Stage:
    """One shop with everything that can move in it. `saved`: a customer with a card that may be charged again, by Dodo's names."""

    ports: Ports
    demo: DemoShop
    rates: MovingRates
    client: httpx2.Client
    goods: dict[str, Product]
    discounts: list[Discount] = field(default_factory=list)
    payers: list[Payer] = field(default_factory=list)
    saved: tuple[str, str] = ("", "")

    async def organization(self) -> Organization:
        return await self.ports.cache.organization(self.demo.organization.id)

    async def payer(self, pick: int) -> Payer:
        """A buyer with an open session; a new one where there is none."""
        if not self.payers:
            request = CheckoutRequest(
                dialect="polar",
                wanted=(CartItem(product_id=self.goods["seats"].id, where=("products", 0)),),
                choose_one=True,
                counts=Counts(seats=1),
                buyer=buyer(None),
            )
            made = await create_checkout(self.ports, await self.organization(), request)
            self.payers.append(Payer(made.id, "polar"))
        return one_of(self.payers, pick)

    async def page_of(self, payer: Payer) -> str:
        """The address of a session's page."""
        return (await self.checkout(payer)).page_path

    async def booked(self, checkout_id: UUID) -> list[tuple[int, str]]:
        """What the bank took for a session, by its own books."""
        rows = await self.ports.db.fetch(BOOKED, self.demo.organization.id, checkout_id)
        return [(row["amount_minor"], row["currency"]) for row in rows]

    async def checkout(self, payer: Payer) -> Checkout:
        found = await checkouts.by_id(self.ports.db, self.demo.organization.id, payer.checkout_id)
        assert found is not None
        return found


def to(country: str) -> CheckoutChanges:
    return CheckoutChanges(given=frozenset({"address"}), address=PLACES[country])


def buyer(address: Address | None) -> Buyer:
    return Buyer(email="ada@example.com", name="Ada", address=address)


def seats(unit_minor: int) -> Terms:
    return SeatBased(model="volume", tiers=(SeatTier(minimum=1, maximum=None, unit_minor=unit_minor),))
