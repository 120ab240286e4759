"""Taxes in Polar's checkouts: what is shown while the place is open, inclusive and exclusive, and what an order keeps.

Which rate a place has is in `tests/providers/test_taxes.py`; how a confirm refuses an open place, in `test_polar_switching.py`.
"""

from __future__ import annotations

from typing import Any

import pytest

from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import READY, Polar, decide, fixed, seats
from tests.server import RunningServer

SUMS = ("net_amount", "tax_amount", "total_amount", "tax_behavior")


@pytest.fixture
def polar(server: RunningServer, shop: DemoShop) -> Polar:
    decide(server, shop, tax_registrations=("AU", "DE", "EU", "JP", "US-NY"))
    return Polar(server, shop)


def place(country: str, **more: str) -> dict[str, Any]:
    return {"customer_billing_address": {"country": country, **more}}


def sums(shown: dict[str, Any]) -> tuple[object, ...]:
    return tuple(shown[name] for name in SUMS)


def test_a_country_that_does_not_decide_the_tax(polar: Polar) -> None:
    answer = polar.create(**place("US"))
    assert answer.status_code == 201
    assert sums(answer.json()) == (1000, None, 1000, None)
    assert answer.json()["subtotal_amount"] == 1000
    decided = polar.update(answer.json(), **place("US", state="NY")).json()
    assert sums(decided) == (1000, 0, 1000, "exclusive")
    again = polar.patch(decided["client_secret"], **place("US")).json()
    assert sums(again) == (1000, None, 1000, None)


@pytest.mark.parametrize(
    ("behavior", "expected"),
    [("exclusive", (1000, 100, 1100, "exclusive")), ("inclusive", (909, 91, 1000, "inclusive"))],
)
def test_a_tax_is_added_or_contained(polar: Polar, behavior: str, expected: tuple[object, ...]) -> None:
    product = polar.selling(fixed(1000, tax_behavior=behavior))
    made = polar.sold(product, **place("AU"))
    assert sums(made) == expected
    assert made["product_price"]["tax_behavior"] == behavior


def test_nine_hundred_and_a_tax_of_a_hundred_in_a_thousand(polar: Polar) -> None:
    """1000 with 100 of tax in it needs a rate of one ninth, which no place has: 1100 with 100 in it is the nearest."""
    product = polar.selling(fixed(1100, tax_behavior="inclusive"))
    made = polar.sold(product, **place("JP"))
    assert sums(made) == (1000, 100, 1100, "inclusive")


def test_what_is_not_taxed_has_a_tax_of_nothing(server: RunningServer, polar: Polar) -> None:
    exempt = polar.create(**place("US", state="NY")).json()
    assert exempt["tax_amount"] == 0
    assert polar.create("free", **place("US")).json()["tax_amount"] == 0
    assert polar.create("free").json()["tax_amount"] == 0
    elsewhere = polar.create(**place("CH")).json()
    assert sums(elsewhere) == (1000, 0, 1000, "inclusive")


@pytest.mark.parametrize(
    ("default", "country", "expected"),
    [
        ("location", "DE", (840, 160, 1000, "inclusive")),
        ("exclusive", "DE", (1000, 190, 1190, "exclusive")),
        ("inclusive", "AU", (909, 91, 1000, "inclusive")),
        ("location", "AU", (909, 91, 1000, "inclusive")),
    ],
)
def test_the_organization_decides_where_the_price_does_not(
    server: RunningServer, polar: Polar, default: str, country: str, expected: tuple[object, ...]
) -> None:
    decide(server, polar.shop, default_tax_behavior=default)
    assert sums(polar.create(**place(country)).json()) == expected


def test_the_example_of_fifteen_hundred_at_twenty_per_cent(polar: Polar) -> None:
    product = polar.selling(
        fixed(2000, tax_behavior="exclusive"), fixed(2000, price_currency="eur", tax_behavior="inclusive")
    )
    discount = {"type": "fixed", "name": "Off", "amounts": {"usd": 500, "eur": 500}, "duration": "once"}
    given = polar.client.post("/v1/discounts/", json=discount).json()["id"]
    for currency, expected in (
        ("usd", (1500, 300, 1800, "exclusive")),
        ("eur", (1250, 250, 1500, "inclusive")),
    ):
        made = polar.sold(product, currency=currency, discount_id=given, **place("FR"))
        assert (made["amount"], made["discount_amount"], *sums(made)) == (2000, 500, *expected)


def test_a_tax_is_worked_out_once_over_all_prices_of_the_product(polar: Polar) -> None:
    product = polar.selling(fixed(1005, tax_behavior="exclusive"), seats((1, None, 35), tax_behavior="exclusive"))
    made = polar.sold(product, seats=3, **place("AU"))
    assert (made["amount"], *sums(made)) == (1110, 1110, 111, 1221, "exclusive")
    assert polar.confirm(made["client_secret"], **{**READY, **place("AU")}).status_code == 200
    order = polar.client.get("/v1/orders/").json()["items"][0]
    assert (order["subtotal_amount"], order["net_amount"], order["tax_amount"]) == (1110, 1110, 111)
    assert order["total_amount"] == 1221
    assert [item["amount"] for item in order["items"]] == [1005, 105]
    assert sum(item["tax_amount"] for item in order["items"]) == 111


def test_a_business_abroad_accounts_for_the_tax_itself(server: RunningServer, polar: Polar) -> None:
    decide(server, polar.shop, country="DE")
    business = polar.create(**place("FR"), customer_tax_id="FR61954506077").json()
    assert sums(business) == (1000, 0, 1000, "inclusive")
    assert sums(polar.update(business, customer_tax_id=None).json()) == (833, 167, 1000, "inclusive")


def test_the_postal_code_of_an_island_takes_the_mainlands_tax_away(polar: Polar) -> None:
    made = polar.create(**place("ES", city="Madrid", postal_code="28001")).json()
    assert sums(made) == (826, 174, 1000, "inclusive")
    for code, expected in (("35001", (1000, 0)), ("28001", (826, 174)), ("38001", (1000, 0))):
        moved = polar.patch(made["client_secret"], **place("ES", city="Las Palmas", postal_code=code)).json()
        assert (moved["net_amount"], moved["tax_amount"]) == expected, code


def test_a_trial_shows_the_tax_and_its_order_has_none(polar: Polar) -> None:
    made = polar.create("trial", **place("DE")).json()
    assert sums(made) == (1681, 319, 2000, "inclusive")
    assert made["is_payment_required"] is False
    assert polar.confirm(made["client_secret"], **READY).status_code == 200
    order = polar.client.get("/v1/orders/").json()["items"][0]
    assert (order["tax_amount"], order["total_amount"]) == (0, 0)


def test_a_confirm_charges_the_tax_of_the_place_it_names(polar: Polar) -> None:
    product = polar.selling(fixed(1000, tax_behavior="exclusive"))
    made = polar.sold(product)
    assert sums(made) == (1000, None, 1000, None)
    assert polar.confirm(made["client_secret"], **READY).status_code == 200
    assert sums(polar.read(made["id"])) == (1000, 190, 1190, "exclusive")
    payment = polar.client.get("/v1/payments/").json()["items"][0]
    assert payment["amount"] == 1190


def test_a_reverse_charge_and_its_sentence_are_in_the_session_of_merchant_and_buyer(
    server: RunningServer, polar: Polar
) -> None:
    decide(server, polar.shop, tax_registrations=("DE",), country="DE")
    business = {"is_business_customer": True, "customer_billing_name": "Ada SARL", "customer_tax_id": "FR61954506077"}
    made = polar.create(**place("FR"), **business).json()
    said = {
        "tax_reason": "reverse_charge",
        "tax_note": "Reverse charge: the recipient accounts for the tax (Article 196, Council Directive 2006/112/EC).",
    }
    for shown in (
        made,
        polar.read(made["id"]),
        polar.client.get(f"/v1/checkouts/client/{made['client_secret']}").json(),
    ):
        assert {name: shown.get(name) for name in said} == said
        assert (shown["tax_amount"], shown["total_amount"]) == (0, 1000)
    at_home = polar.patch(made["client_secret"], customer_tax_id="DE136695976").json()
    assert (at_home["tax_amount"], "tax_reason" in at_home) == (160, False)
    [tax] = [step for step in explained(polar, made) if step["kind"] == "tax"]
    assert tax["text"].startswith("USt. 19% in DE (by the tax id DE136695976)")


@pytest.mark.parametrize(
    ("country", "state", "said"),
    [
        ("DE", "BE", "DE-BE"),
        ("DE", "Berlin", "Berlin, DE"),
        ("AU", "SA", "AU-SA"),
        ("BR", "MT", "BR-MT"),
        ("US", "CA", "US-CA"),
    ],
)
def test_a_taxed_place_is_named_with_its_country(
    server: RunningServer, polar: Polar, country: str, state: str, said: str
) -> None:
    decide(server, polar.shop, tax_registrations=(), country="DE")
    made = polar.create(customer_billing_address={"country": country, "state": state}).json()
    [tax] = [step for step in explained(polar, made) if step["kind"] == "tax"]
    assert tax["text"].startswith(f"Tax: none in {said};")


def explained(polar: Polar, session: dict[str, Any]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = polar.client.get(f"/v1/checkouts/{session['id']}/explain").json()["steps"]
    return steps
