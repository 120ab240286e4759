"""Saved payment methods on the checkout page: shown to whom the merchant named, chosen first, used and removed with and without a script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Browser, Page

from checkstand.domain.address import Address
from tests.pages.browser import PHONE, Look, check_looks, two_looks, visit
from tests.pages.buyer import CHALLENGE, VISA, Buyer, Checkout, CheckoutStatus, Options, Stand, expect_success, pay
from tests.pages.expecting import expect
from tests.pages.reader import Reader, read

SHOWN = Options(show_saved_methods=True, require_name=True)
MASTERCARD = "5555 5555 5555 4444"


def trial(stand: Stand, card: str = VISA.replace(" ", ""), email: str = "ada@example.com") -> UUID:
    """A trial that keeps a card without a charge; the customer it made."""
    session = stand.cart("trial")
    with stand.client(Authorization=f"Bearer {stand.shop.polar_token}") as client:
        body = {"card": card, "email": email, "country": "DE"}
        assert client.post(f"/_test/checkouts/{session.id}/pay", json=body).json()["outcome"] == "succeeded"
    customer_id = stand.now(session).buyer.customer_id
    assert customer_id is not None
    return customer_id


def for_customer(stand: Stand, customer_id: UUID, label: str = "one_time", options: Options = SHOWN) -> Checkout:
    """A cart that the merchant made for a customer whom it names."""
    buyer = Buyer(address=Address(country="DE"))
    return stand.cart(label, customer_id=customer_id, options=options, buyer=buyer)


def saved_rows(page: Page | Reader) -> list[str]:
    return [re.sub(r"\s+", " ", text).strip() for text in page.locator(".saved .method-text").all_inner_texts()]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_returning_customer_pays_with_the_card_of_their_trial_at_one_press(
    browser: Browser, stand: Stand, script: bool
) -> None:
    session = for_customer(stand, trial(stand))
    with visit(browser, stand.server, script=script, size=PHONE) as page:
        page.goto(stand.url(session))
        assert saved_rows(page) == ["Visa •••• 4242 Expires 12/29"]
        assert page.locator(".methods input").first.is_checked(), "what was saved comes first and is chosen"
        assert not page.locator("#card_number").is_visible()
        page.click("#pay-button")
        expect_success(page)
        expect(page.get_by_text("Visa ending in 4242")).to_be_visible()
    assert stand.charges(session) == ["succeeded"]


def test_another_card_is_typed_beside_a_saved_one_and_kept_when_ticked(stand: Stand) -> None:
    ada = trial(stand)
    with read(stand.server) as page:
        session = for_customer(stand, ada)
        page.goto(stand.url(session))
        page.locator("#method-card").check()
        page.locator("#keep").check()
        pay(page, card=MASTERCARD)
        expect_success(page)
        page.goto(stand.url(for_customer(stand, ada)))
        assert [row.split("Exp")[0].strip() for row in saved_rows(page)] == ["Mastercard •••• 4444", "Visa •••• 4242"]
    assert stand.charges(session) == ["succeeded"]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_typing_an_email_address_never_shows_what_its_owner_saved(browser: Browser, stand: Stand, script: bool) -> None:
    ada = trial(stand)
    sessions = {
        "typed": stand.cart("one_time", options=SHOWN),
        "given by the merchant": stand.cart("one_time", options=SHOWN, buyer=Buyer(email="ada@example.com")),
        "not asked for": for_customer(stand, ada, options=Options()),
        "polar": stand.session("one_time"),
    }
    with visit(browser, stand.server, script=script) as page:
        for name, session in sessions.items():
            page.goto(stand.url(session))
            if page.locator("input#email").count():
                page.fill("#email", "ada@example.com")
                with page.expect_response("**/update*"):
                    page.locator("button[value=update]").first.evaluate("button => button.click()")
                page.wait_for_load_state("networkidle")
            assert "4242 " not in page.locator("#payment-part").inner_text(), name
            assert page.locator(".saved, #keep").count() == 0, name


def test_a_posted_id_of_somebody_elses_card_is_refused_and_nothing_is_charged(stand: Stand) -> None:
    ada, ben = trial(stand), trial(stand, email="ben@example.com")
    bens = stand.server.value("SELECT id FROM payment_methods WHERE customer_id = $1", ben)
    for session in (for_customer(stand, ada), stand.cart("one_time", buyer=Buyer(email="ben@example.com"))):
        for method in (bens, uuid4()):
            form = {
                "csrf": stand.token(session), "shown": "", "email": "ben@example.com", "name": "B", "country": "DE",
                "method": f"saved_{method}", "do": "pay",
            }  # fmt: skip
            with stand.client() as client:
                answer = client.post(f"{stand.url(session)}/pay", data=form)
                assert answer.status_code == 422
                assert "This way to pay cannot be used" in answer.text
                removed = client.post(f"{stand.url(session)}/forget", data={**form, "forget": str(method), "sure": "1"})
                assert removed.status_code == 303
        assert stand.charges(session) == []
    assert stand.server.value("SELECT removed_at FROM payment_methods WHERE id = $1", bens) is None


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_removing_a_card_asks_first_and_keeps_what_was_typed(browser: Browser, stand: Stand, script: bool) -> None:
    ada = trial(stand)
    trial(stand, card=MASTERCARD.replace(" ", ""))
    session = for_customer(stand, ada)
    with visit(browser, stand.server, script=script, size=PHONE) as page:
        page.goto(stand.url(session))
        assert len(saved_rows(page)) == 1, "the second card came by e-mail alone"
        page.select_option("#country", "AT")
        page.get_by_role("button", name="Remove Visa •••• 4242").click()
        expect(page.locator("h1")).to_have_text("Remove Visa •••• 4242?")
        page.get_by_role("link", name="Keep it").click()
        expect(page.locator(".saved .method-text")).to_have_count(1)
        page.get_by_role("button", name="Remove Visa •••• 4242").click()
        page.get_by_role("button", name="Remove").click()
        page.wait_for_url("**/session/*#payment-part")
        assert saved_rows(page) == []
        assert page.locator("#country").input_value() == "AT"
        assert page.locator("#card_number").is_visible()


def test_a_card_that_was_removed_in_another_tab_is_refused_with_words(stand: Stand) -> None:
    session = for_customer(stand, trial(stand))
    with read(stand.server) as page:
        page.goto(stand.url(session))
        with stand.client() as client:
            method = page.locator(".saved button").get_attribute("value")
            form = {"csrf": stand.token(session), "forget": method, "sure": "1"}
            assert client.post(f"{stand.url(session)}/forget", data=form).status_code == 303
        page.click("#pay-button")
        expect(page.locator("#problems")).to_contain_text("This way to pay cannot be used for this order.")
        pay(page)
        expect_success(page)


def test_of_two_tabs_that_pay_with_the_same_saved_card_one_charges(browser: Browser, stand: Stand) -> None:
    session = for_customer(stand, trial(stand))
    with visit(browser, stand.server) as one, read(stand.server) as other:
        one.goto(stand.url(session))
        other.goto(stand.url(session))
        one.click("#pay-button")
        expect_success(one)
        other.click("#pay-button")
        expect_success(other)
    assert stand.charges(session) == ["succeeded"]


def test_a_saved_card_that_asks_for_3d_secure_asks_again_and_its_refusal_leads_to_another_card(stand: Stand) -> None:
    first = stand.cart("monthly")
    with read(stand.server) as page:
        page.goto(stand.url(first))
        pay(page, card=CHALLENGE)
        page.get_by_role("button", name="Approve").click()
        expect_success(page)
        customer_id = stand.now(first).buyer.customer_id
        assert customer_id is not None
        session = for_customer(stand, customer_id)
        page.goto(stand.url(session))
        page.click("#pay-button")
        page.wait_for_url("**/bank/**")
        page.get_by_role("button", name="Fail").or_(page.get_by_role("button", name="Decline")).first.click()
        expect(page.locator("#problems")).to_contain_text("You were not charged.")
        assert page.locator("#method-card").is_checked(), "after a refusal another card is what comes next"
        page.locator(".saved input").check()
        page.click("#pay-button")
        page.get_by_role("button", name="Approve").click()
        expect_success(page)
    assert stand.charges(session) == ["declined", "succeeded"]


def test_with_the_keyboard_alone_a_saved_card_is_left_for_another_and_chosen_again(
    browser: Browser, stand: Stand
) -> None:
    session = for_customer(stand, trial(stand))
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        page.locator(".saved input").focus()
        page.keyboard.press("ArrowDown")
        assert page.locator("#method-card").is_checked()
        expect(page.locator("#card_number")).to_be_visible()
        page.keyboard.press("ArrowUp")
        expect(page.locator("#card_number")).not_to_be_visible()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Remove Visa")).to_be_focused()
        page.locator("#pay-button").focus()
        page.keyboard.press("Enter")
        expect_success(page)
    assert stand.now(session).status is CheckoutStatus.SUCCEEDED


@two_looks(320, 1280)
def test_nothing_serious_is_found_with_saved_cards_and_on_the_question(
    browser: Browser, stand: Stand, these_looks: Sequence[Look]
) -> None:
    session = for_customer(stand, trial(stand))
    with visit(browser, stand.server) as page:
        page.goto(stand.url(session))
        check_looks(page, these_looks)
        page.get_by_role("button", name="Remove Visa").click()
        page.wait_for_selector("text=Keep it")
        check_looks(page, these_looks)


def test_the_gateways_names_of_methods_and_customers_stay_on_the_server(stand: Stand) -> None:
    session = for_customer(stand, trial(stand))
    with read(stand.server) as page:
        page.goto(stand.url(session))
        html = page.content()
        page.click("#pay-button")
        expect_success(page)
        html += page.content()
    assert "tpm_" not in html
    assert "tcus_" not in html
