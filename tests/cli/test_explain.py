"""`checkstand explain`: the account of a total, for people and as JSON."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from checkstand.domain.address import Address
from checkstand.domain.checkout import Buyer, Checkout
from checkstand.domain.ids import DodoPrefix, short_id
from checkstand.flows.checkout.checkout_request import CheckoutRequest, Wanted
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.organizations.tax_registrations import change_registrations
from tests.cli.running import Place
from tests.cli.test_organization import settings
from tests.conftest import open_shop


def made(url: str, **changes: Any) -> Checkout:
    """A session over 3 of the demo product with a code, for a German buyer of a seller who is registered there."""

    async def story() -> Checkout:
        async with open_shop(url) as shop:
            await change_registrations(shop.ports, shop.demo.organization.id, register=("DE",))
            organization = await shop.ports.cache.organization(shop.demo.organization.id)
            wanted = Wanted(product_id=shop.demo.products["one_time"].id, where=("product_cart", 0), quantity=3)
            request = CheckoutRequest(
                dialect="dodo",
                wanted=(wanted,),
                choose_one=False,
                discount_codes=("WELCOME20",),
                buyer=Buyer(address=Address(country="DE")),
            )
            return await create_checkout(shop.ports, organization, replace(request, **changes))

    return asyncio.run(story())


def test_the_steps_lead_from_the_price_to_what_is_due(at: Place, database_url: str) -> None:
    checkout = made(database_url)
    done = at.run("explain", str(checkout.id), "--json", **settings(database_url))
    assert done.code == 0, done.err
    account = json.loads(done.out)
    kinds = [step["kind"] for step in account["steps"]]
    assert kinds == ["line", "subtotal", "discount", "tax", "total", "exchange", "due"]
    by_kind = {step["kind"]: step for step in account["steps"]}
    assert (by_kind["line"]["amount"], by_kind["discount"]["amount"]) == ("$30.00", "-$6.00")
    assert "USt. 19% in DE, contained in the price" in by_kind["tax"]["text"]
    assert by_kind["tax"]["amount_minor"] == 383
    assert by_kind["exchange"]["currency"] == "EUR"
    assert account["total_minor"] == checkout.quote.total_minor == by_kind["exchange"]["amount_minor"]


@pytest.mark.parametrize("spelling", ["uuid", "short", "secret", "page"])
def test_a_checkout_is_found_by_every_name_it_has(at: Place, database_url: str, spelling: str) -> None:
    # A secret opens the sessions of Polar's API alone, whose pages are named by it.
    dialect = "polar" if spelling == "secret" else "dodo"
    checkout = made(database_url, discount_codes=(), buyer=Buyer(), dialect=dialect)
    named = {
        "uuid": str(checkout.id),
        "short": short_id(DodoPrefix.CHECKOUT_SESSION, checkout.id),
        "secret": checkout.client_secret,
        "page": f"https://pay.example/session/{short_id(DodoPrefix.CHECKOUT_SESSION, checkout.id)}",
    }
    done = at.run("explain", named[spelling], **settings(database_url))
    assert done.code == 0, done.err
    assert "$30.00  Total" in done.out
    assert "rounded half away from zero" in done.out


@pytest.mark.parametrize(
    ("name", "said"),
    [("nonsense", "names no checkout"), (f"{DodoPrefix.CHECKOUT_SESSION}_{'0' * 21}", "There is no checkout")],
)
def test_an_unknown_checkout_is_told_in_a_sentence(at: Place, database_url: str, name: str, said: str) -> None:
    done = at.run("explain", name, **settings(database_url))
    assert done.code in (1, 2)
    assert said in done.err
    assert "Traceback" not in done.err
