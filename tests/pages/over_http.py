"""A session's addresses asked over HTTP, answer by answer: open one, press Pay, confirm by the flow."""

from __future__ import annotations

import re

import httpx2

from checkstand.domain.address import Address
from checkstand.flows.checkout.confirm_checkout import Confirmed, confirm_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from tests.pages.buyer import Checkout, Stand

FILLED = {
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "country": "DE",
    "card_number": "4242424242424242",
    "card_exp": "12/34",
    "card_cvc": "123",
}


def confirm(stand: Stand, checkout: Checkout, token: str = "ctoken_visa") -> Confirmed:
    changes = CheckoutChanges(
        given=frozenset({"email", "address"}), email="ada@example.com", address=Address(country="DE")
    )
    return stand.server.run(
        confirm_checkout(
            stand.server.services.ports,
            stand.shop.organization,
            checkout,
            changes,
            confirmation_token=token,
            return_url=stand.url(checkout, "/confirmation"),
        )
    )


def shown(html: str) -> str:
    """The hidden amount of a page's form."""
    found = re.search(r'name="shown" value="([^"]+)"', html)
    assert found
    return found[1]


def press_pay(stand: Stand, checkout: Checkout, **fields: str) -> httpx2.Response:
    with stand.client() as client:
        page = client.get(stand.url(checkout)).text
        form = {**FILLED, "csrf": stand.token(checkout), "shown": shown(page), **fields}
        return client.post(stand.url(checkout, "/pay"), data=form)


def get(stand: Stand, url: str, **headers: str) -> httpx2.Response:
    with stand.client(**headers) as client:
        return client.get(url)
