"""Sessions to look at, and the buyer's hands: what the page tests have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
from playwright.sync_api import Page

from checkstand.domain.checkout import Buyer, Checkout, CheckoutStatus, Options, Redirects
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.orders.read_sale import sales_of_checkouts
from checkstand.store import checkouts
from checkstand.testing.demo import DemoShop
from checkstand.web.checkout.session.visit import form_token
from tests.pages.expecting import expect
from tests.pages.reader import Reader
from tests.server import RunningServer

VISA = "4242 4242 4242 4242"
NO_FUNDS = "4000 0000 0000 9995"
CHALLENGE = "4000 0027 6000 3184"
CHALLENGE_THEN_DECLINED = "4000 0084 0000 1629"

__all__ = ["Buyer", "Checkout", "CheckoutStatus", "Options", "Redirects", "Stand"]


@dataclass(frozen=True, slots=True)
class Stand:
    """A shop on a server, and what a test does there."""

    server: RunningServer
    shop: DemoShop

    def session(self, *labels: str, quantity: int = 1, **more: Any) -> Checkout:
        """A Polar session in which the buyer chooses one of the labelled products."""
        return self._make(labels, "polar", quantity, more)

    def cart(self, *labels: str, quantity: int = 1, **more: Any) -> Checkout:
        """A Dodo session with all of the labelled products in it."""
        return self._make(labels, "dodo", quantity, more)

    def _make(self, labels: tuple[str, ...], dialect: Any, quantity: int, more: dict[str, Any]) -> Checkout:
        wanted = tuple(
            CartItem(product_id=self.shop.products[label].id, where=("products", at), quantity=quantity)
            for at, label in enumerate(labels)
        )
        request = CheckoutRequest(dialect=dialect, wanted=wanted, choose_one=dialect == "polar", **more)
        return self.server.run(create_checkout(self.server.services.ports, self.shop.organization, request))

    def advance(self, duration: str) -> None:
        """Move the shop's clock (`P2D`) and let what is due happen."""
        with self.client(Authorization=f"Bearer {self.shop.polar_token}") as client:
            assert client.post("/_test/clock", json={"advance": duration}).status_code == 200

    def url(self, checkout: Checkout, step: str = "") -> str:
        """The full address of a session's page."""
        return f"{self.server.url}{checkout.page_path}{step}"

    def token(self, checkout: Checkout) -> str:
        """The token that the session's own forms carry."""
        return form_token(self.server.services, checkout.client_secret)

    def now(self, checkout: Checkout) -> Checkout:
        """The session as it is stored."""
        found = self.server.run(checkouts.by_id(self.server.services.ports.db, checkout.organization_id, checkout.id))
        assert found is not None
        return found

    def charges(self, checkout: Checkout) -> list[str]:
        """How the session's attempts ended, oldest first."""
        sale = self.server.run(
            sales_of_checkouts(self.server.services.ports, self.shop.organization, [self.now(checkout)])
        )[0]
        return [str(attempt.status) for attempt in sale.attempts]

    def client(self, **headers: str) -> httpx2.Client:
        """A client that follows nothing by itself."""
        return httpx2.Client(base_url=self.server.url, headers=headers, follow_redirects=False)


def pay(
    page: Page | Reader,
    *,
    card: str = VISA,
    email: str = "ada@example.com",
    name: str = "Ada Lovelace",
    country: str | None = "DE",
    expires: str = "12/34",
) -> None:
    """Fill in what every buyer fills in, and press the button. `country` None leaves the one that is chosen."""
    if page.locator("input#email").count():
        page.fill("#email", email)
    page.fill("#card_number", card)
    page.fill("#card_exp", expires)
    page.fill("#card_cvc", "123")
    page.fill("#name", name)
    if country is not None:
        page.select_option("#country", country)
    page.click("#pay-button")


def to_the_bank(page: Page | Reader, stand: Stand, session: Checkout) -> None:
    """Pay with a card that its bank checks: its page is the one in front of the buyer then."""
    page.goto(stand.url(session))
    pay(page, card=CHALLENGE)
    page.wait_for_url("**/bank/**")


def expect_success(page: Page | Reader) -> None:
    """The success page is there."""
    page.wait_for_url("**/confirmation*")
    expect(page.locator("h1")).to_have_text("Thank you, your order is complete")


def path_of(url: str) -> str:
    """The path alone."""
    return urlsplit(url).path
