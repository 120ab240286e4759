"""`/products`: what is made is what is read, whichever API made it; and which prices are refused by which code."""

from __future__ import annotations

from typing import Any

from tests.dialects.dodo_place import MONTHLY_PRICE, ONE_TIME_PRICE, DodoShop
from tests.tables import table

ONE_TIME = ONE_TIME_PRICE
MONTHLY = {**MONTHLY_PRICE, "price": 3000, "subscription_period_count": 10, "trial_period_days": 7}


def make(dodo: DodoShop, price: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = dodo.http.post("/products", json={"name": "Guide", "tax_category": "e_book", "price": price, **more})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


@table(
    ("price", "shown"),
    [
        (ONE_TIME, {"pay_what_you_want": False, "suggested_price": None, "tax_inclusive": None}),
        ({**ONE_TIME, "discount": 25, "tax_inclusive": True}, {"discount": 25, "discount_bps": 2500}),
        ({**ONE_TIME, "discount_bps": 1000}, {"discount": 10, "discount_bps": 1000}),
        (
            {**ONE_TIME, "price": 500, "pay_what_you_want": True, "suggested_price": 1500},
            {"price": 500, "pay_what_you_want": True, "suggested_price": 1500},
        ),
        ({**ONE_TIME, "purchasing_power_parity": True}, {"purchasing_power_parity": True}),
        (MONTHLY, MONTHLY),
        ({"type": "one_time_price", "currency": "JPY", "price": 900}, {"currency": "JPY", "discount": 0}),
    ],
)
def test_a_price_is_read_back_as_it_was_given(dodo: DodoShop, price: dict[str, Any], shown: dict[str, Any]) -> None:
    made = make(dodo, price)
    read = dodo.http.get(f"/products/{made['product_id']}").json()
    assert read == made
    assert {**read["price"], **shown} == read["price"]
    assert read["is_recurring"] == (price["type"] == "recurring_price")


def test_what_only_this_api_knows_of_a_product_is_kept(dodo: DodoShop) -> None:
    given = {
        "description": "All of it",
        "metadata": {"shelf": "3"},
        "license_key_enabled": True,
        "license_key_activations_limit": 5,
        "license_key_activation_message": "Hello",
        "license_key_duration": {"count": 1, "interval": "Year"},
        "digital_product_delivery": {"external_url": "https://example.com/f", "instructions": "Unpack"},
    }
    made = make(dodo, ONE_TIME, **given)
    delivery = made.pop("digital_product_delivery")
    assert {**made, **{name: value for name, value in given.items() if name in made}} == made
    assert delivery == {"external_url": "https://example.com/f", "instructions": "Unpack", "files": None}


def test_a_product_without_a_name_has_none(dodo: DodoShop) -> None:
    made = make(dodo, ONE_TIME, name=None)
    assert made["name"] is None
    dodo.http.patch(f"/products/{made['product_id']}", json={"name": "Now it has"})
    assert dodo.http.get(f"/products/{made['product_id']}").json()["name"] == "Now it has"


@table(
    ("body", "code"),
    [
        ({"price": None}, "INVALID_REQUEST_BODY"),
        ({"price": {**ONE_TIME, "currency": "usd"}}, "INVALID_REQUEST_BODY"),
        ({"price": {**ONE_TIME, "price": -1}}, "INVALID_REQUEST_BODY"),
        ({"price": {**ONE_TIME, "price": "1"}}, "INVALID_REQUEST_BODY"),
        ({"price": {**ONE_TIME, "discount": 101}}, "INVALID_REQUEST_BODY"),
        ({"price": {**ONE_TIME, "type": "weekly_price"}}, "INVALID_REQUEST_BODY"),
        ({"price": {**MONTHLY, "payment_frequency_interval": "month"}}, "INVALID_REQUEST_BODY"),
        ({"price": {**MONTHLY, "payment_frequency_count": 0}}, "INVALID_REQUEST_BODY"),
        ({"price": {**MONTHLY, "trial_period_days": 10_001}}, "INVALID_REQUEST_BODY"),
        ({"price": {**MONTHLY, "subscription_period_count": 2_000_000_000}}, "INVALID_REQUEST_PARAMETERS"),
        ({"price": {**MONTHLY, "trial_amount": 100}}, "INVALID_REQUEST_PARAMETERS"),
        ({"price": {**ONE_TIME, "discount_bps": 1250}}, "INVALID_REQUEST_PARAMETERS"),
        ({"price": {**ONE_TIME, "type": "usage_based_price", "fixed_price": 1}}, "INVALID_REQUEST_BODY"),
        (
            {"price": {**ONE_TIME, "pay_what_you_want": True, "suggested_price": 1}},
            "INVALID_SUGGESTED_PRICE",
        ),
        ({"tax_category": "books"}, "INVALID_REQUEST_BODY"),
        ({"name": "n" * 101}, "INVALID_REQUEST_BODY"),
        ({"description": "d" * 1001}, "INVALID_REQUEST_BODY"),
        ({"addons": ["adn_x"]}, "MISSING_ADDON_IDS"),
        ({"brand_id": "bus_other"}, "NOT_FOUND"),
        ({"metadata": {f"k{number}": "v" for number in range(51)}}, "MAXIMUM_KEYS_REACHED"),
    ],
)
def test_a_product_that_cannot_be_sold_is_refused_by_a_code(dodo: DodoShop, body: dict[str, Any], code: str) -> None:
    before = dodo.row_counts()
    answer = dodo.http.post("/products", json={"name": "Guide", "tax_category": "saas", "price": ONE_TIME, **body})
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert dodo.row_counts() == before


def test_changing_a_product_leaves_alone_what_was_not_sent(dodo: DodoShop) -> None:
    made = make(dodo, MONTHLY, description="Old", metadata={"a": "b"})
    path = f"/products/{made['product_id']}"
    assert dodo.http.patch(path, json={"description": None, "tax_category": "saas"}).status_code == 200
    read = dodo.http.get(path).json()
    assert (read["description"], read["tax_category"], read["name"]) == (None, "saas", "Guide")
    assert (read["price"], read["metadata"]) == (made["price"], {"a": "b"})


def test_a_new_price_replaces_the_old_one_and_leaves_open_sessions_alone(dodo: DodoShop) -> None:
    made = make(dodo, ONE_TIME)
    cart = [{"product_id": made["product_id"], "quantity": 1}]
    before = dodo.stored(dodo.create(product_cart=cart).json()["session_id"])
    dodo.http.patch(f"/products/{made['product_id']}", json={"price": MONTHLY})
    read = dodo.http.get(f"/products/{made['product_id']}").json()
    assert (read["price"]["type"], read["price"]["price"], read["is_recurring"]) == ("recurring_price", 3000, True)
    assert before.quote.total_minor == 2000
    after = dodo.stored(dodo.create(product_cart=cart).json()["session_id"])
    assert (after.quote.total_minor, after.quote.due_minor) == (3000, 0)


def test_an_archived_product_leaves_the_list_and_can_come_back(dodo: DodoShop) -> None:
    path = f"/products/{dodo.id('P')}"

    def listed(**query: Any) -> list[str]:
        return [item["product_id"] for item in dodo.http.get("/products", params=query).json()["items"]]

    archived = dodo.http.delete(path)
    assert (archived.status_code, archived.content) == (200, b"")
    again = dodo.http.delete(path)
    assert (again.status_code, again.json()["code"]) == (410, "PRODUCT_IS_DELETED")
    assert dodo.id("P") not in listed()
    assert listed(archived="true") == [dodo.id("P")]
    assert dodo.http.get(path).status_code == 200
    assert dodo.http.post(f"{path}/unarchive").status_code == 200
    assert dodo.id("P") in listed()


def test_lists_are_zero_based_newest_first_and_end_with_an_empty_page(dodo: DodoShop) -> None:
    newest = make(dodo, ONE_TIME)["product_id"]

    def page(**query: Any) -> Any:
        return dodo.http.get("/products", params=query).json()

    assert page(page_size=1)["items"][0]["product_id"] == newest
    assert [len(page(page_size=4, page_number=number)["items"]) for number in (0, 1, 2, 999)] == [4, 2, 0, 0]
    assert len(page(page_size=1000)["items"]) == 6
    assert page(page_number=10**17) == {"items": []}
    assert {item["product_id"] for item in page(recurring="true")["items"]} == {dodo.id("S"), dodo.id("T")}
    assert page(brand_id="bus_other") == {"items": []}


@table(
    "query",
    [
        "page_size=0",
        "page_size=-1",
        "page_size=ten",
        "page_number=-1",
        "page_number=1.5",
        "archived=maybe",
        "page_size=%00",
    ],
)
def test_a_query_that_makes_no_sense_is_named(dodo: DodoShop, query: str) -> None:
    answer = dodo.http.get(f"/products?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_QUERY_PARAMS")
    assert answer.json()["message"].startswith(query.partition("=")[0])


def test_a_product_is_shown_by_both_apis(dodo: DodoShop) -> None:
    polar = {"Authorization": f"Bearer {dodo.demo.polar_token}"}
    made = dodo.http.post(
        "/v1/products/",
        headers=polar,
        json={"name": "From Polar", "prices": [{"amount_type": "fixed", "price_amount": 700, "price_currency": "usd"}]},
    )
    assert made.status_code == 201, made.text
    names = [item["name"] for item in dodo.http.get("/products").json()["items"]]
    assert names[0] == "From Polar"
    make(dodo, MONTHLY)
    listed = dodo.http.get("/v1/products/?limit=1", headers=polar).json()["items"][0]
    assert (listed["name"], listed["prices"][0]["price_amount"]) == ("Guide", 3000)
