"""`/v1/checkout-links/` over HTTP and through the official client: the resource, and what it refuses.

Source: docs/behaviour/polar.md#checkout-links.
"""

from __future__ import annotations

import httpx2
import pytest
from polar.v2026_04 import Polar as Polar_2026_04
from polar.v2027_01 import Polar as Polar_2027_01

from checkstand.flows.organizations.authenticate import create_token
from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import BUSINESS, SCHEMA, Polar, assert_refused
from tests.dialects.polar_links import (
    PATH,
    SEATS,
    UNITS,
    UNKNOWN,
    archive,
    create,
    go,
    made,
    on,
    seat_product,
    visited,
)
from tests.dialects.test_polar_contract import assert_fits
from tests.server import RunningServer


def test_a_link_has_every_key_and_fits_the_contract(polar: Polar) -> None:
    answer = create(polar, "monthly", "one_time", discount_id=str(polar.shop.discount.id), metadata={"a": 1})
    assert_fits(PATH, "post", answer)
    link = answer.json()
    assert_fits(f"{PATH}{{id}}", "get", polar.client.get(f"{PATH}{link['id']}"))
    assert_fits(PATH, "get", polar.client.get(PATH))
    assert_fits(f"{PATH}{{id}}", "patch", polar.client.patch(f"{PATH}{link['id']}", json={"label": "Spring"}))
    assert set(link) == {
        "id", "created_at", "modified_at", "trial_interval", "trial_interval_count", "metadata", "payment_processor",
        "client_secret", "success_url", "return_url", "label", "allow_discount_codes", "require_billing_address",
        "discount_id", "seats", "units", "organization_id", "products", "discount", "url", "product_id",
        "product_price_id", "product", "product_price",
    }  # fmt: skip
    assert link["client_secret"].startswith("polar_cl_")
    assert len(link["client_secret"]) == 9 + 43
    assert link["url"] == f"{polar.url}/{link['client_secret']}"
    assert [item["id"] for item in link["products"]] == [polar.id("monthly"), polar.id("one_time")]
    assert (link["product_id"], link["product_price"]["price_amount"]) == (polar.id("monthly"), 2000)
    assert (link["discount"]["code"], link["modified_at"]) == ("WELCOME20", None)
    assert (link["allow_discount_codes"], link["require_billing_address"]) == (True, False)


def test_the_success_url_keeps_its_placeholder(polar: Polar) -> None:
    link = made(polar, success_url="https://shop.example/thanks?id={CHECKOUT_ID}")
    assert link["success_url"] == "https://shop.example/thanks?id={CHECKOUT_ID}"
    session = visited(polar, link)
    assert session["success_url"] == f"https://shop.example/thanks?id={session['id']}"


def test_the_two_older_forms_name_one_product_or_one_price(polar: Polar) -> None:
    body: dict[str, object] = {"payment_processor": "stripe"}
    by_product = polar.client.post(PATH, json={**body, "product_id": polar.id("one_time")})
    assert [item["id"] for item in by_product.json()["products"]] == [polar.id("one_time")]
    prices = [{"amount_type": "fixed", "price_amount": 700}, SEATS]
    product = polar.product(prices=prices)
    price_id = product["prices"][0]["id"]
    by_price = polar.client.post(PATH, json={**body, "product_price_id": price_id})
    assert by_price.status_code == 201, by_price.text
    assert (by_price.json()["product_price_id"], by_price.json()["product_id"]) == (price_id, product["id"])
    assert visited(polar, by_price.json())["amount"] == 700


def test_the_older_forms_name_what_they_do_not_find(polar: Polar) -> None:
    """One product is told of as the first of several, as the original reads it."""
    by_product = polar.client.post(PATH, json={"payment_processor": "stripe", "product_id": UNKNOWN})
    assert_refused(by_product, BUSINESS, ["body", "products", 0], "value_error", "Product does not exist.")
    by_price = polar.client.post(PATH, json={"payment_processor": "stripe", "product_price_id": UNKNOWN})
    assert_refused(by_price, BUSINESS, ["body", "product_price_id"], "value_error", "Price does not exist.")


def test_what_create_refuses_before_it_looks_at_the_catalogue(polar: Polar) -> None:
    product = polar.id("one_time")
    assert_refused(
        polar.client.post(PATH, json={"products": [product]}), SCHEMA, ["body", "payment_processor"], "missing"
    )
    assert_refused(create(polar, payment_processor="other"), SCHEMA, ["body", "payment_processor"], "literal_error")
    assert_refused(
        polar.client.post(PATH, json={"payment_processor": "stripe"}), SCHEMA, ["body", "products"], "missing"
    )
    assert_refused(create(polar, products=[]), SCHEMA, ["body", "products"], "too_short")
    assert_refused(
        create(polar, products=[product, product]),
        SCHEMA,
        ["body", "products"],
        "value_error",
        "Value error, Product IDs must be unique.",
    )
    assert_refused(create(polar, seats=10_001), SCHEMA, ["body", "seats"], "less_than_equal")
    assert_refused(create(polar, units=0), SCHEMA, ["body", "units"], "greater_than_equal")
    together = "Both trial_interval and trial_interval_count must be set together."
    assert_refused(create(polar, trial_interval="day"), SCHEMA, ["body"], "missing", together)


def test_each_product_that_cannot_be_sold_is_named(polar: Polar) -> None:
    draft = polar.product(visibility="draft", prices=[{"amount_type": "fixed", "price_amount": 500}])["id"]
    old = polar.product(prices=[{"amount_type": "fixed", "price_amount": 500}])["id"]
    archive(polar, old)
    answer = create(polar, products=[polar.id("one_time"), draft, UNKNOWN, old])
    assert_refused(answer, BUSINESS, ["body", "products", 1], "value_error", "Product is a draft.")
    assert_refused(answer, BUSINESS, ["body", "products", 2], "value_error", "Product does not exist.")
    assert_refused(answer, BUSINESS, ["body", "products", 3], "value_error", "Product is archived.")
    assert polar.client.get(PATH).json()["pagination"]["total_count"] == 0


def test_another_shop_s_products_and_links_do_not_exist(server: RunningServer, polar: Polar) -> None:
    other = Polar(server, server.new_shop())
    answer = create(polar, products=[other.id("one_time")])
    assert_refused(answer, BUSINESS, ["body", "products", 0], "value_error", "Product does not exist.")
    link = made(other)
    assert polar.client.get(f"{PATH}{link['id']}").status_code == 404
    assert polar.client.patch(f"{PATH}{link['id']}", json={"label": "mine"}).status_code == 404
    assert polar.client.delete(f"{PATH}{link['id']}").status_code == 404


def test_a_discount_must_fit_every_product(polar: Polar) -> None:
    message = "Discount does not exist or is not applicable to this product."
    assert_refused(create(polar, discount_id=UNKNOWN), BUSINESS, ["body", "discount_id"], "value_error", message)
    body = {"type": "percentage", "basis_points": 1000, "name": "One", "duration": "once"}
    only_one = polar.client.post("/v1/discounts/", json={**body, "products": [polar.id("one_time")]}).json()["id"]
    assert_refused(
        create(polar, "one_time", "monthly", discount_id=only_one),
        BUSINESS,
        ["body", "discount_id"],
        "value_error",
        message,
    )
    over = {**body, "ends_at": "2020-01-01T00:00:00Z", "products": [polar.id("one_time")]}
    ended = polar.client.post("/v1/discounts/", json=over).json()["id"]
    link = made(polar, "one_time", discount_id=ended)  # dates are asked when somebody comes
    assert visited(polar, link)["discount_id"] is None


def test_seats_and_units_are_locked_only_where_all_products_allow_them(polar: Polar) -> None:
    team = seat_product(polar)
    assert_refused(
        create(polar, products=[team, polar.id("one_time")], seats=5),
        BUSINESS,
        ["body", "seats"],
        "value_error",
        "Seats can only be preconfigured when all products use seat-based pricing.",
    )
    assert_refused(
        create(polar, products=[team], seats=11),
        BUSINESS,
        ["body", "seats"],
        "value_error",
        "Product 'Team plan' allows between 2 and 10 seats.",
    )
    calls = polar.product(name="Calls", recurring_interval="month", prices=[UNITS])["id"]
    assert_refused(
        create(polar, products=[calls], units=51),
        BUSINESS,
        ["body", "units"],
        "value_error",
        "Product 'Calls' allows between 1 and 50 units for USD.",
    )
    assert_refused(
        create(polar, "one_time", units=5),
        BUSINESS,
        ["body", "units"],
        "value_error",
        "Units can only be preconfigured when all products use unit-based pricing.",
    )
    assert on(polar, team, seats=10)["seats"] == 10
    session = visited(polar, on(polar, calls, units=50))
    assert (session["units"], session["min_units"], session["max_units"], session["amount"]) == (50, 50, 50, 1000)


def test_a_change_leaves_alone_what_it_does_not_name(polar: Polar) -> None:
    link = made(polar, label="First", success_url="https://shop.example/", metadata={"a": "b"}, discount_id=None)
    path = f"{PATH}{link['id']}"
    empty = polar.client.patch(path, json={}).json()
    assert {**link, "modified_at": empty["modified_at"]} == empty
    nothing = {"products": None, "allow_discount_codes": None, "require_billing_address": None}
    same = polar.client.patch(path, json=nothing)
    assert same.status_code == 200
    assert {**link, "modified_at": same.json()["modified_at"]} == same.json()
    cleared = polar.client.patch(path, json={"label": None, "success_url": None, "metadata": {}}).json()
    assert (cleared["label"], cleared["success_url"], cleared["metadata"]) == (None, None, {})
    assert_refused(polar.client.patch(path, json={"metadata": None}), SCHEMA, ["body", "metadata"], "dict_type")
    assert_refused(polar.client.patch(path, json=None), SCHEMA, ["body"], "missing")


def test_other_products_take_a_trial_and_a_lock_away_that_no_longer_mean_anything(polar: Polar) -> None:
    link = made(polar, "monthly", trial_interval="week", trial_interval_count=2)
    changed = polar.client.patch(f"{PATH}{link['id']}", json={"products": [polar.id("one_time")]}).json()
    assert (link["trial_interval"], changed["trial_interval"], changed["trial_interval_count"]) == ("week", None, None)
    team = on(polar, seat_product(polar), seats=5)
    path = f"{PATH}{team['id']}"
    products = [polar.id("one_time")]
    assert_refused(
        polar.client.patch(path, json={"products": products, "seats": 5}),
        BUSINESS,
        ["body", "seats"],
        "value_error",
        "Seats can only be preconfigured when all products use seat-based pricing.",
    )
    assert polar.client.patch(path, json={"products": products}).json()["seats"] is None


def test_a_link_s_trial_is_the_session_s(polar: Polar) -> None:
    link = made(polar, "monthly", trial_interval="week", trial_interval_count=2)
    session = visited(polar, link)
    assert (session["active_trial_interval"], session["active_trial_interval_count"]) == ("week", 2)
    assert session["allow_trial"] is True
    idle = made(polar, "one_time", trial_interval="week", trial_interval_count=2)
    assert (idle["trial_interval"], visited(polar, idle)["active_trial_interval"]) == ("week", None)
    moved = polar.client.patch(f"{PATH}{link['id']}", json={"products": [polar.id("one_time")]}).json()
    assert moved["trial_interval"] is None


def test_a_list_is_oldest_first_and_can_be_sorted_and_narrowed(polar: Polar) -> None:
    first, second = made(polar, "one_time", label="b"), made(polar, "monthly", "one_time", label="a")

    def ids(query: str = "") -> list[str]:
        return [item["id"] for item in polar.client.get(f"{PATH}{query}").json()["items"]]

    assert ids() == [first["id"], second["id"]]
    assert ids("?sorting=label") == [second["id"], first["id"]]
    assert ids("?sorting=-created_at") == [second["id"], first["id"]]
    assert ids(f"?product_id={polar.id('monthly')}") == [second["id"]]
    assert ids(f"?product_id={polar.id('monthly')}&product_id={polar.id('one_time')}") == [first["id"], second["id"]]
    assert ids(f"?organization_id={UNKNOWN}") == []
    assert ids("?limit=1&page=2") == [second["id"]]
    assert_refused(polar.client.get(f"{PATH}?sorting=name"), SCHEMA, ["query", "sorting", 0], "enum")


def test_a_deleted_link_leads_nowhere_and_its_sessions_stay(polar: Polar) -> None:
    link = made(polar)
    session = visited(polar, link)
    answer = polar.client.delete(f"{PATH}{link['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert polar.client.delete(f"{PATH}{link['id']}").status_code == 404
    assert polar.client.get(f"{PATH}{link['id']}").json() == {"error": "ResourceNotFound", "detail": "Not found"}
    assert go(polar, link).status_code == 404
    assert polar.read(session["id"])["status"] == "open"


def test_a_deleted_discount_is_shown_and_taken_by_nobody(polar: Polar) -> None:
    body = {"type": "fixed", "amounts": {"eur": 300, "usd": 400}, "name": "Gone", "duration": "once"}
    discount = polar.client.post("/v1/discounts/", json=body).json()
    link = made(polar, discount_id=discount["id"])
    assert (link["discount"]["amount"], link["discount"]["currency"]) == (400, "usd")
    assert polar.client.delete(f"/v1/discounts/{discount['id']}").status_code == 204
    shown = polar.client.get(f"{PATH}{link['id']}").json()
    assert (shown["discount"]["name"], shown["discount_id"]) == ("Gone", discount["id"])
    assert visited(polar, link)["discount_id"] is None


def test_the_scopes_are_those_of_checkout_links(server: RunningServer, polar: Polar) -> None:
    services = server.services
    _, token = server.run(
        create_token(
            services.ports,
            services.authenticator,
            polar.shop.organization.id,
            name="reads",
            dialect="polar",
            scopes=("checkout_links:read",),
        )
    )
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx2.get(f"{polar.url}{PATH}", headers=headers).status_code == 200
    denied = httpx2.post(f"{polar.url}{PATH}", headers=headers, json={})
    assert (denied.status_code, denied.json()["error"]) == (403, "insufficient_scope")
    assert 'scope="checkout_links:write"' in denied.headers["www-authenticate"]
    assert httpx2.get(f"{polar.url}{PATH}").status_code == 401


@pytest.mark.parametrize("client", [Polar_2026_04, Polar_2027_01], ids=["2026-04", "2027-01"])
def test_links_are_managed_through_the_official_client(client: type, server: RunningServer, shop: DemoShop) -> None:
    sdk = client(shop.polar_token, base_url=server.url)
    product_id = str(shop.products["monthly"].id)
    link = sdk.checkout_links.create(payment_processor="stripe", products=[product_id], label="From code")
    assert (link.label, link.products[0].prices[0].price_amount, link.discount) == ("From code", 2000, None)
    assert [item.id for item in sdk.checkout_links.list(product_id=product_id).items] == [link.id]
    changed = sdk.checkout_links.update(link.id, discount_id=str(shop.discount.id))
    assert changed.discount.basis_points == 2000
    assert sdk.checkout_links.get(link.id).discount_id == str(shop.discount.id)
    sdk.checkout_links.delete(link.id)
    assert sdk.checkout_links.list().items == []
