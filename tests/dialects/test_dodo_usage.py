"""Prices by usage: a set amount and a rate for each meter, read back as they were given; sold once, with quantity 1."""

from __future__ import annotations

from typing import Any

from tests.dialects.dodo_place import DodoShop, cart
from tests.dialects.test_dodo_addons import by_usage, make_meter, make_product
from tests.dialects.test_dodo_cart import quoted
from tests.dialects.test_dodo_contract import conform
from tests.dialects.test_dodo_products import MONTHLY
from tests.tables import table


def test_a_product_by_usage_is_sold_once_for_its_set_amount(dodo: DodoShop) -> None:
    """There is no number that the buyer could choose."""
    product = make_product(dodo, by_usage(make_meter(dodo))).json()["product_id"]
    for quantity in (0, 1):
        stored = quoted(dodo, product_cart=cart(product, quantity))
        assert (stored.quote.due_minor, stored.lines[0].quantity) == (1500, 1)
        assert not stored.lines[0].buyer_sets_quantity
    free = make_product(dodo, by_usage(make_meter(dodo), fixed_price=0)).json()["product_id"]
    stored = quoted(dodo, product_cart=cart(free))
    assert (stored.quote.due_minor, stored.is_payment_form_required) == (0, True), "what is used will be charged later"


def test_a_price_by_usage_is_read_back_as_it_was_given(dodo: DodoShop) -> None:
    meter = make_meter(dodo)
    price = by_usage(meter, tax_inclusive=True, discount=10)
    made = make_product(dodo, price).json()
    conform("GetProductResponse", made)
    shown = made["price"]
    words = {"name": "Calls", "description": None, "measurement_unit": "calls"}
    assert shown["meters"] == [
        {**price["meters"][0], **words, "credit_entitlement_id": None, "meter_units_per_credit": None}
    ]
    assert {**shown, **{name: value for name, value in price.items() if name != "meters"}} == shown
    assert "price" not in shown
    listed = dodo.http.get("/products").json()
    conform("GetProductsListResponse", listed)
    assert listed["items"][0]["price"] == 1500
    path = f"/products/{made['product_id']}"
    assert dodo.http.post(f"/meters/{meter}/unarchive").status_code == 200
    assert dodo.http.delete(f"/meters/{meter}").status_code == 204
    assert dodo.http.patch(path, json={"price": shown}).status_code == 200, "a product keeps a meter that was archived"
    assert dodo.http.get(path).json()["price"] == shown
    assert make_product(dodo, price).json()["code"] == "NOT_FOUND", "a new one cannot take it"
    dodo.http.patch(path, json={"price": MONTHLY})
    assert dodo.http.get(path).json()["price"]["type"] == "recurring_price"


def test_a_product_by_usage_may_have_no_meter_yet(dodo: DodoShop) -> None:
    made = make_product(dodo, by_usage(make_meter(dodo), meters=None)).json()
    assert (made["price"]["type"], made["price"]["meters"], made["price"]["fixed_price"]) == (
        "usage_based_price",
        [],
        1500,
    )


@table(
    ("change", "code", "says"),
    [
        ({"meter_id": "mtr_x"}, "NOT_FOUND", "price.meters[0].meter_id: meter mtr_x"),
        ({"price_per_unit": "0"}, "INVALID_REQUEST_PARAMETERS", "price.meters[0].price_per_unit"),
        ({"price_per_unit": None}, "INVALID_REQUEST_PARAMETERS", "price.meters[0].price_per_unit"),
        ({"price_per_unit": "-1"}, "INVALID_REQUEST_BODY", "price.meters[0].price_per_unit"),
        ({"price_per_unit": "123456"}, "INVALID_REQUEST_BODY", "price.meters[0].price_per_unit"),
        ({"price_per_unit": "0.1234567890123"}, "INVALID_REQUEST_BODY", "price.meters[0].price_per_unit"),
        ({"price_per_unit": 0.25}, "INVALID_REQUEST_BODY", "price.meters[0].price_per_unit"),
        ({"free_threshold": -1}, "INVALID_REQUEST_BODY", "price.meters[0].free_threshold"),
        ({"credit_entitlement_id": "cde_x"}, "NOT_FOUND", "credit entitlement cde_x"),
    ],
)
def test_a_rate_that_cannot_be_kept_is_refused(dodo: DodoShop, change: dict[str, Any], code: str, says: str) -> None:
    rate = {"meter_id": make_meter(dodo), "price_per_unit": "0.25", **change}
    before = dodo.row_counts()
    answer = make_product(dodo, by_usage("", meters=[rate]))
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert says in answer.json()["message"]
    assert dodo.row_counts() == before


def test_a_meter_is_named_once_and_not_another_shops(dodo: DodoShop) -> None:
    mine, theirs = make_meter(dodo), make_meter(DodoShop(dodo.server, dodo.server.new_shop()))
    rate = {"meter_id": mine, "price_per_unit": "0.25"}
    assert make_product(dodo, by_usage("", meters=[rate, rate])).json()["code"] == "INVALID_REQUEST_PARAMETERS"
    assert make_product(dodo, by_usage(theirs)).json()["code"] == "NOT_FOUND"
