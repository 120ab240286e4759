"""Changing and confirming Polar sessions: products, currencies, discounts, trials, answers, and what a confirm still refuses.

Numbers of seats and units are in `test_polar_counts.py`.
"""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.dialects.polar_http import READY, SCHEMA, Polar, assert_refused, assert_wrong, decide, fixed, seats
from tests.server import RunningServer

ANY = READY["customer_email"]
WANTED = ["customer_billing_address"]


def discount(polar: Polar, **body: object) -> str:
    whole = {"type": "percentage", "name": "Off", "basis_points": 1000, "duration": "once", **body}
    answer = polar.client.post("/v1/discounts/", json=whole)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def archive(polar: Polar, product_id: str) -> None:
    assert polar.client.patch(f"/v1/products/{product_id}", json={"is_archived": True}).status_code == 200


def items(answer: httpx2.Response) -> list[tuple[str, str, str]]:
    """Where, type and message of each item, the places as text."""
    assert answer.status_code == 422, answer.text
    return sorted((".".join(map(str, item["loc"][1:])), item["type"], item["msg"]) for item in answer.json()["detail"])


# ---------------------------------------------------------------- products and prices


def test_products_and_prices_that_the_session_does_not_have(polar: Polar) -> None:
    made = polar.create().json()
    other = polar.id("free")
    text = "Product is not available in this checkout."
    for answer in (polar.update(made, product_id=other), polar.patch(made["client_secret"], product_id=other)):
        assert_wrong(answer, (["product_id"], "value_error", text, other))
    strange = str(polar.shop.products["free"].prices[0].id)
    answer = polar.update(made, product_id=made["product_id"], product_price_id=strange)
    assert_wrong(answer, (["product_price_id"], "value_error", "Price is not available in this checkout.", strange))
    assert polar.update(made, product_price_id=strange).json()["product_price_id"] == made["product_price_id"]


def test_a_product_archived_meanwhile_cannot_be_selected_and_stays_where_it_is(polar: Polar) -> None:
    one, two = (polar.selling(fixed(amount)) for amount in (900, 800))
    made = polar.sold(one, two)
    for product in (one, two):
        archive(polar, product)
    assert_wrong(polar.update(made, product_id=two), (["product_id"], "value_error", "Product is archived.", two))
    assert_wrong(
        polar.patch(made["client_secret"], product_id=two), (["product_id"], "value_error", "Product is archived.", two)
    )
    assert polar.update(made, metadata={"a": "b"}).json()["product_id"] == one
    assert polar.confirm(made["client_secret"], **READY).status_code == 200


def test_an_amount_is_for_prices_that_the_buyer_names(polar: Polar) -> None:
    for label, amount in (("one_time", 1000), ("free", 0)):
        made = polar.create(label).json()
        assert polar.update(made, amount=1).json()["amount"] == amount
        assert polar.patch(made["client_secret"], amount=1).json()["amount"] == amount


def test_switching_keeps_the_currency_where_it_can(server: RunningServer, polar: Polar) -> None:
    both = [fixed(1000), fixed(900, price_currency="eur")]
    first, second, dollars = polar.selling(*both), polar.selling(*both), polar.selling(fixed(700))
    made = polar.sold(first, second, dollars, currency="eur")
    stays = polar.update(made, product_id=second).json()
    assert (stays["currency"], stays["amount"]) == ("eur", 900)
    falls = polar.patch(made["client_secret"], product_id=dollars).json()
    assert (falls["currency"], falls["amount"]) == ("usd", 700)
    text = "Product is not available in the specified currency."
    assert_wrong(polar.update(made, product_id=dollars, currency="eur"), (["currency"], "value_error", text, "eur"))
    back = polar.update(made, product_id=first, currency="eur").json()
    assert (back["currency"], back["product_price"]["price_currency"]) == ("eur", "eur")
    by_price = polar.update(made, product_id=first, product_price_id=made["prices"][first][0]["id"]).json()
    assert (by_price["currency"], by_price["amount"]) == ("usd", 1000)


def test_a_currency_alone(polar: Polar) -> None:
    product = polar.selling(fixed(1000), fixed(900, price_currency="eur"))
    made = polar.sold(product)
    assert polar.update(made, currency="eur").json()["amount"] == 900
    text = "Product is not available in the specified currency."
    assert_wrong(polar.update(made, currency="gbp"), (["currency"], "value_error", text, "gbp"))
    assert polar.read(made["id"])["currency"] == "eur"


# ---------------------------------------------------------------- discounts


def test_a_discount_goes_with_the_product_it_is_for(polar: Polar) -> None:
    one, two = polar.id("one_time"), polar.id("monthly")
    for given, kept in ((discount(polar), True), (discount(polar, products=[one]), False)):
        made = polar.sold(one, two, discount_id=given)
        switched = polar.update(made, product_id=two).json()
        assert (switched["discount_id"], switched["discount_amount"]) == ((given, 200) if kept else (None, 0))
        assert switched["total_amount"] == (1800 if kept else 2000)


def test_a_discount_stays_on_a_free_product_unless_it_is_for_another(polar: Polar) -> None:
    paid, free = polar.id("one_time"), polar.id("free")
    for given, kept in ((discount(polar), True), (discount(polar, products=[paid]), False)):
        made = polar.sold(paid, free, discount_id=given)
        switched = polar.patch(made["client_secret"], product_id=free).json()
        assert (switched["discount_id"], switched["discount_amount"]) == (given if kept else None, 0)
        back = polar.patch(made["client_secret"], product_id=paid).json()
        assert back["total_amount"] == (900 if kept else 1000)


def test_an_amount_off_goes_when_the_currency_lacks_it(polar: Polar) -> None:
    product = polar.selling(fixed(1000), fixed(900, price_currency="eur"))
    given = discount(polar, type="fixed", basis_points=None, amounts={"usd": 300})
    made = polar.sold(product, discount_id=given)
    assert made["total_amount"] == 700
    assert polar.update(made, currency="eur").json()["discount_id"] is None


def test_nothing_to_pay_needs_nothing_that_only_a_payment_does(polar: Polar) -> None:
    discount(polar, basis_points=10_000, code="WHOLE")
    made = polar.create(
        customer_billing_address={"country": "FR"},
        customer_tax_id="FR61954506077",
        customer_billing_name="ACME",
        is_business_customer=True,
    ).json()
    whole = polar.patch(made["client_secret"], discount_code="WHOLE", payment_method_type="card").json()
    assert (whole["total_amount"], whole["is_payment_form_required"]) == (0, False)
    assert (whole["is_business_customer"], whole["customer_tax_id"]) == (False, None)
    assert (whole["customer_billing_name"], whole["payment_method_type"]) == (None, None)


@pytest.mark.parametrize(("duration", "asks"), [("once", True), ("forever", False)])
def test_a_whole_discount_asks_for_a_card_only_when_it_ends(polar: Polar, duration: str, asks: bool) -> None:
    given = discount(polar, basis_points=10_000, duration=duration)
    made = polar.create("monthly", discount_id=given).json()
    assert (made["is_payment_required"], made["is_payment_setup_required"]) == (False, asks)


# ---------------------------------------------------------------- trials


def test_a_longer_trial_ends_later(polar: Polar) -> None:
    made = polar.create("monthly", trial_interval="day", trial_interval_count=7).json()
    longer = polar.update(made, trial_interval="day", trial_interval_count=14).json()
    assert made["trial_end"] < longer["trial_end"]
    assert (longer["active_trial_interval_count"], longer["trial_interval_count"]) == (14, 14)
    text = "Both trial_interval and trial_interval_count must be set together."
    assert_refused(polar.update(made, trial_interval="day"), SCHEMA, ["body"], "missing", text)
    none = polar.update(made, trial_interval=None, trial_interval_count=None).json()
    assert (none["trial_end"], none["is_payment_required"]) == (None, True)


def test_a_trial_given_up_leaves_nothing_of_it(polar: Polar) -> None:
    secret = polar.secret("trial")
    given_up = polar.patch(secret, allow_trial=False).json()
    fields = ("active_trial_interval", "active_trial_interval_count", "trial_end")
    assert [given_up[name] for name in fields] == [None] * 3
    assert (given_up["allow_trial"], given_up["is_payment_required"]) == (False, True)
    assert_refused(
        polar.patch(secret, allow_trial=True), SCHEMA, ["body", "allow_trial"], "literal_error", "Input should be False"
    )


def test_a_trial_of_a_free_product_asks_for_no_card(polar: Polar) -> None:
    product = polar.selling(fixed(0), every="month", trial_interval="week", trial_interval_count=2)
    made = polar.sold(product)
    assert (made["is_payment_form_required"], made["active_trial_interval"]) == (False, "week")
    assert made["trial_end"] is not None


# ---------------------------------------------------------------- custom fields

OPTIONS = [{"value": "s", "label": "Small"}, {"value": "m", "label": "Medium"}]


def asking(polar: Polar, *kinds: str, required: bool = False) -> str:
    """The id of a product that asks a field of each of these kinds, whose slug is the kind."""
    attached = []
    for kind in kinds:
        properties = {"options": OPTIONS} if kind == "select" else {}
        body = {"type": kind, "slug": kind, "name": kind, "properties": properties}
        listed = polar.client.get("/v1/custom-fields/", params={"type": kind}).json()["items"]
        field = listed[0] if listed else polar.client.post("/v1/custom-fields/", json=body).json()
        attached.append({"custom_field_id": field["id"], "required": required})
    return polar.selling(fixed(1000), attached_custom_fields=attached)


def answers_of_order(polar: Polar) -> dict[str, Any]:
    return dict(polar.client.get("/v1/orders/").json()["items"][0]["custom_field_data"])


def test_an_unknown_option_and_a_required_answer_that_waits(polar: Polar) -> None:
    product = asking(polar, "text", "select", required=True)
    answer = polar.create(products=[product], custom_field_data={"select": "xl"})
    assert_wrong(answer, (["custom_field_data", "select"], "literal_error", "Input should be 's' or 'm'", "xl"))
    assert polar.sold(product)["custom_field_data"] == {}


def test_an_update_merges_and_a_confirm_replaces(polar: Polar) -> None:
    product = asking(polar, "text", "select")
    made = polar.sold(product, custom_field_data={"text": "one", "select": "s"})
    merged = polar.update(made, custom_field_data={"text": "two"}).json()
    assert merged["custom_field_data"] == {"text": "two", "select": "s"}
    merged = polar.patch(made["client_secret"], custom_field_data={"text": "three"}).json()
    assert merged["custom_field_data"] == {"text": "three", "select": "s"}
    confirmed = polar.confirm(made["client_secret"], **READY, custom_field_data={"text": "four"})
    assert confirmed.json()["custom_field_data"] == {"text": "four"}
    assert answers_of_order(polar) == {"text": "four"}


def test_answers_to_another_products_questions_go_at_the_confirm(polar: Polar) -> None:
    one, two = asking(polar, "text"), asking(polar, "number")
    made = polar.sold(one, two, custom_field_data={"text": "one"})
    switched = polar.patch(made["client_secret"], product_id=two, custom_field_data={"number": 5}).json()
    assert switched["custom_field_data"] == {"text": "one", "number": 5}
    assert polar.confirm(made["client_secret"], **READY).json()["custom_field_data"] == {"number": 5}
    assert answers_of_order(polar) == {"number": 5}


def test_a_required_answer_that_is_missing_wrong_or_null(polar: Polar) -> None:
    made = polar.sold(asking(polar, "text", "select", "checkbox", required=True))
    places = [["custom_field_data", kind] for kind in ("text", "select", "checkbox")]
    for body, given in (({}, {}), ({"custom_field_data": {"number": 1}}, {"number": 1})):
        answer = polar.confirm(made["client_secret"], **READY, **body)
        assert_wrong(answer, *((place, "missing", "Field required", given) for place in places))
    answer = polar.confirm(
        made["client_secret"], **READY, custom_field_data={"text": None, "select": "xl", "checkbox": False}
    )
    assert_wrong(
        answer,
        (places[0], "string_type", "Input should be a valid string", None),
        (places[1], "literal_error", "Input should be 's' or 'm'", "xl"),
        (places[2], "literal_error", "Input should be True", False),
    )
    good = {"text": "", "select": "m", "checkbox": True}
    assert polar.confirm(made["client_secret"], **READY, custom_field_data=good).status_code == 200


def test_what_is_stored_does_not_answer_for_a_confirm_without_answers(polar: Polar) -> None:
    made = polar.sold(asking(polar, "text", required=True), custom_field_data={"text": "stored"})
    answer = polar.confirm(made["client_secret"], **READY)
    assert_wrong(answer, (["custom_field_data", "text"], "missing", "Field required", {}))
    assert polar.read(made["id"])["custom_field_data"] == {"text": "stored"}


# ---------------------------------------------------------------- confirm


def test_every_price_archived_meanwhile_is_told(polar: Polar) -> None:
    product = polar.product(prices=[fixed(1000), seats((1, None, 100))])
    made = polar.sold(product["id"])
    assert polar.client.patch(f"/v1/products/{product['id']}", json={"prices": [fixed(900)]}).status_code == 200
    answer = polar.confirm(made["client_secret"], **READY)
    assert_wrong(
        answer,
        *(
            (["product_price_id"], "value_error", "Price is archived.", price["id"])
            for price in made["prices"][product["id"]]
        ),
    )


FULL = ("customer_billing_address", "value_error", "Full billing address is required.")
PARTS = [
    (f"customer_billing_address.{part}", "missing", "Field is required.") for part in ("city", "line1", "postal_code")
]


def test_a_business_without_its_address_or_name(polar: Polar) -> None:
    made = polar.create(is_business_customer=True).json()
    nothing = polar.confirm(made["client_secret"], **READY)
    name = ("customer_billing_name", "missing", "Field is required.")
    assert items(nothing) == sorted([FULL, *PARTS, name])
    place = {"country": "FR", "line1": "Rue 1", "city": "Lyon", "postal_code": "69001"}
    nameless = polar.confirm(made["client_secret"], **{**READY, "customer_billing_address": place})
    assert items(nameless) == [name]
    whole = {**READY, "customer_billing_address": place, "customer_billing_name": "ACME"}
    assert polar.confirm(made["client_secret"], **whole).status_code == 200


def test_a_method_that_needs_the_whole_address(polar: Polar) -> None:
    answer = polar.confirm(polar.secret(), **READY, payment_method_type="upi")
    assert items(answer) == sorted([FULL, *PARTS])
    american = polar.confirm(polar.secret(), **{**READY, "customer_billing_address": {"country": "US"}})
    assert FULL not in items(american)


def test_setup_or_payment_a_place_that_leaves_the_tax_open_is_refused(server: RunningServer, polar: Polar) -> None:
    decide(server, polar.shop, tax_registrations=("US-NY",))
    text = "Required tax location information is missing."
    for label in ("one_time", "trial"):
        made = polar.create(label).json()
        answer = polar.confirm(made["client_secret"], **{**READY, "customer_billing_address": {"country": "US"}})
        missing = [(f"{WANTED[0]}.{part}", "missing", "Field is required.") for part in ("state", "line1", "city")]
        missing.append((f"{WANTED[0]}.postal_code", "missing", "Field is required."))
        assert items(answer) == sorted([(WANTED[0], "value_error", text), *missing])
        assert answer.json()["detail"][0]["input"] is None
        assert polar.read(made["id"])["customer_billing_address"] is None
    free = polar.confirm(polar.secret("free"), customer_email=ANY, customer_billing_address={"country": "US"})
    assert free.status_code == 200
