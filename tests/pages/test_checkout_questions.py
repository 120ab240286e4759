"""The merchant's own questions on the page, of every kind; the buyer without a browser answers them too; axe on the new states."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page

from checkstand.domain.catalog import Fixed
from checkstand.domain.checkout import Checkout, CheckoutStatus, Options
from checkstand.domain.fields import AttachedField, inline_field
from checkstand.testing.browser import buy
from checkstand.testing.browser_fill import Wishes
from tests.pages.browser import Look, check_looks, three_looks, visit
from tests.pages.buyer import expect_success, pay
from tests.pages.catalogue import DE, MONTHLY, Shelf
from tests.pages.expecting import expect
from tests.pages.reader import Reader, read_or_visit

BOTH = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
FIRST, LAST = (int(datetime(2030, month, day, tzinfo=UTC).timestamp()) for month, day in ((1, 1), (12, 31)))


def all_kinds(shelf: Shelf) -> tuple[AttachedField, ...]:
    """One question of each kind, all of them required but the last two."""
    return (
        shelf.field("text", "role", "Your role", required=True, min_length=7, form_help_text="As on your **badge**."),
        shelf.field("number", "size", "How many people?", required=True, ge=3, le=500),
        shelf.field("date", "start", "First day", required=True, ge=FIRST, le=LAST),
        shelf.field("select", "source", "Where from?", required=True, options=["Friend", "Search"]),
        shelf.field("checkbox", "terms", "I agree to the [terms](https://example.com/t)", required=True),
        shelf.field("text", "notes", "Notes", textarea=True, form_placeholder="Anything else"),
        shelf.field("checkbox", "news", "Send me news"),
    )


def camp(shelf: Shelf) -> Checkout:
    return shelf.session(shelf.product("Camp", Fixed(amount_minor=1000), fields=all_kinds(shelf)), buyer=DE)


@BOTH
def test_questions_of_every_kind_are_asked_checked_and_kept(browser: Browser, shelf: Shelf, script: bool) -> None:
    session = camp(shelf)
    with read_or_visit(browser, shelf.stand.server, script=script) as page:
        page.goto(shelf.stand.url(session))
        expect(page.locator("label[for=answer_notes]")).to_have_text("Notes (optional)")
        expect(page.locator("label[for=answer_terms]")).to_have_text("I agree to the terms (required)")
        assert page.locator("#answer_role-hint strong").inner_text() == "badge"
        pay(page)
        expect(page.locator("#answer_role-error")).to_have_text("Fill in “Your role”.")
        expect(page.locator("#answer_size-error")).to_have_text("Enter a whole number for “How many people?”.")
        expect(page.locator("#answer_start-error")).to_have_text("Enter a date for “First day”.")
        expect(page.locator("#answer_source-error")).to_have_text("Choose an option for “Where from?”.")
        expect(page.locator("#answer_terms-error")).to_have_text("Tick “I agree to the terms” to go on.")
        page.fill("#answer_role", "Cook")
        page.fill("#answer_size", "2")
        page.fill("#answer_notes", "One\nTwo")
        pay(page)
        expect(page.locator("#answer_role-error")).to_have_text("“Your role” needs at least 7 characters.")
        expect(page.locator("#answer_size-error")).to_have_text("Enter 3 or more for “How many people?”.")
        assert (page.input_value("#answer_role"), page.input_value("#answer_notes")) == ("Cook", "One\nTwo")
        page.fill("#answer_role", "Designer")
        page.fill("#answer_size", "12")
        page.fill("#answer_start", "2030-05-01")
        page.select_option("#answer_source", "search")
        if isinstance(page, Reader):
            page.locator("#answer_terms").check()
        else:
            page.focus("#answer_terms")
            page.keyboard.press("Space")  # wherever an answer under way moves it
        pay(page)
        expect_success(page)
    assert shelf.stand.now(session).custom_field_data == {
        "role": "Designer",
        "size": 12,
        "start": "2030-05-01T00:00:00",
        "source": "search",
        "terms": True,
        "notes": "One\nTwo",
        "news": False,
    }


def test_answers_are_stored_while_they_are_given_and_taken_back_when_emptied(browser: Browser, shelf: Shelf) -> None:
    session = camp(shelf)
    with visit(browser, shelf.stand.server) as page:
        page.goto(shelf.stand.url(session))
        page.fill("#answer_notes", "Vegetarian")
        page.focus("#answer_news")
        page.keyboard.press("Space")
        page.fill("#answer_start", "2029-12-31")
        page.locator("#answer_role").focus()
        expect(page.locator("#answer_start-error")).to_have_text("Choose 2030-01-01 or a later day for “First day”.")
        page.reload()
        assert page.input_value("#answer_notes") == "Vegetarian"
        assert page.locator("#answer_news").is_checked()
        page.fill("#answer_notes", "")
        with page.expect_response("**/update*"):
            page.locator("#answer_role").focus()
        page.reload()
        assert page.input_value("#answer_notes") == ""
    assert shelf.stand.now(session).custom_field_data["notes"] is None


def test_questions_of_one_session_have_keys_of_any_kind(browser: Browser, shelf: Shelf) -> None:
    organization = shelf.stand.shop.organization

    def ask(key: str, label: str, kind: Any) -> AttachedField:
        return inline_field(
            field_id=uuid4(),
            organization_id=organization.id,
            key=key,
            label=label,
            field_type=kind,
            required=True,
            created_at=organization.created_at,
        )

    questions = (ask('Who "is" it?', "Boss", "email"), ask("https://", "Website", "url"))
    product = shelf.product("Book", Fixed(amount_minor=1000))
    session = shelf.cart(product, questions=questions, buyer=DE)
    with visit(browser, shelf.stand.server) as page:
        page.goto(shelf.stand.url(session))
        page.get_by_label("Boss").fill("nobody")
        page.get_by_label("Website").fill("example")
        pay(page)
        expect(page.locator("#problems")).to_contain_text("Enter an email like name@example.com for “Boss”.")
        expect(page.locator("#problems")).to_contain_text("Enter a web address like https://example.com for “Website”.")
        page.get_by_label("Boss").fill("boss@example.com")
        page.get_by_label("Website").fill("https://example.com/")
        pay(page)
        expect_success(page)
    answers = shelf.stand.now(session).custom_field_data
    assert answers == {'Who "is" it?': "boss@example.com", "https://": "https://example.com/"}


def test_the_buyer_without_a_browser_answers_and_pays(shelf: Shelf) -> None:
    asked = camp(shelf)
    onboarding = shelf.addon("Onboarding", 1900)
    studio = shelf.product("Studio", Fixed(amount_minor=2900), recurrence=MONTHLY, addons=(onboarding.id,))
    cart = shelf.cart_with(studio, [(onboarding, 0)], options=Options(edit_addons=True))
    team = shelf.session(shelf.team())
    for session in (asked, cart, team):
        outcome = shelf.stand.server.run(buy(shelf.stand.url(session), Wishes()))
        assert outcome.status == "succeeded", outcome
        assert shelf.stand.now(session).status is CheckoutStatus.SUCCEEDED
    assert [line.quantity for line in shelf.stand.now(cart).lines] == [1, 0]
    assert shelf.stand.now(asked).custom_field_data["start"] == "2030-01-01T00:00:00"


# ---------------------------------------------------------------- accessibility


def everything_asked(page: Page, shelf: Shelf) -> None:
    page.goto(shelf.stand.url(camp(shelf)))
    page.click("#pay-button")
    page.wait_for_selector("#problems")


def seats_and_plans(page: Page, shelf: Shelf) -> None:
    team = shelf.team(images=(shelf.picture(width=64, height=64),))
    page.goto(shelf.stand.url(shelf.session(team, shelf.product("Solo", Fixed(amount_minor=900)), buyer=DE)))
    page.fill("#seats", "999")
    page.press("#seats", "Enter")
    page.wait_for_selector("#seats-error")


def cart_with_add_ons(page: Page, shelf: Shelf) -> None:
    shelf.settings(country="US", tax_registrations=("EU",))
    onboarding, storage = shelf.addon("Onboarding with a long name", 1900), shelf.addon("Storage", 500)
    codes = [shelf.discount("SPRING", percent=10).code or "", shelf.discount("FIVEOFF", amount=500).code or ""]
    product = shelf.product("Studio", Fixed(amount_minor=2900), recurrence=MONTHLY, addons=(onboarding.id, storage.id))
    wanted = [(onboarding, 0), (storage, 2)]
    session = shelf.cart_with(product, wanted, options=Options(edit_addons=True), buyer=DE, discount_codes=tuple(codes))
    page.goto(shelf.stand.url(session))
    page.locator("#is_business").check()
    page.fill("#tax_id", "DE1")
    page.press("#tax_id", "Tab")
    page.wait_for_selector("#tax_id-error")


@three_looks
@pytest.mark.parametrize("state", [everything_asked, seats_and_plans, cart_with_add_ons])
def test_nothing_serious_is_found_on(
    state: Callable[[Page, Shelf], None], browser: Browser, shelf: Shelf, these_looks: tuple[Look, ...]
) -> None:
    with visit(browser, shelf.stand.server) as page:
        state(page, shelf)
        page.evaluate("document.querySelectorAll('details').forEach((item) => (item.open = true))")
        check_looks(page, these_looks)
