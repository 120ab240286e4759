"""Sums on the payment page that explain themselves, and amounts that no gateway takes: refused in words wherever they are given."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import httpx2
import pytest

from checkstand.domain.discount import Percentage
from checkstand.testing.demo import DemoShop
from tests.dialects.dodo_place import DodoShop, cart
from tests.dialects.polar_http import Polar, decide, fixed
from tests.dialects.test_dodo_cart import add_discount
from tests.pages.visitor import visitor
from tests.server import RunningServer
from tests.sums.reading import Papers, rows_of
from tests.sums.world import SPOTS

GERMANY = {"billing_address": {"country": "DE"}, "billing_currency": "USD"}
QUEBEC = next(spot for spot in SPOTS if spot.state == "QC")


@pytest.fixture
def dodo(server: RunningServer, shop: DemoShop) -> DodoShop:
    made = DodoShop(server, shop)
    made.settle_on(tax_registrations=("*",))
    return made


@pytest.fixture
def polar(server: RunningServer, shop: DemoShop) -> Polar:
    return Polar(server, shop)


def goods(dodo: DodoShop, name: str, price: int, *, inclusive: bool | None = None) -> str:
    one_time = {"type": "one_time_price", "currency": "USD", "price": price, "tax_inclusive": inclusive}
    body = {"name": name, "tax_category": "digital_products", "price": one_time}
    answer = dodo.http.post("/products", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["product_id"])


def page_of(dodo: DodoShop, **body: Any) -> str:
    session = dodo.session(**body) if "product_cart" not in body else dodo.create(**body).json()["session_id"]
    return dodo.http.get(f"/session/{session}").text


def test_a_cart_of_prices_with_and_without_tax_says_which_is_which_and_sums_up_without_it(dodo: DodoShop) -> None:
    add_discount(dodo, "HALF", Percentage(basis_points=5000))
    lines = cart(goods(dodo, "Gross", 11_900, inclusive=True)) + cart(goods(dodo, "Net", 10_000, inclusive=False))
    body = {"product_cart": lines, "discount_code": "HALF", **GERMANY}
    rows = dict(rows_of(page_of(dodo, **body)))
    assert (rows["GrossTax included"], rows["NetTax is added"]) == ("119.00", "100.00")
    assert rows["Subtotal without tax"] == "200.00"
    discount, tax = (
        next(shown for label, shown in rows.items() if label.startswith(name)) for name in ("HALF", "USt.")
    )
    assert (discount, tax, rows["Total"]) == ("100.00", "19.00", "119.00")
    session = dodo.create(**body).json()["session_id"]
    steps = dodo.http.get(f"/checkouts/{session}/explain").json()["steps"]
    texts = [step["text"] for step in steps if step["kind"] in ("line", "subtotal", "discount")]
    assert [text.rpartition(", ")[2] for text in texts] == ["tax included", "without tax", "without tax", "without tax"]


def test_a_capped_code_names_its_cap_on_the_page_and_in_the_account(dodo: DodoShop) -> None:
    add_discount(dodo, "CAPPED", Percentage(basis_points=2000, caps={"USD": 300}))
    lines = cart(goods(dodo, "Large", 100_000)) + cart(goods(dodo, "Small", 300))
    body = {"product_cart": lines, "discount_code": "CAPPED", **GERMANY}
    rows = rows_of(page_of(dodo, **body))
    label, amount = next(row for row in rows if row[0].startswith("CAPPED"))
    assert (label.endswith("At most $3.00 off"), amount) == (True, "3.00")
    session = dodo.create(**body).json()["session_id"]
    steps = dodo.http.get(f"/checkouts/{session}/explain").json()["steps"]
    assert "at most $3.00 in all" in next(step["text"] for step in steps if step["kind"] == "discount")
    assert [line.discount_minor for line in dodo.stored(session).quote.lines] == [299, 1]


def test_a_currency_in_which_so_much_cannot_be_charged_is_not_offered(dodo: DodoShop) -> None:
    for price, is_offered in ((130_000, False), (50_000, True)):
        page = page_of(dodo, product_cart=cart(goods(dodo, "Thing", price)), billing_address={"country": "ID"})
        assert ('value="IDR"' in page) == is_offered


def test_a_quantity_that_makes_too_large_a_total_is_refused_on_the_page_with_the_limit(dodo: DodoShop) -> None:
    session = dodo.create(product_cart=cart(goods(dodo, "Thing", 99_999_999), 0), **GERMANY).json()["session_id"]
    url = f"{dodo.server.url}/session/{session}"
    shown = dict(re.findall(r'name="(csrf|shown)" value="([^"]*)"', httpx2.get(url).text))
    typed = {**shown, "quantity_0": "2", "country": "DE", "email": "ada@example.com"}
    answer = httpx2.post(f"{url}/update", data=typed, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 422, answer.text
    assert "The total is too large. It can be $999,999.99 at most." in answer.text


def test_a_subtotal_that_is_too_large_is_told_apart_from_the_small_total_that_a_code_leaves(dodo: DodoShop) -> None:
    add_discount(dodo, "NEARLY", Percentage(basis_points=9999))
    lines = cart(goods(dodo, "Thing", 99_999_999), 0)
    session = dodo.create(product_cart=lines, discount_code="NEARLY", **GERMANY).json()["session_id"]
    url = f"{dodo.server.url}/session/{session}"
    shown = dict(re.findall(r'name="(csrf|shown)" value="([^"]*)"', httpx2.get(url).text))
    typed = {**shown, "quantity_0": "30", "country": "DE", "email": "ada@example.com"}
    answer = httpx2.post(f"{url}/update", data=typed, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 422, answer.text
    assert "The subtotal is too large. It can be $21,474,836.47 at most." in answer.text


def test_seats_that_make_too_large_a_total_are_refused_with_the_limit_in_polars_api(polar: Polar) -> None:
    tiers = [{"min_seats": 1, "max_seats": None, "price_per_seat": 60_000_000}]
    product = polar.selling({"amount_type": "seat_based", "price_currency": "usd", "seat_tiers": {"tiers": tiers}})
    assert polar.create(products=[product], seats=1).status_code == 201
    refused = polar.create(products=[product], seats=2)
    assert refused.status_code == 422, refused.text
    [problem] = refused.json()["detail"]
    assert (problem["loc"], problem["msg"]) == (["body", "amount"], "Total amount must be at most $999,999.99.")
    code = {"name": "NEARLY", "type": "percentage", "basis_points": 9999, "duration": "once"}
    discount = polar.client.post("/v1/discounts/", json=code).json()["id"]
    refused = polar.create(products=[product], seats=36, discount_id=discount)
    assert (refused.status_code, refused.json()["detail"][0]["msg"]) == (
        422, "Amount before discounts must be at most $21,474,836.47.",
    )  # fmt: skip


def test_two_taxes_are_two_rows_with_their_own_rates_and_sums(server: RunningServer, polar: Polar) -> None:
    decide(server, polar.shop, tax_registrations=("*",))
    made = polar.create(customer_billing_address=QUEBEC.address).json()
    rows = {label.partition(" ")[0]: (label, amount) for label, amount in rows_of(httpx2.get(made["url"]).text)}
    assert rows["GST"][1] == "0.50"
    assert rows["QST"][1] == "1.00"
    assert "9.975" in rows["QST"][0]
    assert (made["tax_amount"], made["total_amount"]) == (150, 1150)
    steps = polar.client.get(f"/v1/checkouts/{made['id']}/explain").json()["steps"]
    assert [step["amount_minor"] for step in steps if step["kind"] == "tax"] == [50, 100]
    merchant = visitor(server, polar.shop).get(f"/sales/checkouts/{made['id']}").text
    taxes = re.findall(r"(GST|QST) ([\d.]+)", merchant)
    assert {("GST", "5"), ("QST", "9.975")} <= set(taxes)


def test_kronur_are_whole_on_the_page_and_in_the_session(server: RunningServer, polar: Polar) -> None:
    decide(server, polar.shop, tax_registrations=("*",))
    product = polar.selling(fixed(799_900, price_currency="isk"), fixed(5000, price_currency="usd"))
    code = {"name": "OFF", "type": "percentage", "basis_points": 1507, "duration": "once"}
    discount = polar.client.post("/v1/discounts/", json=code).json()["id"]
    made = polar.sold(product, currency="isk", discount_id=discount, customer_billing_address={"country": "IS"})
    assert (made["amount"], made["discount_amount"], made["tax_amount"], made["total_amount"]) == (
        799_900, 120_500, 131_500, 679_400,
    )  # fmt: skip
    amounts = [amount for _, amount in rows_of(httpx2.get(made["url"]).text)]
    assert {"7,999", "1,205", "6,794"} <= set(amounts)
    assert not any("." in amount for amount in amounts)
    abroad = polar.sold(product, currency="isk", customer_billing_address={"country": "US", "state": "OR"})
    order = paid_order(polar, abroad)
    unit = r"<td[^>]*>ISK\s7,999</td>"
    assert len(re.findall(unit, Papers(server, polar.shop.organization.id).page("invoice", UUID(order["id"])))) == 2


def paid_order(polar: Polar, made: dict[str, Any]) -> dict[str, Any]:
    address = {"country": "US", "state": "OR", "line1": "1 Main St", "city": "Salem", "postal_code": "97301"}
    sent = {"customer_email": "ada@example.com", "customer_name": "Ada", "customer_billing_address": address}
    paid = polar.confirm(made["client_secret"], confirmation_token_id="ctoken_visa", **sent)
    assert paid.status_code == 200, paid.text
    [order] = polar.client.get(f"/v1/orders/?checkout_id={made['id']}").json()["items"]
    return dict(order)


WHOLE = "An amount of ISK must be a multiple of ISK 1."


def test_half_a_krona_is_no_price_no_discount_and_no_refund_in_polars_api(polar: Polar) -> None:
    prices = [fixed(799_950, price_currency="isk"), fixed(5000, price_currency="usd")]
    off = {"name": "OFF", "type": "fixed", "duration": "once", "amounts": {"isk": 12_350}}
    for path, body in (("/v1/products/", {"name": "Thing", "prices": prices}), ("/v1/discounts/", off)):
        refused = polar.client.post(path, json=body)
        assert refused.status_code == 422, refused.text
        assert [one["msg"] for one in refused.json()["detail"]] == [WHOLE]
    product = polar.selling(fixed(799_900, price_currency="isk"), fixed(5000, price_currency="usd"))
    made = polar.sold(product, currency="isk", customer_email="ada@example.com")
    address = {"customer_billing_address": {"country": "IS"}}
    assert polar.confirm(made["client_secret"], confirmation_token_id="ctoken_visa", **address).status_code == 200
    order = polar.client.get(f"/v1/orders/?checkout_id={made['id']}").json()["items"][0]
    part = {"order_id": order["id"], "reason": "other", "amount": 100_050}
    refused = polar.client.post("/v1/refunds/", json=part)
    assert (refused.status_code, refused.json()["detail"][0]["msg"]) == (422, WHOLE)


def test_the_last_digit_of_a_dinar_is_no_price_and_no_discount_in_dodos_api(dodo: DodoShop) -> None:
    price = {"type": "one_time_price", "currency": "KWD", "price": 1235}
    made = dodo.http.post("/products", json={"name": "Thing", "tax_category": "saas", "price": price})
    options = [{"currency": "KWD", "is_default": True, "max_amount_possible": 125}]
    flat = {"code": "DINAR", "type": "flat", "amount": 125, "currency_options": options}
    for answer in (made, dodo.http.post("/discounts", json=flat)):
        assert answer.status_code == 422, answer.text
        assert "an amount of KWD must be a multiple of KWD 0.010" in answer.json()["message"]
