"""In which currency a buyer is charged, what it costs them, and what the merchant is told of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checkstand.domain.discount import Percentage
from tests.dialects.dodo_place import BUYER, ONE, DodoShop, cart
from tests.dialects.test_dodo_addons import MONTHLY, make_product
from tests.dialects.test_dodo_cart import IN_GERMANY, add_discount, quoted
from tests.dialects.test_dodo_contract import conform
from tests.tables import table


def test_a_wish_for_another_currency_is_ignored_where_the_business_sells_in_its_own(dodo: DodoShop) -> None:
    dodo.settle_on(adaptive_currency=False)
    stored = quoted(dodo, product_cart=ONE, billing_currency="EUR", billing_address={"country": "DE"})
    assert (stored.quote.total_minor, stored.currency, stored.wanted_currency) == (1000, "USD", None)


@pytest.mark.parametrize(
    ("amount", "fee_ppm"), [(49_999, 40_000), (50_000, 30_000), (150_000, 30_000), (150_001, 20_000)]
)
def test_a_wish_for_another_currency_is_charged_with_the_fee_of_the_orders_size(
    dodo: DodoShop, amount: int, fee_ppm: int
) -> None:
    stored = quoted(dodo, product_cart=cart("W", amount=amount), billing_currency="EUR")
    assert (stored.currency, stored.price_currency, stored.exchange.fee_ppm) == ("EUR", "USD", fee_ppm)
    assert stored.quote.total_minor == stored.exchange.convert(amount)
    assert stored.base_quote.due_minor == amount


def test_the_currency_of_the_buyers_country_is_charged_by_itself(dodo: DodoShop) -> None:
    """And the merchant is told what comes of it in the prices' currency."""
    session = dodo.session("P", "T")
    dodo.pay(session, buyer=replace(BUYER, address=IN_GERMANY))
    stored, payment = dodo.stored(session), dodo.payment_of(session)
    conform("PaymentResponse", payment)
    assert (payment["total_amount"], payment["currency"]) == (stored.exchange.convert(1000), "EUR")
    settled = (payment["settlement_amount"], payment["settlement_currency"], payment["settlement_tax"])
    assert settled == (1000, "USD", 0)
    items = dodo.http.get(f"/payments/{payment['payment_id']}/line-items").json()
    assert items["currency"] == "EUR"
    assert sum(item["amount"] + item["tax"] for item in items["items"]) == payment["total_amount"]


def test_taxes_are_settled_in_the_prices_currency_too(dodo: DodoShop) -> None:
    dodo.settle_on(tax_registrations=("DE",))
    session = dodo.session("P")
    dodo.pay(session, buyer=replace(BUYER, address=IN_GERMANY))
    payment = dodo.payment_of(session)
    assert (payment["settlement_amount"], payment["settlement_tax"]) == (1000, 160)
    assert payment["tax"] == dodo.stored(session).exchange.convert(160)
    items = dodo.http.get(f"/payments/{payment['payment_id']}/line-items").json()["items"]
    assert (items[0]["amount"] + items[0]["tax"], items[0]["tax"]) == (payment["total_amount"], payment["tax"])
    assert items[0]["refundable_amount"] == payment["total_amount"]


def test_a_wish_for_the_prices_own_currency_keeps_it_abroad(dodo: DodoShop) -> None:
    stored = quoted(dodo, product_cart=ONE, billing_currency="USD", billing_address={"country": "DE"})
    assert (stored.currency, stored.exchange) == ("USD", None)


@pytest.mark.parametrize("body", [{"billing_currency": "EUR"}, {"billing_address": {"country": "DE"}}])
def test_a_price_in_the_charged_currency_is_taken_without_conversion(dodo: DodoShop, body: dict[str, Any]) -> None:
    prices = [
        {"amount_type": "fixed", "price_amount": amount, "price_currency": code}
        for amount, code in ((700, "usd"), (650, "eur"))
    ]
    polar = {"Authorization": f"Bearer {dodo.demo.polar_token}"}
    made = dodo.http.post("/v1/products/", headers=polar, json={"name": "Both", "prices": prices})
    assert made.status_code == 201, made.text
    product = next(item for item in dodo.http.get("/products").json()["items"] if item["name"] == "Both")
    stored = quoted(dodo, product_cart=cart(product["product_id"]), **body)
    assert (stored.currency, stored.quote.total_minor, stored.exchange) == ("EUR", 650, None)
    mixed = quoted(dodo, product_cart=cart(product["product_id"]) + ONE, **body)
    assert (mixed.currency, mixed.price_currency) == ("EUR", "USD")
    assert mixed.quote.total_minor == mixed.exchange.convert(1700)


@pytest.mark.parametrize(("is_adaptive", "currency"), [(True, "INR"), (False, "USD")])
def test_an_indian_buyer_is_offered_upi_where_it_is_rupees_that_are_charged(
    dodo: DodoShop, is_adaptive: bool, currency: str
) -> None:
    """The merchant's list names it, and yet who is charged in dollars sees the card alone."""
    dodo.settle_on(adaptive_currency=is_adaptive)
    allowed = ["upi_collect", "upi_intent", "credit", "debit"]
    session = dodo.session(allowed_payment_method_types=allowed, billing_address={"country": "IN"})
    stored = dodo.stored(session)
    assert (stored.currency, stored.options.allowed_methods) == (currency, tuple(allowed))
    page = dodo.http.get(f"/session/{session}").text
    assert "card_number" in page
    assert ("UPI" in page) is (currency == "INR")


def priced_at(dodo: DodoShop, price: int) -> str:
    one_time = {"type": "one_time_price", "currency": "USD", "price": price}
    return str(make_product(dodo, one_time).json()["product_id"])


@pytest.mark.parametrize(
    ("price", "currency", "status"),
    [(50, None, 200), (49, None, 422), (50, "EUR", 422), (60, "EUR", 200), (50, "DKK", 200), (30, "DKK", 422)],
)
def test_the_smallest_charge_is_that_of_the_currency_that_is_charged(
    dodo: DodoShop, price: int, currency: str | None, status: int
) -> None:
    """0.50 dollars are less than half a euro."""
    product = priced_at(dodo, price)
    answer = dodo.create(product_cart=cart(product), billing_currency=currency)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.json()["code"] == "TOTAL_PAYMENT_AMOUNT_BELOW_MINIMUM_AMOUNT"


@pytest.mark.parametrize(("price", "country", "charged"), [
    (130_000, "ID", "USD"), (130_000, "LA", "USD"), (130_000, "LB", "USD"),  # more than can be charged there
    (50, "DE", "USD"),  # less than half a euro
    (80_000, "ID", "IDR"), (60, "DE", "EUR"),
])  # fmt: skip
def test_where_the_buyers_own_currency_does_not_fit_the_prices_is_charged(
    dodo: DodoShop, price: int, country: str, charged: str
) -> None:
    stored = quoted(dodo, product_cart=cart(priced_at(dodo, price)), billing_address={"country": country})
    assert stored.currency == charged
    assert (stored.exchange is None) == (charged == "USD")


@table("path", ["/checkouts", "/checkouts/preview"])
@table(
    ("price", "quantity", "code", "currency", "limit"),
    [
        (130_000, 1, None, "IDR", "The total is more than IDR 16,000,000.00."),  # named, so it is refused
        (99_999_999, 2, None, None, "The total is more than $999,999.99."),
        # What is charged is small, what is told of it is not.
        (99_999_999, 30, "NEARLY", None, "The subtotal, before discounts, is more than $21,474,836.47."),
        (99_999, 200, "NEARLY", "IDR", "The subtotal, before discounts, is more than IDR 21,474,836.47."),
        (99_999_999, 30, "NEARLY", "EUR", "The subtotal, before discounts, is more than $21,474,836.47."),
    ],
)
def test_what_cannot_be_charged_or_told_is_refused_with_its_own_name_and_limit(
    dodo: DodoShop, path: str, price: int, quantity: int, code: str | None, currency: str | None, limit: str
) -> None:
    add_discount(dodo, "NEARLY", Percentage(basis_points=9999))
    body = {"product_cart": cart(priced_at(dodo, price), quantity), "discount_code": code, "billing_currency": currency}
    answer = dodo.http.post(path, json=dodo.filled(body))
    assert answer.status_code == 422, answer.text
    assert limit in answer.json()["message"]


@pytest.mark.parametrize("path", ["/checkouts", "/checkouts/preview"])
def test_a_subscription_that_could_never_be_charged_without_its_first_discount_is_refused(
    dodo: DodoShop, path: str
) -> None:
    add_discount(dodo, "HALF", Percentage(basis_points=5000))
    dear = {**MONTHLY, "price": 60_000_000}
    product = make_product(dodo, dear).json()["product_id"]
    body = {"product_cart": cart(product, 2), "discount_code": "HALF"}
    answer = dodo.http.post(path, json=dodo.filled(body))
    assert answer.status_code == 422, answer.text
    assert "The total once the discount has ended is more than $999,999.99." in answer.json()["message"]
    fits = dodo.http.post(path, json=dodo.filled({**body, "product_cart": cart(product)}))
    assert fits.status_code == 200, fits.text
