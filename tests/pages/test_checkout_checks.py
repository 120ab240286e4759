"""Fields are looked at when they are left: a slip is suggested, an odd code is warned of once, and all problems stand in one list."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from checkstand.domain.checkout import Checkout
from tests.pages.browser import serious_violations, visit
from tests.pages.buyer import VISA, Options, Stand, expect_success, pay
from tests.pages.expecting import expect
from tests.pages.reader import Reader, read_or_visit


def type_card(page: Page | Reader) -> None:
    for name, value in (("card_number", VISA), ("card_exp", "12/34"), ("card_cvc", "123"), ("name", "Ada Lovelace")):
        page.fill(f"#{name}", value)


@pytest.mark.parametrize("script", [True, False])
def test_a_slip_in_a_known_provider_is_suggested_and_one_tap_takes_it(
    browser: Browser, stand: Stand, script: bool
) -> None:
    session = stand.session("one_time")
    with read_or_visit(browser, stand.server, script=script) as page:
        page.goto(stand.url(session))
        page.fill("#email", "jo@gmial.com")
        if script:
            page.press("#email", "Tab")
            expect(page.locator("#live")).to_contain_text("Did you mean jo@gmail.com?")
            expect(page.locator("#problems")).to_have_count(0)
            assert serious_violations(page) == []
        else:
            page.click("#pay-button")
        page.get_by_role("button", name="Use jo@gmail.com").click()
        expect(page.locator("#email")).to_have_value("jo@gmail.com")
        expect(page.locator("#email-suggestion")).to_have_count(0)
    assert stand.now(session).buyer.email == "jo@gmail.com"


def test_a_suggestion_never_stands_in_the_way(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        pay(page, email="jo@gmial.com")
        expect_success(page)
    assert stand.now(session).buyer.email == "jo@gmial.com"


def test_a_field_that_is_left_with_something_wrong_says_so_beside_it_and_forgets_it_when_mended(
    browser: Browser, stand: Stand
) -> None:
    """What was never pressed gets no list above the form; the card is looked at by the browser alone."""
    with visit(browser, stand.server) as page:
        page.goto(stand.url(stand.session("one_time")))
        wrong = {
            "email": ("ada@", "Enter an email like name@example.com."),
            "card_number": ("4242 4242 4242 4241", "The card number is not right. Check the digits."),
            "card_exp": ("01/20", "This card has expired. Check the date or use another card."),
            "card_cvc": ("12", "The security code is wrong. It is the 3 digits on the back (4 on the front for Amex)."),
        }
        for name, (typed, text) in wrong.items():
            page.fill(f"#{name}", typed)
            page.press(f"#{name}", "Tab")
            expect(page.locator(f"#{name}-error")).to_have_text(text)
            expect(page.locator(f"#{name}")).to_have_attribute("aria-invalid", "true")
            assert f"{name}-error" in (page.get_attribute(f"#{name}", "aria-describedby") or "")
            expect(page.locator("#live")).to_have_text(text)
        expect(page.locator("#problems")).to_have_count(0)
        page.select_option("#country", "FR")
        expect(page.locator("[name=shown_country]")).to_have_value("FR")
        expect(page.locator(".error")).to_have_count(4)  # a change elsewhere takes back nothing
        for name, typed in (
            ("card_number", VISA),
            ("card_exp", "12/34"),
            ("card_cvc", "123"),
            ("email", "ada@example.com"),
        ):
            page.fill(f"#{name}", typed)
            page.press(f"#{name}", "Tab")
            expect(page.locator(f"#{name}-error")).to_have_count(0)
        expect(page.locator("[aria-invalid]")).to_have_count(0)


def test_everything_that_is_wrong_stands_in_one_list_with_the_card(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time", options=Options(require_billing_address=True))
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        for name, typed in (
            ("card_number", "4111 1111 1111 1111"),
            ("card_exp", "13/34"),
            ("card_cvc", "12"),
            ("name", "Ada"),
        ):
            page.fill(f"#{name}", typed)
        page.click("#pay-button")
        expect(page.locator("#problems li")).to_have_text(
            [
                "Enter your email.",
                "This is test mode: real cards do not work. Use 4242 4242 4242 4242.",
                "The expiry date is not right. Check the month and year on the card.",
                "The security code is wrong. It is the 3 digits on the back (4 on the front for Amex).",
                "Enter your street address.",
                "Enter your city.",
                "Enter your postcode (PLZ).",
            ]
        )
        # Mending one of them leaves the others where they are.
        page.fill("#email", "ada@example.com")
        page.press("#email", "Tab")
        expect(page.locator("#problems li")).to_have_count(3)
        expect(page.locator("#problems li").first).to_have_text("Enter your street address.")
        expect(page.locator("#card_number-error")).to_contain_text("real cards do not work")
        expect(page.locator("[aria-invalid]")).to_have_count(6)
    assert stand.charges(session) == []


def test_an_emptied_amount_is_asked_for_and_never_charged_as_something_else(browser: Browser, stand: Stand) -> None:
    session = stand.session("pay_what_you_want")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        page.fill("#amount_0", "")
        pay(page)
        expect(page.locator("#problems li")).to_have_text(["Enter an amount."])
        expect(page.locator("#amount_0")).to_have_attribute("aria-invalid", "true")
        assert page.input_value("#amount_0") == ""
        assert stand.charges(session) == []
        page.fill("#amount_0", "7")
        page.press("#amount_0", "Enter")
        expect(page.locator("#pay-button")).to_have_text("Pay $7.00 (test)")
        page.click("#pay-button")
        expect_success(page)
    assert stand.now(session).quote.total_minor == 700


def american(stand: Stand) -> Checkout:
    return stand.session("one_time", options=Options(require_billing_address=True))


def live_in_springfield(page: Page | Reader, session_url: str, *, script: bool = True) -> None:
    """Fill in all but the postal code, and let the page come to rest: a change that was under way would carry the code with it."""
    page.goto(session_url)
    page.fill("#email", "ada@example.com")
    type_card(page)
    page.fill("#line1", "1 Main St")
    page.fill("#city", "Springfield")
    if not script:
        page.select_option("#state", "IL")
        return
    with page.expect_response(lambda answer: "state=IL" in (answer.request.post_data or "")):
        page.select_option("#state", "IL")
    page.wait_for_function("() => !document.getElementById('checkout').hasAttribute('aria-busy')")


def test_what_is_drawn_while_the_button_is_held_down_was_not_seen(browser: Browser, stand: Stand) -> None:
    session = american(stand)
    with visit(browser, stand.server, locale="en-US") as page:
        live_in_springfield(page, stand.url(session))
        page.fill("#postal_code", "627")
        button = page.locator("#pay-button")
        button.hover()
        page.mouse.down()
        expect(page.locator("#postal_code-error")).to_be_visible()
        button.hover()  # the warning has moved it down
        page.mouse.up()
        expect(page.locator("#problems li")).to_have_count(1)
        assert stand.charges(session) == []
        button.click()
        expect_success(page)


@pytest.mark.parametrize("script", [True, False])
def test_an_odd_postal_code_is_warned_of_once_and_then_taken(browser: Browser, stand: Stand, script: bool) -> None:
    session = american(stand)
    with read_or_visit(browser, stand.server, locale="en-US", script=script) as page:
        live_in_springfield(page, stand.url(session), script=script)
        page.fill("#postal_code", "627")
        page.click("#pay-button")
        expect(page.locator("#problems li")).to_have_text(
            [
                "This does not look like a ZIP code of the United States (like 95014). Check it; if it is right, go on with it."
            ]
        )
        assert stand.charges(session) == []
        assert page.input_value("#postal_code") == "627"
        if not script:
            type_card(page)
        page.click("#pay-button")
        expect_success(page)
    address = stand.now(session).buyer.address
    assert address is not None
    assert address.postal_code == "627"


def test_a_code_is_stored_as_its_country_writes_it_and_full_width_digits_are_digits(
    browser: Browser, stand: Stand
) -> None:
    session = stand.session("one_time", options=Options(require_billing_address=True))
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        page.select_option("#country", "JP")
        expect(page.get_by_label("Prefecture")).to_be_visible()
        page.fill("#email", "ada@example.com")
        for name, typed in (
            ("card_number", "４２４２４２４２４２４２４２４２"),
            ("card_exp", "１２３４"),
            ("card_cvc", "１２３"),
            ("name", "Ada Lovelace"),
            ("postal_code", "〒１００－０００１"),
            ("city", "Chiyoda"),
            ("line1", "1-1"),
        ):
            page.fill(f"#{name}", typed)
        page.select_option("#state", label="Tokyo")
        assert page.input_value("#card_number") == VISA
        assert (page.input_value("#card_exp"), page.input_value("#card_cvc")) == ("12/34", "123")
        page.click("#pay-button")
        expect_success(page)
    address = stand.now(session).buyer.address
    assert address is not None
    assert address.postal_code == "100-0001"
