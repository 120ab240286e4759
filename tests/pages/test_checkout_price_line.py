"""What the page says about money and days at a glance: the amount of now, what comes then, each in the reader's own form."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from checkstand.domain.address import Address
from checkstand.domain.catalog import Fixed
from checkstand.domain.checkout import Buyer, Options
from tests.pages.browser import visit
from tests.pages.catalogue import DE, MONTHLY, Shelf
from tests.pages.expecting import expect
from tests.pages.reader import read

POSTAL = {"IN": "110001", "BR": "01310-100", "AU": "2000", "MX": "01000", "JP": "100-0001"}


def test_a_cart_with_a_discount_leads_with_what_is_paid_now(browser: Browser, shelf: Shelf) -> None:
    book, club = (
        shelf.product("Book", Fixed(amount_minor=1000)),
        shelf.product("Club", Fixed(amount_minor=500), recurrence=MONTHLY),
    )
    shelf.discount("SPRING", percent=20)
    with visit(browser, shelf.stand.server, locale="en-US") as page:
        page.goto(shelf.stand.url(shelf.cart(book, quantity=2, discount_codes=("SPRING",))))
        assert (page.inner_text(".price"), page.locator(".later").count()) == ("$16.00", 0)
        expect(page.locator(".rows .total td")).to_have_text("$16.00")
        page.goto(shelf.stand.url(shelf.cart(book, club)))
        assert " ".join(page.inner_text(".price").split()) == "$15.00 due today"
        expect(page.locator(".product .later")).to_have_text("then $5.00 per month")


def test_days_are_told_in_the_buyers_zone_and_as_utc_without_a_script(browser: Browser, shelf: Shelf) -> None:
    session = shelf.stand.session("trial", buyer=DE)
    at = session.trial_end
    assert at is not None
    with read(shelf.stand.server) as page:
        page.goto(shelf.stand.url(session))
        expect(page.locator(".rows .later th")).to_contain_text(f"{at:%B} {at.day}, {at.year} (UTC)")
    zone = ZoneInfo("Pacific/Kiritimati")  # fourteen hours ahead
    context = browser.new_context(timezone_id=zone.key)
    page = context.new_page()
    there = at.astimezone(zone)
    for change in (False, True):
        page.goto(shelf.stand.url(session))
        if change:
            with page.expect_response("**/update"):
                page.locator("#is_business").check()
        expect(page.locator(".legal")).to_contain_text(f"From {there:%B} {there.day}, {there.year} you pay")
    context.close()


@pytest.mark.parametrize("country", ["IN", "BR", "AU", "MX", "JP"])
def test_a_state_is_asked_where_an_address_cannot_do_without_it(shelf: Shelf, country: str) -> None:
    buyer = Buyer(address=Address(country=country, city="Town", line1="1 Main Road", postal_code=POSTAL[country]))
    session = shelf.stand.session("one_time", buyer=buyer, options=Options(require_billing_address=True))
    form = {
        "csrf": shelf.stand.token(session), "email": "a@example.com", "name": "Ada", "country": country, "state": "",
        "card_number": "4242424242424242", "card_exp": "12/34", "card_cvc": "123",
    }  # fmt: skip
    with shelf.stand.client() as client:
        page = client.get(shelf.stand.url(session)).text
        assert re.search(r'<select\s+id="state" name="state" required', page)
        assert not re.search(r"(State|Prefecture) \(optional\)", page)
        shown = re.findall(r'name="shown" value="([^"]*)"', page)[0]
        answer = client.post(shelf.stand.url(session, "/pay"), data={**form, "shown": shown})
    assert (answer.status_code, 'id="state-error"' in answer.text) == (422, True)
    assert shelf.stand.charges(session) == []
