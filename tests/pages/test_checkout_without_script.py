"""The whole path with JavaScript turned off: every step is a form, and every form says what it did.

The first tests ask Chromium, which has its own mind on forms; the rest are read over HTTP.
"""

from __future__ import annotations

from playwright.sync_api import Browser

from checkstand.domain.checkout import Options
from tests.pages.browser import MERCHANT, PHONE, visit
from tests.pages.buyer import CHALLENGE, NO_FUNDS, CheckoutStatus, Redirects, Stand, expect_success, pay
from tests.pages.expecting import expect
from tests.pages.reader import read


def test_a_card_pays(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server, script=False, size=PHONE) as page:
        page.goto(stand.url(session))
        pay(page)
        expect_success(page)
    assert stand.now(session).status is CheckoutStatus.SUCCEEDED


def test_decline_then_the_bank_s_check_then_paid(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time", redirects=Redirects(success_url=f"{MERCHANT}/thanks"))
    with visit(browser, stand.server, script=False, with_merchant=True) as page:
        page.goto(stand.url(session))
        pay(page, card=NO_FUNDS)
        expect(page.locator("#problems")).to_contain_text("You were not charged.")
        assert page.input_value("#email") == "ada@example.com"
        pay(page, card=CHALLENGE)
        page.wait_for_url("**/bank/**")
        page.click("text=Fail the check")
        expect(page.locator("#problems")).to_contain_text("Your bank could not confirm it was you.")
        pay(page, card=CHALLENGE)
        page.wait_for_url("**/bank/**")
        page.click("text=Approve")
        expect_success(page)
        page.wait_for_url(f"{MERCHANT}/thanks")  # by the page's own refresh
    assert stand.charges(session) == ["declined", "declined", "succeeded"]


def test_the_buyer_names_the_price_and_applies_a_code(browser: Browser, stand: Stand) -> None:
    session = stand.session("pay_what_you_want")
    with visit(browser, stand.server, script=False) as page:
        page.goto(stand.url(session))
        page.fill("#amount_0", "abc")
        page.locator("#choice-part").get_by_role("button", name="Update").click()
        expect(page.locator("#amount_0-error")).to_have_text("Enter an amount like 7.50.")
        assert page.input_value("#amount_0") == "abc"
        page.fill("#amount_0", "20")
        page.locator("#choice-part").get_by_role("button", name="Update").click()
        expect(page.locator("#pay-button")).to_have_text("Pay $20.00 (test)")
        page.click("#discount > summary")
        page.fill("#discount_code", "WELCOME20")
        page.press("#discount_code", "Enter")
        expect(page.locator("#pay-button")).to_have_text("Pay $16.00 (test)")
        pay(page)
        expect_success(page)


def test_another_plan_is_chosen_with_the_update_button(stand: Stand) -> None:
    session = stand.session("monthly", "trial", "one_time")
    with read(stand.server) as page:
        page.goto(stand.url(session))
        page.fill("#email", "ada@example.com")
        page.fill("#name", "Ada Lovelace")
        page.locator("#plan-3").check()
        page.locator("#choice-part").get_by_role("button", name="Update").click()
        expect(page.locator("#pay-button")).to_have_text("Pay $10.00 (test)")
        assert page.input_value("#email") == "ada@example.com"
        assert page.input_value("#name") == "Ada Lovelace"
        pay(page)
        expect_success(page)


def test_paying_right_after_choosing_another_plan_shows_the_new_price_first(stand: Stand) -> None:
    session = stand.session("one_time", "monthly")
    with read(stand.server) as page:
        page.goto(stand.url(session))
        page.locator("#plan-2").check()
        pay(page)
        expect(page.locator("#problems")).to_contain_text("now comes to $20.00. Nothing was charged.")
        assert stand.charges(session) == []
        pay(page)
        expect_success(page)
    assert stand.now(session).quote.total_minor == 2000


def test_an_address_is_asked_after_the_country_is_known(stand: Stand) -> None:
    session = stand.session("one_time", options=Options(require_billing_address=True))
    with read(stand.server) as page:
        page.goto(stand.url(session))
        page.fill("#email", "ada@example.com")
        page.select_option("#country", "US")
        page.get_by_role("button", name="Update address").click()
        assert page.input_value("#email") == "ada@example.com"
        for name, value in {"line1": "1 Main St", "city": "Springfield", "postal_code": "627"}.items():
            page.fill(f"#{name}", value)
        page.select_option("#state", "IL")
        page.fill("#card_number", "4242424242424242")
        page.fill("#card_exp", "12 / 2034")
        page.fill("#card_cvc", "123")
        page.fill("#name", "Ada Lovelace")
        page.click("#pay-button")
        expect(page.locator("#problems li")).to_have_text(
            [
                "This does not look like a ZIP code of the United States (like 95014). Check it; if it is right, go on with it."
            ]
        )
        assert page.input_value("#postal_code") == "627"
        assert page.input_value("#state") == "IL"
        page.fill("#postal_code", "62701")
        page.fill("#card_number", "4242424242424242")
        page.fill("#card_exp", "1234")
        page.fill("#card_cvc", "123")
        page.click("#pay-button")
        expect_success(page)


def test_a_cart_without_quantities_is_filled_and_paid(stand: Stand) -> None:
    session = stand.cart("one_time", "monthly", quantity=0)
    with read(stand.server) as page:
        page.goto(stand.url(session))
        assert page.input_value("#quantity_0") == "1"
        page.fill("#quantity_0", "")
        pay(page)
        expect(page.locator("#problems")).to_contain_text("Choose a quantity of 1 or more for Field Guide.")
        assert stand.charges(session) == []
        page.fill("#quantity_0", "3")
        page.click("[value=more_1]")
        assert page.input_value("#quantity_0") == "3"
        assert page.input_value("#quantity_1") == "2"
        expect(page.locator(".rows")).to_contain_text("3 × Field Guide")
        pay(page)
        expect_success(page)
    assert [line.quantity for line in stand.now(session).lines] == [3, 2]
    paid = stand.now(session)
    assert paid.base_quote is not None
    assert (paid.base_quote.total_minor, paid.currency) == (7000, "EUR")  # the buyer's own currency


def test_what_is_free_asks_for_an_email_alone(stand: Stand) -> None:
    session = stand.session("free")
    with read(stand.server) as page:
        page.goto(stand.url(session))
        expect(page.locator("#card_number")).to_have_count(0)
        expect(page.locator("#country")).to_have_count(0)
        page.click("#pay-button")
        expect(page.locator("#email-error")).to_have_text("Enter your email.")
        page.fill("#email", "ada@example.com")
        page.click("#pay-button")
        expect_success(page)


def test_an_expired_session_can_be_started_again(stand: Stand) -> None:
    old = stand.session("one_time")
    stand.advance("P2D")
    with read(stand.server) as page:
        page.goto(stand.url(old))
        expect(page.locator("h1")).to_have_text("This checkout has expired")
        page.click("text=Start again")
        assert old.client_secret not in page.url
        pay(page)
        expect_success(page)
