"""The total on an open page: it stays as shown, or the page says from what to what it changed and why, and asks for another press."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from checkstand.domain.address import Address
from checkstand.domain.catalog import Fixed, PriceDefinition
from checkstand.domain.discount import Discount, Percentage
from checkstand.flows.catalogue.save_discount import change_discount, create_discount, delete_discount
from checkstand.flows.catalogue.save_product import PriceList, change_product
from checkstand.flows.checkout.update_checkout import CheckoutChanges, update_checkout
from checkstand.flows.organizations.change_settings import change_settings
from tests.pages.browser import PHONE, visit
from tests.pages.buyer import VISA, Buyer, Checkout, Stand, expect_success, pay
from tests.paper import PaperPage

READY = {"email": "ada@example.com", "name": "Ada", "country": "DE", "method": "card"}
CARD = {"card_number": VISA, "card_exp": "12/34", "card_cvc": "123"}
EVERY_WAY = [("polar", False), ("polar", True), ("dodo", False), ("dodo", True)]
BOOKED = """
    SELECT charges.amount_minor FROM test_gateway_charges AS charges
    JOIN payment_attempts ON payment_attempts.gateway_key = charges.id
    WHERE checkout_id = $1 AND state = 'succeeded'
"""


class Seller:
    """The merchant of a stand, who changes what is sold while a buyer has a page open."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.ports = stand.server.services.ports

    def _do(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return self.stand.server.run(doing)

    def half_off(self) -> Discount:
        """A code that takes 50 %."""
        organization = self.stand.shop.organization
        code = f"HALF{uuid4().hex[:6]}".upper()
        half = {"name": code, "code": code, "takes": Percentage(basis_points=5000)}
        return self._do(create_discount(self.ports, organization, half))  # type: ignore[no-any-return]

    def changes(self, discount: Discount, **terms: Any) -> None:
        organization = self.stand.shop.organization
        self._do(change_discount(self.ports, organization, discount.id, terms))

    def deletes(self, discount: Discount) -> None:
        self._do(delete_discount(self.ports, self.stand.shop.organization, discount.id))

    def sets(self, **settings: Any) -> None:
        organization_id = self.stand.shop.organization.id
        self._do(change_settings(self.ports, organization_id, lambda found: replace(found, **settings)))

    def taxes(self, *places: str) -> None:
        self.sets(tax_registrations=places, default_tax_behavior="exclusive")

    def sells(self, label: str, amount_minor: int | None, *, archived: bool = False) -> None:
        """A product at another price (None: at its present one), or not any more."""
        organization, product_id = self.stand.shop.organization, self.stand.shop.products[label].id
        new = amount_minor and PriceList(add=(PriceDefinition(currency="USD", terms=Fixed(amount_minor=amount_minor)),))
        self._do(change_product(self.ports, organization, product_id, {"is_archived": archived}, new or None))

    def changes_session(self, session: Checkout, changes: CheckoutChanges) -> None:
        now = self.stand.now(session)
        self._do(update_checkout(self.ports, self.stand.shop.organization, now, changes, by_merchant=True))


@pytest.fixture
def seller(stand: Stand) -> Seller:
    seller = Seller(stand)
    seller.sets(adaptive_currency=False)
    return seller


def sold(stand: Stand, dialect: str, discount: Discount | None = None, label: str = "one_time") -> Checkout:
    if dialect == "polar":
        return stand.session(label, discount_id=discount.id if discount else None)
    return stand.cart(label, discount_codes=(discount.code,) if discount and discount.code else ())


def opened(stand: Stand, session: Checkout, *, with_script: bool) -> PaperPage:
    client = stand.client(**{"Accept-Language": "de-DE"})
    return PaperPage(client, stand.url(session), with_parts=with_script).open()


def booked(stand: Stand, session: Checkout) -> int | None:
    """What the bank took, by its own books."""
    found: int | None = stand.server.value(BOOKED, session.id)
    return found


@pytest.mark.parametrize(("dialect", "with_script"), EVERY_WAY)
def test_a_discount_that_was_lowered_or_restricted_meanwhile_takes_what_the_page_shows(
    stand: Stand, seller: Seller, dialect: str, with_script: bool
) -> None:
    """After a refusal, after a field that was changed, and after both."""
    lower = {"takes": Percentage(basis_points=1000)}
    for terms in (lower, {"minimum_subtotals": {"USD": 90_000}}, {"product_ids": (stand.shop.products["free"].id,)}):
        discount = seller.half_off()
        session = sold(stand, dialect, discount)
        page = opened(stand, session, with_script=with_script)
        assert "$5.00" in page.button
        seller.changes(discount, **terms)
        page.post("/pay", **READY)
        assert page.answer.status_code == 422
        assert ("$5.00" in page.button, page.told) == (True, "")
        page.post("/update", **READY, marked="")
        assert ("$5.00" in page.button, page.told) == (True, "")
        assert page.post("/pay", **READY, **CARD).has_paid
        assert booked(stand, session) == 500


@pytest.mark.parametrize(("dialect", "with_script"), EVERY_WAY)
def test_a_discount_that_was_deleted_or_ended_is_taken_off_in_words_before_more_is_charged(
    stand: Stand, seller: Seller, dialect: str, with_script: bool
) -> None:
    for how in (seller.deletes, lambda one: seller.changes(one, ends_at=one.created_at - timedelta(days=1))):
        discount = seller.half_off()
        session = sold(stand, dialect, discount)
        page = opened(stand, session, with_script=with_script)
        how(discount)
        page.post("/pay", **READY)  # the card is missing
        assert ("$5.00" in page.button, page.told) == (True, "")
        page.post("/pay", **READY, **CARD)
        assert page.told == "The total changed from $5.00 to $10.00 because a discount can no longer be used."
        assert ("$10.00" in page.button, booked(stand, session)) == (True, None)
        assert page.post("/pay", **READY, **CARD).has_paid
        assert booked(stand, session) == 1000


TAXED = "The total changed from $10.00 to $11.90 because the tax changed while you were here."


@pytest.mark.parametrize(("dialect", "with_script"), EVERY_WAY)
def test_a_tax_that_changed_meanwhile_is_told_with_the_first_answer_and_as_long_as_its_total_stands(
    stand: Stand, seller: Seller, dialect: str, with_script: bool
) -> None:
    session = sold(stand, dialect)
    page = opened(stand, session, with_script=with_script)
    seller.taxes("DE")
    page.post("/update", **READY)
    assert ("$11.90" in page.button, page.told) == (True, TAXED)
    assert TAXED in page.answer.text.partition("data-announce")[2]  # to those who hear the page
    page.post("/update", **{**READY, "name": "Ada Lovelace"})
    assert page.told == TAXED
    page.post("/pay", **READY)
    assert page.told == TAXED
    assert TAXED in page.answer.text.partition('id="problems"')[2].partition("</div>")[0]
    assert page.post("/pay", **READY, **CARD).has_paid
    assert booked(stand, session) == 1190


@pytest.mark.parametrize(("dialect", "with_script"), EVERY_WAY)
def test_a_press_is_asked_again_where_only_the_total_is_wrong(
    stand: Stand, seller: Seller, dialect: str, with_script: bool
) -> None:
    session = sold(stand, dialect)
    page = opened(stand, session, with_script=with_script)
    seller.taxes("DE")
    page.post("/pay", **READY, **CARD)
    assert (page.answer.status_code, page.told, booked(stand, session)) == (409, TAXED, None)
    assert page.post("/pay", **READY, **CARD).has_paid
    assert booked(stand, session) == 1190


def test_what_the_buyer_changes_needs_no_excuse(stand: Stand) -> None:
    """Another plan, another country, a code: the new total is announced, and not as another person's change."""
    session = stand.session("one_time", "monthly")
    page = opened(stand, session, with_script=True)
    page.post("/update", **READY, product=str(stand.shop.products["monthly"].id))
    assert ("$20.00" in page.button, page.told) == (True, "")
    page.post("/update", **READY, discount_code="WELCOME20")
    assert ("$16.00" in page.button, page.told) == (True, "")
    # Its answer never came to be seen: what the page says now is the buyer's doing all the same.
    seen = dict(page.fields)
    page.post("/update", do=f"remove_{stand.now(session).discounts[0].id}")
    page.fields = seen
    page.post("/update", unseen="1", name="Ada Lovelace")
    assert page.told == ""


@pytest.mark.parametrize(("dialect", "with_script"), EVERY_WAY)
def test_a_press_that_a_zip_code_makes_dearer_and_a_missing_card_refuses_says_the_new_total(
    stand: Stand, seller: Seller, dialect: str, with_script: bool
) -> None:
    page = opened(stand, sold(stand, dialect), with_script=with_script).post("/update", country="US")
    seller.taxes("US-WA")
    at_home = {"line1": "305 Harrison St", "city": "Seattle", "state": "WA", "postal_code": "98109"}
    page.post("/pay", **READY | at_home | {"country": "US"})
    assert page.answer.status_code == 422
    assert page.shown.rpartition("-")[2] > "1000"
    assert (
        page.told == f"The order changed and now comes to {page.button.removeprefix('Pay ').removesuffix(' (test)')}."
    )


def test_a_session_that_the_seller_changed_is_told_on_the_open_page(stand: Stand, seller: Seller) -> None:
    discount = seller.half_off()
    session = sold(stand, "polar")
    page = opened(stand, session, with_script=False)
    seller.changes_session(session, CheckoutChanges(given=frozenset({"discount_id"}), discount_id=discount.id))
    page.post("/pay", **READY)
    assert page.told == "The total changed from $10.00 to $5.00 because the order was changed outside this page."
    assert page.post("/pay", **READY, **CARD).has_paid
    assert booked(stand, session) == 500


@pytest.mark.parametrize(("dialect", "with_script"), EVERY_WAY)
def test_a_price_that_another_one_followed_is_told_and_can_be_paid(
    stand: Stand, seller: Seller, dialect: str, with_script: bool
) -> None:
    told = "The total changed from $5.00 to $4.00 because the price changed while you were here."
    for first in (READY, {**READY, **CARD}):
        seller.sells("one_time", 1000)
        discount = seller.half_off()
        session = sold(stand, dialect, discount)
        page = opened(stand, session, with_script=with_script)
        seller.sells("one_time", 800)
        page.post("/pay", **first)
        assert ("$4.00" in page.button, page.told, booked(stand, session)) == (True, told, None)
        assert page.post("/pay", **READY, **CARD).has_paid
        assert booked(stand, session) == 400


@pytest.mark.parametrize("dialect", ["polar", "dodo"])
def test_what_is_not_sold_any_more_has_no_form_and_says_what_to_do(stand: Stand, seller: Seller, dialect: str) -> None:
    session = sold(stand, dialect)
    ways = [(step, opened(stand, session, with_script=way)) for step in ("/update", "/pay") for way in (True, False)]
    seller.sells("one_time", 800, archived=True)
    for step, page in ways:  # a script that is told 410 opens the page
        for answer in (page.post(step, **READY, **CARD).answer, page.open().answer):
            assert (answer.status_code, page.button) == (410, "")
            assert "is no longer sold at the price of this checkout. Nothing was charged. Ask" in answer.text
    assert booked(stand, session) is None


def test_where_something_else_can_be_chosen_the_form_stays(stand: Stand, seller: Seller) -> None:
    session = stand.session("one_time", "monthly")
    page = opened(stand, session, with_script=False)
    seller.sells("one_time", 800, archived=True)
    page.post("/pay", **READY, **CARD)
    assert "no longer sold at this price. Choose another one" in page.answer.text
    page.post("/update", product=str(stand.shop.products["monthly"].id))
    assert page.post("/pay", **READY, **CARD).has_paid
    assert booked(stand, session) == 2000


@pytest.mark.parametrize("script", [True, False])
def test_in_the_browser_the_sentence_stands_above_the_button_and_the_next_press_pays(
    browser: Browser, stand: Stand, seller: Seller, script: bool
) -> None:
    session = stand.session("one_time", buyer=Buyer(address=Address(country="DE")))
    with visit(browser, stand.server, script=script, size=PHONE) as page:
        page.goto(stand.url(session))
        seller.taxes("DE")
        if script:
            page.fill("#email", "ada@example.com")
            page.press("#email", "Tab")
            expect(page.locator("#live")).to_contain_text(TAXED)
        pay(page, name="")
        expect(page.locator("#problems")).to_be_focused()
        expect(page.locator("#problems")).to_contain_text(TAXED)
        sentence, button = page.locator("#changed-total"), page.locator("#pay-button")
        expect(sentence).to_have_text(TAXED)
        expect(button).to_have_accessible_description(TAXED)
        expect(button).to_have_text("Pay $11.90 (test)")
        above, below = sentence.bounding_box(), button.bounding_box()
        assert above and below and above["y"] + above["height"] <= below["y"]
        pay(page)
        expect_success(page)
    assert booked(stand, session) == 1190
