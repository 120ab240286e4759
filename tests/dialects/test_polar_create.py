"""Creating checkouts through the Polar dialect: what is stored and what the answer has."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.dialects.polar_http import BUSINESS, SCHEMA, Polar, assert_refused
from tests.server import RunningServer


def test_three_products_keep_their_order_and_the_first_is_selected(polar: Polar) -> None:
    wanted = [polar.id(label) for label in ("monthly", "one_time", "free")]
    made = polar.create(products=wanted).json()
    assert [item["id"] for item in made["products"]] == wanted
    assert (made["product_id"], made["amount"]) == (wanted[0], 2000)
    assert made["product_price_id"] == made["prices"][wanted[0]][0]["id"]


ACCEPTED_ROWS: list[tuple[str, str, dict[str, object], dict[str, object]]] = [
    ("amount_on_a_fixed_price_is_ignored", "one_time", {"amount": 4242}, {"amount": 1000}),
    ("free_price", "free", {}, {"amount": 0, "currency": "usd", "is_payment_form_required": False}),
    ("preset_amount", "pay_what_you_want", {}, {"amount": 1500}),
    ("custom_amount_given", "pay_what_you_want", {"amount": 700}, {"amount": 700, "total_amount": 700}),
    (
        "french_tax_id",
        "one_time",
        {"customer_tax_id": "fr 61 954 506 077", "customer_billing_address": {"country": "FR"}},
        {"customer_tax_id": "FR61954506077"},
    ),
    ("other_placeholders_stay", "one_time", {"success_url": "https://a.b/?x={Y}"}, {"success_url": "https://a.b/?x={Y}"}),
    ("any_embed_origin", "one_time", {"embed_origin": "anything"}, {"embed_origin": "anything"}),
    ("currency_priced", "one_time", {"currency": "usd"}, {"currency": "usd", "amount": 1000}),
    (
        "unknown_external_id",
        "one_time",
        {"external_customer_id": " u 1 "},
        {"external_customer_id": " u 1 ", "customer_external_id": " u 1 ", "customer_id": None},
    ),
    ("old_name_of_the_external_id", "one_time", {"customer_external_id": "u2"}, {"external_customer_id": "u2"}),
    ("country_alone", "one_time", {"customer_billing_address": {"country": "FR"}}, {"require_billing_address": False}),
    (
        "city_too",
        "one_time",
        {"customer_billing_address": {"country": "FR", "city": "Lyon"}},
        {"require_billing_address": True},
    ),
    (
        "canada_with_province",
        "one_time",
        {"customer_billing_address": {"country": "CA", "state": "QC"}},
        {"require_billing_address": False},
    ),
    (
        "trial_on_a_one_time_product",
        "one_time",
        {"trial_interval": "day", "trial_interval_count": 7},
        {"trial_end": None, "is_payment_required": True, "trial_interval": "day"},
    ),
    ("blank_name_is_null", "one_time", {"customer_name": "   "}, {"customer_name": None}),
    ("address_normalised", "one_time", {"customer_ip_address": "2001:0DB8:0::1"}, {"customer_ip_address": "2001:db8::1"}),
    ("locale_is_english", "one_time", {"locale": "de"}, {"locale": "en"}),
    ("numbers_as_text", "pay_what_you_want", {"amount": "700"}, {"amount": 700}),
    ("metadata_keeps_types", "one_time", {"metadata": {"a": 1, "b": 1.5, "c": True, "d": "x"}}, {"metadata": {"a": 1, "b": 1.5, "c": True, "d": "x"}}),
    ("old_clients_payment_processor", "one_time", {"payment_processor": "stripe"}, {"payment_processor": "stripe"}),
]  # fmt: skip


@pytest.mark.parametrize(("label", "body", "expected"), [pytest.param(*row[1:], id=row[0]) for row in ACCEPTED_ROWS])
def test_an_accepted_body_shows_its_effect(
    polar: Polar, label: str, body: dict[str, object], expected: dict[str, object]
) -> None:
    answer = polar.create(label, **body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert {key: made[key] for key in expected} == expected


def test_country_and_state_are_normalised(polar: Polar) -> None:
    made = polar.create(customer_billing_address={"country": "us", "state": "NY"}).json()
    shown = made["customer_billing_address"]
    assert (shown["country"], shown["state"], shown["city"]) == ("US", "US-NY", None)
    assert made["billing_address_fields"]["line1"] == "required"


def test_success_url(polar: Polar) -> None:
    made = polar.create(success_url="https://shop.example/t?c={CHECKOUT_ID}").json()
    assert made["success_url"] == f"https://shop.example/t?c={made['id']}"
    plain = polar.create().json()
    assert plain["success_url"] == f"{polar.url}/checkout/{plain['client_secret']}/confirmation"


def test_only_the_success_url_has_a_place_for_the_sessions_id(polar: Polar) -> None:
    made = polar.create(return_url="https://shop.example/{CHECKOUT_ID}").json()
    assert made["return_url"] == "https://shop.example/%7BCHECKOUT_ID%7D"


def test_a_locale_that_is_no_language_is_refused_in_the_originals_words(polar: Polar) -> None:
    refused = polar.create(locale="english")
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["msg"] == "Value error, Invalid IETF BCP 47 language tag"


def test_an_ipv4_address_within_ipv6_keeps_its_points(polar: Polar) -> None:
    made = polar.create(customer_ip_address="::ffff:203.0.113.9").json()
    assert made["customer_ip_address"] == "::ffff:203.0.113.9"


def test_where_nothing_is_to_be_paid_there_is_no_tax_behavior(polar: Polar) -> None:
    free = polar.product(prices=[{"amount_type": "fixed", "price_amount": 0}])["id"]
    body = {"products": [free], "customer_billing_address": {"country": "FR"}}
    made = polar.client.post("/v1/checkouts/", json=body).json()
    assert (made["tax_amount"], made["tax_behavior"]) == (0, None)


def test_a_new_session_is_a_businesss_or_not_and_nothing_between(polar: Polar) -> None:
    refused = polar.create(is_business_customer=None)
    assert (refused.status_code, refused.json()["detail"][0]["type"]) == (422, "bool_type")


def test_tax_is_unknown_until_there_is_a_place(polar: Polar) -> None:
    assert polar.create().json()["tax_amount"] is None
    placed = polar.create(customer_billing_address={"country": "DE"}).json()
    assert (placed["tax_amount"], placed["tax_behavior"]) == (0, "inclusive")


def test_trials(polar: Polar) -> None:
    made = polar.create("trial").json()
    assert (made["active_trial_interval"], made["active_trial_interval_count"]) == ("day", 14)
    assert (made["is_payment_required"], made["is_payment_setup_required"]) == (False, True)
    own = polar.create("trial", trial_interval="day", trial_interval_count=7).json()
    assert own["active_trial_interval_count"] == 7
    assert own["trial_end"] < made["trial_end"]
    none = polar.create("trial", allow_trial=False).json()
    assert (none["trial_end"], none["is_payment_required"]) == (None, True)


def test_ad_hoc_price(polar: Polar) -> None:
    product = polar.id("one_time")
    made = polar.create(prices={product: [{"amount_type": "fixed", "price_amount": 12_345}]}).json()
    price = made["prices"][product][0]
    assert (made["amount"], price["source"], price["price_amount"]) == (12_345, "ad_hoc", 12_345)
    assert price["id"] != str(polar.shop.products["one_time"].prices[0].id)


def test_the_deprecated_single_forms_make_the_same_checkout(polar: Polar) -> None:
    product = polar.shop.products["one_time"]
    for body in ({"product_id": str(product.id)}, {"product_price_id": str(product.prices[0].id)}):
        made = polar.client.post("/v1/checkouts/", json=body)
        assert made.status_code == 201, made.text
        assert (made.json()["product_id"], made.json()["amount"]) == (str(product.id), 1000)


def test_a_session_by_price_shows_the_prices_in_their_own_order(polar: Polar) -> None:
    prices = [{"amount_type": "fixed", "price_currency": code, "price_amount": 900} for code in ("usd", "eur", "gbp")]
    product = polar.client.post("/v1/products/", json={"name": "Three", "prices": prices}).json()
    for price in product["prices"]:
        made = polar.client.post("/v1/checkouts/", json={"product_price_id": price["id"]}).json()
        assert (made["currency"], made["product_price_id"]) == (price["price_currency"], price["id"])
        assert made["product"]["prices"] == made["prices"][product["id"]] == product["prices"]


def test_tax_is_unknown_without_an_address_where_a_card_is_asked_for_and_nothing_is_due_today(polar: Polar) -> None:
    deal = {"name": "First free", "type": "percentage", "basis_points": 10_000, "duration": "once"}
    discount = polar.client.post("/v1/discounts/", json=deal).json()
    told = {
        sold: polar.create(sold, discount_id=discount["id"]).json()["tax_amount"] for sold in ("one_time", "monthly")
    }
    assert told == {"one_time": 0, "monthly": None}


def test_a_code_takes_its_share_and_says_why_when_it_cannot(polar: Polar) -> None:
    made = polar.create(discount_id=str(polar.shop.discount.id)).json()
    assert (made["amount"], made["discount_amount"], made["total_amount"]) == (1000, 200, 800)
    assert made["discount"]["basis_points"] == 2000
    free = polar.client.patch(
        f"/v1/checkouts/client/{polar.create('free').json()['client_secret']}", json={"discount_code": "WELCOME20"}
    )
    assert_refused(
        free, BUSINESS, ["body", "discount_code"], "value_error", "Discounts are not applicable to this product."
    )


def test_both_slash_forms_and_the_old_prefixes_are_served_directly(polar: Polar) -> None:
    body = {"products": [polar.id("one_time")]}
    for path in ("/v1/checkouts", "/v1/checkouts/", "/api/v1/checkouts/", "/v1/checkouts/custom/"):
        answer = polar.client.post(path, json=body)
        assert answer.status_code == 201, path
        assert ("x-polar-deprecation-notice" in answer.headers) == path.startswith("/api")


def test_unknown_fields_are_ignored_and_named(polar: Polar) -> None:
    answer = polar.create(foo=1, bar={"x": 1})
    assert answer.status_code == 201
    assert answer.headers["checkstand-ignored-fields"] == "foo, bar"


def test_a_lifetime_of_our_own_can_be_asked_for(polar: Polar) -> None:
    made = polar.create(expires_in=3600).json()
    assert made["expires_at"][:13] != made["created_at"][:13]
    assert_refused(polar.create(expires_in=59), SCHEMA, ["body", "expires_in"], "greater_than_equal")


def test_the_same_idempotency_key_makes_one_session(polar: Polar, server: RunningServer) -> None:
    body = {"products": [polar.id("one_time")]}
    headers = {"Idempotency-Key": str(uuid4())}
    first, second = (polar.client.post("/v1/checkouts/", json=body, headers=headers) for _ in range(2))
    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"
    other = polar.client.post("/v1/checkouts/", json={"products": [polar.id("free")]}, headers=headers)
    assert other.status_code == 422
    count = server.value("SELECT count(*) FROM checkouts WHERE organization_id = $1", polar.shop.organization.id)
    assert count == 1
