"""`POST /checkouts/preview`: the price of a session that is not made, equal to the cent with the one that would be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from dodopayments import DodoPayments

from checkstand.domain.discount import AmountOff
from tests.dialects.dodo_place import COMPLETE, ONE, DodoShop, cart
from tests.dialects.test_dodo_addons import MONTHLY, by_usage, make_meter, make_product
from tests.dialects.test_dodo_cart import add_discount, addons
from tests.tables import table

TOP = """
    billing_country currency product_cart current_breakup recurring_breakup total_price total_tax next_billing_date
    trial_period_days trial_amount subscriptions payment_method_required is_byop tax_id_err_msg tax_id_format_name
    tax_id_business_name
"""
LINE = """
    product_id name description quantity currency og_currency og_price discounted_price discount_amount discount_cycle
    is_subscription is_usage_based meters credit_entitlements addons tax tax_rate tax_category tax_inclusive
    monthly_equivalent
"""
GERMANY = {"billing_address": {"country": "DE"}}


def preview(dodo: DodoShop, **body: Any) -> dict[str, Any]:
    answer = dodo.http.post("/checkouts/preview", json=dodo.filled({"product_cart": ONE, **body}))
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


BODIES: dict[str, dict[str, Any]] = {
    "one product": {},
    "three of it": {"product_cart": cart("P", 3)},
    "add-ons": {"product_cart": cart("S", 2, addons=addons(("A", 3)))},
    "a trial beside a purchase": {"product_cart": cart("T") + ONE},
    "two subscriptions": {"product_cart": cart("S", addons=addons(("A", 1))) + cart("T")},
    "codes": {"product_cart": cart("S") + ONE, "discount_codes": ["WELCOME20", "THREE"]},
    "another currency": {"product_cart": cart("S", addons=addons(("A", 3))) + ONE, "discount_code": "WELCOME20", **GERMANY},
    "a wished currency": {"billing_currency": "JPY"},
    "pay what you want": {"product_cart": cart("W", amount=777)},
    "free": {"product_cart": cart("F")},
    "no quantity yet": {"product_cart": cart("S", 0)},
    "a business": {**GERMANY, "tax_id": "DE136695976", "customer_business_name": "Ada GmbH"},
    "everything final": {"confirm": True, **COMPLETE},
}  # fmt: skip


@table("is_taxed", [False, True])
@table("name", BODIES)
def test_a_preview_is_the_session_to_the_cent(dodo: DodoShop, name: str, is_taxed: bool) -> None:
    dodo.settle_on(tax_registrations=("*",) if is_taxed else ())
    add_discount(dodo, "THREE", AmountOff(amounts={"USD": 300}))
    body = {"product_cart": ONE, **BODIES[name]}
    before = dodo.row_counts()
    shown = preview(dodo, **body)
    assert dodo.row_counts() == before, "nothing is stored"
    stored = dodo.stored(dodo.create(**body).json()["session_id"])
    quote = stored.quote
    assert (shown["total_price"], shown["total_tax"], shown["currency"]) == (
        quote.total_minor,
        quote.tax_minor,
        stored.currency,
    )
    now = shown["current_breakup"]
    assert now["total_amount"] == quote.due_minor
    assert now["subtotal"] - now["discount"] + (now["tax"] or 0) == now["total_amount"]
    lines = [one for root in shown["product_cart"] for one in (root, *(root["addons"] or []))]
    assert [one["tax"] or 0 for one in lines] == [line.tax_minor for line in quote.lines]
    assert [one["discounted_price"] for one in lines] == [
        line.subtotal_minor - line.discount_minor for line in quote.lines
    ]
    assert shown["payment_method_required"] == (name != "free")
    ours = {"tax_reason", "tax_note"}  # where a reverse charge has to be told
    assert (set(shown) - ours, set(lines[0])) == (set(TOP.split()), set(LINE.split()))


def test_a_line_shows_its_own_currency_and_the_charged_one(dodo: DodoShop) -> None:
    dodo.settle_on(tax_registrations=("DE",))
    lines = cart("S", 2, addons=addons(("A", 0)))
    shown = preview(dodo, product_cart=lines, discount_code="WELCOME20", **GERMANY)
    exchange = dodo.stored(dodo.create(product_cart=lines, **GERMANY).json()["session_id"]).exchange
    line = shown["product_cart"][0]
    assert (shown["billing_country"], shown["currency"]) == ("DE", "EUR")
    assert (line["og_currency"], line["og_price"], line["currency"]) == ("USD", 4000, "EUR")
    assert line["discounted_price"] == exchange.convert(3200)
    assert (line["discount_amount"], line["discount_cycle"]) == (2000, 1)
    assert (line["tax_rate"], line["tax_inclusive"], line["tax_category"]) == (1900, True, "digital_products")
    offered = line["addons"][0]
    assert (offered["addon_id"], offered["quantity"], offered["discounted_price"]) == (dodo.addon_id, 0, 0)
    assert offered["single_quantity_price"] == exchange.convert(500)


def test_renewals_are_without_one_time_lines_and_codes_that_end(dodo: DodoShop) -> None:
    shown = preview(dodo, product_cart=ONE + cart("S", addons=addons(("A", 1))), discount_code="WELCOME20")
    assert shown["current_breakup"] == {"subtotal": 3500, "discount": 700, "tax": None, "total_amount": 2800}
    assert shown["recurring_breakup"] == {"subtotal": 2500, "discount": 0, "tax": None, "total_amount": 2500}
    dodo.http.post("/discounts", json={"type": "percentage", "amount": 1000, "code": "ALWAYS"})
    forever = preview(dodo, product_cart=cart("S"), discount_code="ALWAYS")
    assert forever["recurring_breakup"]["total_amount"] == 1800
    assert forever["product_cart"][0]["discount_cycle"] is None
    assert preview(dodo)["recurring_breakup"] is None


@pytest.mark.parametrize(("cycles", "renewal"), [(1, 2000), (2, 1800), (None, 1800)])
def test_a_code_counts_for_as_many_billings_as_it_lasts(dodo: DodoShop, cycles: int | None, renewal: int) -> None:
    code = {"type": "percentage", "amount": 1000, "code": "TENTH", "subscription_cycles": cycles}
    assert dodo.http.post("/discounts", json=code).status_code == 200
    shown = preview(dodo, product_cart=cart("S"), discount_code="TENTH")
    assert shown["product_cart"][0]["discount_cycle"] == cycles
    assert (shown["total_price"], shown["recurring_breakup"]["total_amount"]) == (1800, renewal)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_trial_says_how_long_and_when_it_is_billed_first(dodo: DodoShop) -> None:
    shown = preview(dodo, product_cart=cart("T"), discount_code="WELCOME20")
    assert (shown["trial_period_days"], shown["trial_amount"]) == (14, None)
    assert (shown["current_breakup"]["total_amount"], shown["total_price"]) == (0, 1600)
    assert shown["recurring_breakup"]["total_amount"] == 1600, "the first billing is the one after the trial"
    now = dodo.stored(dodo.session()).created_at
    assert abs(moment(shown["next_billing_date"]) - now - timedelta(days=14)) < timedelta(minutes=1)
    assert shown["subscriptions"] is None
    one_time = preview(dodo)
    assert (one_time["trial_period_days"], one_time["next_billing_date"]) == (None, None)


def test_several_subscriptions_are_told_one_by_one(dodo: DodoShop) -> None:
    shown = preview(dodo, product_cart=ONE + cart("S", addons=addons(("A", 2))) + cart("T"))
    first, second = shown["subscriptions"]
    assert (first["product_id"], first["amount_due_now"], first["recurring_amount"]) == (dodo.id("S"), 3000, 3000)
    assert (second["product_id"], second["amount_due_now"], second["recurring_amount"]) == (dodo.id("T"), 0, 2000)
    assert (first["trial_period_days"], second["trial_period_days"], shown["trial_period_days"]) == (None, 14, None)
    assert shown["next_billing_date"] == second["next_billing_date"] < first["next_billing_date"]


def test_a_product_by_usage_shows_its_rates(dodo: DodoShop) -> None:
    product = make_product(dodo, by_usage(make_meter(dodo))).json()["product_id"]
    line = preview(dodo, product_cart=cart(product, 0))["product_cart"][0]
    assert (line["is_usage_based"], line["is_subscription"], line["quantity"]) == (True, True, 1)
    assert line["meters"] == [
        {
            "name": "Calls",
            "description": None,
            "measurement_unit": "calls",
            "price_per_unit": "0.25",
            "free_threshold": 100,
        }
    ]


@pytest.mark.parametrize(
    ("codes", "rate"),
    [([], None), (["WELCOME20"], 2000), (["WELCOME20", "HALF"], 6000), (["WELCOME20", "THREE"], None)],
)
def test_the_rate_of_percentages_is_told_and_an_amount_has_none(
    dodo: DodoShop, codes: list[str], rate: int | None
) -> None:
    dodo.http.post("/discounts", json={"type": "percentage", "amount": 5000, "code": "HALF"})
    add_discount(dodo, "THREE", AmountOff(amounts={"USD": 300}))
    line = preview(dodo, discount_codes=codes)["product_cart"][0]
    assert line["discount_amount"] == rate
    assert line["og_price"] == 1000


@table(
    ("tax_id", "country", "error", "name"),
    [
        ("DE136695976", "DE", None, "VAT Number"),
        ("DE1", "DE", "DE1 is not a valid tax id of DE", None),
        ("51 824 753 556", "AU", None, "ABN"),
        ("FR53000004605", "MC", None, "VAT Number"),
        ("GB980780684", "IM", None, "VAT Number"),
        ("900-123-4567", "AF", None, None),
        ("none", "AF", "none is not a valid tax id of AF", None),
        (None, "DE", None, None),
    ],
)
def test_a_tax_id_is_judged_in_the_answer(
    dodo: DodoShop, tax_id: str | None, country: str, error: str | None, name: str | None
) -> None:
    shown = preview(dodo, tax_id=tax_id, billing_address={"country": country})
    assert (shown["tax_id_err_msg"], shown["tax_id_format_name"]) == (error, name)
    assert shown["tax_id_business_name"] is None


def test_a_good_tax_id_may_take_the_tax_away_and_a_bad_one_does_not(dodo: DodoShop) -> None:
    dodo.settle_on(tax_registrations=("EU",), country="FR")
    rates = []
    for tax_id in ("DE136695976", "DE1"):
        given = {"tax_id": tax_id, "customer_business_name": "Ada GmbH"}
        rates.append(preview(dodo, **given, **GERMANY)["product_cart"][0]["tax_rate"])
    assert rates == [0, 1900]


def test_a_reverse_charge_and_its_sentence_are_in_preview_and_session(dodo: DodoShop) -> None:
    dodo.settle_on(tax_registrations=("FR",), country="FR")
    given = {"tax_id": "DE136695976", "customer_business_name": "Ada GmbH", **GERMANY}
    said = {
        "tax_reason": "reverse_charge",
        "tax_note": "Reverse charge: the recipient accounts for the tax (Article 196, Council Directive 2006/112/EC).",
    }
    session = dodo.create(product_cart=ONE, **given).json()["session_id"]
    for shown in (preview(dodo, **given), dodo.http.get(f"/checkouts/{session}").json()):
        assert {name: shown.get(name) for name in said} == said
    steps = dodo.http.get(f"/checkouts/{session}/explain").json()["steps"]
    assert any("accounts for the tax itself" in step["text"] for step in steps)
    assert "tax_reason" not in preview(dodo, **GERMANY)


def test_a_tax_id_of_a_shape_that_nobody_knows_is_kept_and_the_tax_stays(dodo: DodoShop) -> None:
    dodo.settle_on(tax_registrations=("*",), country="FR")
    given = {"tax_id": "0012-3456-78", "customer_business_name": "Ada Ltd"}
    for country, rate in (("MA", 2000), ("SA", 1500)):
        place = {"billing_address": {"country": country}}
        assert preview(dodo, **given, **place)["product_cart"][0]["tax_rate"] == rate
        session = dodo.create(product_cart=ONE, **given, **place).json()["session_id"]
        assert dodo.stored(session).buyer.tax_id == "0012345678"


@table(
    ("body", "code"),
    [
        ({"product_cart": []}, "PRODUCT_CART_EMTPY"),
        ({"product_cart": cart("pdt_x")}, "NOT_FOUND"),
        ({"product_cart": cart("S", addons=addons(("adn_x", 1)))}, "MISSING_ADDON_IDS"),
        ({"discount_code": "NOPE"}, "INVALID_DISCOUNT_CODE"),
        ({"tax_id": "DE1"}, "INVALID_REQUEST_BODY"),
        ({"confirm": True}, "INVALID_REQUEST_BODY"),
        ({"billing_currency": "XYZ"}, "INVALID_REQUEST_BODY"),
    ],
)
def test_what_could_not_be_made_cannot_be_previewed(dodo: DodoShop, body: dict[str, Any], code: str) -> None:
    answer = dodo.http.post("/checkouts/preview", json=dodo.filled({"product_cart": ONE, **body}))
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_key_that_may_only_read_may_preview(dodo: DodoShop) -> None:
    body = dodo.filled({"product_cart": ONE})
    for scope, status in (("checkouts:read", 200), ("products:read", 403)):
        headers = {"Authorization": f"Bearer {dodo.key(scope)}"}
        assert dodo.http.post("/checkouts/preview", json=body, headers=headers).status_code == status
    assert dodo.http.post("/checkouts/preview/", json=body).status_code == 200


def test_the_official_client_previews(dodo: DodoShop) -> None:
    plan = {**MONTHLY, "trial_period_days": 0}
    product = make_product(dodo, plan, addons=[dodo.addon_id]).json()["product_id"]
    with DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url) as client:
        shown = client.checkout_sessions.preview(
            product_cart=[{"product_id": product, "quantity": 1, "addons": [{"addon_id": dodo.addon_id, "quantity": 2}]}],
            billing_address={"country": "US", "zipcode": "12207", "state": "NY"},
            locale="fr",
            metadata={"order": str(uuid4())},
        )  # fmt: skip
    assert (shown.currency, shown.current_breakup.total_amount, shown.total_tax) == ("USD", 4000, 0)
    assert shown.recurring_breakup is not None
    assert shown.recurring_breakup.total_amount == 4000
    assert shown.product_cart[0].addons is not None
    assert shown.product_cart[0].addons[0].og_price == 1000
    assert shown.next_billing_date is not None
    assert (shown.payment_method_required, shown.is_byop) == (True, False)
