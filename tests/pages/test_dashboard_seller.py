"""Where the seller is, said once at the dashboard: tax, the buyer's page and every paper go by it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import httpx2
import pytest
from playwright.sync_api import Browser

from tests.dialects.polar_http import READY, Polar, decide
from tests.pages.browser import Look, two_looks, wrong_in
from tests.pages.test_dashboard_checkouts import words_of
from tests.pages.visitor import screen, settings_of, visitor
from tests.server import RunningServer

PATH = "/settings/seller"
FRENCH = {"customer_billing_address": {"country": "FR"}, "customer_tax_id": "FR61954506077"}
GERMAN = {"customer_billing_address": {"country": "DE"}, "customer_tax_id": "DE136695976"}


@pytest.mark.parametrize("registration", ["EU", "DE"])
def test_a_german_seller_leaves_the_tax_to_a_french_business_and_takes_it_from_a_german_one(
    server: RunningServer, registration: str
) -> None:
    person = visitor(server, server.new_shop())
    decide(server, person.shop, country=None, tax_registrations=(registration,))
    polar = Polar(server, person.shop)
    assert polar.create(**FRENCH).json()["tax_amount"] == (167 if registration == "EU" else 0)
    assert "Your country is not set" in person.get("/settings/tax").text
    typed = {"country": "DE", "legal_name": "Acme GmbH", "line1": "Markt 4", "postal_code": "07743", "city": "Jena"}
    assert person.post(PATH, {**typed, "tax_id": "DE136695976"}).status_code == 303
    page = words_of(person.get(PATH).text)
    assert "New invoices are from Acme GmbH Demo Shop Markt 4 07743 Jena Germany DE136695976" in page
    assert "Your country is not set" not in person.get("/settings/tax").text
    assert "Germany" in words_of(person.get("/settings").text)

    made = polar.create(**FRENCH, customer_billing_name="ACME SARL").json()
    assert (made["tax_amount"], made["total_amount"]) == (0, 1000)
    html = httpx2.get(made["url"], follow_redirects=True).text
    assert re.search(r'<input[^>]*name="is_business"[^>]*checked', html), (
        "left unticked, the first change would drop the number"
    )
    shown = words_of(html)
    assert "Reverse charge" in shown
    assert "As a business you account for it yourself." in shown
    assert "Checked by its digits." in shown
    told = words_of(person.get(f"/sales/checkouts/{made['id']}").text)
    assert "FR61954506077 Checked by its digits" in told
    assert "the buyer is a business with a valid tax id and accounts for the tax itself" in told
    assert polar.create(**GERMAN).json()["tax_amount"] == 160, "19 % in 10.00"

    ready = {name: value for name, value in READY.items() if name != "customer_billing_address"}
    assert polar.confirm(made["client_secret"], **ready).status_code == 200
    order = polar.client.get("/v1/orders/").json()["items"][0]
    assert polar.client.post(f"/v1/orders/{order['id']}/invoice").status_code == 202
    paper = words_of(
        httpx2.get(polar.client.get(f"/v1/orders/{order['id']}/invoice").json()["url"].removesuffix(".pdf")).text
    )
    assert "From Acme GmbH Demo Shop Markt 4 07743 Jena Germany" in paper
    assert "Tax ID: DE136695976" in paper
    assert "Tax ID: FR61954506077" in paper
    assert "Reverse charge: the recipient accounts for the tax (Article 196, Council Directive 2006/112/EC)." in paper


@pytest.mark.parametrize(
    ("country", "number", "kept", "said"),
    [
        ("MC", "FR 53 000004605", "FR53000004605", "Checked by its digits"),
        ("AF", "900-123-4567", "9001234567", "Could not be checked: it changes no tax"),
    ],
)
def test_a_tax_id_of_any_country_is_taken_and_both_sides_see_how_far_it_was_checked(
    server: RunningServer, country: str, number: str, kept: str, said: str
) -> None:
    person = visitor(server, server.new_shop())
    decide(server, person.shop, country="DE", tax_registrations=("*",))
    polar = Polar(server, person.shop)
    answer = polar.create(customer_billing_address={"country": country}, customer_tax_id=number)
    assert (answer.status_code, answer.json()["customer_tax_id"]) == (201, kept), answer.text
    assert f"{kept} {said}" in words_of(person.get(f"/sales/checkouts/{answer.json()['id']}").text)
    customer = polar.client.post(
        "/v1/customers/", json={"email": "a@example.com", "billing_address": {"country": country}, "tax_id": number}
    )
    assert customer.status_code == 201, customer.text


def test_what_cannot_be_kept_is_said_beside_its_field_and_changes_nothing(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    decide(server, person.shop, country="DE")
    for typed, said in (
        ({"country": "", "city": "Jena"}, "Choose the country of this address."),
        ({"country": "XX"}, "Choose a country."),
        ({"country": "US", "state": "Bavaria"}, "Write the state’s code, like NY for New York."),
        ({"country": "DE", "legal_name": "x" * 201}, "Use at most 200 characters."),
    ):
        answer = person.post(PATH, typed)
        assert (answer.status_code, answer.text.count(said)) == (422, 2), typed
    assert settings_of(server, person).country == "DE"


@two_looks(320, 1280)
def test_the_page_is_accessible_and_fits(server: RunningServer, browser: Browser, these_looks: Sequence[Look]) -> None:
    shop = server.new_shop()
    decide(server, shop, country=None, tax_registrations=("DE",))
    view = screen(browser, server, shop)
    for path in ("/settings/tax", PATH):
        view.open(path)
        assert wrong_in(view.page, these_looks) == [], path
    view.page.get_by_label("City").fill("Jena")
    view.page.get_by_role("button", name="Save", exact=True).click()
    view.page.get_by_role("alert").wait_for()
    assert wrong_in(view.page, these_looks) == []
    view.page.get_by_label("Country").select_option("DE")
    view.page.get_by_role("button", name="Save", exact=True).click()
    view.page.get_by_text("Saved. Checkouts and invoices use it from now on.").wait_for()
    view.close()
