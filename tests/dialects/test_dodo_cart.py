"""The cart of `POST /checkouts`: add-ons, brands, stacked codes, mixed trials, questions, confirming at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest

from checkstand.domain.address import Address
from checkstand.domain.discount import AmountOff, Discount, Percentage
from checkstand.domain.errors import Invalid
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.store.catalogue import discounts
from tests.dialects.dodo_place import BUYER, COMPLETE, FULL_ADDRESS, ONE, DodoShop, cart
from tests.dialects.test_dodo_addons import MONTHLY, by_usage, make_addon, make_meter, make_product
from tests.dialects.test_dodo_contract import conform
from tests.dialects.test_dodo_events import told
from tests.tables import table

IN_GERMANY = Address(country="DE", line1="Markt 4", city="Jena", postal_code="07743")


def addons(*wanted: tuple[str, int]) -> list[dict[str, object]]:
    return [{"addon_id": addon_id, "quantity": quantity} for addon_id, quantity in wanted]


def add_discount(dodo: DodoShop, code: str, takes: Percentage | AmountOff, **more: Any) -> None:
    discount = Discount(
        id=uuid4(),
        organization_id=dodo.demo.organization.id,
        name=code,
        code=code,
        takes=takes,
        created_at=dodo.demo.organization.created_at,
        **more,
    )
    dodo.server.run(discounts.add(dodo.server.services.ports.db, discount))


def quoted(dodo: DodoShop, **body: Any) -> Any:
    """The stored session that a body makes."""
    answer = dodo.create(**body)
    assert answer.status_code == 200, answer.text
    return dodo.stored(answer.json()["session_id"])


@dataclass(frozen=True)
class Priced:
    """A cart and what it comes to: the whole, what is taken today, and each line."""

    name: str
    body: Mapping[str, Any]
    total: int
    due: int
    lines: tuple[int, ...]
    off: tuple[int, ...] | None = None


PRICED = [
    Priced("19 the same product twice", {"product_cart": ONE + ONE}, 2000, 2000, (1000, 1000)),
    Priced("20 one-time and subscription", {"product_cart": ONE + cart("S")}, 3000, 3000, (1000, 2000)),
    Priced("21 two subscriptions", {"product_cart": cart("S") + cart("S", 2)}, 6000, 6000, (2000, 4000)),
    Priced("25 three add-ons", {"product_cart": cart("S", addons=addons(("A", 3)))}, 3500, 3500, (2000, 1500)),
    Priced("25b add-ons are not multiplied", {"product_cart": cart("S", 2, addons=addons(("A", 3)))}, 5500, 5500, (4000, 1500)),
    Priced("25c add-ons of two lines", {"product_cart": cart("S", addons=addons(("A", 1))) + cart("S", addons=addons(("A", 2)))}, 5500, 5500, (2000, 500, 2000, 1000)),
    Priced("28 an add-on that is only offered", {"product_cart": cart("S", addons=addons(("A", 0)))}, 2000, 2000, (2000, 0)),
    Priced("30 the buyer chooses", {"product_cart": cart("W")}, 1500, 1500, (1500,)),
    Priced("32 twice the least amount", {"product_cart": cart("W", 2, amount=500)}, 1000, 1000, (1000,)),
    Priced("33 the amount of a fixed price is ignored", {"product_cart": cart("P", amount=1)}, 1000, 1000, (1000,)),
    Priced("65 a code takes from add-ons too", {"product_cart": cart("S", addons=addons(("A", 1))), "discount_code": "welcome20"}, 2000, 2000, (2000, 500), (400, 100)),
    Priced("72 no trial", {"product_cart": cart("T"), "subscription_data": {"trial_period_days": 0}}, 2000, 2000, (2000,)),
    Priced("73 a trial of 10000 days", {"product_cart": cart("S"), "subscription_data": {"trial_period_days": 10_000}}, 2000, 0, (2000,)),
    Priced("74 a trial without a subscription", {"product_cart": ONE, "subscription_data": {"trial_period_days": 7}}, 1000, 1000, (1000,)),
    Priced("75 a trial beside a purchase", {"product_cart": cart("T") + ONE}, 3000, 1000, (2000, 1000)),
    Priced("75b a trial beside a subscription", {"product_cart": cart("T") + cart("S")}, 4000, 2000, (2000, 2000)),
    Priced("75c a trial covers add-ons", {"product_cart": cart("S", addons=addons(("A", 2))) + ONE, "subscription_data": {"trial_period_days": 7}}, 4000, 1000, (2000, 1000, 1000)),
]  # fmt: skip


@table("row", PRICED)
def test_what_a_cart_comes_to(dodo: DodoShop, row: Priced) -> None:
    stored = quoted(dodo, **row.body)
    quote = stored.quote
    assert (quote.total_minor, quote.due_minor, stored.currency) == (row.total, row.due, "USD")
    assert tuple(line.subtotal_minor for line in quote.lines) == row.lines
    if row.off is not None:
        assert tuple(line.discount_minor for line in quote.lines) == row.off


@dataclass(frozen=True)
class Refused:
    """A cart and its refusal. `U` is a product by usage, `N` an add-on that the subscription does not have."""

    name: str
    cart: list[dict[str, Any]]
    code: str
    says: str = ""


REFUSED = [
    Refused("24 add-ons on a one-time product", cart("P", addons=addons(("A", 1))), "INVALID_REQUEST_PARAMETERS", "addons"),
    Refused("26 an unknown add-on", cart("S", addons=addons(("A", 1), ("adn_x", 1))), "MISSING_ADDON_IDS", "adn_x"),
    Refused("26b an unattached add-on", cart("S", addons=addons(("N", 1))), "MISSING_ADDON_IDS", "adn_"),
    Refused("26c the add-on of another product", cart("T", addons=addons(("A", 1))), "MISSING_ADDON_IDS", "adn_"),
    Refused("26d a product as an add-on", cart("S", addons=addons(("as an add-on", 1))), "MISSING_ADDON_IDS", "adn_"),
    Refused("27 an add-on twice", cart("S", addons=addons(("A", 1), ("A", 2))), "DUPLICATE_ADDON_IDS_IN_REQUEST", "adn_"),
    Refused("27b an add-on quantity below nothing", cart("S", addons=addons(("A", -1))), "INVALID_REQUEST_BODY", "addons[0].quantity"),
    Refused("29 usage twice", cart("U", 2), "INVALID_QUANTITY", "product_cart[0].quantity"),
    Refused("29b usage with add-ons", cart("U", addons=addons(("A", 1))), "ADDONS_IN_USAGE_BASED_BILLING_NOT_SUPPORTED", "addons"),
    Refused("31 below the least amount", cart("W", amount=400), "REQUEST_AMOUNT_BELOW_MINIMUM", "$5.00"),
    Refused("15 add-ons beyond int32", cart("S", addons=addons(("A", 2_147_483_647))), "INVALID_REQUEST_PARAMETERS", "smaller quantity"),
]  # fmt: skip


@table("row", REFUSED)
def test_a_cart_that_cannot_be_sold_is_refused(dodo: DodoShop, row: Refused) -> None:
    spelled = {
        "U": make_product(dodo, by_usage(make_meter(dodo))).json()["product_id"],
        "N": make_addon(dodo)["id"],
        "as an add-on": dodo.id("P").replace("pdt_", "adn_"),
    }
    lines = [
        {
            **item,
            "product_id": spelled.get(item["product_id"], item["product_id"]),
            "addons": [{**one, "addon_id": spelled.get(one["addon_id"], one["addon_id"])} for one in item.get("addons", [])],
        }
        for item in row.cart
    ]  # fmt: skip
    before = dodo.row_counts()
    answer = dodo.create(product_cart=lines)
    assert (answer.status_code, answer.json()["code"]) == (422, row.code), answer.text
    assert row.says in answer.json()["message"]
    assert dodo.row_counts() == before


def test_add_ons_may_be_chosen_on_the_page_only_where_that_is_allowed(dodo: DodoShop) -> None:
    lines = cart("S", addons=addons(("A", 0)))
    fixed = quoted(dodo, product_cart=lines)
    free = quoted(dodo, product_cart=lines, feature_flags={"allow_editing_addons": True})
    assert (fixed.options.edit_addons, fixed.lines[1].buyer_sets_quantity) == (False, False)
    assert (free.options.edit_addons, free.lines[1].buyer_sets_quantity) == (True, True)
    assert "feature_flags" not in free.carried


def test_a_sale_with_an_add_on_names_it_as_one(dodo: DodoShop) -> None:
    """What is only offered is not on the bill."""
    seat = make_addon(dodo)["id"]
    product = make_product(dodo, {**MONTHLY, "trial_period_days": 0}, addons=[seat, dodo.addon_id]).json()["product_id"]
    lines = cart(product, 2, addons=addons((seat, 3), (dodo.addon_id, 0)))
    session = dodo.create(product_cart=lines).json()["session_id"]
    dodo.pay(session)
    payment = dodo.payment_of(session)
    assert (payment["status"], payment["total_amount"]) == ("succeeded", 8100)
    assert payment["product_cart"] == [{"product_id": product, "quantity": 2}]
    items = dodo.http.get(f"/payments/{payment['payment_id']}/line-items").json()
    conform("PaymentLineItemsResponse", items)
    assert [(item["items_id"], item["amount"]) for item in items["items"]] == [(product, 6000), (seat, 2100)]


def test_the_products_of_two_brands_cannot_share_a_cart(dodo: DodoShop) -> None:
    brand = dodo.http.post("/brands", json={"name": "Other"}).json()["brand_id"]
    plan = {**MONTHLY, "trial_period_days": 0}
    first, second = (make_product(dodo, plan, brand_id=brand).json()["product_id"] for _ in range(2))
    mixed = dodo.create(product_cart=cart(first) + ONE)
    assert (mixed.status_code, mixed.json()["code"]) == (422, "BRAND_MISMATCH")
    session = dodo.create(product_cart=cart(first) + cart(second)).json()["session_id"]
    dodo.pay(session)
    payment = dodo.payment_of(session)
    assert payment["brand_id"] == brand
    listed = dodo.http.get(f"/payments?brand_id={brand}").json()["items"]
    assert [one["payment_id"] for one in listed] == [payment["payment_id"]]
    assert dodo.http.get(f"/payments?brand_id={payment['business_id']}").json() == {"items": []}
    assert dodo.http.get("/payments?brand_id=bra_nothing").json() == {"items": []}


def test_codes_are_taken_one_after_the_other_in_their_order(dodo: DodoShop) -> None:
    """20 % and then 3.00, or 3.00 and then 20 %."""
    add_discount(dodo, "THREE", AmountOff(amounts={"USD": 300}))
    first = quoted(dodo, product_cart=ONE, discount_codes=["welcome20", "three"])
    other = quoted(dodo, product_cart=ONE, discount_codes=["THREE", "WELCOME20"])
    assert (first.quote.total_minor, other.quote.total_minor) == (500, 560)
    assert [one.amount_minor for one in first.quote.discounts] == [200, 300]


def test_a_code_may_be_taken_from_the_add_ons_of_what_is_free(dodo: DodoShop) -> None:
    free = make_product(dodo, {**MONTHLY, "price": 0, "trial_period_days": 0}, addons=[dodo.addon_id]).json()
    lines = cart(free["product_id"], addons=addons(("A", 2)))
    assert quoted(dodo, product_cart=lines, discount_code="WELCOME20").quote.total_minor == 800
    refused = dodo.create(product_cart=cart(free["product_id"]), discount_code="WELCOME20")
    assert (refused.status_code, refused.json()["code"]) == (422, "INVALID_DISCOUNT_CODE")


def test_a_payment_tells_of_all_discounts_in_their_order(dodo: DodoShop) -> None:
    add_discount(dodo, "HALF", Percentage(basis_points=5000))
    session = dodo.session(discount_codes=["HALF", "WELCOME20"])
    dodo.pay(session)
    payment = dodo.payment_of(session)
    assert [(one["code"], one["position"], one["amount"]) for one in payment["discounts"]] == [
        ("HALF", 0, 5000),
        ("WELCOME20", 1, 2000),
    ]
    assert payment["discount_id"] == payment["discounts"][0]["discount_id"]
    assert payment["total_amount"] == 400
    used = {item["code"]: item["times_used"] for item in dodo.http.get("/discounts").json()["items"]}
    assert used == {"HALF": 1, "WELCOME20": 1}


def test_a_payment_without_a_code_has_no_discounts(dodo: DodoShop) -> None:
    session = dodo.session()
    dodo.pay(session)
    assert (dodo.payment_of(session)["discounts"], dodo.payment_of(session)["discount_id"]) == (None, None)


def test_a_trial_beside_a_purchase_takes_the_purchase_today(dodo: DodoShop) -> None:
    session = dodo.session("T", "P")
    dodo.pay(session)
    payment = dodo.payment_of(session)
    assert (payment["status"], payment["total_amount"]) == ("succeeded", 1000)
    items = dodo.http.get(f"/payments/{payment['payment_id']}/line-items").json()["items"]
    assert [item["amount"] for item in items] == [0, 1000]
    assert items[0]["name"].startswith("Trial period")


QUESTIONS = [
    {"key": "size", "label": "Size", "field_type": "dropdown", "options": ["S", "M"], "required": True},
    {"key": "day", "label": "Day", "field_type": "date", "placeholder": "When?"},
    {"key": "seats", "label": "Seats", "field_type": "number"},
    {"key": "gift", "label": "A gift?", "field_type": "boolean"},
    {"key": "site", "label": "Site", "field_type": "url"},
]


def with_answers(answers: Mapping[str, object]) -> CheckoutChanges:
    return replace(BUYER, given=BUYER.given | {"answers"}, answers=answers)


def test_the_sessions_own_questions_are_asked_and_answered_in_texts(dodo: DodoShop) -> None:
    session = dodo.session(custom_fields=QUESTIONS)
    asked = dodo.stored(session).questions
    assert [one.field.slug for one in asked] == ["size", "day", "seats", "gift", "site"]
    assert [one.required for one in asked] == [True, False, False, False, False]
    with pytest.raises(Invalid, match="size: field_missing"):
        dodo.pay(session)
    dodo.pay(session, buyer=with_answers({"size": "M", "day": "2026-12-24", "seats": 3, "gift": True}))
    payment = dodo.payment_of(session)
    told_answers = [
        {"key": "size", "value": "M"},
        {"key": "day", "value": "2026-12-24"},
        {"key": "seats", "value": "3"},
        {"key": "gift", "value": "true"},
    ]
    assert payment["custom_field_responses"] == told_answers
    assert told(dodo, session)[-1]["data"]["custom_field_responses"] == told_answers


@table(
    ("name", "fields"),
    [
        ("91 six", [{**QUESTIONS[1], "key": f"k{number}"} for number in range(6)]),
        ("91b a dropdown without options", [{"key": "k", "label": "L", "field_type": "dropdown"}]),
        ("91c a key twice", [QUESTIONS[1], QUESTIONS[1]]),
        ("91d an unknown type", [{"key": "k", "label": "L", "field_type": "colour"}]),
        ("91e no label", [{"key": "k", "field_type": "text"}]),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(dodo: DodoShop, name: str, fields: list[dict[str, Any]]) -> None:
    answer = dodo.create(product_cart=ONE, custom_fields=fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST_BODY"), name
    assert "custom_fields" in answer.json()["message"]


def test_a_demanded_tax_id_is_asked_for_before_paying(dodo: DodoShop) -> None:
    flags = {"require_tax_id": True}
    session = dodo.session(feature_flags=flags)
    assert dodo.stored(session).options.require_tax_id
    with pytest.raises(Invalid, match="customer_tax_id: field_required"):
        dodo.pay(session)
    company = replace(
        BUYER,
        given=BUYER.given | {"tax_id"},
        address=IN_GERMANY,
        is_business=True,
        billing_name="Ada GmbH",
        tax_id="DE136695976",
    )
    company = replace(company, given=company.given | {"billing_name"})
    dodo.pay(session, buyer=company)
    assert dodo.payment_of(session)["status"] == "succeeded"


def test_a_business_may_be_given_with_its_name_and_tax_id(dodo: DodoShop) -> None:
    given = {"tax_id": "DE 136 695 976", "customer_business_name": "Ada GmbH", "billing_address": {"country": "DE"}}
    buyer = quoted(dodo, product_cart=ONE, **given).buyer
    assert (buyer.tax_id, buyer.billing_name, buyer.is_business) == ("DE136695976", "Ada GmbH", True)


@dataclass(frozen=True)
class Confirming:
    """A body with `confirm: true` and what is missing in it."""

    name: str
    change: dict[str, Any] = field(default_factory=dict)
    code: str | None = None
    says: str = ""


CONFIRMING = [
    Confirming("48 complete"),
    Confirming("48b with add-ons", {"product_cart": cart("S", addons=addons(("A", 2)))}),
    Confirming("48c with an amount", {"product_cart": cart("W", amount=700)}),
    Confirming("48d a trial beside a purchase", {"product_cart": cart("T") + ONE}),
    Confirming("48e with questions", {"custom_fields": QUESTIONS}),
    Confirming("48f with a demanded tax id", {"feature_flags": {"require_tax_id": True}, "tax_id": "DE136695976"}),
    Confirming("34 no amount", {"product_cart": cart("W")}, "PAY_AS_YOU_WANT_AMOUNT_REQUIRED", "product_cart[0].amount"),
    Confirming("47 nothing but a product", {"customer": None, "billing_address": None}, "INVALID_REQUEST_BODY", "customer, billing_address"),
    Confirming("47b an add-on does not save a quantity of nothing", {"product_cart": cart("S", 0, addons=addons(("A", 1)))}, "INVALID_QUANTITY", "quantity"),
    Confirming("47c no tax id", {"feature_flags": {"require_tax_id": True}}, "INVALID_REQUEST_BODY", "tax_id"),
    Confirming("47d no zipcode", {"billing_address": {**FULL_ADDRESS, "zipcode": None}}, "INVALID_REQUEST_BODY", "billing_address.zipcode"),
    Confirming("49 null", {"confirm": None}, "INVALID_REQUEST_BODY", "confirm"),
]  # fmt: skip


@table("row", CONFIRMING)
def test_confirming_at_once_needs_everything(dodo: DodoShop, row: Confirming) -> None:
    body = {"product_cart": ONE, "confirm": True, **COMPLETE, **row.change}
    before = dodo.row_counts()
    answer = dodo.create(**body)
    if row.code is None:
        assert answer.status_code == 200, answer.text
        payment = dodo.http.get(f"/payments/{answer.json()['payment_id']}").json()
        conform("PaymentResponse", payment)
        assert payment["status"] == "requires_payment_method"
        return
    assert (answer.status_code, answer.json()["code"]) == (422, row.code), answer.text
    assert row.says in answer.json()["message"]
    assert dodo.row_counts() == before
