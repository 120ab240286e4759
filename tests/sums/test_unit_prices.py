"""What one costs: the page and the paper tell the same, however a line's amount came about, and so many make the amount."""

from __future__ import annotations

import re
from fractions import Fraction
from uuid import UUID

import httpx2
import pytest

from checkstand.domain import ids
from checkstand.testing.demo import DemoShop
from tests.dialects.dodo_place import DodoShop
from tests.dialects.polar_http import READY, Polar, decide, seats, units
from tests.server import RunningServer
from tests.sums.dodo_sales import BUYER
from tests.sums.reading import Papers, numbers_in, rows_of, units_of

ADA = {"email": "ada@example.com", "name": "Ada Byron"}
STEPS = ((1, 4, 1000), (5, None, 800))


@pytest.fixture
def dodo(server: RunningServer, shop: DemoShop) -> DodoShop:
    made = DodoShop(server, shop)
    made.settle_on(tax_registrations=("*",), adaptive_currency=True)
    return made


@pytest.mark.parametrize(
    ("kind", "count", "said", "printed"),
    [
        ("volume", 4, "4 seats at $10.00 each", ("Team", "4", "$10.00", "$40.00")),
        ("volume", 5, "5 seats at $8.00 each", ("Team", "5", "$8.00", "$40.00")),
        ("graduated", 3, "3 seats at $10.00 each", ("Team", "3", "$10.00", "$30.00")),
        ("graduated", 7, "7 seats", ("Team (unit price on average)", "7", "$9.1429", "$64.00")),
    ],
)
def test_seats_priced_by_steps_have_their_unit_price_on_page_invoice_receipt_and_file(
    server: RunningServer, shop: DemoShop, kind: str, count: int, said: str, printed: tuple[str, ...]
) -> None:
    decide(server, shop, tax_registrations=("US",))
    polar, papers = Polar(server, shop), Papers(server, shop.organization.id)
    product = polar.selling(seats(*STEPS, kind=kind), every="month", name="Team")
    place = {"country": "US", "state": "US-NJ", "line1": "1 Main St", "city": "Newark", "postal_code": "07102"}
    made = polar.sold(product, seats=count, customer_billing_address=place)
    assert f"Team{said}" in dict(rows_of(httpx2.get(made["url"]).text))
    paid = polar.confirm(made["client_secret"], **{**READY, "customer_billing_address": place})
    assert paid.status_code == 200, paid.text
    order = UUID(polar.client.get(f"/v1/orders/?checkout_id={made['id']}").json()["items"][0]["id"])
    for paper in ("invoice", "receipt"):
        cells = re.findall(r"<td data-label[^>]*><bdi>([^<]*)", papers.page(paper, order))
        assert (*cells[:3], cells[-1]) == printed
    assert printed[2].removeprefix("$") in numbers_in(papers.file("invoice", order))


def test_units_priced_by_steps_have_theirs(server: RunningServer, shop: DemoShop) -> None:
    polar, papers = Polar(server, shop), Papers(server, shop.organization.id)
    made = polar.sold(polar.selling(units((100, 50), (None, 40)), every="month"), units=101)
    assert "Thing101 units at $0.40 each" in dict(rows_of(httpx2.get(made["url"]).text))
    assert polar.confirm(made["client_secret"], **READY).status_code == 200
    order = polar.client.get(f"/v1/orders/?checkout_id={made['id']}").json()["items"][0]["id"]
    [(_, quantity, unit, _, amount)] = units_of(papers.page("invoice", UUID(order)))
    assert (quantity, unit, amount) == (101, Fraction("0.4"), Fraction("40.4"))


@pytest.mark.parametrize(
    ("country", "currency", "inclusive"),
    [("GB", "GBP", True), ("DE", "EUR", False), ("DE", "EUR", True), ("JP", "JPY", False), ("KW", "KWD", False)],
)
def test_what_was_converted_says_on_page_and_paper_what_one_costs(
    dodo: DodoShop, country: str, currency: str, inclusive: bool
) -> None:
    price = {"type": "one_time_price", "currency": "KWD", "price": 3330, "tax_inclusive": inclusive}
    goods = {"name": "Lamp", "tax_category": "digital_products", "price": price}
    listed = dodo.http.post("/products", json=goods)
    assert listed.status_code == 200, listed.text
    product = listed.json()["product_id"]
    answer = dodo.create(
        product_cart=[{"product_id": product, "quantity": 3}],
        billing_address={"country": country},
        billing_currency=currency,
        customer=ADA,
    )
    assert answer.status_code == 200, answer.text
    session = answer.json()["session_id"]
    rows = rows_of(dodo.http.get(f"/session/{session}").text)
    [(label, shown)] = [row for row in rows if row[0].startswith("3 × Lamp")]
    each = re.search(r"([\d,.]+) each", label)
    assert each is not None, label
    smallest = Fraction(1, 10 ** len(shown.partition(".")[2]))
    assert abs(Fraction(each[1].replace(",", "")) * 3 - Fraction(shown.replace(",", ""))) <= smallest / 2
    dodo.pay(session, buyer=BUYER)
    order = ids.parse_short_id("pay", dodo.payment_of(session)["payment_id"])
    assert order is not None
    html = Papers(dodo.server, dodo.demo.organization.id).page("invoice", order)
    [(_, quantity, unit, rate, amount)] = units_of(html)
    assert (quantity, amount) == (3, Fraction(shown.replace(",", "")))
    assert (rate > 0) == inclusive
    assert abs(unit * 3 * (1 + rate) - amount) <= smallest / 2
