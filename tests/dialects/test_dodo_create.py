"""`POST /checkouts`, edge by edge: each row is an input and what comes of it. Refused inputs store nothing."""

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
from checkstand.store import discounts
from tests.dialects.dodo_place import DodoShop


ONE = [{"product_id": "P", "quantity": 1}]
FULL_ADDRESS = {"country": "DE", "street": "Markt 4", "city": "Jena", "state": "TH", "zipcode": "07743"}
COMPLETE = {"customer": {"email": "ada@example.com", "name": "Ada"}, "billing_address": FULL_ADDRESS}


def cart(name: str = "P", quantity: object = 1, **more: object) -> list[dict[str, object]]:
    return [{"product_id": name, "quantity": quantity, **more}]


@dataclass(frozen=True)
class Row:
    """`says`: what the message must contain."""

    name: str
    body: Any
    status: int = 200
    code: str | None = None
    says: str = ""

    @property
    def refused(self) -> bool:
        return self.status != 200


def accepted(name: str, **body: object) -> Row:
    return Row(name, {"product_cart": ONE, **body})


def refused(name: str, code: str, says: str = "", **body: object) -> Row:
    return Row(name, {"product_cart": ONE, **body}, 422, code, says)


BODY = "INVALID_REQUEST_BODY"
ROWS = [
    accepted("1 one product"),
    Row("9 cart missing", {}, 422, BODY, "product_cart"),
    refused("10 cart null", BODY, "product_cart", product_cart=None),
    refused("11 cart empty", "PRODUCT_CART_EMTPY", product_cart=[]),
    refused("11b cart empty with an unknown collection", "NOT_FOUND", "pdc_x", product_cart=[], product_collection_id="pdc_x"),
    refused("12 no quantity", BODY, "product_cart[0].quantity", product_cart=[{"product_id": "P"}]),
    accepted("13 quantity 0 leaves it to the buyer", product_cart=cart(quantity=0)),
    refused("14 quantity -1", BODY, "product_cart[0].quantity", product_cart=cart(quantity=-1)),
    refused("14b quantity 1.5", BODY, "product_cart[0].quantity", product_cart=cart(quantity=1.5)),
    refused("14c quantity '1'", BODY, "product_cart[0].quantity", product_cart=cart(quantity="1")),
    refused("14d quantity true", BODY, "product_cart[0].quantity", product_cart=cart(quantity=True)),
    refused("14e quantity null", BODY, "product_cart[0].quantity", product_cart=cart(quantity=None)),
    refused("14f quantity 2147483648", BODY, "product_cart[0].quantity", product_cart=cart(quantity=2_147_483_648)),
    accepted("14g quantity 2.0 is the integer 2", product_cart=cart(quantity=2.0)),
    refused("15 total beyond int32", "INVALID_REQUEST_PARAMETERS", "smaller quantity", product_cart=cart(quantity=2_147_484)),
    accepted("15b total just within int32", product_cart=cart(quantity=2_147_483)),
    refused("16 unknown product", "NOT_FOUND", "product_cart[0].product_id: product pdt_nothing", product_cart=cart("pdt_nothing")),
    refused("16b well-formed unknown product", "NOT_FOUND", "pdt_" + "1" * 21, product_cart=cart("pdt_" + "1" * 21)),
    accepted("19 the same product twice", product_cart=ONE + ONE),
    accepted("20 one-time and subscription", product_cart=ONE + cart("S")),
    accepted("21 two subscriptions", product_cart=cart("S") + cart("S", 2)),
    accepted("22a 20 items", product_cart=ONE * 20),
    refused("22 21 items", BODY, "product_cart", product_cart=ONE * 21),
    refused("24 add-on on a one-time product", "INVALID_REQUEST_PARAMETERS", "addons", product_cart=cart(addons=[{"addon_id": "adn_x", "quantity": 1}])),
    accepted("24b no add-ons on a one-time product", product_cart=cart(addons=[])),
    accepted("24c null add-ons", product_cart=cart("S", addons=None)),
    refused("26 unknown add-on", "MISSING_ADDON_IDS", "adn_x", product_cart=cart("S", addons=[{"addon_id": "adn_x", "quantity": 1}])),
    refused("27 add-on twice", "DUPLICATE_ADDON_IDS_IN_REQUEST", "adn_x", product_cart=cart("S", addons=[{"addon_id": "adn_x", "quantity": 1}] * 2)),
    refused("27b add-on without quantity", BODY, "addons[0].quantity", product_cart=cart("S", addons=[{"addon_id": "adn_x"}])),
    accepted("30 pay what you want, the buyer chooses", product_cart=cart("W")),
    refused("31 pay what you want below the minimum", "REQUEST_AMOUNT_BELOW_MINIMUM", "$5.00", product_cart=cart("W", amount=400)),
    accepted("32 pay what you want twice the minimum", product_cart=cart("W", 2, amount=500)),
    accepted("33 amount of a fixed price is ignored", product_cart=cart("P", amount=1)),
    refused("34 confirm without an amount", "PAY_AS_YOU_WANT_AMOUNT_REQUIRED", "product_cart[0].amount", product_cart=cart("W"), confirm=True, **COMPLETE),
    refused("35 customer {}", BODY, "customer", customer={}),
    accepted("36 customer without a name", customer={"email": "ada@example.com"}),
    refused("37 unknown customer", "NOT_FOUND", "customer.customer_id: customer cus_nobody", customer={"customer_id": "cus_nobody"}),
    refused("37b well-formed unknown customer", "NOT_FOUND", "cus_" + "1" * 21, customer={"customer_id": "cus_" + "1" * 21}),
    accepted("41 customer null", customer=None),
    refused("42 not an address", BODY, "customer.email", customer={"email": "nope", "name": "N"}),
    accepted("42b addresses of test domains", customer={"email": "ada@shop.test", "name": "Ada"}),
    accepted("42c addresses of local shops", customer={"email": "ada@shop.localhost", "name": "Ada"}),
    accepted("42d addresses of example domains", customer={"email": "ada@shop.example", "name": "Ada"}),
    refused("43 address without country", BODY, "billing_address.country", billing_address={"city": "Jena"}),
    refused("44 country de", BODY, "billing_address.country", billing_address={"country": "de"}),
    refused("44b country DEU", BODY, "billing_address.country", billing_address={"country": "DEU"}),
    refused("44c country XX", BODY, "billing_address.country", billing_address={"country": "XX"}),
    accepted("45 every country of the list in test mode", billing_address={"country": "KP"}),
    refused("46 zipcode as a number", BODY, "billing_address.zipcode", billing_address={"country": "DE", "zipcode": 12345}),
    refused("47 confirm with a product alone", BODY, "billing_address", confirm=True),
    refused("47b confirm without a name", BODY, "customer.name", confirm=True, customer={"email": "a@example.com"}, billing_address=FULL_ADDRESS),
    refused("47c confirm without a street", BODY, "billing_address.street", confirm=True, customer=COMPLETE["customer"], billing_address={**FULL_ADDRESS, "street": ""}),
    refused("47d confirm with quantity 0", "INVALID_QUANTITY", product_cart=cart(quantity=0), confirm=True, **COMPLETE),
    refused("47e confirm without a demanded phone number", BODY, "phone_number", confirm=True, feature_flags={"require_phone_number": True}, **COMPLETE),
    refused("47f confirm without a demanded tax id", BODY, "tax_id", confirm=True, feature_flags={"require_tax_id": True}, **COMPLETE),
    accepted("48 confirm complete", confirm=True, **COMPLETE),
    accepted("48b confirm with a minimal address", confirm=True, minimal_address=True, customer=COMPLETE["customer"], billing_address={"country": "DE", "zipcode": "07743"}),
    refused("49 confirm null", BODY, "confirm", confirm=None),
    refused("49b show_saved_payment_methods null", BODY, show_saved_payment_methods=None),
    refused("49c customization null", BODY, "customization", customization=None),
    refused("49d feature_flags null", BODY, "feature_flags", feature_flags=None),
    accepted("49e null where the contract lists it", allowed_payment_method_types=None, billing_address=None, billing_currency=None, discount_code=None, metadata=None, return_url=None, subscription_data=None),
    accepted("50 a currency without a price is ignored", billing_currency="EUR"),
    refused("52 billing_currency XYZ", BODY, "billing_currency", billing_currency="XYZ"),
    refused("52b billing_currency eur", BODY, "billing_currency", billing_currency="eur"),
    refused("53 no method allowed", "NO_ELIGIBLE_PAYMENT_METHODS", allowed_payment_method_types=[]),
    refused("54 a method twice", BODY, "allowed_payment_method_types", allowed_payment_method_types=["credit", "credit"]),
    refused("55 bitcoin", BODY, "allowed_payment_method_types[0]", allowed_payment_method_types=["bitcoin"]),
    accepted("55b a method of the current list", allowed_payment_method_types=["paypal", "credit"]),
    refused("56 ideal alone with confirm", "NO_ELIGIBLE_PAYMENT_METHODS", allowed_payment_method_types=["ideal"], confirm=True, **COMPLETE),
    accepted("57 ideal without an address", allowed_payment_method_types=["ideal"]),
    refused("61 unknown discount code", "INVALID_DISCOUNT_CODE", "NOPE", discount_code="NOPE"),
    accepted("65 discount code in lower case", discount_code="welcome20"),
    accepted("66 discount code of nothing", discount_code=""),
    refused("70 one code and several", BODY, "discount_code", discount_code="WELCOME20", discount_codes=["WELCOME20"]),
    accepted("70b a list of one code", discount_codes=["WELCOME20"]),
    refused("70c stacked codes", "INVALID_REQUEST_PARAMETERS", "discount_codes", discount_codes=["WELCOME20", "OTHER"]),
    accepted("72 no trial", product_cart=cart("T"), subscription_data={"trial_period_days": 0}),
    accepted("73 trial of 10000 days", product_cart=cart("S"), subscription_data={"trial_period_days": 10_000}),
    refused("73b trial of 10001 days", BODY, "trial_period_days", product_cart=cart("S"), subscription_data={"trial_period_days": 10_001}),
    refused("73c trial of -1 days", BODY, "trial_period_days", product_cart=cart("S"), subscription_data={"trial_period_days": -1}),
    accepted("74 trial without a subscription", subscription_data={"trial_period_days": 7}),
    refused("74b trial of a part of the cart", "INVALID_REQUEST_PARAMETERS", "trial", product_cart=cart("T") + ONE),
    refused("76 on-demand without mandate_only", BODY, "mandate_only", product_cart=cart("S"), subscription_data={"on_demand": {}}),
    refused("77 on-demand where it is not enabled", "ON_DEMAND_SUBSCRIPTIONS_NOT_ENABLED", product_cart=cart("S"), subscription_data={"on_demand": {"mandate_only": True}}),
    accepted("80a 50 metadata pairs", metadata={f"k{number}": "v" for number in range(50)}),
    refused("81 51 metadata pairs", "MAXIMUM_KEYS_REACHED", "metadata", metadata={f"k{number}": "v" for number in range(51)}),
    accepted("82 numbers and booleans as metadata", metadata={"n": 1, "f": 0.5, "b": True}),
    refused("82b nested metadata", BODY, "metadata", metadata={"n": {"m": "x"}}),
    refused("82c null as a metadata value", BODY, "metadata", metadata={"n": None}),
    refused("83 metadata key of 41 characters", BODY, "metadata", metadata={"k" * 41: "v"}),
    refused("83b metadata key with a dot", BODY, "metadata", metadata={"a.b": "v"}),
    refused("83c metadata value of 501 characters", BODY, "metadata", metadata={"a": "v" * 501}),
    refused("84 return_url is no URL", BODY, "return_url", return_url="not a url"),
    refused("84b return_url runs a script", BODY, "return_url", return_url="javascript:alert(1)"),
    refused("84c return_url is data", BODY, "return_url", return_url="data:text/html,x"),
    refused("84d return_url without a host", BODY, "return_url", return_url="https:///done"),
    refused("84e cancel_url is no URL", BODY, "cancel_url", cancel_url="/back"),
    accepted("85 return_url with query and fragment", return_url="https://shop.example/done?cart=7#end"),
    accepted("86 return_url of an app", return_url="myapp://done"),
    accepted("87 unknown field", foo={"bar": 1}),
    refused("88 theme Dark", BODY, "customization.theme", customization={"theme": "Dark"}),
    refused("89 phone demanded but not asked", BODY, "feature_flags", feature_flags={"require_phone_number": True, "allow_phone_number_collection": False}),
    refused("89b tax id demanded but not asked", BODY, "feature_flags", feature_flags={"require_tax_id": True, "allow_tax_id": False}),
    refused("90 stored method without confirm", BODY, "payment_method_id", payment_method_id="pm_x"),
    refused("91 six custom fields", BODY, "custom_fields", custom_fields=[{"key": f"k{n}", "label": "L", "field_type": "text"} for n in range(6)]),
    refused("91b dropdown without options", BODY, "custom_fields[0]", custom_fields=[{"key": "k", "label": "L", "field_type": "dropdown"}]),
    refused("92a expires_in too short", BODY, "expires_in", expires_in=59),
    accepted("tax id with a country", tax_id="DE136695976", customer_business_name="Ada GmbH", billing_address={"country": "DE"}),
    refused("tax id without a country", BODY, "billing_address.country", tax_id="DE136695976"),
    refused("tax id that is none", "INVALID_TAX_ID", "tax_id", tax_id="DE1", billing_address={"country": "DE"}),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_edge_of_the_cart_and_its_options_is_decided(dodo: DodoShop, row: Row) -> None:
    before = dodo.row_counts()
    answer = dodo.create(**row.body)
    assert answer.status_code == row.status, answer.text
    if row.refused:
        body = answer.json()
        assert (body["code"], set(body)) == (row.code, {"code", "message"})
        assert row.says in body["message"]
        assert dodo.row_counts() == before
    else:
        assert len(answer.json()["session_id"]) == 25


def test_the_answer_is_the_session_and_where_to_pay_and_nothing_else(dodo: DodoShop) -> None:
    """Row 1."""
    answer = dodo.create(product_cart=ONE)
    session_id = answer.json()["session_id"]
    assert answer.json() == {"session_id": session_id, "checkout_url": f"{dodo.server.url}/session/{session_id}"}
    assert answer.headers["content-type"] == "application/json"


def test_the_same_call_twice_makes_two_sessions(dodo: DodoShop) -> None:
    """Row 2."""
    assert dodo.session() != dodo.session()


@pytest.mark.parametrize("header", [None, "Basic YTpi", "Bearer", "Bearer dodo_key_wrong"])
def test_without_a_good_key_nothing_is_told_about_the_body(dodo: DodoShop, header: str | None) -> None:
    """Rows 3 and 4: the key is looked at first."""
    headers = {"authorization": header} if header else {}
    answer = httpx2.post(f"{dodo.server.url}/checkouts", content=b"{not json", headers=headers, verify=False)
    assert answer.status_code == 401
    message = "You are not authorised to perform this action"
    assert answer.json() == {"code": "UNAUTHORIZED", "message": message}


def test_a_read_only_key_may_not_create(dodo: DodoShop) -> None:
    """Row 6."""
    headers = {"Authorization": f"Bearer {dodo.key('checkouts:read')}"}
    answer = dodo.http.post("/checkouts", json=dodo.filled({"product_cart": ONE}), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    assert dodo.http.get(f"/checkouts/{dodo.session()}", headers=headers).status_code == 200


def test_a_key_of_the_other_dialect_opens_the_same_organization(dodo: DodoShop) -> None:
    headers = {"Authorization": f"Bearer {dodo.demo.polar_token}"}
    assert dodo.http.get(f"/checkouts/{dodo.session()}", headers=headers).status_code == 200


def test_a_product_of_another_business_looks_unknown(dodo: DodoShop) -> None:
    """Row 17."""
    other = DodoShop(dodo.server, dodo.server.new_shop())
    answer = dodo.create(product_cart=cart(other.id("P")))
    assert (answer.status_code, answer.json()["code"]) == (422, "NOT_FOUND")


def test_an_archived_product_is_refused_by_its_own_code(dodo: DodoShop) -> None:
    """Row 18."""
    dodo.http.delete(f"/products/{dodo.id('P')}")
    answer = dodo.create(product_cart=ONE)
    assert (answer.status_code, answer.json()["code"]) == (422, "PRODUCT_IS_DELETED")
    assert dodo.id("P") in answer.json()["message"]


@pytest.mark.parametrize(
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
        ({"product_cart": ONE, "billing_currency": "EUR"}, 1000),
    ],
)
def test_what_is_due_today_follows_the_cart(dodo: DodoShop, body: dict[str, Any], total: int) -> None:
    """Rows 32, 33, 20, 13, 65, 71, 75, 72, 74, 50."""
    stored = dodo.stored(dodo.create(**body).json()["session_id"])
    assert (stored.quote.due_minor, stored.currency) == (total, "USD")


def test_a_customer_id_beside_an_email_attaches_that_customer(dodo: DodoShop) -> None:
    """Row 38: the e-mail beside it is not even read."""
    made = dodo.http.post("/customers", json={"email": "known@example.com", "name": "Known"}).json()
    session = dodo.session(customer={"customer_id": made["customer_id"], "email": "nope"})
    assert dodo.http.get(f"/checkouts/{session}").json()["customer_email"] == "known@example.com"


@pytest.mark.parametrize(("always_new", "customers"), [(False, 1), (True, 2)])
def test_the_email_of_a_customer_finds_them_unless_told_otherwise(
    dodo: DodoShop, always_new: bool, customers: int
) -> None:
    """Rows 39 and 40."""
    dodo.http.post("/customers", json={"email": "ADA@example.com", "name": "Ada"})
    flags = {"always_create_new_customer": always_new}
    session = dodo.session(customer={"email": "ada@example.com", "name": "Ada"}, feature_flags=flags)
    assert len(dodo.http.get("/customers").json()["items"]) == 1, "creating a session makes no customer"
    dodo.pay(session)
    assert len(dodo.http.get("/customers").json()["items"]) == customers


def test_live_mode_refuses_a_country_that_cannot_be_sold_to(dodo: DodoShop) -> None:
    """Row 45."""
    dodo.set("UPDATE organizations SET mode = 'live' WHERE id = $1")
    answer = dodo.create(product_cart=ONE, billing_address={"country": "KP"})
    assert (answer.status_code, answer.json()["code"]) == (422, "UNSUPPORTED_COUNTRY")


def test_confirm_true_reserves_the_payment_and_leaves_a_quarter_of_an_hour(dodo: DodoShop) -> None:
    """Row 48."""
    answer = dodo.create(product_cart=ONE, confirm=True, **COMPLETE).json()
    stored = dodo.stored(answer["session_id"])
    assert stored.expires_at - stored.created_at == timedelta(minutes=15)
    seen = dodo.http.get(f"/checkouts/{answer['session_id']}").json()
    assert (seen["payment_id"], seen["payment_status"]) == (answer["payment_id"], "requires_payment_method")
    dodo.pay(answer["session_id"])
    assert dodo.payment_of(answer["session_id"])["payment_id"] == answer["payment_id"]


@pytest.mark.parametrize(("given", "lasts"), [({}, 86_400), ({"expires_in": 120}, 120), ({"expires_in": 604_800}, 604_800)])
def test_a_session_lasts_a_day_unless_asked_otherwise(dodo: DodoShop, given: dict[str, int], lasts: int) -> None:
    """Row 92."""
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
    """Rows 67 and 68."""
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
    """Row 73."""
    stored = dodo.stored(dodo.session("T", subscription_data={"trial_period_days": 3}))
    assert stored.trial.span == Span(interval=Interval.DAY, count=3)
    assert stored.trial_end - stored.created_at == timedelta(days=3)


def test_products_of_different_currencies_cannot_share_a_cart(dodo: DodoShop) -> None:
    euro = make_price(dodo, "EUR")
    answer = dodo.create(product_cart=ONE + cart(euro))
    assert (answer.status_code, answer.json()["code"]) == (422, "EXCHANGE_RATE_NOT_FOUND")
    assert dodo.stored(dodo.create(product_cart=cart(euro)).json()["session_id"]).currency == "EUR"


def make_price(dodo: DodoShop, currency: str) -> str:
    price = {"type": "one_time_price", "currency": currency, "price": 900, "discount": 0, "purchasing_power_parity": False}
    made = dodo.http.post("/products", json={"name": "Abroad", "tax_category": "saas", "price": price})
    return str(made.json()["product_id"])


def test_what_has_no_effect_yet_stays_with_the_session(dodo: DodoShop) -> None:
    fields = [{"key": "size", "label": "Size", "field_type": "dropdown", "options": ["S", "M"], "required": True}]
    stored = dodo.stored(
        dodo.session(
            custom_fields=fields,
            force_3ds=True,
            short_link=True,
            mandate_min_amount_inr_paise=500,
            adaptive_currency_fees_inclusive=True,
            feature_flags={"single_page": True, "allow_customer_editing_email": True, "redirect_immediately": True},
            customization={"show_on_demand_tag": False, "theme_config": {"radius": "4px"}, "force_language": "de"},
        )
    )
    carried = stored.carried
    assert carried["custom_fields"] == fields
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
            billing_address={"country": "US", "city": "Albany", "state": "New York", "street": "1 Main", "zipcode": "12207"},
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
    """Row 87."""
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
    """Row 97."""
    session = dodo.session(customer={"email": "ada@example.com"})
    seen = dodo.http.get(f"/checkouts/{session}").json()
    assert seen["id"] == session
    assert (seen["customer_email"], seen["customer_name"]) == ("ada@example.com", None)
    assert (seen["payment_id"], seen["payment_status"]) == (None, None)


@pytest.mark.parametrize("session", ["cks_unknown", "cks_" + "1" * 21, "pay_" + "1" * 21])
def test_an_unknown_session_is_not_found(dodo: DodoShop, session: str) -> None:
    """Row 98."""
    answer = dodo.http.get(f"/checkouts/{session}")
    assert (answer.status_code, answer.json()) == (404, {"code": "NOT_FOUND", "message": "Item not found"})
