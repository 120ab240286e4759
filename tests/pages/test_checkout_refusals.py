"""What a refused payment costs the buyer: nothing that was typed, the card least of all. And no press of the button pays twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, Page, Route

from checkstand.domain.checkout import Checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges, update_checkout
from tests.pages.browser import visit
from tests.pages.buyer import NO_FUNDS, VISA, Buyer, Stand, expect_success
from tests.pages.expecting import expect
from tests.pages.reader import Reader, read


def fill(page: Page | Reader, **other: str) -> None:
    """Everything that a German buyer fills in, with other values for some of it."""
    typed = {
        "email": "ada@example.com",
        "card_number": VISA,
        "card_exp": "12/34",
        "card_cvc": "123",
        "name": "Ada Lovelace",
    }
    for name, value in {**typed, **other}.items():
        page.fill(f"#{name}", value)


def settle(page: Page) -> None:
    """What was typed is asked about a moment after it was left: wait until that is over."""
    page.focus("#pay-button")
    page.evaluate(
        "new Promise(done => setTimeout(done, 400))"
    )  # by the page's own clock, which a busy machine holds up
    expect(page.locator("#checkout:not([aria-busy])")).to_have_count(1)


def expect_card(page: Page | Reader, number: str = VISA) -> None:
    """The card is there as it was typed."""
    assert [page.input_value(f"#card_{name}") for name in ("number", "exp", "cvc")] == [number, "12/34", "123"]


def expect_only_wrong(page: Page | Reader, *names: str) -> None:
    """These fields are marked as wrong and no others."""
    marked = page.locator("[aria-invalid]")
    expect(marked).to_have_count(len(names))
    assert [field.get_attribute("id") for field in marked.all()] == list(names)


def no_address(page: Page | Reader, _stand: Stand, _session: Checkout) -> tuple[str, ...]:
    page.locator("#is_business").check()
    expect(page.get_by_label("Postcode (PLZ)")).to_be_visible()
    fill(page, company="Ada GmbH")
    return ("line1", "postal_code", "city")


def no_zip_code(page: Page | Reader, _stand: Stand, _session: Checkout) -> tuple[str, ...]:
    page.select_option("#country", "US")
    expect(page.get_by_label("ZIP code")).to_be_visible()
    fill(page)
    return ("postal_code",)


def a_wrong_postcode(page: Page | Reader, _stand: Stand, _session: Checkout) -> tuple[str, ...]:
    page.locator("#is_business").check()
    expect(page.get_by_label("Postcode (PLZ)")).to_be_visible()
    fill(page, company="Ada GmbH", line1="Hauptstr. 1", city="Berlin")
    page.fill("#postal_code", "1")
    return ("postal_code",)


def a_wrong_code(page: Page | Reader, _stand: Stand, _session: Checkout) -> tuple[str, ...]:
    page.click("#discount > summary")
    fill(page, discount_code="NOSUCH")
    return ("discount_code",)


def another_amount(page: Page | Reader, stand: Stand, session: Checkout) -> tuple[str, ...]:
    fill(page)
    other = page.context.new_page()
    other.goto(stand.url(session))
    other.click("#discount > summary")
    other.fill("#discount_code", "WELCOME20")
    other.press("#discount_code", "Enter")
    expect(other.locator("#pay-button")).to_contain_text("$8.00")
    other.close()
    return ()


def another_amount_of_the_seller_s(page: Page | Reader, stand: Stand, session: Checkout) -> tuple[str, ...]:
    fill(page)
    settle(page)
    ports, organization = stand.server.services.ports, stand.shop.organization
    code = CheckoutChanges(given=frozenset({"discount_code"}), discount_code="WELCOME20")
    stand.server.run(update_checkout(ports, organization, stand.now(session), code, by_merchant=True))
    return ()


def a_name_that_is_missing(page: Page | Reader, _stand: Stand, _session: Checkout) -> tuple[str, ...]:
    fill(page, name="")
    return ("name",)


KINDS = [
    no_address,
    no_zip_code,
    a_wrong_postcode,
    a_wrong_code,
    another_amount,
    another_amount_of_the_seller_s,
    a_name_that_is_missing,
]


@pytest.mark.parametrize("refused", KINDS)
def test_a_refusal_marks_what_is_wrong_and_keeps_the_card(
    browser: Browser, stand: Stand, refused: Callable[[Page, Stand, Checkout], tuple[str, ...]]
) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        wrong = refused(page, stand, session)
        page.click("#pay-button")
        expect(page.locator("#problems")).to_be_focused()
        expect_only_wrong(page, *wrong)
        expect_card(page)
        expect(page.locator("#problems")).not_to_contain_text("enter it again")
        assert page.input_value("#email") == "ada@example.com"
        assert stand.charges(session) == []
        if not wrong:
            expect(page.locator("#changed-total")).to_contain_text("from $10.00 to $8.00")
        # Mended, the same card pays.
        for name, value in (
            ("line1", "Markt 1"),
            ("city", "Berlin"),
            ("postal_code", "10115"),
            ("name", "Ada Lovelace"),
            ("discount_code", ""),
        ):
            if name in wrong:
                page.fill(f"#{name}", value)
        page.click("#pay-button")
        expect_success(page)
    assert stand.charges(session) == ["succeeded"]


def test_a_decline_marks_the_number_alone_and_five_of_them_close_the_form(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        fill(page, card_number=NO_FUNDS)
        for _ in range(4):
            page.click("#pay-button")
            expect(page.locator("#problems")).to_be_focused()
            expect(page.locator("#problems")).to_contain_text("You were not charged.")
            expect(page.locator("#pay-button")).to_have_text("Pay $10.00 (test)")
            expect(page.locator("#live")).to_contain_text("does not have enough money")  # the second time as well
            expect_only_wrong(page, "card_number")
            expect_card(page, NO_FUNDS)
        page.click("#pay-button")
        expect(page.locator("h1")).to_have_text("No further payment is possible here")
    assert stand.charges(session) == ["declined"] * 5


def test_a_card_goes_to_the_payment_and_nowhere_else(browser: Browser, stand: Stand) -> None:
    """Posted once with each press; no update, address, log of the page or storage of the browser ever has it."""
    session = stand.session("one_time", "monthly")
    with visit(browser, stand.server) as page:
        asked: list[tuple[str, str]] = []
        page.on("request", lambda one: asked.append((one.url, one.post_data or "")))
        page.goto(stand.url(session))
        fill(page, name="")
        page.locator("#plan-2").check()
        expect(page.locator("#pay-button")).to_contain_text("$20.00")
        page.click("#pay-button")
        expect(page.locator("#problems")).to_be_focused()
        with_card = [url for url, body in asked if "4242" in url or "4242" in body or "card_cvc" in body]
        assert with_card == [stand.url(session, "/pay")]
        kept = page.evaluate(
            "JSON.stringify([localStorage, sessionStorage, history.state, document.cookie, location.href])"
        )
        assert "4242" not in kept
        assert "4242" not in page.locator("#checkout").inner_html()


def test_pay_waits_for_a_change_that_is_under_way_and_asks_again_where_it_changed_the_price(
    browser: Browser, stand: Stand
) -> None:
    session = stand.session("one_time", "monthly")
    with visit(browser, stand.server) as page:
        paid: list[str] = []
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.on("request", lambda one: paid.append(one.url) if one.url.endswith("/pay") else None)
        page.goto(stand.url(session))
        fill(page)
        page.focus("#plan-1")
        expect(page.locator("#checkout:not([aria-busy])")).to_have_count(1)
        page.evaluate(
            "new Promise(done => setTimeout(done, 400))"
        )  # what was typed is asked about a moment after it was left
        expect(page.locator("#checkout:not([aria-busy])")).to_have_count(1)
        page.route("**/update*", hold)
        page.locator("#plan-2").check()
        expect(page.locator("#checkout[aria-busy]")).to_have_count(1)
        page.click("#pay-button")
        expect(page.locator("#pay-button")).to_have_attribute("aria-busy", "true")
        assert paid == []
        held[-1].continue_()
        expect(page.locator("#problems")).to_contain_text("now comes to $20.00. Nothing was charged.")
        assert len(paid) == 1
        expect_card(page)
        page.click("#pay-button")
        expect_success(page)
    assert stand.charges(session) == ["succeeded"]


def test_a_change_and_a_payment_at_the_same_moment_are_stored_one_after_the_other(stand: Stand) -> None:
    """Without a script's patience, too: a field that was just left never turns the payment away."""
    for _ in range(6):
        session = stand.session("one_time")
        with stand.client(**{"Sec-Fetch-Site": "same-origin"}) as client, ThreadPoolExecutor(3) as pool:
            html = client.get(stand.url(session)).text
            shown = dict(re.findall(r'name="(csrf|shown)" value="([^"]*)"', html))
            typed = {**shown, "email": "ada@example.com", "country": "DE", "method": "card", "name": "Ada"}
            card = {"card_number": VISA, "card_exp": "12/34", "card_cvc": "123"}
            changes = [
                pool.submit(client.post, stand.url(session, "/update"), data=typed | {"name": f"Ada {n}"})
                for n in (1, 2)
            ]
            paid = pool.submit(client.post, stand.url(session, "/pay"), data=typed | card)
            assert paid.result().status_code == 303
            assert {one.result().status_code for one in changes} <= {303}
        assert stand.charges(session) == ["succeeded"]


def test_two_presses_pay_once(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        pressed: list[str] = []
        page.on("request", lambda one: pressed.append(one.url) if one.url.endswith("/pay") else None)
        page.goto(stand.url(session))
        fill(page)
        page.dblclick("#pay-button")
        page.keyboard.press("Enter")
        expect_success(page)
        assert len(pressed) == 1
    assert stand.charges(session) == ["succeeded"]


def test_offline_nothing_is_sent_and_everything_stays(browser: Browser, stand: Stand) -> None:
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        fill(page)
        page.wait_for_function("() => !document.getElementById('checkout').hasAttribute('aria-busy')")
        page.context.set_offline(True)
        page.click("#pay-button")
        expect(page.locator("#connection")).to_have_text("You are offline. What you typed is kept.")
        expect(page.locator("#pay-button")).to_have_text("Pay $10.00 (test)")
        expect_card(page)
        page.context.set_offline(False)
        expect(page.locator("#connection")).to_have_text("")
        page.click("#pay-button")
        expect_success(page)
    assert stand.charges(session) == ["succeeded"]


@pytest.mark.parametrize("arrived", [True, False])
def test_a_connection_that_breaks_while_paying_is_told_and_the_page_finds_out(
    browser: Browser, stand: Stand, arrived: bool
) -> None:
    """Whether the payment reached the server is not known then: the page says so, asks for no second one, and looks."""
    session = stand.session("one_time")
    with visit(browser, stand.server) as page:

        def broken(route: Route) -> None:
            if arrived:
                route.fetch()  # the answer is lost on its way back
            route.abort("connectionreset")

        page.route("**/pay*", broken, times=1)
        page.goto(stand.url(session))
        fill(page)
        page.click("#pay-button")
        expect(page.locator("#problems h2")).to_have_text("We do not know yet whether you paid")
        expect(page.locator("#problems")).to_be_focused()
        expect(page.locator("#problems")).to_contain_text("Please do not pay again")
        if not arrived:
            expect(page.locator("#problems h2")).to_have_text("The payment was not made")
            expect_card(page)
            page.click("#pay-button")
        expect_success(page)
    assert stand.charges(session) == ["succeeded"]


def test_without_a_script_one_sentence_says_to_enter_the_card_again(stand: Stand) -> None:
    session = stand.session("one_time", buyer=Buyer(email="ada@example.com"))
    again = "Your card is never kept on this page: enter it again."
    with read(stand.server) as page:
        page.goto(stand.url(session))
        fill(page, name="")
        page.click("#pay-button")
        expect(page.locator("#problems")).to_contain_text(again)
        fill(page, card_number=NO_FUNDS)
        page.click("#pay-button")
        expect(page.locator("#problems")).to_contain_text("You were not charged.")
        expect(page.locator("#problems")).to_contain_text(again)
        fill(page, card_number="", card_exp="", card_cvc="")
        page.click("#pay-button")
        expect(page.locator("#problems")).to_contain_text("Enter the card number.")
        expect(page.locator("#problems")).not_to_contain_text(again)
