"""A buyer types, and answers of the server come between: no control that is in use is replaced, and what is typed is what is there."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.pages.browser import visit
from tests.pages.buyer import VISA, Options, Stand, expect_success

COUNTRIES = {
    "Germany": "DE", "France": "FR", "Italy": "IT", "Spain": "ES", "Poland": "PL", "Portugal": "PT",
    "Japan": "JP", "India": "IN", "Brazil": "BR", "Canada": "CA", "Australia": "AU", "United Kingdom": "GB",
    "United States": "US", "Netherlands": "NL", "Norway": "NO", "South Africa": "ZA", "Switzerland": "CH", "Greece": "GR",
}  # fmt: skip
SPEEDS = (60, 120, 200)
WHOLE = Options(require_billing_address=True)


def _typed() -> list[object]:
    """Each speed with all countries; in every run, a few of them at each."""
    names = list(COUNTRIES)
    short = [pytest.param(speed, names[at * 6 :: 9], id=f"{speed}ms") for at, speed in enumerate(SPEEDS)]
    return short + [pytest.param(speed, names, id=f"{speed}ms-all", marks=pytest.mark.prove) for speed in SPEEDS]


def slow_answers(page: Page, seconds: float) -> list[str]:
    """Hold every answer to a change for a while; what was posted."""
    posted: list[str] = []

    def held(route: Route) -> None:
        posted.append(route.request.post_data or "")
        time.sleep(seconds)
        route.continue_()

    page.route("**/update*", held)
    return posted


@pytest.mark.parametrize(("speed", "names"), _typed())
def test_a_country_typed_on_the_keyboard_is_the_one_that_is_chosen(
    browser: Browser, stand: Stand, speed: int, names: list[str]
) -> None:
    """The list is closed and has the focus, as after Tab. Each country is left by Tab: to its own first field, never to nowhere."""
    session = stand.session("one_time", options=WHOLE)
    with visit(browser, stand.server, locale="en") as page:
        page.goto(stand.url(session))
        for name in names:
            page.focus("#country")
            handle = page.evaluate_handle("document.activeElement")
            page.keyboard.type(name, delay=speed)
            assert page.input_value("#country") == COUNTRIES[name], name
            page.wait_for_function(
                "code => document.querySelector('[name=shown_country]').value === code", arg=COUNTRIES[name]
            )
            assert handle.evaluate("it => it.isConnected && it === document.activeElement"), name
            assert page.input_value("#country") == COUNTRIES[name], name
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.id") in ("line1", "postal_code", "state"), name


OTHER_WORDS = {
    "usa": "US", "uk": "GB", "gb": "GB", "uae": "AE", "holland": "NL", "burma": "MM", "deu": "DE", "schw": "CH", "espa": "ES",
    "england": "GB", "scotland": "GB", "america": "US", "zealand": "NZ", "saint lucia": "LC", "the gambia": "GM", "ukr": "UA",
}  # fmt: skip


def test_a_country_is_found_by_what_people_call_it_and_what_fits_none_changes_nothing(
    browser: Browser, stand: Stand
) -> None:
    """By its short names, its name in its own language, a later word of its name, and with the accents of another keyboard."""
    session = stand.session("one_time", options=WHOLE)
    with visit(browser, stand.server, locale="en") as page:
        page.goto(stand.url(session))
        page.focus("#country")
        keys = page.context.new_cdp_session(page)

        def typed(word: str) -> str:
            page.keyboard.press("Backspace")  # what was typed before is forgotten
            for letter in word:  # as a keyboard that has the letter sends it
                keys.send("Input.dispatchKeyEvent", {"type": "keyDown", "key": letter, "text": letter})
                keys.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": letter})
            return page.input_value("#country")

        words = {**OTHER_WORDS, "åland": "AX", "Österreich": "AT", "ελλ": "GR", "cote d'iv": "CI"}
        assert {word: typed(word) for word in words} == words
        assert typed("zz") == "ZW", "one letter again and again goes through the names that begin with it"
        page.select_option("#country", "PT")
        assert typed("usx") == "PT"
        assert typed("ger") == "DE"
        page.keyboard.press("ArrowDown")
        assert page.input_value("#country") == "GH"
        page.keyboard.press("Control+f")
        assert page.input_value("#country") == "GH"
        assert typed("fra") == "FR"
        page.wait_for_timeout(1100)  # a second without a key, by the browser's own clock, which no test can move
        page.keyboard.type("it")
        assert page.input_value("#country") == "IT", "a pause begins anew"
        page.keyboard.press("Space")  # no name goes on behind "it"
        page.wait_for_function("() => document.getElementById('country').matches(':open')")
        page.keyboard.type("ghana", delay=20)  # a list that is open is the browser's own
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.getElementById('country').value === 'GH'")
        page.select_option("#country", "US")
        page.wait_for_selector("#state option[value=NY]", state="attached")  # until then the list is another country's
        page.focus("#state")
        page.keyboard.type("york")
        assert page.input_value("#state") == "NY"


def test_going_on_by_tab_before_the_answer_leads_to_the_field_that_the_answer_brings(
    browser: Browser, stand: Stand
) -> None:
    session = stand.session("one_time", options=WHOLE)
    with visit(browser, stand.server, locale="en") as page:
        slow_answers(page, 0.2)
        page.goto(stand.url(session))
        assert page.input_value("#country") == ""
        page.focus("#country")
        page.keyboard.type("Germany", delay=30)
        page.keyboard.press("Tab")
        expect(page.get_by_label("Street address")).to_be_focused()
        page.keyboard.type("Hauptstr. 1", delay=30)
        assert page.input_value("#line1") == "Hauptstr. 1"


def test_a_state_or_a_currency_chosen_by_keys_asks_once_where_the_keys_rest(browser: Browser, stand: Stand) -> None:
    session = stand.cart("one_time", options=WHOLE)
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        expect(page.locator("#currency")).to_have_value("EUR")
        posted = slow_answers(page, 0.05)
        page.focus("#currency")
        page.keyboard.press("ArrowUp")
        expect(page.locator("#pay-button")).to_contain_text("$")
        expect(page.locator("#currency")).to_be_focused()
        page.select_option("#country", "CA")
        page.focus("#state")
        before = len(posted)
        page.keyboard.type("Newfoundland", delay=60)
        assert page.input_value("#state") == "NL"
        page.keyboard.press("Tab")
        page.wait_for_function("() => !document.getElementById('checkout').hasAttribute('aria-busy')")
        assert page.input_value("#state") == "NL"
        assert len(posted) == before + 1


@pytest.mark.parametrize("speed", [SPEEDS[0], *(pytest.param(speed, marks=pytest.mark.prove) for speed in SPEEDS[1:])])
def test_what_is_typed_while_answers_come_stays_letter_by_letter(browser: Browser, stand: Stand, speed: int) -> None:
    """Every field is left while the answer to the one before is still on its way; the methods change their form in between."""
    session = stand.cart("one_time", options=Options(require_name=True, require_billing_address=True))
    with visit(browser, stand.server, locale="en") as page:
        page.goto(stand.url(session))
        slow_answers(page, speed / 1000)
        page.fill("#quantity_0", "3") if page.locator("#quantity_0").count() else None
        page.focus("#email")
        page.keyboard.type("ada@example.com", delay=speed / 10)
        page.keyboard.press("Tab")
        page.locator("#method-card").check() if page.locator("#method-card").count() else None
        page.select_option("#country", "NL")  # brings other methods, and with them another form around the card
        page.focus("#card_number")
        page.keyboard.type("4242424242424242", delay=speed / 2)
        expect(page.locator("#card_number")).to_be_focused()
        assert page.input_value("#card_number") == VISA
        expect(page.locator("#method-ideal")).to_have_count(1)
        page.select_option("#country", "DE")
        page.focus("#card_exp")
        page.keyboard.type("1234", delay=speed)
        page.focus("#card_cvc")
        page.keyboard.type("123", delay=speed)
        page.focus("#name")
        page.keyboard.type("Ada Lovelace", delay=speed / 4)
        page.keyboard.press("Home")
        page.keyboard.type("Lady ", delay=speed)
        for name, text in (("line1", "Hauptstr. 1"), ("postal_code", "10115"), ("city", "Berlin")):
            page.focus(f"#{name}")
            page.keyboard.type(text, delay=speed / 4)
        page.click("#pay-button")
        expect_success(page)
    buyer = stand.now(session).buyer
    assert (buyer.email, buyer.name) == ("ada@example.com", "Lady Ada Lovelace")
    assert buyer.address is not None
    assert (buyer.address.line1, buyer.address.city, buyer.address.country) == ("Hauptstr. 1", "Berlin", "DE")


def test_a_code_that_is_typed_on_while_an_answer_comes_is_kept(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time", "monthly")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        slow_answers(page, 0.3)
        page.click("#discount > summary")
        page.locator("#plan-2").check()
        page.focus("#discount_code")
        page.keyboard.type("WELCOME20", delay=100)
        assert page.input_value("#discount_code") == "WELCOME20"
        expect(page.locator("#discount_code")).to_be_focused()
        expect(page.locator("#pay-button")).to_contain_text("$20.00")
        page.keyboard.press("Enter")
        expect(page.locator("#pay-button")).to_contain_text("$16.00")
        # The field became a mark with a button: that is where the focus goes.
        expect(page.get_by_role("button", name="Remove WELCOME20")).to_be_focused()


def test_enter_in_the_last_text_that_is_asked_for_pays_once(browser: Browser, stand: Stand) -> None:
    """Whether that is a postal code or the name on the card; what is not asked for is no reason to go on."""
    for country, last in (("US", "#postal_code"), ("DE", "#name")):
        session = stand.session("one_time")
        with visit(browser, stand.server, locale="en") as page:
            page.goto(stand.url(session))
            page.select_option("#country", country)
            expect(page.locator(last)).to_have_attribute("enterkeyhint", "go")
            expect(page.locator("#pay-side [enterkeyhint=go]")).to_have_count(1)
            fields = ["#email", "#card_number", "#card_exp", "#card_cvc", "#name", "#postal_code"]
            known = ["ada@example.com", VISA, "1234", "123", "Ada Lovelace", "94103"]
            for field, text in zip(fields, known, strict=True):
                page.locator(field).focus()
                page.keyboard.type(text)
                page.keyboard.press("Enter")
                if field == last:
                    break
                assert page.evaluate("document.activeElement.id") != field.removeprefix("#")
            page.keyboard.press("Enter")
            expect_success(page)
        assert stand.charges(session) == ["succeeded"]
