"""The checkout page of a shop that is paid through Stripe, in a real browser: the card is typed into a frame of another origin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from checkstand.domain.checkout import Checkout
from checkstand.domain.methods import eligible_for
from checkstand.gateways.stripe.methods import TYPES
from tests.gateways.fake_stripe import FakeStripe, running_fake
from tests.pages.browser import serious_violations, visit
from tests.pages.buyer import CHALLENGE, NO_FUNDS, VISA, Options, Stand, expect_success
from tests.server import running_server


@dataclass(frozen=True, slots=True)
class Place:
    """A shop, its bank and a browser."""

    stand: Stand
    fake: FakeStripe
    browser: Browser


@pytest.fixture(scope="module")
def place(quiet_database_url: str, browser: Browser) -> Iterator[Place]:
    """One for the module."""
    with running_fake() as fake, running_server(quiet_database_url, **fake.settings()) as server:
        yield Place(Stand(server, server.new_shop()), fake, browser)


@pytest.fixture
def page(place: Place) -> Iterator[Page]:
    with visit(place.browser, place.stand.server, also=(place.fake.url,)) as opened:
        yield opened


def card_of(page: Page) -> FrameLocator:
    return page.frame_locator("#payment-frame iframe")


def type_card(page: Page, number: str = VISA) -> None:
    card = card_of(page)
    card.locator("#number").fill(number)
    card.locator("#expiry").fill("12 / 34")
    card.locator("#cvc").fill("123")


def pay(page: Page, number: str = VISA) -> None:
    page.fill("#email", "ada@example.com")
    page.fill("#name", "Ada Lovelace")
    page.select_option("#country", "DE")
    type_card(page, number)
    page.click("#pay-button")


def open_page(page: Page, place: Place, label: str = "one_time", **more: object) -> Checkout:
    session = place.stand.session(label, **more)
    page.goto(place.stand.url(session))
    return session


def test_a_buyer_pays_and_the_card_number_goes_to_stripe_alone(page: Page, place: Place) -> None:
    to_us: list[str] = []
    page.on(
        "request",
        lambda request: (
            to_us.append(f"{request.url} {request.post_data or ''}")
            if request.url.startswith(place.stand.server.url)
            else None
        ),
    )
    session = open_page(page, place)
    pay(page)
    expect_success(page)
    expect(page.get_by_text("Visa ending in 4242").or_(page.get_by_text("4242"))).to_be_visible()
    assert place.stand.charges(session) == ["succeeded"]
    paid = place.fake.paid(checkout=str(session.id))
    assert [charge["amount"] for charge in paid] == [1000]
    assert not [line for line in to_us if "4242" in re.sub(r"[ %20+]", "", line)]
    assert any("confirmation_token=ctoken_" in line for line in to_us)


def test_stripe_is_given_the_name_and_place_that_were_typed(page: Page, place: Place) -> None:
    session = open_page(page, place)
    pay(page)
    expect_success(page)
    charge = place.fake.paid(checkout=str(session.id))[0]
    answer = place.fake.client.get(
        f"/v1/payment_methods/{charge['payment_method']}", headers={"Authorization": "Bearer sk_test_0123456789"}
    ).json()
    assert answer["billing_details"]["name"] == "Ada Lovelace"
    assert answer["billing_details"]["email"] == "ada@example.com"
    assert answer["billing_details"]["address"]["country"] == "DE"


def test_a_refused_card_is_told_and_another_one_pays(page: Page, place: Place) -> None:
    session = open_page(page, place)
    pay(page, NO_FUNDS)
    expect(page.locator("#problems")).to_contain_text("does not have enough money")
    type_card(page)
    page.click("#pay-button")
    expect_success(page)
    assert place.stand.charges(session) == ["declined", "succeeded"]


@pytest.mark.parametrize(("answer", "attempts"), [("approve", ["succeeded"]), ("fail", ["declined"])])
def test_the_bank_asks_on_a_page_of_its_own_and_the_buyer_comes_back(
    page: Page, place: Place, answer: str, attempts: list[str]
) -> None:
    session = open_page(page, place)
    pay(page, CHALLENGE)
    page.click(f"#{answer}")
    if answer == "approve":
        expect_success(page)
    else:
        expect(page.locator("#problems")).to_contain_text("could not confirm it was you")
    assert place.stand.charges(session) == attempts


def test_a_buyer_who_leaves_the_bank_without_an_answer_can_go_on_there(page: Page, place: Place) -> None:
    open_page(page, place)
    pay(page, CHALLENGE)
    page.click("#leave")
    page.get_by_role("link", name="Continue at your bank").click()
    page.click("#approve")
    expect_success(page)


def test_an_incomplete_card_is_told_with_all_other_problems_and_none_is_tried(page: Page, place: Place) -> None:
    session = open_page(page, place)
    type_card(page, "4242")
    page.select_option("#country", "DE")
    page.click("#pay-button")
    expect(page.locator("#problems")).to_be_focused()
    expect(page.locator("#problems li")).to_have_text(
        ["Enter your email.", "Your card number is incomplete.", "Enter the name on the card."]
    )
    expect(page.locator("#payment-frame-error")).to_have_text("Your card number is incomplete.")
    page.click("#problems a[href='#payment-frame']")
    expect(page.locator("#payment-frame iframe")).to_be_focused()
    assert place.stand.charges(session) == []
    pay(page)
    expect_success(page)


def test_a_refusal_leaves_the_card_in_its_frame_and_the_next_press_makes_a_new_token(page: Page, place: Place) -> None:
    """Nothing of the frame is lost: the card is typed once, whatever else is wrong."""
    session = open_page(page, place)
    tokens: list[str] = []
    page.on("request", lambda request: tokens.append(request.post_data or "") if request.url.endswith("/pay") else None)
    type_card(page)
    page.select_option("#country", "DE")
    page.click("#pay-button")
    expect(page.locator("#problems li")).to_have_text(["Enter your email.", "Enter the name on the card."])
    page.fill("#email", "ada@example.com")
    page.fill("#name", "Ada Lovelace")
    assert card_of(page).locator("#number").input_value() == VISA
    page.dblclick("#pay-button")
    expect_success(page)
    assert place.stand.charges(session) == ["succeeded"]
    made = [re.findall(r"confirmation_token=(ctoken_\w+)", body) for body in tokens]
    assert [len(found) for found in made] == [1, 1]
    assert made[0] != made[1]


def test_a_change_of_the_order_keeps_the_typed_card_and_charges_the_new_amount(page: Page, place: Place) -> None:
    session = open_page(page, place)
    type_card(page)
    page.click("#discount summary")
    page.fill("#discount_code", "WELCOME20")
    page.press("#discount_code", "Enter")
    expect(page.locator("#pay-part")).to_contain_text("8.00")
    assert card_of(page).locator("#number").input_value() == VISA
    page.fill("#email", "ada@example.com")
    page.fill("#name", "Ada Lovelace")
    page.select_option("#country", "DE")
    page.click("#pay-button")
    expect_success(page)
    assert [charge["amount"] for charge in place.fake.paid(checkout=str(session.id))] == [800]


def test_what_costs_nothing_asks_for_no_card(page: Page, place: Place) -> None:
    open_page(page, place, "free")
    expect(page.locator("#payment-frame")).to_be_hidden()
    page.fill("#email", "ada@example.com")
    page.click("#pay-button")
    expect_success(page)


def test_a_trial_saves_the_card_and_takes_nothing(page: Page, place: Place) -> None:
    session = open_page(page, place, "trial")
    pay(page)
    page.wait_for_url("**/confirmation*")
    assert place.stand.charges(session) == ["succeeded"]
    assert place.fake.paid(checkout=str(session.id)) == []
    saved = [one for one in place.fake.books()["setup_intents"] if one["metadata"]["checkout"] == str(session.id)]
    assert [one["status"] for one in saved] == ["succeeded"]


def test_without_a_script_the_page_says_what_it_is_needed_for(place: Place) -> None:
    with visit(place.browser, place.stand.server, script=False, also=(place.fake.url,)) as page:
        session = open_page(page, place)
        html = page.content()
        assert "Paying needs JavaScript" in html[html.index("<noscript>") : html.index("</noscript>")]
        page.fill("#email", "ada@example.com")
        page.fill("#name", "Ada Lovelace")
        page.select_option("#country", "DE")
        page.click("#pay-button")
        expect(page.locator("#problems")).to_contain_text("Enter your payment details")
        assert place.stand.charges(session) == []


def test_a_script_that_cannot_be_loaded_is_said(page: Page, place: Place) -> None:
    page.route(f"{place.fake.url}/v3/", lambda route: route.abort())
    session = open_page(page, place)
    expect(page.locator("#payment-frame-error")).to_contain_text("could not be loaded")
    assert place.stand.charges(session) == []


def test_the_pages_policy_lets_in_stripe_and_nobody_else(place: Place) -> None:
    session = place.stand.session("one_time")
    with place.stand.client() as client:
        headers = client.get(place.stand.url(session)).headers
        after = client.get(place.stand.url(session, "/confirmation")).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    origin = place.fake.url
    assert policy["script-src"] == f"'self' {origin}"
    assert policy["frame-src"] == origin
    assert policy["connect-src"] == f"'self' {origin}"
    assert policy["style-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "payment=*" in headers["permissions-policy"]
    assert origin not in after.get("content-security-policy", "")


def test_the_page_has_no_serious_accessibility_violations(page: Page, place: Place) -> None:
    open_page(page, place, options=Options())
    card_of(page).locator("#number").wait_for()
    assert serious_violations(page) == []


def expect_types(page: Page, types: set[str]) -> None:
    """What Stripe's element offers, in its own frame, of all that the account has."""
    shown = card_of(page).locator("#types li")
    expect(shown).to_have_count(len(types))
    assert set(shown.all_text_contents()) == types


def eligible_types(place: Place, session: Checkout, country: str) -> set[str]:
    return {TYPES[method] for method in eligible_for(place.stand.now(session), country=country)}


def test_the_element_offers_what_fits_the_purchase_and_follows_the_country(page: Page, place: Place) -> None:
    session = place.stand.cart("one_time")
    page.goto(place.stand.url(session))
    page.select_option("#country", "NL")
    expect(page.locator("#frame-settings")).not_to_have_attribute("data-without", re.compile(r"\bideal\b"))
    in_nl = eligible_types(place, session, "NL")
    assert {"card", "ideal", "apple_pay"} <= in_nl
    expect_types(page, in_nl)
    page.select_option("#country", "BE")
    expect(page.locator("#frame-settings")).to_have_attribute("data-without", re.compile(r"\bideal\b"))
    in_be = eligible_types(place, session, "BE")
    assert "bancontact" in in_be
    assert "ideal" not in in_be
    expect_types(page, in_be)


def test_a_subscription_offers_what_can_be_charged_again(page: Page, place: Place) -> None:
    session = place.stand.cart("monthly")
    page.goto(place.stand.url(session))
    page.select_option("#country", "NL")
    card_of(page).locator("#types li").first.wait_for()
    expect_types(page, eligible_types(place, session, "NL"))
    assert "ideal" not in eligible_types(place, session, "NL")


def test_the_merchants_list_leaves_methods_out_and_adds_none(page: Page, place: Place) -> None:
    """Bancontact is on the list and does not fit a Dutch buyer; a wallet is hidden like any other method."""
    options = Options(allowed_methods=("credit", "debit", "ideal", "bancontact_card", "google_pay"), require_name=True)
    session = place.stand.cart("one_time", options=options)
    page.goto(place.stand.url(session))
    page.select_option("#country", "NL")
    expect(page.locator("#frame-settings")).not_to_have_attribute("data-without", re.compile(r"\bideal\b"))
    expect_types(page, {"card", "ideal", "google_pay"})


def test_where_no_method_is_left_the_page_says_so_and_shows_no_frame(page: Page, place: Place) -> None:
    session = place.stand.cart("one_time", options=Options(allowed_methods=("ideal",), require_name=True))
    page.goto(place.stand.url(session))
    expect(page.locator("#payment-part")).to_contain_text("No payment method is available for Germany in EUR.")
    expect(page.locator("#pay-button")).to_be_disabled()
    expect(page.locator("#payment-frame")).to_be_hidden()
    expect(page.locator("#payment-frame iframe")).to_have_count(0)
    page.select_option("#country", "NL")
    expect_types(page, {"ideal"})
