"""Every way to pay, on the page and at the test bank's pages: approved, declined, and decided days later by the clock."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page

from checkstand.domain.address import Address
from checkstand.domain.methods import Method
from tests.pages.browser import MERCHANT, PHONE, serious_violations, visit
from tests.pages.buyer import Buyer, Checkout, CheckoutStatus, Options, Redirects, Stand, expect_success, pay
from tests.pages.expecting import expect
from tests.pages.reader import Reader, read

WHERE = {
    "upi_collect": "IN",
    "upi_intent": "IN",
    "apple_pay": "DE",
    "google_pay": "DE",
    "amazon_pay": "US",
    "cashapp": "US",
    "affirm": "US",
    "klarna": "US",
    "afterpay_clearpay": "US",
    "ideal": "NL",
    "bancontact_card": "BE",
    "eps": "AT",
    "przelewy24": "PL",
}
DELAYED = {"sepa": ("DE", "P10D"), "ach": ("US", "P8D")}
FULL = {"line1": "350 Fifth Avenue", "city": "New York", "state": "US-NY", "postal_code": "10118"}


def session_in(stand: Stand, country: str, *, quantity: int = 10, **more: object) -> Checkout:
    """A Dodo cart over 100 dollars, for a known buyer in a country."""
    address = Address(country=country, **(FULL if country == "US" else {}))
    buyer = Buyer(email="ada@example.com", name="Ada Lovelace", address=address)
    return stand.cart("one_time", quantity=quantity, buyer=buyer, **more)


def choose(page: Page | Reader, method: str) -> None:
    """Mark a way to pay, unfolding the rest of the list where it is there."""
    radio = page.locator(f"#method-{method}")
    if not radio.is_visible():
        page.click("#more-methods > summary")
    radio.check()


def press(page: Page | Reader, stand: Stand, session: Checkout, method: str) -> None:
    page.goto(stand.url(session))
    choose(page, method)
    page.click("#pay-button")


def test_the_list_of_methods_below_is_whole() -> None:
    assert {*WHERE, *DELAYED, "multibanco", "credit", "debit"} == {str(method) for method in Method}


@pytest.mark.parametrize("method", sorted(WHERE))
def test_a_method_is_left_declined_and_then_approved_at_its_own_page(stand: Stand, method: str) -> None:
    session = session_in(stand, WHERE[method])
    with read(stand.server) as page:
        press(page, stand, session, method)
        page.wait_for_url("**/bank/**")
        page.click("text=Go back without paying")
        expect(page.locator("#problems")).to_contain_text("Nothing was charged.")
        page.click("#pay-button")
        page.wait_for_url("**/bank/**")
        page.click("text=Decline")
        expect(page.locator("#problems")).to_contain_text("You were not charged.")
        assert page.locator(f"#method-{method}").is_checked(), "the method stays chosen"
        page.click("#pay-button")
        page.wait_for_url("**/bank/**")
        page.get_by_role("button", name="Approve").click()
        expect_success(page)
    assert stand.charges(session) == ["declined", "declined", "succeeded"]


@pytest.mark.parametrize("method", sorted(DELAYED))
@pytest.mark.parametrize("ends", ["succeeded", "declined"])
def test_a_debit_takes_days_and_is_decided_by_the_clock(stand: Stand, method: str, ends: str) -> None:
    country, days = DELAYED[method]
    session = session_in(stand, country, redirects=Redirects(success_url=f"{MERCHANT}/thanks"))
    numbers = {
        "sepa": ("DE89370400440532013000", "DE62370400440532013001"),
        "ach": ("000123456789", "000222222227"),
    }[method]
    with read(stand.server) as page:
        page.goto(stand.url(session))
        choose(page, method)
        expect(page.locator(".method:has(:checked) .mandate")).to_contain_text("By paying you allow")
        if method == "ach":
            page.fill("#bank_routing", "110000000")
        page.fill("#bank_account" if method == "ach" else "#bank_iban", numbers[ends == "declined"])
        page.click("#pay-button")
        expect(page.locator("h1")).to_have_text("Order received, waiting for the payment")
        expect(page.locator("main")).to_contain_text("business days")
        leads_on = page.get_by_role("link", name="Continue to").get_attribute("href") or ""
        assert leads_on.startswith(f"{MERCHANT}/thanks?payment_id=pay_")
        assert "status=processing" in leads_on
        stand.advance("P1D")
        assert stand.charges(session) == ["processing"]
        stand.advance(days)
        assert stand.charges(session) == [ends]
    assert stand.now(session).status is (CheckoutStatus.SUCCEEDED if ends == "succeeded" else CheckoutStatus.EXPIRED)


def test_a_voucher_shows_its_reference_until_it_is_paid(stand: Stand) -> None:
    session = session_in(stand, "PT")
    with read(stand.server) as page:
        press(page, stand, session, "multibanco")
        expect(page.locator("main")).to_contain_text(re.compile(r"Reference\s*\d{3} \d{3} \d{3}"))
        expect(page.locator("main")).to_contain_text("Pay by")
        page.click("text=Decide it now")
        page.click("text=Let it succeed now")
        expect_success(page)


def test_a_voucher_that_nobody_pays_expires_and_the_buyer_may_pay_otherwise(stand: Stand) -> None:
    session = session_in(stand, "PT", lifetime=timedelta(days=7))
    with read(stand.server) as page:
        press(page, stand, session, "multibanco")
        expect(page.locator("h1")).to_contain_text("Order received")
        stand.advance("P4D")
        page.goto(stand.url(session, "/confirmation"))
        expect(page.locator("#problems")).to_contain_text("The reference was not paid in time.")
        choose(page, "card")
        pay(page)
        expect_success(page)
    assert stand.charges(session) == ["declined", "succeeded"]


@pytest.mark.parametrize(("upi_id", "ends"), [("success@upi", "succeeded"), ("failure@upi", "declined")])
def test_the_upi_ids_for_tests_decide_within_a_minute(stand: Stand, upi_id: str, ends: str) -> None:
    session = session_in(stand, "IN")
    with read(stand.server) as page:
        page.goto(stand.url(session))
        choose(page, "upi_collect")
        page.fill("#upi_id", "nobody")
        page.click("#pay-button")
        expect(page.locator("#upi_id-error")).to_contain_text("It looks like name@bank.")
        page.fill("#upi_id", upi_id)
        page.click("#pay-button")
        expect(page.locator("h1")).to_have_text("Processing your payment")
        stand.advance("PT2M")
    assert stand.charges(session) == [ends]


def test_an_account_that_is_not_for_tests_is_refused_and_stays_in_the_browser_alone(
    browser: Browser, stand: Stand
) -> None:
    session = session_in(stand, "DE")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        choose(page, "sepa")
        page.click("#pay-button")
        expect(page.locator("#bank_iban-error")).to_have_text("Enter your IBAN.")
        page.fill("#bank_iban", "GB33BUKB20201555555555")
        page.click("#pay-button")
        expect(page.locator("#bank_iban-error")).to_contain_text("only the accounts for tests")
        assert page.input_value("#bank_iban") == "GB33BUKB20201555555555"
        page.reload()
        assert page.input_value("#bank_iban") == ""
    assert stand.charges(session) == []


def test_a_buyer_who_turns_back_at_the_bank_finds_everything_as_it_was(browser: Browser, stand: Stand) -> None:
    session = session_in(stand, "NL")
    with visit(browser, stand.server) as page:
        press(page, stand, session, "ideal")
        page.click("text=Go back without paying")
        expect(page.locator("#problems")).to_contain_text("You came back without paying.")
        assert page.locator("#method-ideal").is_checked()


def test_the_methods_follow_the_country(browser: Browser, stand: Stand) -> None:
    session = stand.cart("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        page.select_option("#country", "NL")
        expect(page.locator("#method-ideal")).to_be_visible()
        page.select_option("#country", "BE")
        expect(page.locator("#method-bancontact_card")).to_be_visible()
        expect(page.locator("#method-ideal")).to_have_count(0)


def test_where_nothing_is_left_the_page_says_so_and_a_right_country_helps(browser: Browser, stand: Stand) -> None:
    session = stand.cart("one_time", options=Options(allowed_methods=("ideal",), require_name=True))
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        expect(page.locator("#payment-part")).to_contain_text("No payment method is available for Germany in EUR.")
        expect(page.locator("#pay-button")).to_be_disabled()
        page.select_option("#country", "NL")
        expect(page.locator("#payment-part")).to_contain_text("iDEAL")
        page.fill("#email", "ada@example.com")
        page.fill("#name", "Ada")
        page.click("#pay-button")
        page.get_by_role("button", name="Approve").click()
        expect_success(page)


def test_a_subscription_offers_what_can_be_charged_again(browser: Browser, stand: Stand) -> None:
    session = stand.cart("monthly")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        page.select_option("#country", "NL")
        expect(page.locator("#country")).to_have_value("NL")
        names = [radio.get_attribute("value") for radio in page.locator("input[name=method]").all()]
        assert names == ["card", "apple_pay", "google_pay"]


def test_a_credit_card_is_declined_where_only_debit_is_taken(browser: Browser, stand: Stand) -> None:
    session = stand.cart("one_time", options=Options(allowed_methods=("debit",), require_name=True))
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        pay(page)
        expect(page.locator("#problems")).to_contain_text("This card cannot be used for this purchase.")
        pay(page, card="4000 0566 5566 5556")
        expect_success(page)
    assert stand.charges(session) == ["declined", "succeeded"]


def test_after_five_declines_a_session_takes_no_further_card(stand: Stand) -> None:
    session = stand.session("one_time")
    with read(stand.server) as page:
        page.goto(stand.url(session))
        for _ in range(5):
            pay(page, card="4000 0000 0000 0002")
        expect(page.locator("h1")).to_have_text("No further payment is possible here")
        expect(page.locator("form input:not([type=hidden])")).to_have_count(0)
        page.get_by_role("button", name="Start again").click()
        pay(page)
        expect_success(page)
    assert stand.charges(session) == ["declined"] * 5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_methods_have_nothing_for_axe_to_find(browser: Browser, stand: Stand, scheme: str) -> None:
    session = session_in(stand, "US")
    with visit(browser, stand.server, size=PHONE, scheme=scheme) as page:
        page.goto(stand.url(session))
        page.click("#more-methods > summary")
        for method in ("card", "klarna", "ach"):
            page.locator(f"#method-{method}").check()
            assert serious_violations(page) == []
        page.locator("#method-klarna").check()
        page.click("#pay-button")
        page.wait_for_url("**/bank/**")
        assert serious_violations(page) == []
