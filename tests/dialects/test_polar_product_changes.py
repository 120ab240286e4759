"""Changing Polar products: prices are kept, added or archived, what cannot change is said, null leaves alone."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx2

from tests.dialects.polar_http import (
    AS_SENT,
    BUSINESS,
    READY,
    SCHEMA,
    Polar,
    assert_refused,
    assert_wrong,
    fixed,
    metered,
    metering,
    seats,
    units,
)
from tests.server import RunningServer

UNKNOWN = str(uuid4())
REQUIRED = (["prices"], "too_short", "At least one price is required.", AS_SENT)
DEFAULT = (
    ["prices"],
    "value_error",
    "The organization's default presentment currency must be present in the prices.",
    AS_SENT,
)


def change(polar: Polar, product: dict[str, Any], **body: object) -> httpx2.Response:
    return polar.client.patch(f"/v1/products/{product['id']}", json=body)


def keep(product: dict[str, Any], position: int = 0) -> dict[str, Any]:
    return {"id": product["prices"][position]["id"]}


def test_prices_that_are_not_listed_are_archived_and_never_deleted(polar: Polar) -> None:
    made = polar.product(prices=[fixed(1000), seats((1, None, 100))])
    changed = change(polar, made, prices=[keep(made), seats((1, None, 80))]).json()
    assert changed["prices"][0] == made["prices"][0]
    assert [price["amount_type"] for price in changed["prices"]] == ["fixed", "seat_based"]
    assert changed["prices"][1]["price_per_seat"] == 80
    assert changed["prices"][1]["id"] != made["prices"][1]["id"]
    answer = polar.client.post("/v1/checkouts/", json={"product_price_id": made["prices"][1]["id"]})
    assert_wrong(answer, (["product_price_id"], "value_error", "Price is archived.", made["prices"][1]["id"]))


def test_other_prices_are_no_change_of_the_product_itself(polar: Polar) -> None:
    product = polar.client.post("/v1/products/", json={"name": "Lamp", "prices": [fixed(500)]}).json()
    dearer = change(polar, product, prices=[fixed(700)]).json()
    assert (dearer["modified_at"], dearer["prices"][0]["price_amount"]) == (None, 700)
    renamed = change(polar, product, name="Lantern", prices=[fixed(800)]).json()
    assert renamed["modified_at"] is not None
    again = change(polar, product, prices=[fixed(900)]).json()
    assert again["modified_at"] == renamed["modified_at"]


def test_a_session_shows_its_products_as_they_are_now_and_keeps_its_amount(polar: Polar) -> None:
    """A read that is answered from memory notices it too."""
    made = polar.product(prices=[fixed(1000)])
    session = polar.sold(made["id"])
    assert polar.read(session["id"]) == polar.read(session["id"]) == session
    (new,) = change(polar, made, prices=[fixed(700)]).json()["prices"]
    change(polar, made, name="Better thing")
    buyers = httpx2.get(f"{polar.url}/v1/checkouts/client/{session['client_secret']}").json()
    (listed,) = polar.client.get("/v1/checkouts/").json()["items"]
    for now in (polar.read(session["id"]), polar.read(session["id"]), buyers, listed):
        assert (now["amount"], now["product_price_id"]) == (1000, session["product_price_id"])
        assert (now["product_price"]["price_amount"], now["product_price"]["is_archived"]) == (1000, True)
        assert now["product_price"]["modified_at"] is not None, "when it was archived"
        assert now["prices"] == {made["id"]: [new]}
        assert (now["product"]["name"], now["products"][0]["prices"]) == ("Better thing", [new])
    answer = polar.confirm(session["client_secret"], **READY)
    assert_refused(answer, BUSINESS, ["body", "product_price_id"], "value_error", "Price is archived.")
    assert polar.sold(made["id"])["amount"] == 700


def test_prices_that_were_made_for_a_session_are_shown_as_long_as_it_is(polar: Polar) -> None:
    made = polar.product(prices=[fixed(1000)])
    session = polar.sold(made["id"], prices={made["id"]: [fixed(300)]})
    change(polar, made, prices=[fixed(700)], is_archived=True)
    now = polar.read(session["id"])
    assert (now["prices"], now["product_price"]) == (session["prices"], session["product_price"])
    assert now["product"]["is_archived"], "the rest of the product is as it is now"
    assert polar.confirm(session["client_secret"], **READY).status_code == 200


def test_an_unknown_price_is_named_where_it_stands_and_the_rest_still_judged(polar: Polar) -> None:
    made = polar.product(prices=[fixed(1000)])
    gone = keep(made)
    unknown = (["prices", 1], "value_error", "Price does not exist.", UNKNOWN)
    assert_wrong(change(polar, made, prices=[fixed(500), {"id": UNKNOWN}]), unknown)
    assert_wrong(change(polar, made, prices=[{"id": UNKNOWN}]), ([*unknown[0][:1], 0], *unknown[1:]), REQUIRED, DEFAULT)
    assert_wrong(change(polar, made, prices=[]), REQUIRED, DEFAULT)
    assert polar.client.get(f"/v1/products/{made['id']}").json() == made
    assert change(polar, made, prices=[fixed(500)]).status_code == 200
    assert_wrong(
        change(polar, made, prices=[fixed(500), gone]),
        (["prices", 1], "value_error", "Price does not exist.", gone["id"]),
    )


def test_a_price_that_is_added_is_judged_beside_those_that_stay(server: RunningServer, polar: Polar) -> None:
    meter = metering(server, polar.shop)
    made = polar.product(prices=[fixed(1000), metered(meter)], recurring_interval="month")
    twice = (["prices"], "value_error", "Only one fixed price is allowed.", AS_SENT)
    assert_wrong(change(polar, made, prices=[keep(made), fixed(500)]), twice)
    used = (["prices", 2, "meter_id"], "value_error", "Meter is already used for another price.", meter)
    assert_wrong(change(polar, made, prices=[keep(made), keep(made, 1), metered(meter, "2")]), used)
    assert change(polar, made, prices=[keep(made), metered(meter, "2")]).json()["prices"][1]["unit_amount"] == "2"
    missing = (["prices", 1, "meter_id"], "value_error", "Meter does not exist.", UNKNOWN)
    assert_wrong(change(polar, made, prices=[keep(made), metered(UNKNOWN)]), missing)


def test_what_one_time_products_cannot_have_is_refused_in_a_change_too(server: RunningServer, polar: Polar) -> None:
    made = polar.product(prices=[fixed(1000)])
    text = "Metered pricing is not supported on one-time products."
    added = metered(metering(server, polar.shop))
    assert_wrong(change(polar, made, prices=[keep(made), added]), (["prices", 1], "value_error", text, AS_SENT))
    text = "Unit-based pricing is not supported on one-time products."
    assert_wrong(
        change(polar, made, prices=[keep(made), units((None, 5))]), (["prices", 1], "value_error", text, AS_SENT)
    )
    text = "Trial configuration is only supported on recurring products."
    answer = change(polar, made, trial_interval="day", trial_interval_count=7)
    assert_wrong(answer, (["trial_interval"], "value_error", text, "day"))


def test_the_interval_of_a_product_stays(polar: Polar) -> None:
    once, monthly = (polar.product(prices=[fixed(1000)], recurring_interval=every) for every in (None, "month"))
    text = "Recurring interval cannot be changed."
    assert_wrong(
        change(polar, once, recurring_interval="month"), (["recurring_interval"], "value_error", text, "month")
    )
    assert_wrong(
        change(polar, monthly, recurring_interval="year"), (["recurring_interval"], "value_error", text, "year")
    )
    assert change(polar, monthly, recurring_interval="month").json()["recurring_interval"] == "month"


def test_all_that_is_wrong_with_a_change_is_told_at_once(polar: Polar) -> None:
    made = polar.product(prices=[fixed(1000)])
    answer = change(polar, made, recurring_interval="month", prices=[{"id": UNKNOWN}])
    assert_wrong(
        answer,
        (["recurring_interval"], "value_error", "Recurring interval cannot be changed.", "month"),
        (["prices", 0], "value_error", "Price does not exist.", UNKNOWN),
        REQUIRED,
        DEFAULT,
    )


def test_a_trial_is_set_and_taken_back_whole(polar: Polar) -> None:
    made = polar.product(prices=[fixed(1000)], recurring_interval="month")
    on = change(polar, made, trial_interval="week", trial_interval_count=2).json()
    assert (on["trial_interval"], on["trial_interval_count"]) == ("week", 2)
    text = "Both trial_interval and trial_interval_count must be set together."
    assert_refused(change(polar, made, trial_interval="week"), SCHEMA, ["body"], "missing", text)
    off = change(polar, made, trial_interval=None, trial_interval_count=None).json()
    assert (off["trial_interval"], off["trial_interval_count"]) == (None, None)


def test_a_name_that_is_too_short_is_told_as_the_original_does(polar: Polar) -> None:
    made = polar.product(prices=[fixed(1000)])
    text = "Value should have at least 3 items after validation, not 2"
    assert_refused(change(polar, made, name=" ab "), SCHEMA, ["body", "name"], "too_short", text)
    assert_refused(change(polar, made, name="x" * 65), SCHEMA, ["body", "name"], "string_too_long")
    assert change(polar, made, name="  A mug  ").json()["name"] == "A mug"


def test_null_leaves_a_product_as_it_is(polar: Polar) -> None:
    made = polar.product(prices=[fixed(1000)], description="Words", metadata={"a": "b"})
    nothing = dict.fromkeys(("name", "is_archived", "visibility", "prices", "medias", "attached_custom_fields"))
    answer = change(polar, made, **nothing)
    assert answer.status_code == 200, answer.text
    assert {**answer.json(), "modified_at": None} == made
    assert change(polar, made, description=None).json()["description"] is None


def test_a_name_is_measured_without_the_blanks_around_it(polar: Polar) -> None:
    for name, kind in (("  ab  ", "string_too_short"), ("x" * 65, "string_too_long")):
        answer = polar.client.post("/v1/products/", json={"name": name, "prices": [fixed(500)]})
        assert_refused(answer, SCHEMA, ["body", "one_time", "name"], kind)
    answer = polar.client.post("/v1/products/", json={"name": "ab", "prices": [], "recurring_interval": "month"})
    assert_refused(answer, SCHEMA, ["body", "recurring", "name"], "string_too_short")
    assert_refused(answer, SCHEMA, ["body", "recurring", "prices"], "too_short")


def test_an_archived_product_comes_back(polar: Polar) -> None:
    made = polar.product(prices=[fixed(1000)])
    assert change(polar, made, is_archived=True).json()["is_archived"] is True
    text = "Product is archived."
    assert_wrong(polar.create(products=[made["id"]]), (["products", 0], "value_error", text, made["id"]))
    older = polar.client.post("/v1/checkouts/", json={"product_id": made["id"]})
    assert_wrong(older, (["product_id"], "value_error", text, made["id"]))
    assert change(polar, made, is_archived=False).json()["is_archived"] is False
    assert polar.sold(made["id"])["amount"] == 1000
