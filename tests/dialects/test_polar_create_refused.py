"""Creating checkouts through the Polar dialect: what is refused and in which words."""

from __future__ import annotations

from uuid import uuid1, uuid4

import httpx2
import pytest

from tests.dialects.polar_http import BUSINESS, SCHEMA, Polar, assert_refused
from tests.server import RunningServer


def test_without_a_token(polar: Polar) -> None:
    answer = httpx2.post(f"{polar.url}/v1/checkouts/", json={"products": [polar.id("one_time")]})
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized", "detail": "Unauthorized"})
    assert answer.headers["www-authenticate"] == 'Bearer realm="polar"'


def test_with_the_token_of_another_organization(server: RunningServer, polar: Polar) -> None:
    stranger = Polar(server, server.new_shop())
    answer = stranger.client.post("/v1/checkouts/", json={"products": [polar.id("one_time")]})
    assert_refused(answer, BUSINESS, ["body", "products", 0], "value_error", "Product does not exist.")


def test_with_an_empty_body(polar: Polar) -> None:
    answer = polar.client.post("/v1/checkouts/", json={})
    assert answer.status_code == 422
    assert [item["loc"][-1] for item in answer.json()["detail"]] == ["products", "product_id", "product_price_id"]


SCHEMA_ROWS: list[tuple[str, dict[str, object], list[object], str, str | None]] = [
    ("no_products", {"products": []}, ["products"], "too_short", None),
    ("uuid_version_1", {"products": [str(uuid1())]}, ["products", 0], "uuid_version", "UUID version 4 expected"),
    (
        "us_address_with_a_canadian_province",
        {"customer_billing_address": {"country": "US", "state": "QC"}},
        ["customer_billing_address"],
        "value_error",
        "Value error, Invalid US state",
    ),
    (
        "country_null",
        {"customer_billing_address": {"country": None}},
        ["customer_billing_address", "country"],
        "enum",
        None,
    ),
    (
        "country_ru",
        {"customer_billing_address": {"country": "RU"}},
        ["customer_billing_address", "country"],
        "enum",
        None,
    ),
    (
        "half_a_trial",
        {"trial_interval": "day"},
        [],
        "missing",
        "Both trial_interval and trial_interval_count must be set together.",
    ),
    ("no_seats", {"seats": 0}, ["seats"], "greater_than_equal", None),
    (
        "more_seats_than_allowed",
        {"seats": 10, "max_seats": 5},
        [],
        "value_error",
        "Value error, seats must be less than or equal to max_seats",
    ),
    (
        "fewer_seats_than_allowed",
        {"seats": 2, "min_seats": 5},
        [],
        "value_error",
        "Value error, seats must be greater than or equal to min_seats",
    ),
    ("amount_below_zero", {"amount": -1}, ["amount"], "greater_than_equal", None),
    ("currency_in_capitals", {"currency": "USD"}, ["currency"], "enum", None),
    ("name_of_257_characters", {"customer_name": "x" * 257}, ["customer_name"], "string_too_long", None),
    ("email_without_an_at", {"customer_email": "ada"}, ["customer_email"], "value_error", None),
    ("email_with_a_reserved_domain", {"customer_email": "ada@x.test"}, ["customer_email"], "value_error", None),
    ("ip_address_of_letters", {"customer_ip_address": "here"}, ["customer_ip_address"], "ip_any_address", None),
    ("success_url_ftp", {"success_url": "ftp://a.b"}, ["success_url"], "url_scheme", None),
    ("success_url_relative", {"success_url": "/thanks"}, ["success_url"], "url_parsing", None),
    ("metadata_of_51_keys", {"metadata": {str(n): 1 for n in range(51)}}, ["metadata"], "too_long", None),
    ("trial_interval_unknown", {"trial_interval": "hour", "trial_interval_count": 1}, ["trial_interval"], "enum", None),
]


@pytest.mark.parametrize(("body", "where", "kind", "text"), [pytest.param(*row[1:], id=row[0]) for row in SCHEMA_ROWS])
def test_a_body_outside_the_schema_is_refused(
    polar: Polar, body: dict[str, object], where: list[object], kind: str, text: str | None
) -> None:
    assert_refused(polar.create(**body), SCHEMA, ["body", *where], kind, text)


def test_the_same_product_twice(polar: Polar) -> None:
    answer = polar.create(products=[polar.id("one_time")] * 2)
    assert_refused(answer, SCHEMA, ["body", "products"], "value_error", "Value error, Product IDs must be unique.")


UNKNOWN = str(uuid4())
BUSINESS_ROWS: list[tuple[str, str, dict[str, object], list[object], str, str]] = [
    (
        "tax_id_without_address",
        "one_time",
        {"customer_tax_id": "123"},
        ["customer_billing_address"],
        "missing",
        "Country is required to validate tax ID.",
    ),
    (
        "bad_tax_id",
        "one_time",
        {"customer_tax_id": "123", "customer_billing_address": {"country": "FR"}},
        ["customer_tax_id"],
        "value_error",
        "Invalid tax ID.",
    ),
    (
        "unknown_subscription",
        "one_time",
        {"subscription_id": UNKNOWN},
        ["subscription_id"],
        "value_error",
        "Subscription does not exist.",
    ),
    (
        "unknown_discount",
        "one_time",
        {"discount_id": UNKNOWN},
        ["discount_id"],
        "value_error",
        "Discount does not exist.",
    ),
    (
        "currency_not_priced",
        "one_time",
        {"currency": "eur"},
        ["products", 0],
        "value_error",
        "Product is not available in the specified currency.",
    ),
    (
        "unknown_customer",
        "one_time",
        {"customer_id": UNKNOWN},
        ["customer_id"],
        "value_error",
        "Customer does not exist.",
    ),
    (
        "seats_on_a_product_without",
        "one_time",
        {"seats": 3},
        ["seats"],
        "value_error",
        "Seats can only be set for seat-based pricing.",
    ),
    (
        "seat_bounds_on_a_product_without",
        "one_time",
        {"min_seats": 3},
        ["min_seats"],
        "value_error",
        "min_seats can only be set for seat-based pricing.",
    ),
    (
        "units_on_a_product_without",
        "one_time",
        {"units": 3},
        ["units"],
        "value_error",
        "Units can only be set for unit-based pricing.",
    ),
    (
        "ad_hoc_price_of_a_product_not_offered",
        "one_time",
        {"prices": {UNKNOWN: [{"amount_type": "fixed", "price_amount": 500}]}},
        ["prices", UNKNOWN],
        "value_error",
        "Product is not set on that checkout.",
    ),
    (
        "custom_amount_too_small",
        "pay_what_you_want",
        {"amount": 400},
        ["amount"],
        "greater_than_equal",
        "Amount is below minimum.",
    ),
    (
        "custom_amount_too_large",
        "pay_what_you_want",
        {"amount": 100_000_000},
        ["amount"],
        "less_than_equal",
        "Amount must be at most $999,999.99.",
    ),
]


@pytest.mark.parametrize(
    ("label", "body", "where", "kind", "text"), [pytest.param(*row[1:], id=row[0]) for row in BUSINESS_ROWS]
)
def test_a_body_against_a_business_rule_is_refused(
    polar: Polar, label: str, body: dict[str, object], where: list[object], kind: str, text: str
) -> None:
    assert_refused(polar.create(label, **body), BUSINESS, ["body", *where], kind, text)


def test_unknown_price_id(polar: Polar) -> None:
    answer = polar.client.post("/v1/checkouts/", json={"product_price_id": UNKNOWN})
    assert_refused(answer, BUSINESS, ["body", "product_price_id"], "value_error", "Price does not exist.")


def test_archived_price_of_an_active_product(polar: Polar) -> None:
    product = polar.product(prices=[{"amount_type": "fixed", "price_amount": 900}])
    old = product["prices"][0]["id"]
    polar.client.patch(
        f"/v1/products/{product['id']}", json={"prices": [{"amount_type": "fixed", "price_amount": 700}]}
    )
    answer = polar.client.post("/v1/checkouts/", json={"product_price_id": old})
    assert_refused(answer, BUSINESS, ["body", "product_price_id"], "value_error", "Price is archived.")


def test_archived_product(polar: Polar) -> None:
    product = polar.product(prices=[{"amount_type": "fixed", "price_amount": 900}])
    polar.client.patch(f"/v1/products/{product['id']}", json={"is_archived": True})
    by_price = polar.client.post("/v1/checkouts/", json={"product_price_id": product["prices"][0]["id"]})
    assert_refused(by_price, BUSINESS, ["body", "product_price_id"], "value_error", "Product is archived.")
    first = polar.create(products=[product["id"], polar.id("one_time")])
    assert_refused(first, BUSINESS, ["body", "products", 0], "value_error", "Product is archived.")


def test_a_draft_product_is_refused_and_a_private_one_is_sold(polar: Polar) -> None:
    price = [{"amount_type": "fixed", "price_amount": 900}]
    draft, private = (polar.product(prices=price, visibility=kind) for kind in ("draft", "private"))
    answer = polar.create(products=[draft["id"]])
    assert_refused(answer, BUSINESS, ["body", "products", 0], "value_error", "Product is a draft.")
    assert polar.create(products=[private["id"]]).status_code == 201


def test_ad_hoc_price_below_the_smallest_charge(polar: Polar) -> None:
    product = polar.id("one_time")
    answer = polar.create(prices={product: [{"amount_type": "fixed", "price_amount": 10}]})
    where = ["body", "prices", product, 0, "fixed", "price_amount"]
    assert_refused(answer, SCHEMA, where, "minimum_price", "Amount must be at least $0.50 or 0 for free pricing")
