"""Buying on the checkout page with a browser as most people have it: totals follow in place, nothing typed is lost."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from checkstand.domain.checkout import Options
from tests.pages.browser import MERCHANT, visit
from tests.pages.buyer import (
    CHALLENGE,
    CHALLENGE_THEN_DECLINED,
    NO_FUNDS,
    Buyer,
    CheckoutStatus,
    Redirects,
    Stand,
    expect_success,
    path_of,
    pay,
    to_the_bank,
)


def test_a_card_pays_and_the_page_thanks(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        assert page.title() == "[TEST] Checkout · Demo Shop"
        expect(page.locator("#pay-button")).to_have_text("Pay $10.00 (test)")
        pay(page)
        expect_success(page)
        expect(page.locator(".receipt")).to_contain_text("Visa ending in 4242")
        expect(page.locator(".receipt")).to_contain_text("No. 1")
    paid = stand.now(session)
    assert paid.status is CheckoutStatus.SUCCEEDED
    assert paid.buyer.email == "ada@example.com"
    assert paid.buyer.name == "Ada Lovelace"
    assert paid.buyer.address is not None
    assert paid.buyer.address.country == "DE"


def test_a_declined_card_is_told_in_place_and_the_next_one_pays(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        pay(page, card=NO_FUNDS)
        problems = page.locator("#problems")
        expect(problems).to_contain_text("The payment did not go through")
        expect(problems).to_contain_text("You were not charged.")
        expect(problems).to_contain_text("The card does not have enough money for this. Try another card or method.")
        expect(problems).to_be_focused()
        expect(page.locator("#card_number")).to_have_attribute("aria-invalid", "true")
        assert page.input_value("#email") == "ada@example.com"
        assert page.input_value("#name") == "Ada Lovelace"
        assert page.input_value("#card_number") == NO_FUNDS  # what was typed stays; only the number is marked
        expect(page.locator("[aria-invalid]")).to_have_count(1)
        problems.locator("a").click()
        expect(page.locator("#card_number")).to_be_focused()
        pay(page)
        expect_success(page)
    assert stand.charges(session) == ["declined", "succeeded"]


def test_a_card_that_no_bank_knows_never_becomes_an_attempt(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        pay(page, card="4242 4242 4242 4241")
        expect(page.locator("#card_number-error")).to_contain_text("The card number is not right. Check the digits.")
        pay(page, card="4111 1111 1111 1111")
        expect(page.locator("#card_number-error")).to_contain_text("This is test mode: real cards do not work.")
        assert page.input_value("#name") == "Ada Lovelace"
    assert stand.charges(session) == []


def test_approval_at_the_bank_pays(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        to_the_bank(page, stand, session)
        expect(page.locator(".receipt")).to_contain_text("Demo Shop")
        expect(page.locator(".receipt")).to_contain_text("$10.00")
        expect(page.locator(".receipt")).to_contain_text("Visa ending in 3184")
        page.click("text=Approve")
        expect_success(page)


def test_a_failed_check_leads_back_to_the_page_and_another_card_pays(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        to_the_bank(page, stand, session)
        page.click("text=Fail the check")
        expect(page.locator("#problems")).to_contain_text("Your bank could not confirm it was you.")
        assert page.input_value("#name") == "Ada Lovelace"
        pay(page)
        expect_success(page)


def test_turning_back_at_the_bank_is_told_and_is_no_error(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        to_the_bank(page, stand, session)
        page.click("text=Go back without paying")
        expect(page.locator("#problems")).to_have_attribute("role", "status")
        expect(page.locator("#problems")).to_contain_text("Nothing was charged.")
        expect(page.locator("[aria-invalid]")).to_have_count(0)


def test_a_card_may_be_declined_after_the_check(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        pay(page, card=CHALLENGE_THEN_DECLINED)
        page.click("text=Approve")
        expect(page.locator("#problems")).to_contain_text("Your bank declined the card.")


def test_choosing_another_plan_prices_the_page_anew_and_keeps_what_was_typed(browser: Browser, stand: Stand) -> None:
    session = stand.session("monthly", "trial", "one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        page.fill("#email", "ada@example.com")
        page.fill("#card_number", "4242424242424242")
        page.locator("#plan-2").check()
        expect(page.locator("#pay-button")).to_have_text("Start free trial (test)")
        expect(page.locator("#live")).to_have_text("Total updated: $0.00")
        expect(page.locator("#plan-2")).to_be_focused()
        page.locator("#plan-3").check()
        expect(page.locator("#pay-button")).to_have_text("Pay $10.00 (test)")
        assert page.input_value("#email") == "ada@example.com"
        assert page.input_value("#card_number") == "4242 4242 4242 4242"
        pay(page)
        expect_success(page)
    assert stand.now(session).selected.id == stand.shop.products["one_time"].id


def test_the_buyer_names_the_price(browser: Browser, stand: Stand) -> None:
    session = stand.session("pay_what_you_want")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        assert page.input_value("#amount_0") == "15.00"
        page.fill("#amount_0", "3")
        page.press("#amount_0", "Enter")
        expect(page.locator("#amount_0-error")).to_have_text("Enter at least $5.00.")
        assert page.input_value("#amount_0") == "3"
        for wrong, told in (
            ("abc", "Enter an amount like 7.50."),
            ("", "Enter an amount."),
            ("4.99", "Enter at least $5.00."),
        ):
            page.fill("#amount_0", wrong)
            page.press("#amount_0", "Tab")
            expect(page.locator("#amount_0-error")).to_have_text(told)
            expect(page.locator("#pay-button")).to_have_text("Pay (test)")
            assert "$15.00" not in page.locator("#checkout").inner_text(), "the former total is not said of it"
        page.fill("#amount_0", "12,50")
        page.press("#amount_0", "Enter")
        expect(page.locator("#pay-button")).to_have_text("Pay $12.50 (test)")
        expect(page.locator("#amount_0-error")).to_have_count(0)
        pay(page)
        expect_success(page)
    assert stand.now(session).quote.total_minor == 1250


def test_a_discount_code_is_applied_refused_and_removed(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        page.click("#discount > summary")
        page.fill("#discount_code", "NOSUCH")
        page.press("#discount_code", "Enter")
        expect(page.locator("#discount_code-error")).to_contain_text("We do not know the code “NOSUCH”.")
        assert page.input_value("#discount_code") == "NOSUCH"
        page.fill("#discount_code", "WELCOME20")
        page.click("text=Apply")
        expect(page.locator(".rows")).to_contain_text("WELCOME20 (20% off)")
        expect(page.locator("#pay-button")).to_have_text("Pay $8.00 (test)")
        page.click("text=Remove")
        expect(page.locator("#pay-button")).to_have_text("Pay $10.00 (test)")
        expect(page.locator("#discount")).to_have_count(1)


def test_an_american_who_is_charged_no_tax_types_a_zip_code_and_no_address(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        page.select_option("#country", "US")
        expect(page.get_by_label("ZIP code")).to_be_visible()
        visible = page.locator("form input:visible, form select:visible")
        names = [str(field.get_attribute("name")) for field in visible.all()]
        typed = {"email", "country", "postal_code", "card_number", "card_exp", "card_cvc", "name"}
        assert typed <= set(names)
        assert not {"line1", "line2", "city", "state"} & set(names)
        page.fill("#postal_code", "62701")
        pay(page, country=None)
        expect_success(page)
    address = stand.now(session).buyer.address
    assert address is not None
    assert (address.country, address.postal_code, address.line1, address.state) == ("US", "62701", None, None)


def test_a_canadian_who_is_charged_no_tax_names_the_country_alone(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        page.select_option("#country", "CA")
        expect(page.get_by_label("ZIP code")).to_have_count(0)
        expect(page.locator("#state")).to_have_count(0)
        pay(page, country=None)
        expect_success(page)
    address = stand.now(session).buyer.address
    assert address is not None
    assert (address.country, address.state) == ("CA", None)


def test_an_american_address_is_asked_in_american_words(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time", options=Options(require_billing_address=True))
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        page.select_option("#country", "US")
        expect(page.get_by_label("ZIP code")).to_be_visible()
        page.fill("#line1", "1 Main St")
        page.fill("#city", "Springfield")
        page.select_option("#state", "IL")
        page.fill("#postal_code", "62701")
        page.fill("#email", "ada@example.com")
        page.fill("#card_number", "4242424242424242")
        page.fill("#card_exp", "1234")
        assert page.input_value("#card_exp") == "12/34"
        page.fill("#card_cvc", "123")
        page.fill("#name", "Ada Lovelace")
        page.click("#pay-button")
        expect_success(page)
    address = stand.now(session).buyer.address
    assert address is not None
    assert (address.state, address.postal_code, address.city) == ("US-IL", "62701", "Springfield")


def test_everything_that_is_missing_is_said_at_once_and_nothing_typed_is_lost(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time", options=Options(require_billing_address=True))
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        page.select_option("#country", "CA")
        expect(page.get_by_label("Province")).to_be_visible()
        page.fill("#email", "ada@")
        page.fill("#name", "Ada Lovelace")
        page.click("#pay-button")
        problems = page.locator("#problems")
        expect(problems).to_be_focused()
        expect(problems.locator("li")).to_have_text(
            [
                "Enter an email like name@example.com.",
                "Enter the card number.",
                "Enter the expiry date.",
                "Enter the security code.",
                "Enter your street address.",
                "Enter your city.",
                "Choose your province.",
                "Enter your postal code.",
            ]
        )
        for name in ("email", "card_number", "card_exp", "card_cvc", "line1", "city", "state", "postal_code"):
            field = page.locator(f"#{name}")
            expect(field).to_have_attribute("aria-invalid", "true")
            assert f"{name}-error" in (field.get_attribute("aria-describedby") or "")
        assert page.input_value("#email") == "ada@"
        assert page.input_value("#name") == "Ada Lovelace"
        assert page.input_value("#country") == "CA"
        assert path_of(page.url) == f"/checkout/{session.client_secret}"


def test_a_known_customer_sees_the_email_and_cannot_change_it(browser: Browser, stand: Stand) -> None:
    first = stand.session("one_time", buyer=Buyer(external_id="user-7", email="known@example.com"))
    with visit(browser, stand.server) as page:
        page.goto(stand.url(first))
        pay(page, email="known@example.com")
        expect_success(page)
    customer_id = stand.now(first).buyer.customer_id
    second = stand.session("one_time", customer_id=customer_id)
    with visit(browser, stand.server) as page:
        page.goto(stand.url(second))
        expect(page.locator(".known")).to_contain_text("known@example.com")
        expect(page.locator("input#email")).to_have_count(0)
        pay(page)
        expect_success(page)


def test_a_business_is_asked_for_its_name_and_whole_address(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        page.locator("#is_business").check()
        expect(page.get_by_label("VAT number (optional)")).to_be_visible()
        expect(page.get_by_label("Postcode (PLZ)")).to_be_visible()
        page.fill("#company", "Ada GmbH")
        page.fill("#tax_id", "DE123")
        page.fill("#line1", "Hauptstr. 1")
        page.fill("#postal_code", "10115")
        page.fill("#city", "Berlin")
        pay(page)
        expect(page.locator("#tax_id-error")).to_contain_text("That is not a valid VAT number of Germany.")
        page.fill("#tax_id", "136695976")  # as Germans write it among themselves
        pay(page)
        expect_success(page)
    buyer = stand.now(session).buyer
    assert (buyer.billing_name, buyer.tax_id) == ("Ada GmbH", "DE136695976")


def test_after_success_the_buyer_goes_on_to_the_merchant(browser: Browser, stand: Stand) -> None:
    target = f"{MERCHANT}/thanks?order=1&checkout_id={{CHECKOUT_ID}}"
    session = stand.session("one_time", redirects=Redirects(success_url=target))
    with visit(browser, stand.server, with_merchant=True) as page:
        page.goto(stand.url(session))
        pay(page)
        expect_success(page)
        link = page.get_by_role("link", name="Continue to Demo Shop")
        assert link.get_attribute("href") == f"{MERCHANT}/thanks?order=1&checkout_id={session.id}"
        page.wait_for_url(f"{MERCHANT}/**")
        assert page.url == f"{MERCHANT}/thanks?order=1&checkout_id={session.id}"


def test_the_back_button_after_paying_never_shows_a_live_form(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        pay(page)
        expect_success(page)
        page.go_back()
        expect_success(page)


def test_a_session_waiting_at_the_bank_leads_back_there(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        to_the_bank(page, stand, session)
        bank = page.url
        page.goto(stand.url(session))
        expect(page.locator("h1")).to_have_text("Your bank wants to check it is you")
        other = page.context.new_page()
        other.goto(bank)
        other.click("text=Approve")
        expect_success(other)
        expect_success(page)  # the waiting page heard of it by itself


def test_the_theme_asked_for_survives_every_step(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(f"{stand.url(session)}?theme=dark")
        dark = page.locator("html[data-theme=dark]")
        expect(dark).to_have_count(1)
        pay(page, card=NO_FUNDS)
        expect(page.locator("#problems")).to_be_visible()
        expect(dark).to_have_count(1)
        pay(page, card=CHALLENGE)
        page.wait_for_url("**/bank/**")
        expect(dark).to_have_count(1)
        page.click("text=Approve")
        expect_success(page)
        expect(dark).to_have_count(1)


def test_test_cards_fill_the_form_with_one_press(browser: Browser, stand: Stand) -> None:
    with visit(browser, stand.server) as page:
        page.goto(stand.url(stand.session("one_time")))
        page.click("#test-cards > summary")
        page.click("[data-use^='4000 0000 0000 9995']")
        assert page.input_value("#card_number") == NO_FUNDS
        assert page.input_value("#card_exp") == "12/34"
        expect(page.locator("#card_number")).to_be_focused()


def test_card_data_leaves_the_browser_with_the_payment_alone(browser: Browser, stand: Stand) -> None:
    posted: list[str] = []
    with visit(browser, stand.server) as page:
        page.on("request", lambda request: posted.append(request.post_data or "") if "/update" in request.url else None)
        page.goto(stand.url(stand.session("monthly", "one_time")))
        page.fill("#card_number", "4242424242424242")
        page.fill("#card_cvc", "987")
        page.locator("#plan-2").check()
        expect(page.locator("#pay-button")).to_have_text("Pay $10.00 (test)")
    assert len(posted) >= 1
    assert not any("4242" in body or "987" in body or "card_" in body for body in posted)


def test_the_whole_purchase_can_be_made_by_keyboard(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        page.focus("#email")
        for text in ("ada@example.com", "4242424242424242", "1234", "123"):
            page.keyboard.type(text)
            page.keyboard.press("Enter")
        page.keyboard.type("Ada Lovelace")
        page.keyboard.press("Tab")
        expect(page.locator("#country")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        expect(page.locator("#pay-button")).to_be_focused()
        page.keyboard.press("Enter")
        expect_success(page)
