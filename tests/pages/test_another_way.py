"""Back from the bank: paying another way never pays twice, in either order, and a session that takes no payment more says what to do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.pages.browser import PHONE
from tests.pages.buyer import Checkout, CheckoutStatus, Stand, expect_success, pay, to_the_bank
from tests.pages.expecting import expect
from tests.pages.reader import Reader, read, read_or_visit

BOOKED = """
    SELECT count(*) FROM test_gateway_charges AS charges
    JOIN payment_attempts ON payment_attempts.gateway_key = charges.id
    WHERE checkout_id = $1 AND state = 'succeeded'
"""
APPROVED = """
    UPDATE test_gateway_charges AS charges SET state = 'succeeded'
    FROM payment_attempts
    WHERE payment_attempts.gateway_key = charges.id AND checkout_id = $1 RETURNING 1
"""


def booked(stand: Stand, session: Checkout) -> int:
    """How often the bank took money for a session, by its own books."""
    return int(stand.server.value(BOOKED, session.id))


@pytest.mark.parametrize(("dialect", "script"), [("polar", True), ("dodo", False)])
def test_who_comes_back_from_the_bank_pays_another_way_and_the_bank_cannot_charge_any_more(
    browser: Browser, stand: Stand, dialect: str, script: bool
) -> None:
    session = stand.session("one_time") if dialect == "polar" else stand.cart("one_time")
    with read_or_visit(browser, stand.server, script=script, size=PHONE) as page:
        to_the_bank(page, stand, session)
        other = page.new_tab() if isinstance(page, Reader) else page.context.new_page()
        other.goto(stand.url(session))
        expect(other.get_by_role("link", name="Continue at your bank")).to_be_visible()
        other.get_by_role("button", name="Pay another way").click()
        expect(other.locator("#problems")).to_contain_text("Nothing was charged.")
        page.get_by_role("button", name="Approve").click()  # too late
        page.wait_for_url(f"**{stand.url(session).removeprefix(stand.server.url)}*")
        assert (stand.now(session).status, booked(stand, session)) == (CheckoutStatus.OPEN, 0)
        assert other.locator("#email").input_value() == "ada@example.com"
        pay(other, email="ada.lovelace@example.com")  # a mistyped address can be corrected
        expect_success(other)
        page.goto(stand.url(session))
        expect_success(page)
    assert (stand.charges(session), booked(stand, session)) == (["declined", "succeeded"], 1)
    assert stand.now(session).buyer.email == "ada.lovelace@example.com"


def test_an_approval_that_was_faster_counts_and_nothing_else_can_be_paid(stand: Stand) -> None:
    session = stand.session("one_time")
    with read(stand.server) as page:
        to_the_bank(page, stand, session)
        page.goto(stand.url(session))
        stand.server.value(APPROVED, session.id)  # in the banking app, at this very moment
        page.get_by_role("button", name="Pay another way").click()
        expect_success(page)
    assert (stand.charges(session), booked(stand, session)) == (["succeeded"], 1)


def test_two_tabs_that_both_pay_another_way_end_in_one_charge(stand: Stand) -> None:
    session = stand.session("one_time")
    stop = {"csrf": stand.token(session)}
    with read(stand.server) as page, stand.client() as other:
        to_the_bank(page, stand, session)
        page.goto(stand.url(session))
        page.get_by_role("button", name="Pay another way").click()
        again = other.post(stand.url(session, "/stop"), data=stop)
        assert (again.status_code, again.headers["location"]) == (303, f"/checkout/{session.client_secret}#problems")
        pay(page)
        expect_success(page)
        late = other.post(stand.url(session, "/stop"), data=stop)
        assert late.headers["location"] == f"/checkout/{session.client_secret}/confirmation"
        assert other.post(stand.url(session, "/stop"), data={"csrf": "wrong"}).status_code == 403
    assert (stand.charges(session), booked(stand, session)) == (["declined", "succeeded"], 1)
