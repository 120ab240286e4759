"""`POST /checkouts` beyond the shape of its body: who may, what is stored, what a key repeats, and how a session reads back."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from checkstand.domain import ids
from checkstand.domain.catalog import Interval, Span
from checkstand.domain.discount import Discount, Percentage
from checkstand.flows import idempotency
from checkstand.store.catalogue import discounts
from tests.dialects.dodo_place import COMPLETE, ONE, DodoShop, cart
from tests.tables import table


def test_the_answer_is_the_session_and_where_to_pay_and_nothing_else(dodo: DodoShop) -> None:
    answer = dodo.create(product_cart=ONE)
    session_id = answer.json()["session_id"]
    assert answer.json() == {"session_id": session_id, "checkout_url": f"{dodo.server.url}/session/{session_id}"}
    assert answer.headers["content-type"] == "application/json"


def test_the_same_call_twice_makes_two_sessions(dodo: DodoShop) -> None:
    assert dodo.session() != dodo.session()


@pytest.mark.parametrize("header", [None, "Basic YTpi", "Bearer", "Bearer dodo_key_wrong"])
def test_without_a_good_key_nothing_is_told_about_the_body(dodo: DodoShop, header: str | None) -> None:
    """The key is looked at first."""
    headers = {"authorization": header} if header else {}
    answer = httpx2.post(f"{dodo.server.url}/checkouts", content=b"{not json", headers=headers, verify=False)
    assert answer.status_code == 401
    message = "You are not authorised to perform this action"
    assert answer.json() == {"code": "UNAUTHORIZED", "message": message}


def test_a_read_only_key_may_not_create(dodo: DodoShop) -> None:
    headers = {"Authorization": f"Bearer {dodo.key('checkouts:read')}"}
    answer = dodo.http.post("/checkouts", json=dodo.filled({"product_cart": ONE}), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    assert dodo.http.get(f"/checkouts/{dodo.session()}", headers=headers).status_code == 200


def test_a_key_of_the_other_dialect_opens_the_same_organization(dodo: DodoShop) -> None:
    headers = {"Authorization": f"Bearer {dodo.demo.polar_token}"}
    assert dodo.http.get(f"/checkouts/{dodo.session()}", headers=headers).status_code == 200


def test_the_other_api_shows_the_session_with_the_address_of_its_page(dodo: DodoShop) -> None:
    made = dodo.create(product_cart=ONE).json()
    headers = {"Authorization": f"Bearer {dodo.demo.polar_token}"}
    [listed] = dodo.http.get("/v1/checkouts/", headers=headers).json()["items"]
    shown = dodo.http.get(f"/v1/checkouts/{listed['id']}", headers=headers).json()
    assert (listed["url"], shown["url"]) == (made["checkout_url"],) * 2
    assert dodo.http.get(shown["url"]).status_code == 200
    assert shown["success_url"] == f"{made['checkout_url']}/confirmation"


def test_a_product_of_another_business_looks_unknown(dodo: DodoShop) -> None:
    other = DodoShop(dodo.server, dodo.server.new_shop())
    answer = dodo.create(product_cart=cart(other.id("P")))
    assert (answer.status_code, answer.json()["code"]) == (422, "NOT_FOUND")


def test_an_archived_product_is_refused_by_its_own_code(dodo: DodoShop) -> None:
    dodo.http.delete(f"/products/{dodo.id('P')}")
    answer = dodo.create(product_cart=ONE)
    assert (answer.status_code, answer.json()["code"]) == (422, "PRODUCT_IS_DELETED")
    assert dodo.id("P") in answer.json()["message"]


@table(
    ("body", "total"),
    [
        ({"product_cart": cart("W", 2, amount=500)}, 1000),
        ({"product_cart": cart("P", amount=1)}, 1000),
        ({"product_cart": ONE + cart("S", 2)}, 5000),
        ({"product_cart": cart("P", 0)}, 0),
        ({"product_cart": ONE, "discount_code": "welcome20"}, 800),
        ({"product_cart": ONE, "discount_code": "WELCOME20", "feature_flags": {"allow_discount_code": False}}, 800),
        ({"product_cart": cart("T")}, 0),
        ({"product_cart": cart("T"), "subscription_data": {"trial_period_days": 0}}, 2000),
        ({"product_cart": ONE, "subscription_data": {"trial_period_days": 7}}, 1000),
    ],
)
def test_what_is_due_today_follows_the_cart(dodo: DodoShop, body: dict[str, Any], total: int) -> None:
    stored = dodo.stored(dodo.create(**body).json()["session_id"])
    assert (stored.quote.due_minor, stored.currency) == (total, "USD")


def test_a_customer_id_beside_an_email_attaches_that_customer(dodo: DodoShop) -> None:
    """The e-mail beside it is not even read."""
    made = dodo.http.post("/customers", json={"email": "known@example.com", "name": "Known"}).json()
    session = dodo.session(customer={"customer_id": made["customer_id"], "email": "nope"})
    assert dodo.http.get(f"/checkouts/{session}").json()["customer_email"] == "known@example.com"


@pytest.mark.parametrize(("always_new", "customers"), [(False, 1), (True, 2)])
def test_the_email_of_a_customer_finds_them_unless_told_otherwise(
    dodo: DodoShop, always_new: bool, customers: int
) -> None:
    dodo.http.post("/customers", json={"email": "ADA@example.com", "name": "Ada"})
    flags = {"always_create_new_customer": always_new}
    session = dodo.session(customer={"email": "ada@example.com", "name": "Ada"}, feature_flags=flags)
    assert len(dodo.http.get("/customers").json()["items"]) == 1, "creating a session makes no customer"
    dodo.pay(session)
    assert len(dodo.http.get("/customers").json()["items"]) == customers


def test_live_mode_refuses_a_country_that_cannot_be_sold_to(dodo: DodoShop) -> None:
    dodo.set("UPDATE organizations SET mode = 'live' WHERE id = $1")
    answer = dodo.create(product_cart=ONE, billing_address={"country": "KP"})
    assert (answer.status_code, answer.json()["code"]) == (422, "UNSUPPORTED_COUNTRY")


def test_confirm_true_reserves_the_payment_and_leaves_a_quarter_of_an_hour(dodo: DodoShop) -> None:
    answer = dodo.create(product_cart=ONE, confirm=True, **COMPLETE).json()
    stored = dodo.stored(answer["session_id"])
    assert stored.expires_at - stored.created_at == timedelta(minutes=15)
    seen = dodo.http.get(f"/checkouts/{answer['session_id']}").json()
    assert (seen["payment_id"], seen["payment_status"]) == (answer["payment_id"], "requires_payment_method")
    dodo.pay(answer["session_id"])
    assert dodo.payment_of(answer["session_id"])["payment_id"] == answer["payment_id"]


@pytest.mark.parametrize(
    ("given", "lasts"), [({}, 86_400), ({"expires_in": 120}, 120), ({"expires_in": 604_800}, 604_800)]
)
def test_a_session_lasts_a_day_unless_asked_otherwise(dodo: DodoShop, given: dict[str, int], lasts: int) -> None:
    stored = dodo.stored(dodo.session(**given))
    assert (stored.expires_at - stored.created_at).total_seconds() == lasts


@dataclass(frozen=True)
class Code:
    """A discount and what becomes of using it."""

    name: str
    expected: str
    change: dict[str, Any] = field(default_factory=dict)


NOW = datetime.now(UTC)
CODES = [
    Code("62 expired", "DISCOUNT_CODE_EXPIRED", {"ends_at": NOW - timedelta(days=1)}),
    Code("62b not active yet", "DISCOUNT_NOT_YET_ACTIVE", {"starts_at": NOW + timedelta(days=1)}),
    Code("63 used up", "DISCOUNT_CODE_USAGE_LIMIT_EXCEEDED", {"max_redemptions": 1, "redemptions_count": 1}),
    Code("64 of another product", "DISCOUNT_NOT_AVAILABLE_FOR_PRODUCT", {"product_ids": (uuid4(),)}),
    Code("69 leaves 0.30", "TOTAL_PAYMENT_AMOUNT_BELOW_MINIMUM_AMOUNT", {"takes": Percentage(basis_points=9700)}),
]


def add_discount(dodo: DodoShop, **change: Any) -> None:
    plain = Discount(
        id=uuid4(),
        organization_id=dodo.demo.organization.id,
        name="Spring",
        code="SPRING",
        takes=Percentage(basis_points=1000),
        created_at=datetime.now(UTC),
    )
    dodo.server.run(discounts.add(dodo.server.services.ports.db, replace(plain, **change)))


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_a_discount_code_that_cannot_be_used_says_why(dodo: DodoShop, code: Code) -> None:
    add_discount(dodo, **code.change)
    before = dodo.row_counts()
    answer = dodo.create(product_cart=ONE, discount_code="spring")
    assert (answer.status_code, answer.json()["code"]) == (422, code.expected)
    assert dodo.row_counts() == before


@pytest.mark.parametrize(("name", "status"), [("P", "succeeded"), ("S", "succeeded")])
def test_a_full_discount_costs_nothing_and_is_paid_with_nothing(dodo: DodoShop, name: str, status: str) -> None:
    add_discount(dodo, takes=Percentage(basis_points=10_000))
    session = dodo.session(name, discount_code="SPRING")
    dodo.pay(session)
    payment = dodo.payment_of(session)
    assert (payment["status"], payment["total_amount"]) == (status, 0)


def test_a_code_for_one_product_leaves_the_rest_of_the_cart_alone(dodo: DodoShop) -> None:
    product_id = ids.parse_short_id("pdt", dodo.id("P"))
    add_discount(dodo, takes=Percentage(basis_points=5000), product_ids=(product_id,))
    quote = dodo.stored(dodo.session("P", "S", discount_code="SPRING")).quote
    assert [line.discount_minor for line in quote.lines] == [500, 0]
    assert quote.total_minor == 2500


def test_a_session_trial_replaces_the_products_own(dodo: DodoShop) -> None:
    stored = dodo.stored(dodo.session("T", subscription_data={"trial_period_days": 3}))
    assert stored.trial.span == Span(interval=Interval.DAY, count=3)
    assert stored.trial_end - stored.created_at == timedelta(days=3)


def test_products_of_different_currencies_cannot_share_a_cart(dodo: DodoShop) -> None:
    euro = make_price(dodo, "EUR")
    answer = dodo.create(product_cart=ONE + cart(euro))
    assert (answer.status_code, answer.json()["code"]) == (422, "EXCHANGE_RATE_NOT_FOUND")
    assert dodo.stored(dodo.create(product_cart=cart(euro)).json()["session_id"]).currency == "EUR"


def make_price(dodo: DodoShop, currency: str) -> str:
    price = {
        "type": "one_time_price",
        "currency": currency,
        "price": 900,
        "discount": 0,
        "purchasing_power_parity": False,
    }
    made = dodo.http.post("/products", json={"name": "Abroad", "tax_category": "saas", "price": price})
    return str(made.json()["product_id"])


def test_what_has_no_effect_yet_stays_with_the_session(dodo: DodoShop) -> None:
    stored = dodo.stored(
        dodo.session(
            force_3ds=True,
            short_link=True,
            mandate_min_amount_inr_paise=500,
            adaptive_currency_fees_inclusive=True,
            feature_flags={"single_page": True, "allow_customer_editing_email": True, "redirect_immediately": True},
            customization={"show_on_demand_tag": False, "theme_config": {"radius": "4px"}, "force_language": "de"},
        )
    )
    carried = stored.carried
    assert (carried["force_3ds"], carried["short_link"], carried["mandate_min_amount_inr_paise"]) == (True, True, 500)
    assert carried["feature_flags"] == {"single_page": True, "allow_customer_editing_email": True}
    assert carried["customization"] == {"show_on_demand_tag": False, "theme_config": {"radius": "4px"}}
    assert stored.options.redirect_immediately
    assert stored.options.minimal_address, "a single page asks for little"
    assert stored.buyer.locale == "de"


def test_every_option_of_the_contract_reaches_the_session(dodo: DodoShop) -> None:
    stored = dodo.stored(
        dodo.session(
            customer={"email": "mira@example.org", "name": "Mira Okafor", "phone_number": "+4915112345678"},
            billing_address={
                "country": "US",
                "city": "Albany",
                "state": "New York",
                "street": "1 Main",
                "zipcode": "12207",
            },
            allowed_payment_method_types=["credit", "debit", "sepa"],
            return_url="https://shop.example.org/done?cart=77",
            cancel_url="https://shop.example.org/cart",
            show_saved_payment_methods=True,
            customization={"theme": "dark", "show_order_details": False},
            feature_flags={"allow_currency_selection": False, "allow_tax_id": False, "allow_discount_code": False},
            metadata={"cart": "77"},
        )
    )
    options, buyer = stored.options, stored.buyer
    assert (buyer.email, buyer.name, buyer.phone) == ("mira@example.org", "Mira Okafor", "+4915112345678")
    assert (buyer.address.state, buyer.address.postal_code) == ("US-NY", "12207")
    assert options.allowed_methods == ("credit", "debit", "sepa")
    assert (options.theme, options.show_order_details) == ("dark", False)
    assert not (options.allow_currency_selection or options.allow_tax_id or options.allow_discount_codes)
    assert not options.show_saved_methods, "an e-mail address alone shows nobody's cards"
    assert (stored.redirects.success_url, stored.redirects.back_url) == (
        "https://shop.example.org/done?cart=77",
        "https://shop.example.org/cart",
    )
    assert (stored.metadata, stored.dialect) == ({"cart": "77"}, "dodo")


def test_fields_that_nobody_reads_are_named_in_the_answers_header(dodo: DodoShop) -> None:
    answer = dodo.create(product_cart=ONE, foo=1, bar=2)
    assert answer.headers["checkstand-ignored-fields"] == "foo, bar"


@pytest.mark.parametrize("path", ["/checkouts", "/checkouts/"])
def test_both_slash_forms_are_served_without_a_redirect(dodo: DodoShop, path: str) -> None:
    assert dodo.http.post(path, json=dodo.filled({"product_cart": ONE})).status_code == 200


def test_the_same_idempotency_key_gets_the_same_session(dodo: DodoShop) -> None:
    body, headers = dodo.filled({"product_cart": ONE}), {"Idempotency-Key": "order-77"}
    first = dodo.http.post("/checkouts", json=body, headers=headers)
    second = dodo.http.post("/checkouts", json=body, headers=headers)
    assert (second.content, second.headers["idempotent-replayed"]) == (first.content, "true")
    other = dodo.http.post("/checkouts", json={**body, "metadata": {"a": "b"}}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_a_key_whose_first_request_is_at_work_may_be_tried_again_soon(dodo: DodoShop) -> None:
    ports, organization = dodo.server.services.ports, dodo.demo.organization
    content = json.dumps(dodo.filled({"product_cart": ONE})).encode()
    begun = idempotency.begin(ports, organization.id, "order-79", method="POST", path="/checkouts", body=content)
    assert dodo.server.run(begun) is None
    headers = {"Idempotency-Key": "order-79", "Content-Type": "application/json"}
    answer = dodo.http.post("/checkouts", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENCY_KEY_BUSY")
    assert answer.headers["retry-after"] == "1"
    assert "x-should-retry" not in answer.headers


def test_a_refusal_is_replayed_as_well(dodo: DodoShop) -> None:
    headers = {"Idempotency-Key": "order-78"}
    first = dodo.http.post("/checkouts", json={"product_cart": []}, headers=headers)
    second = dodo.http.post("/checkouts", json={"product_cart": []}, headers=headers)
    assert (first.status_code, second.status_code, first.content) == (422, 422, second.content)


def test_reading_an_open_session_shows_nulls(dodo: DodoShop) -> None:
    session = dodo.session(customer={"email": "ada@example.com"})
    seen = dodo.http.get(f"/checkouts/{session}").json()
    assert seen["id"] == session
    assert (seen["customer_email"], seen["customer_name"]) == ("ada@example.com", None)
    assert (seen["payment_id"], seen["payment_status"]) == (None, None)


@pytest.mark.parametrize("session", ["cks_unknown", "cks_" + "1" * 21, "pay_" + "1" * 21])
def test_an_unknown_session_is_not_found(dodo: DodoShop, session: str) -> None:
    answer = dodo.http.get(f"/checkouts/{session}")
    assert (answer.status_code, answer.json()) == (404, {"code": "NOT_FOUND", "message": "Item not found"})
