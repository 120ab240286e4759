"""Prices of every kind through the Polar dialect: amounts the buyer names, meters, currencies, ad-hoc prices, and what products refuse.

Seats and units are in `test_polar_counts.py`.
"""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from checkstand.flows.checkout.read_checkout import read_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges, update_checkout
from tests.dialects.polar_http import (
    AS_SENT,
    SCHEMA,
    Polar,
    assert_refused,
    assert_wrong,
    decide,
    fixed,
    metered,
    metering,
    seats,
    units,
)
from tests.server import RunningServer
from tests.tables import table

UNKNOWN = str(uuid4())
IN_FRANCE, IN_CHINA, IN_NO_COUNTRY = "212.27.48.10", "114.114.114.114", "10.1.2.3"
BOTH = [fixed(1000), fixed(900, price_currency="eur")]
PER_SEAT, PER_UNIT = seats((1, None, 100)), units((None, 10))


def custom(**more: object) -> dict[str, Any]:
    return {"amount_type": "custom", **more}


# ---------------------------------------------------------------- amounts


@pytest.mark.parametrize(
    ("amount", "kind", "text"),
    [
        (500, "greater_than_equal", "Amount is below minimum."),
        (10_000, "less_than_equal", "Amount is above maximum."),
    ],
)
def test_an_amount_outside_the_prices_bounds(polar: Polar, amount: int, kind: str, text: str) -> None:
    product = polar.selling(custom(minimum_amount=1000, maximum_amount=5000))
    assert_wrong(polar.create(products=[product], amount=amount), (["amount"], kind, text, amount))
    made = polar.sold(product)
    assert_wrong(polar.update(made, amount=amount), (["amount"], kind, text, amount))
    assert_wrong(polar.patch(made["client_secret"], amount=amount), (["amount"], kind, text, amount))


def test_naming_the_proposed_amount_changes_nothing_that_is_shown_and_holds_when_another_one_is_proposed(
    server: RunningServer, polar: Polar
) -> None:
    product = polar.selling(custom(minimum_amount=1000, preset_amount=4242))
    named, left = polar.sold(product), polar.sold(product)
    answer = polar.patch(named["client_secret"], amount=4242).json()
    assert (answer["amount"], answer["modified_at"]) == (4242, None)
    proposed = custom(minimum_amount=1000, preset_amount=9000)
    assert polar.client.patch(f"/v1/products/{product}", json={"prices": [proposed]}).status_code == 200
    ports, organization = server.services.ports, polar.shop.organization

    async def on_the_page(checkout_id: str) -> int:
        checkout = await read_checkout(ports, organization, UUID(checkout_id))
        current = CheckoutChanges(at_current_prices=True)
        return (await update_checkout(ports, organization, checkout, current, by_merchant=False)).quote.total_minor

    assert server.run(on_the_page(named["id"])) == 4242
    assert server.run(on_the_page(left["id"])) == 9000


@pytest.mark.parametrize(
    ("price", "body", "amount"),
    [
        (custom(minimum_amount=1000, preset_amount=4242), {}, 4242),
        (custom(minimum_amount=2500), {}, 2500),
        (custom(minimum_amount=0, preset_amount=700), {"amount": 0}, 0),
        (custom(minimum_amount=0, preset_amount=0), {}, 0),
        (custom(), {}, 50),
    ],
    ids=["preset", "minimum", "zero_is_honoured", "preset_of_zero", "default_minimum"],
)
def test_an_amount_that_nobody_named_yet(
    polar: Polar, price: dict[str, Any], body: dict[str, Any], amount: int
) -> None:
    made = polar.sold(polar.selling(price), **body)
    assert (made["amount"], made["is_free_product_price"], made["is_discount_applicable"]) == (amount, False, True)


def test_nothing_now_and_a_meter_later_needs_a_card(server: RunningServer, polar: Polar) -> None:
    meter = metering(server, polar.shop)
    made = polar.sold(polar.selling(custom(minimum_amount=0, preset_amount=0), metered(meter), every="month"))
    assert (made["amount"], made["is_payment_required"], made["is_payment_setup_required"]) == (0, False, True)
    assert (made["is_payment_form_required"], made["product_price"]["amount_type"]) == (True, "custom")


def test_a_meter_alone_costs_nothing_in_the_checkout(server: RunningServer, polar: Polar) -> None:
    meter = metering(server, polar.shop, "API calls")
    made = polar.sold(polar.selling(metered(meter, "0.000125", cap_amount=9000), every="month"))
    price = made["product_price"]
    assert (made["amount"], made["is_payment_setup_required"], price["amount_type"]) == (0, True, "metered_unit")
    assert (price["unit_amount"], price["cap_amount"], price["meter_id"]) == ("0.000125", 9000, meter)
    assert price["meter"] == {
        "id": meter,
        "name": "API calls",
        "unit": "scalar",
        "custom_label": None,
        "custom_multiplier": None,
    }


def test_the_fixed_price_beside_a_meter_is_the_products_own(server: RunningServer, polar: Polar) -> None:
    made = polar.sold(polar.selling(metered(metering(server, polar.shop)), fixed(1500), every="month"))
    assert (made["amount"], made["product_price"]["amount_type"]) == (1500, "fixed")
    assert made["product_price_id"] == made["product_price"]["id"]
    assert [price["amount_type"] for price in made["product"]["prices"]] == ["metered_unit", "fixed"]


def test_a_discount_on_a_free_product(polar: Polar) -> None:
    given = str(polar.shop.discount.id)
    text = "Discounts are not applicable to this product."
    assert_wrong(polar.create("free", discount_id=given), (["discount_id"], "value_error", text, given))
    made = polar.create("free").json()
    assert (made["is_discount_applicable"], made["is_free_product_price"]) == (False, True)
    assert_wrong(polar.update(made, discount_id=given), (["discount_id"], "value_error", text, given))
    assert_wrong(
        polar.patch(made["client_secret"], discount_code="WELCOME20"), (["discount_code"], "value_error", text, None)
    )


def test_what_is_free_in_one_currency_and_not_in_another_takes_a_discount(polar: Polar) -> None:
    product = polar.selling(fixed(0), fixed(900, price_currency="eur"))
    made = polar.sold(product, discount_id=str(polar.shop.discount.id))
    assert (made["amount"], made["discount_amount"], made["is_free_product_price"]) == (0, 0, False)


# ---------------------------------------------------------------- currencies


@pytest.mark.parametrize(
    ("prices", "address", "currency", "country"),
    [
        (BOTH, IN_FRANCE, "eur", "FR"),
        (BOTH[:1], IN_FRANCE, "usd", "FR"),
        (BOTH, IN_CHINA, "usd", "CN"),
        (BOTH, IN_NO_COUNTRY, "usd", None),
        (BOTH, None, "usd", None),
        ([fixed(0)], IN_FRANCE, "usd", "FR"),
    ],
    ids=["france", "france_and_dollars_alone", "china", "private", "no_address", "free"],
)
def test_the_currency_of_the_buyers_country(
    polar: Polar, prices: list[dict[str, Any]], address: str | None, currency: str, country: str | None
) -> None:
    made = polar.sold(polar.selling(*prices), customer_ip_address=address)
    assert (made["currency"], made["product_price"]["price_currency"]) == (currency, currency)
    shown = made["customer_billing_address"]
    assert (shown and shown["country"]) == country


def test_the_organizations_own_currency_comes_next(server: RunningServer, polar: Polar) -> None:
    decide(server, polar.shop, default_currency="EUR")
    assert polar.sold(polar.selling(*BOTH))["currency"] == "eur"


def test_a_currency_that_is_named(polar: Polar) -> None:
    product = polar.selling(*BOTH)
    made = polar.sold(product, currency="eur", customer_ip_address="8.8.8.8")
    assert (made["currency"], made["amount"], made["prices"][product][1]["id"]) == (
        "eur",
        900,
        made["product_price_id"],
    )
    text = "Product is not available in the specified currency."
    answer = polar.create(products=[product], currency="gbp")
    assert_wrong(answer, (["products", 0], "value_error", text, product))
    older = polar.client.post("/v1/checkouts/", json={"product_id": product, "currency": "gbp"})
    assert_wrong(older, (["product_id"], "value_error", text, product))


def test_the_oldest_form_takes_the_prices_own_currency_and_its_amount_alone(polar: Polar) -> None:
    made = polar.product(prices=[fixed(1000), seats((1, None, 100))])
    by_seat = made["prices"][1]["id"]
    answer = polar.client.post("/v1/checkouts/", json={"product_price_id": by_seat, "seats": 3, "currency": "eur"})
    shown = answer.json()
    assert (answer.status_code, shown["amount"], shown["seats"], shown["currency"]) == (201, 300, 3, "usd")
    assert shown["product_price_id"] == by_seat
    euros = polar.product(prices=BOTH)["prices"][1]["id"]
    assert polar.client.post("/v1/checkouts/", json={"product_price_id": euros}).json()["currency"] == "eur"


# ---------------------------------------------------------------- ad-hoc prices


def ad_hoc(polar: Polar, product: str, *prices: dict[str, Any], **body: object) -> httpx2.Response:
    return polar.create(products=[product], prices={product: list(prices)}, **body)


def test_a_price_of_the_sessions_own(polar: Polar) -> None:
    product = polar.id("one_time")
    made = ad_hoc(polar, product, fixed(12_345), fixed(11_000, price_currency="eur"), currency="eur").json()
    own = made["prices"][product]
    assert (made["amount"], made["currency"], made["product_price"]) == (11_000, "eur", own[1])
    assert [(price["source"], price["product_id"]) for price in own] == [("ad_hoc", product)] * 2
    assert made["product_price_id"] != polar.sold(product)["product_price_id"]
    listed = polar.client.get(f"/v1/products/{product}").json()["prices"]
    assert [price["source"] for price in listed] == ["catalog"]
    read = polar.read(made["id"])
    assert read["prices"] == made["prices"]
    for answer in (made, read, polar.client.get(f"/v1/checkouts/client/{made['client_secret']}").json()):
        assert [answer["product"]["prices"], answer["products"][0]["prices"]] == [listed] * 2, "the catalogue's own"
    change = {"prices": [{"id": listed[0]["id"]}, fixed(900, price_currency="eur")]}
    listed = polar.client.patch(f"/v1/products/{product}", json=change).json()["prices"]
    now = polar.read(made["id"])
    assert (now["product"]["prices"], now["prices"]) == (listed, made["prices"])
    back = polar.update(made, currency="usd").json()
    assert (back["amount"], back["product_price"]) == (12_345, own[0])


def test_an_amount_below_the_smallest_charge(polar: Polar) -> None:
    product = polar.id("one_time")
    where = ["body", "prices", product, 0, "fixed", "price_amount"]
    text = "Amount must be at least $0.50 or 0 for free pricing"
    assert_refused(ad_hoc(polar, product, fixed(10)), SCHEMA, where, "minimum_price", text)


def test_ad_hoc_prices_outside_the_schema(polar: Polar) -> None:
    product = polar.id("one_time")
    assert_refused(ad_hoc(polar, product), SCHEMA, ["body", "prices", product], "too_short")
    odd = polar.create(prices={"x": [fixed(500)]})
    assert_refused(odd, SCHEMA, ["body", "prices", "x", "[key]"], "uuid_parsing")


@pytest.mark.parametrize(
    ("prices", "text"),
    [
        ([fixed(500), fixed(600)], "Only one fixed price is allowed."),
        (
            [fixed(500, price_currency="eur")],
            "The organization's default presentment currency must be present in the prices.",
        ),
        (
            [custom(), PER_SEAT],
            "A custom price cannot be combined with a fixed, seat-based or unit-based price.",
        ),
    ],
    ids=["twice", "default_currency", "custom_and_seats"],
)
def test_ad_hoc_prices_that_do_not_go_together(polar: Polar, prices: list[dict[str, Any]], text: str) -> None:
    product = polar.id("one_time")
    assert_wrong(ad_hoc(polar, product, *prices), (["prices", product], "value_error", text, AS_SENT))


def test_all_that_is_wrong_with_ad_hoc_prices_is_told_but_products_come_first(
    server: RunningServer, polar: Polar
) -> None:
    product, meter = polar.id("one_time"), metering(server, polar.shop)
    no_prices = (["prices", product], "too_short", "At least one price is required.", AS_SENT)
    no_default = (["prices", product], *DEFAULT[1:])
    on_one_time = "Metered pricing is not supported on one-time products."
    assert_wrong(
        ad_hoc(polar, product, metered(meter)),
        (["prices", product, 0], "value_error", on_one_time, AS_SENT),
        no_prices,
        no_default,
    )
    monthly = polar.id("monthly")
    assert_wrong(
        ad_hoc(polar, monthly, fixed(500), metered(UNKNOWN)),
        (["prices", monthly, 1, "meter_id"], "value_error", "Meter does not exist.", UNKNOWN),
    )
    assert ad_hoc(polar, monthly, fixed(500), metered(meter)).status_code == 201
    other = polar.create(prices={UNKNOWN: [metered(UNKNOWN)]})
    assert_wrong(other, (["prices", UNKNOWN], "value_error", "Product is not set on that checkout.", UNKNOWN))
    first = polar.create(products=[UNKNOWN], prices={UNKNOWN: [metered(UNKNOWN)]})
    assert_wrong(first, (["products", 0], "value_error", "Product does not exist.", UNKNOWN))


# ---------------------------------------------------------------- products

REQUIRED = (["prices"], "too_short", "At least one price is required.", AS_SENT)
DEFAULT = (
    ["prices"],
    "value_error",
    "The organization's default presentment currency must be present in the prices.",
    AS_SENT,
)


def create(polar: Polar, *prices: dict[str, Any], every: str | None = None, **body: object) -> httpx2.Response:
    whole = {"name": "Thing", "prices": list(prices), "recurring_interval": every, **body}
    return polar.client.post("/v1/products/", json=whole)


@table(
    ("prices", "text"),
    [
        ([fixed(500), fixed(500)], "Only one fixed price is allowed."),
        ([custom(), custom()], "Only one custom price is allowed."),
        ([PER_SEAT, PER_SEAT], "Only one seat-based price is allowed."),
        ([PER_UNIT, PER_UNIT], "Only one unit-based price is allowed."),
        ([PER_SEAT, PER_UNIT], "A seat-based price cannot be combined with a unit-based price."),
        (
            [custom(), fixed(500)],
            "A custom price cannot be combined with a fixed, seat-based or unit-based price.",
        ),
        (
            [fixed(500, tax_behavior="inclusive"), PER_SEAT],
            "All prices for the same currency must have the same tax behavior.",
        ),
        (
            [fixed(500), PER_SEAT, fixed(500, price_currency="eur")],
            "All price currencies must define the same set of price types.",
        ),
        ([fixed(500, price_currency="eur")], DEFAULT[2]),
    ],
)
def test_prices_that_do_not_go_together_are_refused(polar: Polar, prices: list[dict[str, Any]], text: str) -> None:
    assert_wrong(create(polar, *prices, every="month"), (["prices"], "value_error", text, AS_SENT))


def test_prices_that_go_together_are_sold(server: RunningServer, polar: Polar) -> None:
    meters = [metered(metering(server, polar.shop, name)) for name in ("Calls", "Storage")]
    for prices in (
        [fixed(500), PER_SEAT, *meters],
        [fixed(500), PER_UNIT],
        [custom(), *meters],
        [fixed(500, tax_behavior="inclusive"), fixed(500, price_currency="eur", tax_behavior="exclusive")],
    ):
        answer = create(polar, *prices, every="month")
        assert answer.status_code == 201, answer.text
        assert [price["amount_type"] for price in answer.json()["prices"]] == [price["amount_type"] for price in prices]


def test_a_price_that_is_refused_by_itself_is_left_out_and_the_rest_judged(server: RunningServer, polar: Polar) -> None:
    meter = metering(server, polar.shop)
    one_time = "Metered pricing is not supported on one-time products."
    assert_wrong(create(polar, metered(meter)), (["prices", 0], "value_error", one_time, AS_SENT), REQUIRED, DEFAULT)
    one_time = "Unit-based pricing is not supported on one-time products."
    assert_wrong(
        create(polar, fixed(500, price_currency="eur"), PER_UNIT),
        (["prices", 1], "value_error", one_time, AS_SENT),
        DEFAULT,
    )
    unknown = (["prices", 1, "meter_id"], "value_error", "Meter does not exist.", UNKNOWN)
    assert_wrong(create(polar, fixed(500), metered(UNKNOWN), every="month"), unknown)
    stranger = metering(server, server.new_shop())
    assert_wrong(
        create(polar, metered(stranger), every="month"),
        (["prices", 0, "meter_id"], "value_error", "Meter does not exist.", stranger),
        REQUIRED,
        DEFAULT,
    )
    twice = (["prices", 1, "meter_id"], "value_error", "Meter is already used for another price.", meter)
    assert_wrong(create(polar, metered(meter), metered(meter, "0.5"), every="month"), twice)


@table(
    ("price", "where", "kind", "text"),
    [
        (
            fixed(49),
            ["fixed", "price_amount"],
            "minimum_price",
            "Amount must be at least $0.50 or 0 for free pricing",
        ),
        (fixed(100_000_000), ["fixed", "price_amount"], "maximum_price", "Amount must be at most $999,999.99"),
        (
            fixed(79, price_currency="jpy"),
            ["fixed", "price_amount"],
            "minimum_price",
            "Amount must be at least ¥80 or 0 for free pricing",
        ),
        (custom(minimum_amount=10), ["custom", "minimum_amount"], "minimum_price", None),
        (custom(preset_amount=10), ["custom", "preset_amount"], "minimum_price", None),
        (custom(maximum_amount=0), ["custom", "maximum_amount"], "greater_than_equal", None),
        (metered(UNKNOWN, "0"), ["metered_unit", "unit_amount"], "greater_than", None),
        (metered(UNKNOWN, "0.0000000000001"), ["metered_unit", "unit_amount"], "decimal_max_places", None),
        (fixed(500, price_currency="USD"), ["fixed", "price_currency"], "enum", None),
        ({"amount_type": "barter"}, [], "union_tag_invalid", None),
        ({}, [], "union_tag_not_found", None),
    ],
)
def test_a_price_outside_the_schema_is_refused_under_its_kind(
    polar: Polar, price: dict[str, Any], where: list[object], kind: str, text: str | None
) -> None:
    assert_refused(create(polar, price), SCHEMA, ["body", "one_time", "prices", 0, *where], kind, text)


def test_what_the_original_does_not_notice_is_accepted(polar: Polar) -> None:
    assert create(polar, custom(minimum_amount=900, maximum_amount=100, preset_amount=2000)).status_code == 201
    legacy = create(polar, {"amount_type": "free"}).json()["prices"][0]
    assert (legacy["amount_type"], legacy["price_amount"]) == ("fixed", 0)


def test_thousands_of_prices_that_are_refused_are_told_at_once(server: RunningServer, polar: Polar) -> None:
    meter = metering(server, polar.shop)
    many = {polar.id(label): [metered(meter)] * 500 for label in ("one_time", "pay_what_you_want", "free")}
    began = time.perf_counter()
    refused = polar.create(products=list(many), prices=many)
    took_s = time.perf_counter() - began
    assert refused.status_code == 422
    assert len(refused.json()["detail"]) == 20
    assert took_s < 2, "it took 4.4 s where each problem wrote all prices anew"
