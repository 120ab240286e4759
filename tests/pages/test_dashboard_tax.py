"""Tax at the dashboard: where it is collected, at which rate, whether prices contain it, and how a checkout's total came about."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import Browser, expect

from checkstand.domain.tax import EU
from checkstand.providers.taxes import registration_codes
from checkstand.web.dashboard.tax_places import charge_of, choices, name_of
from tests.dialects.polar_http import READY, Polar, decide, seats
from tests.pages.browser import Look, two_looks, wrong_in
from tests.pages.test_dashboard_checkouts import words_of
from tests.pages.visitor import screen, settings_of, visitor
from tests.server import RunningServer
from tests.tables import table

PATH = "/settings/tax"


def test_a_place_is_added_charged_and_removed(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    polar = Polar(server, person.shop)
    assert "Not collecting tax anywhere" in person.get(PATH).text
    assert polar.create(customer_billing_address={"country": "DE"}).json()["tax_amount"] == 0
    assert person.post(f"{PATH}/register", {"code": "DE"}).status_code == 303
    page = words_of(person.get(PATH).text)
    assert "Germany DE USt. 19% E-books 7%" in page
    assert polar.create(customer_billing_address={"country": "DE"}).json()["tax_amount"] == 160
    asked = words_of(person.get(f"{PATH}/DE/remove").text)
    assert "Stop collecting tax for Germany?" in asked
    assert person.post(f"{PATH}/DE/remove").status_code == 303
    assert settings_of(server, person).tax_registrations == ()
    assert polar.create(customer_billing_address={"country": "DE"}).json()["tax_amount"] == 0


def test_a_place_that_is_registered_is_not_offered_again(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    assert '<option value="FR">France</option>' in person.get(PATH).text
    person.post(f"{PATH}/register", {"code": "FR"})
    assert '<option value="FR">' not in person.get(PATH).text


@pytest.mark.parametrize("code", ["", "XX", "fr", "US-OR", "EU "])
def test_only_known_places_can_be_chosen(server: RunningServer, code: str) -> None:
    person = visitor(server, server.new_shop())
    answer = person.post(f"{PATH}/register", {"code": code})
    if code.strip() in registration_codes():
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    assert answer.text.count("Select a place.") >= 2
    assert settings_of(server, person).tax_registrations == ()


def test_a_place_that_is_not_registered_cannot_be_removed(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    assert person.get(f"{PATH}/DE/remove").status_code == 404
    assert person.post(f"{PATH}/DE/remove").status_code == 404


def test_everywhere_can_be_removed_like_any_other(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    person.post(f"{PATH}/register", {"code": "*"})
    link = re.search(r'href="[^"]*(/settings/tax/[^"]*/remove)"', person.get(PATH).text)
    assert link is not None
    assert person.post(link[1]).status_code == 303
    assert settings_of(server, person).tax_registrations == ()


@table(
    ("code", "rate", "but"),
    [
        ("JP", "JCT 10%", ""),
        ("FR", "TVA 20%", "E-books 5.5%"),
        ("CA-QC", "QST 9.975%", ""),
        ("CA", "5% to 15%, by place", ""),
        ("US-CA", "Sales tax 7.25%", "Not on digital products, e-books, education technology, software in the cloud"),
        ("US-TX", "Sales tax 6.25%", "Software in the cloud 5%; not on live tutoring"),
        ("EU", "16% to 27%, by place", "Some goods are taxed at another rate"),
    ],
)
def test_a_registration_says_what_it_charges(code: str, rate: str, but: str) -> None:
    charge = charge_of(code)
    assert charge.rate == rate
    assert charge.but.startswith(but)


def test_every_place_can_be_chosen_once_and_has_a_name_and_a_rate() -> None:
    offered = [code for _, group in choices([]) for code, _ in group]
    assert sorted(offered) == sorted(registration_codes())
    unnamed = [code for code in offered if name_of(code) == code]
    assert unnamed == []
    assert [code for code in offered if "%" not in charge_of(code).rate] == []
    assert set(offered) >= EU


def test_whether_prices_include_tax_is_saved_and_followed(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    decide(server, person.shop, tax_registrations=("DE",), website="https://kept.test")
    polar = Polar(server, person.shop)
    for behavior, total in (("exclusive", 1190), ("inclusive", 1000), ("exclusive", 1190), ("location", 1000)):
        person.get(PATH)
        assert person.post(f"{PATH}/behavior", {"behavior": behavior}).status_code == 303
        made = polar.create(customer_billing_address={"country": "DE"}).json()
        assert made["total_amount"] == total, behavior
    settings = settings_of(server, person)
    assert (settings.tax_registrations, settings.website) == (("DE",), "https://kept.test")
    assert person.post(f"{PATH}/behavior", {"behavior": "maybe"}).status_code == 422


def test_the_page_says_what_is_left_out_and_how_old_its_rates_are(server: RunningServer) -> None:
    page = words_of(visitor(server, server.new_shop()).get(PATH).text)
    assert re.search(r"Rates as of 20\d\d-\d\d-\d\d", page)
    assert "US county, city and district taxes are not included" in page


def test_who_may_only_read_sees_the_places_and_changes_nothing(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    decide(server, person.shop, tax_registrations=("DE",))
    organization_id = person.shop.organization.id
    db = server.services.ports.db
    server.run(db.execute("UPDATE memberships SET role = 'read_only' WHERE organization_id = $1", organization_id))
    page = person.get(PATH).text
    assert "Germany" in page
    assert "/remove" not in page
    assert "<select" not in page
    assert ">Save<" not in page
    for path, fields in (("register", {"code": "FR"}), ("DE/remove", {}), ("behavior", {"behavior": "inclusive"})):
        assert person.post(f"{PATH}/{path}", fields).status_code == 403
    settings = settings_of(server, person)
    assert (settings.tax_registrations, settings.default_tax_behavior) == (("DE",), "location")


def test_a_form_without_its_sessions_token_changes_nothing(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    person.hidden["csrf"] = "of another session"
    assert person.post(f"{PATH}/register", {"code": "DE"}).status_code == 403
    assert person.post(f"{PATH}/behavior", {"behavior": "inclusive"}).status_code == 403
    assert settings_of(server, person).tax_registrations == ()


def test_tax_is_found_set_and_removed_without_javascript(server: RunningServer, browser: Browser) -> None:
    view = screen(browser, server, server.new_shop(), scripts=False)
    page = view.page
    page.get_by_role("link", name="Tax", exact=True).click()
    page.get_by_label("Add a registration").select_option(label="European Union, one-stop shop")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Registration added.")).to_be_visible()
    page.get_by_role("link", name="Remove European Union, one-stop shop").click()
    page.get_by_role("button", name="Stop collecting").click()
    expect(page.get_by_text("Not collecting tax anywhere.")).to_be_visible()
    view.close()


# ---------------------------------------------------------------- the account of a checkout's total


def test_a_checkout_says_how_its_total_came_about(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    decide(server, person.shop, tax_registrations=("DE",), default_tax_behavior="exclusive")
    polar = Polar(server, person.shop)
    product = polar.selling(seats((1, 4, 1000), (5, None, 800)), every="month")
    made = polar.sold(
        product, seats=6, discount_id=str(person.shop.discount.id), customer_billing_address={"country": "DE"}
    )
    page = words_of(person.get(f"/sales/checkouts/{made['id']}").text)
    assert "How the total was calculated" in page
    for step in (
        "6 seats, all at their tier's rate (volume) $48.00",
        "Sum of the lines $48.00",
        "Discount WELCOME20: 20% of what it applies to, rounded once per cart line −$9.60",
        "Tax USt. 19% in DE, added to the price, rounded once per cart line; the standard rate applies $7.30",
        "Total, tax included $45.70",
        "Due today $45.70",
    ):
        assert step in page, step


@pytest.mark.parametrize("label", ["one_time", "monthly", "trial", "pay_what_you_want", "free"])
def test_every_checkout_has_an_account_of_its_total(server: RunningServer, label: str) -> None:
    person = visitor(server, server.new_shop())
    polar = Polar(server, person.shop)
    made = polar.create(label).json()
    page = words_of(person.get(f"/sales/checkouts/{made['id']}").text)
    assert "Sum of the lines" in page
    assert "Due today" in page
    polar.confirm(made["client_secret"], **READY)
    assert "Due today" in words_of(person.get(f"/sales/checkouts/{made['id']}").text)


@two_looks(320, 1280)
def test_the_pages_are_accessible_and_fit(server: RunningServer, browser: Browser, these_looks: Sequence[Look]) -> None:
    shop = server.new_shop()
    decide(server, shop, tax_registrations=("*", "CA", "EU", "US-CA"))
    polar = Polar(server, shop)
    made = polar.create("trial", discount_id=str(shop.discount.id), customer_billing_address={"country": "DE"}).json()
    view = screen(browser, server, shop)
    for path in (PATH, f"{PATH}/US-CA/remove", f"/sales/checkouts/{made['id']}", "/settings"):
        view.open(path)
        assert wrong_in(view.page, these_looks) == [], path
    view.open(PATH)
    view.page.get_by_role("button", name="Add").click()
    view.page.get_by_role("alert").wait_for()
    assert wrong_in(view.page, these_looks) == []
    view.close()
