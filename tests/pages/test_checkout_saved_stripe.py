"""Saved cards of a shop that is paid through Stripe: our own list above Stripe's frame, which is not needed to pay with one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from checkstand.domain.address import Address
from checkstand.domain.checkout import Checkout
from tests.gateways.fake_stripe import SECRET_KEY
from tests.pages.browser import PHONE, serious_violations, visit
from tests.pages.buyer import CHALLENGE, Buyer, Options, expect_success
from tests.pages.test_checkout_stripe import Place, pay, place, type_card

__all__ = ["place"]
SHOWN = Options(show_saved_methods=True)


@pytest.fixture
def page(place: Place) -> Iterator[Page]:
    with visit(place.browser, place.stand.server, size=PHONE, also=(place.fake.url,)) as opened:
        yield opened


def bought(page: Page, place: Place, label: str = "trial", number: str = "4242 4242 4242 4242") -> UUID:
    """A purchase that keeps its card; the customer."""
    session = place.stand.session(label)
    page.goto(place.stand.url(session))
    pay(page, number)
    if number == CHALLENGE:
        page.click("#approve")
    expect(page.locator("h1")).to_contain_text("Thank you")
    customer_id = place.stand.now(session).buyer.customer_id
    assert customer_id is not None
    return customer_id


def for_customer(place: Place, customer_id: UUID, **more: Any) -> Checkout:
    buyer = Buyer(address=Address(country="DE"), name="Ada Lovelace")
    return place.stand.cart("one_time", customer_id=customer_id, options=SHOWN, buyer=buyer, **more)


def at_stripe(place: Place, path: str) -> Any:
    return place.fake.client.get(path, headers={"Authorization": f"Bearer {SECRET_KEY}"}).json()


def stored(place: Place, customer_id: UUID, column: str) -> Any:
    query = f"SELECT {column} FROM payment_methods WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 1"
    return place.stand.server.value(query, customer_id)


def test_a_trials_card_pays_later_without_stripes_form(page: Page, place: Place) -> None:
    ada = bought(page, place)
    session = for_customer(place, ada)
    page.goto(place.stand.url(session))
    expect(page.locator(".saved .method-name")).to_have_text("Visa •••• 4242")
    expect(page.locator("#payment-frame")).to_be_hidden()
    page.locator("#method-another").check()
    expect(page.locator("#payment-frame iframe")).to_be_visible()
    page.locator(".saved input").check()
    expect(page.locator("#payment-frame")).to_be_hidden()
    assert serious_violations(page) == []
    page.click("#pay-button")
    expect_success(page)
    (charge,) = place.fake.paid(checkout=str(session.id))
    assert charge["payment_method"] == stored(place, ada, "gateway_method")
    intent = at_stripe(place, f"/v1/payment_intents/{charge['payment_intent']}")
    assert intent["customer"] == stored(place, ada, "gateway_customer")
    assert place.stand.charges(session) == ["succeeded"]


def test_without_a_script_a_saved_card_can_pay_where_a_new_one_cannot(page: Page, place: Place) -> None:
    session = for_customer(place, bought(page, place))
    with visit(place.browser, place.stand.server, script=False) as plain:
        plain.goto(place.stand.url(session))
        plain.click("#pay-button")
        expect_success(plain)
    assert len(place.fake.paid(checkout=str(session.id))) == 1


def test_a_ticked_card_is_kept_for_the_next_visit_and_removal_detaches_it_at_stripe(page: Page, place: Place) -> None:
    ada = bought(page, place)
    session = for_customer(place, ada)
    page.goto(place.stand.url(session))
    page.locator("#method-another").check()
    page.locator("#keep").check()
    type_card(page, "5555 5555 5555 4444")
    page.click("#pay-button")
    expect_success(page)
    (charge,) = place.fake.paid(checkout=str(session.id))
    intent = at_stripe(place, f"/v1/payment_intents/{charge['payment_intent']}")
    assert intent["setup_future_usage"] == "on_session"
    kept = stored(place, ada, "gateway_method")
    assert at_stripe(place, f"/v1/payment_methods/{kept}")["customer"] == intent["customer"]
    page.goto(place.stand.url(for_customer(place, ada)))
    page.get_by_role("button", name="Remove Mastercard •••• 4444").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".saved .method-name")).to_have_text("Visa •••• 4242")
    assert at_stripe(place, f"/v1/payment_methods/{kept}")["customer"] is None


def test_a_saved_card_that_always_asks_sends_its_buyer_to_the_bank_again(page: Page, place: Place) -> None:
    session = for_customer(place, bought(page, place, number=CHALLENGE))
    page.goto(place.stand.url(session))
    page.click("#pay-button")
    page.click("#approve")
    expect_success(page)
    assert place.stand.charges(session) == ["succeeded"]


def test_one_customer_is_one_at_stripe_however_often_they_save(page: Page, place: Place) -> None:
    ada = bought(page, place, label="monthly")
    before = {one["id"] for one in at_stripe(place, "/v1/customers?limit=100")["data"]}
    session = place.stand.cart(
        "monthly", customer_id=ada, options=SHOWN, buyer=Buyer(address=Address(country="DE"), name="Ada")
    )
    page.goto(place.stand.url(session))
    page.locator("#method-another").check()
    type_card(page, "5555 5555 5555 4444")
    page.click("#pay-button")
    expect(page.locator("h1")).to_contain_text("Thank you")
    assert {one["id"] for one in at_stripe(place, "/v1/customers?limit=100")["data"]} == before
    query = "SELECT count(DISTINCT gateway_customer) FROM payment_methods WHERE customer_id = $1"
    assert place.stand.server.value(query, ada) == 1
