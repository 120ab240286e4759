"""Seats and units through the Polar dialect: what tiers come to, which numbers are refused, what switching does to them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dialects.polar_http import (
    AS_SENT,
    READY,
    SCHEMA,
    Polar,
    assert_refused,
    assert_wrong,
    decide,
    fixed,
    seats,
    units,
)
from tests.server import RunningServer
from tests.tables import table

VOLUME = seats((1, 4, 1000), (5, None, 800))
GRADUATED = seats((1, 4, 1000), (5, None, 800), kind="graduated")
BOUNDED = seats((3, 10, 500), (11, 20, 400))
BY_UNIT = units((10, 100), (50, 80), minimum_units=2)


def price_of(polar: Polar, kind: str) -> str:
    """The id of a product that is sold by seat or by unit."""
    if kind == "seats":
        return polar.selling(BOUNDED)
    return polar.selling(BY_UNIT, every="month")


# ---------------------------------------------------------------- amounts


@pytest.mark.parametrize(("price", "amount"), [(VOLUME, 4800), (GRADUATED, 5600)], ids=["volume", "graduated"])
def test_an_amount_by_tiers(polar: Polar, price: dict[str, Any], amount: int) -> None:
    made = polar.sold(polar.selling(price), seats=6)
    assert (made["amount"], made["seats"], made["units"]) == (amount, 6, None)
    assert (made["total_amount"], made["product_price"]["amount_type"]) == (amount, "seat_based")
    assert (made["min_seats"], made["max_seats"]) == (None, None)


def test_without_a_number_it_is_the_least(polar: Polar) -> None:
    assert polar.sold(polar.selling(VOLUME))["seats"] == 1
    made = polar.sold(polar.selling(BOUNDED))
    assert (made["seats"], made["amount"]) == (3, 1500)


def test_the_sessions_own_minimum_is_the_number_where_none_is_given(polar: Polar) -> None:
    made = polar.sold(polar.selling(VOLUME), min_seats=5, max_seats=9)
    assert (made["seats"], made["min_seats"], made["max_seats"], made["amount"]) == (5, 5, 9, 4000)


def test_units_without_a_number_are_one_or_the_prices_minimum(polar: Polar) -> None:
    one = polar.sold(polar.selling(units((None, 25)), every="month"))
    assert (one["units"], one["amount"], one["seats"]) == (1, 25, None)
    least = polar.sold(polar.selling(BY_UNIT, every="month"))
    assert (least["units"], least["amount"]) == (2, 200)
    more = polar.sold(polar.selling(BY_UNIT, every="month"), min_units=7, max_units=40)
    assert (more["units"], more["min_units"], more["max_units"], more["amount"]) == (7, 7, 40, 700)


def test_a_share_is_taken_from_the_fixed_part_and_the_seats_together(polar: Polar) -> None:
    discount = polar.client.post(
        "/v1/discounts/", json={"type": "percentage", "name": "Quarter", "basis_points": 2500, "duration": "once"}
    ).json()
    product = polar.selling(fixed(1001), seats((1, None, 100)))
    made = polar.sold(product, seats=10, discount_id=discount["id"])
    assert (made["amount"], made["discount_amount"], made["total_amount"]) == (2001, 500, 1501)
    assert (made["product_price"]["amount_type"], made["seats"]) == ("fixed", 10)
    assert [price["amount_type"] for price in made["prices"][product]] == ["fixed", "seat_based"]


# ---------------------------------------------------------------- refusals at creation

SEATS_ONLY = "Seats can only be set for seat-based pricing."
UNITS_ONLY = "Units can only be set for unit-based pricing."
REFUSALS: list[tuple[str, str, dict[str, Any], tuple[str, str, str, object]]] = [
    ("seats", "one_time", {"seats": 3}, ("seats", "value_error", SEATS_ONLY, 3)),
    ("units", "one_time", {"units": 3}, ("units", "value_error", UNITS_ONLY, 3)),
    ("units_by_seat", "seats", {"units": 3}, ("units", "value_error", UNITS_ONLY, 3)),
    ("too_few", "seats", {"seats": 2}, ("seats", "greater_than_equal", "Minimum 3 seats required.", 2)),
    ("too_many", "seats", {"seats": 21}, ("seats", "less_than_equal", "Maximum 20 seats allowed.", 21)),
    ("low", "seats", {"min_seats": 2}, ("min_seats", "greater_than_equal", "min_seats must be at least 3.", 2)),
    ("high", "seats", {"max_seats": 21}, ("max_seats", "less_than_equal", "max_seats must be at most 20.", 21)),
    (
        "bound_of_a_product_without",
        "one_time",
        {"max_seats": 5},
        ("max_seats", "value_error", "max_seats can only be set for seat-based pricing.", 5),
    ),
    ("beyond", "units", {"units": 51}, ("units", "less_than_equal", "Maximum 50 units allowed.", 51)),
    ("below", "units", {"units": 1}, ("units", "greater_than_equal", "Minimum 2 units required.", 1)),
    (
        "unit_bound_too_low",
        "units",
        {"min_units": 1},
        ("min_units", "greater_than_equal", "min_units must be at least 2.", 1),
    ),
    (
        "unit_bound_too_high",
        "units",
        {"max_units": 51},
        ("max_units", "less_than_equal", "max_units must be at most 50.", 51),
    ),
    (
        "unit_bound_of_a_product_without",
        "seats",
        {"min_units": 1},
        ("min_units", "value_error", "min_units can only be set for unit-based pricing.", 1),
    ),
]


@pytest.mark.parametrize(("kind", "body", "item"), [pytest.param(*row[1:], id=row[0]) for row in REFUSALS])
def test_a_number_that_the_price_does_not_allow_is_refused(
    polar: Polar, kind: str, body: dict[str, Any], item: tuple[str, str, str, object]
) -> None:
    product = polar.id(kind) if kind == "one_time" else price_of(polar, kind)
    where, *rest = item
    assert_wrong(polar.create(products=[product], **body), ([where], *rest))  # type: ignore[arg-type]


def test_both_bounds_are_told_at_once_and_before_the_number(polar: Polar) -> None:
    answer = polar.create(products=[polar.selling(BOUNDED)], seats=12, min_seats=2, max_seats=30)
    assert_wrong(
        answer,
        (["min_seats"], "greater_than_equal", "min_seats must be at least 3.", 2),
        (["max_seats"], "less_than_equal", "max_seats must be at most 20.", 30),
    )


@table("noun", ["seats", "units"])
@table(
    ("number", "low", "high", "text"),
    [
        (10, None, 5, "{} must be less than or equal to max_{}"),
        (2, 5, None, "{} must be greater than or equal to min_{}"),
        (None, 5, 2, "min_{} must be less than or equal to max_{}"),
    ],
)
def test_a_body_that_contradicts_itself(
    polar: Polar, noun: str, number: int | None, low: int | None, high: int | None, text: str
) -> None:
    body = {noun: number, f"min_{noun}": low, f"max_{noun}": high}
    answer = polar.create(products=[price_of(polar, noun)], **body)
    assert_refused(answer, SCHEMA, ["body"], "value_error", "Value error, " + text.format(noun, noun))


@pytest.mark.parametrize("given", [0, 10_001])
def test_a_number_of_seats_outside_the_schema(polar: Polar, given: int) -> None:
    kind = "less_than_equal" if given else "greater_than_equal"
    assert_refused(polar.create(products=[polar.selling(VOLUME)], seats=given), SCHEMA, ["body", "seats"], kind)


# ---------------------------------------------------------------- updates


def test_switching_to_a_seat_product_takes_its_least_and_away_from_it_none(polar: Polar) -> None:
    by_seat = polar.selling(VOLUME)
    made = polar.sold(polar.id("one_time"), by_seat)
    assert made["seats"] is None
    switched = polar.update(made, product_id=by_seat).json()
    assert (switched["seats"], switched["amount"]) == (1, 1000)
    more = polar.update(made, seats=6).json()
    assert (more["seats"], more["amount"]) == (6, 4800)
    assert polar.update(made, product_id=by_seat).json()["seats"] == 1
    away = polar.update(made, product_id=polar.id("one_time")).json()
    assert (away["seats"], away["amount"]) == (None, 1000)
    given = polar.update(made, product_id=by_seat, seats=5).json()
    assert (given["seats"], given["amount"]) == (5, 4000)


def test_the_buyer_switches_and_counts_too(polar: Polar) -> None:
    by_unit = polar.selling(BY_UNIT, every="month")
    made = polar.sold(polar.id("monthly"), by_unit)
    switched = polar.patch(made["client_secret"], product_id=by_unit, units=20).json()
    assert (switched["units"], switched["amount"], switched["total_amount"]) == (20, 1600, 1600)
    assert_wrong(
        polar.patch(made["client_secret"], units=51), (["units"], "less_than_equal", "Maximum 50 units allowed.", 51)
    )


def test_outside_the_sessions_own_bounds(polar: Polar) -> None:
    made = polar.sold(polar.selling(VOLUME), min_seats=3, max_seats=6)
    for given, kind, text in (
        (2, "greater_than_equal", "Minimum 3 seats required."),
        (7, "less_than_equal", "Maximum 6 seats allowed."),
    ):
        assert_wrong(polar.update(made, seats=given), (["seats"], kind, text, given))
        assert_wrong(polar.patch(made["client_secret"], seats=given), (["seats"], kind, text, given))
    assert polar.read(made["id"])["seats"] == 3


def test_a_null_leaves_a_number_alone_and_the_amount_with_it(polar: Polar) -> None:
    made = polar.sold(polar.selling(VOLUME), seats=4)
    changed = polar.update(made, seats=None, units=None).json()
    assert (changed["seats"], changed["amount"]) == (4, 4000)
    assert polar.patch(made["client_secret"], seats=None).json()["seats"] == 4


def test_seats_are_refused_on_a_product_without_in_an_update_too(polar: Polar) -> None:
    assert_wrong(polar.update(polar.create().json(), seats=2), (["seats"], "value_error", SEATS_ONLY, 2))


def test_bounds_cannot_be_changed_later(polar: Polar) -> None:
    made = polar.sold(polar.selling(VOLUME), min_seats=3)
    answer = polar.update(made, min_seats=1, max_seats=2)
    assert (answer.json()["min_seats"], answer.json()["max_seats"]) == (3, None)
    assert answer.headers["checkstand-ignored-fields"] == "min_seats, max_seats"


# ---------------------------------------------------------------- orders


def test_an_order_has_the_number_and_an_item_for_each_static_price(polar: Polar) -> None:
    product = polar.selling(fixed(1000), VOLUME)
    made = polar.sold(product, seats=6)
    assert polar.confirm(made["client_secret"], **READY).status_code == 200
    order = polar.client.get("/v1/orders/").json()["items"][0]
    assert (order["seats"], order["units"], order["total_amount"]) == (6, None, 5800)
    prices = made["prices"][product]
    assert [(item["product_price_id"], item["amount"]) for item in order["items"]] == [
        (prices[0]["id"], 1000),
        (prices[1]["id"], 4800),
    ]
    assert order["subscription_id"] is None
    paid = polar.read(made["id"])
    assert (paid["seats"], paid["amount"], paid["status"]) == (6, 5800, "succeeded")


def test_an_order_of_units_tells_how_many(polar: Polar) -> None:
    made = polar.sold(polar.selling(BY_UNIT, every="month"), units=12)
    assert polar.confirm(made["client_secret"], **READY).status_code == 200
    order = polar.client.get("/v1/orders/").json()["items"][0]
    assert (order["seats"], order["units"], order["total_amount"]) == (None, 12, 960)


# ---------------------------------------------------------------- products


def test_a_seat_price_is_shown_with_its_tiers_sorted(polar: Polar) -> None:
    made = polar.product(prices=[seats((5, None, 800), (2, 4, 1000), kind="graduated")])
    price = made["prices"][0]
    assert price["seat_tiers"] == {
        "seat_tier_type": "graduated",
        "tiers": [
            {"min_seats": 2, "max_seats": 4, "price_per_seat": 1000},
            {"min_seats": 5, "max_seats": None, "price_per_seat": 800},
        ],
        "minimum_seats": 2,
        "maximum_seats": None,
    }
    assert (price["price_per_seat"], price["type"], price["price_currency"]) == (1000, "one_time", "usd")
    assert polar.client.get(f"/v1/products/{made['id']}").json()["prices"] == [price]


def test_a_seat_price_in_the_newest_clients_form_is_the_same_price(polar: Polar) -> None:
    newest = {"type": "graduated", "tiers": [{"unit_amount": "800"}, {"bound": 4, "unit_amount": 1000}]}
    price = polar.product(prices=[{"amount_type": "seat_based", "tiers": newest, "minimum_units": 2}])["prices"][0]
    same = polar.product(prices=[seats((2, 4, 1000), (5, None, 800), kind="graduated")])["prices"][0]
    assert (price["seat_tiers"], price["tiers"]) == (same["seat_tiers"], same["tiers"])
    assert price["tiers"]["tiers"] == [{"bound": 4, "unit_amount": "1000"}, {"bound": None, "unit_amount": "800"}]
    assert (price["minimum_units"], price["maximum_units"]) == (2, None)
    for tiers in (None, [], {}, {"tiers": [{}]}, {"tiers": [5]}, {"tiers": [{"bound": "x", "unit_amount": 5}]}):
        body = {"name": "Thing", "prices": [{"amount_type": "seat_based", "tiers": tiers}]}
        answer = polar.client.post("/v1/products/", json=body)
        assert (answer.status_code, answer.json()["error"]) == (422, SCHEMA), tiers


def test_a_unit_price_is_shown_with_its_bounds_and_label(polar: Polar) -> None:
    label = {"en": {"one": "call", "other": "calls"}}
    prices = [units((50, 80), (10, 100), kind="graduated", minimum_units=2, unit_label=label)]
    made = polar.product(prices=prices, recurring_interval="month")
    price = made["prices"][0]
    tiers = [{"bound": 10, "unit_amount": "100"}, {"bound": 50, "unit_amount": "80"}]
    assert price["tiers"] == {"type": "graduated", "tiers": tiers}
    assert (price["minimum_units"], price["maximum_units"], price["unit_label"]) == (2, 50, label)
    assert polar.client.get(f"/v1/products/{made['id']}").json()["prices"] == [price]


def test_a_most_below_the_prices_least_is_refused_without_a_number_given(polar: Polar) -> None:
    made = polar.product(prices=[BY_UNIT], recurring_interval="month")
    refused = polar.client.post("/v1/checkouts/", json={"products": [made["id"]], "max_units": 1})
    assert_wrong(refused, (["units"], "less_than_equal", "Maximum 1 units allowed.", 2))


def test_a_unit_price_without_a_minimum_shows_none(polar: Polar) -> None:
    made = polar.product(prices=[units((10, 100), (None, 80))], recurring_interval="month")
    assert made["prices"][0]["minimum_units"] is None
    session = polar.client.post("/v1/checkouts/", json={"products": [made["id"]]})
    assert session.json()["units"] == 1


SEAT_PLACE = ["one_time", "prices", 0, "seat_based", "seat_tiers", "tiers"]
UNIT_PLACE = ["recurring", "prices", 0, "unit_based"]
TIER_ERRORS: list[tuple[str, dict[str, Any], list[object], str, str]] = [
    (
        "gap",
        seats((1, 5, 10), (7, None, 9)),
        SEAT_PLACE,
        "value_error",
        "Value error, Gap or overlap between tiers: tier ending at 5 and tier starting at 7",
    ),
    (
        "overlap",
        seats((1, 5, 10), (5, None, 9)),
        SEAT_PLACE,
        "value_error",
        "Value error, Gap or overlap between tiers: tier ending at 5 and tier starting at 5",
    ),
    (
        "open_in_the_middle",
        seats((1, None, 10), (7, None, 9)),
        SEAT_PLACE,
        "value_error",
        "Value error, Only the last tier can have unlimited max_seats (None)",
    ),
    (
        "minimum_beyond_the_last",
        seats((5, 1, 10)),
        SEAT_PLACE,
        "value_error",
        "Value error, minimum_seats must not exceed the last tier's max_seats, got 5 > 1",
    ),
    ("no_seat_tiers", seats(), SEAT_PLACE, "too_short", "List should have at least 1 item after validation, not 0"),
    (
        "same_bound_twice",
        units((10, 5), (10, 4)),
        [*UNIT_PLACE, "tiers", "tiers"],
        "duplicate_tier_bound",
        "Tier bound values must be unique, got 10 twice",
    ),
    (
        "label_without_other",
        units((None, 5), unit_label={"en": {"one": "call"}}),
        [*UNIT_PLACE, "unit_label"],
        "missing_other_plural",
        "Each locale must include a non-empty 'other' form",
    ),
    (
        "not_even_one_unit",
        units((None, 5), minimum_units=0),
        [*UNIT_PLACE, "minimum_units"],
        "greater_than_equal",
        "Input should be greater than or equal to 1",
    ),
]


@pytest.mark.parametrize(("price", "where", "kind", "text"), [pytest.param(*row[1:], id=row[0]) for row in TIER_ERRORS])
def test_tiers_that_do_not_fit_together_are_refused(
    polar: Polar, price: dict[str, Any], where: list[object], kind: str, text: str
) -> None:
    interval = "month" if where[0] == "recurring" else None
    body = {"name": "Thing", "prices": [price], "recurring_interval": interval}
    answer = polar.client.post("/v1/products/", json=body)
    assert_refused(answer, SCHEMA, ["body", *where], kind, text)
    assert len(answer.json()["detail"]) == 1


def test_an_ad_hoc_price_by_seat_is_judged_like_one_of_the_catalogue(polar: Polar) -> None:
    product = polar.id("one_time")
    broken = polar.create(prices={product: [seats((1, 5, 10), (7, None, 9))]})
    where = ["body", "prices", product, 0, "seat_based", "seat_tiers", "tiers"]
    assert_refused(broken, SCHEMA, where, "value_error")
    made = polar.sold(product, prices={product: [VOLUME]}, seats=5)
    assert (made["amount"], made["seats"], made["product_price"]["source"]) == (4000, 5, "ad_hoc")


def test_what_an_organization_does_not_sell_by_is_refused(server: RunningServer, polar: Polar) -> None:
    features = polar.client.get("/v1/organizations/").json()["items"][0]["feature_settings"]
    assert features["seat_based_pricing_enabled"] is True
    decide(server, polar.shop, seat_pricing=False, unit_pricing=False)
    missing = "The organization's default presentment currency must be present in the prices."
    required = (["prices"], "too_short", "At least one price is required.", AS_SENT)
    default = (["prices"], "value_error", missing, AS_SENT)
    body: dict[str, Any] = {"name": "Thing", "recurring_interval": "month"}
    disabled = "Seat-based pricing is not enabled for this organization."
    assert_wrong(
        polar.client.post("/v1/products/", json={**body, "prices": [VOLUME]}),
        (["prices", 0], "value_error", disabled, AS_SENT),
        required,
        default,
    )
    disabled = "Unit-based pricing is not enabled for this organization."
    assert_wrong(
        polar.client.post("/v1/products/", json={**body, "prices": [BY_UNIT]}),
        (["prices", 0], "value_error", disabled, AS_SENT),
        required,
        default,
    )
    features = polar.client.get("/v1/organizations/").json()["items"][0]["feature_settings"]
    assert features["seat_based_pricing_enabled"] is False
