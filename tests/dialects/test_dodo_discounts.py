"""`/discounts`: shares and flat amounts, their limits, and every refusal by its code.

Source: docs/behaviour/dodo.md#discounts and docs/behaviour/dodo.md#refusals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from dodopayments import DodoPayments, NotFoundError, UnprocessableEntityError

from checkstand.dialects.dodo.wire import errors
from checkstand.domain import ids
from checkstand.domain.errors import DiscountLimitReached
from checkstand.store.catalogue import discounts
from tests.dialects.dodo_place import DodoShop
from tests.dialects.test_dodo_contract import conform
from tests.tables import table

SHARE: dict[str, Any] = {"type": "percentage", "amount": 1500}
FLAT: dict[str, Any] = {
    "type": "flat",
    "amount": 500,
    "currency_options": [
        {"currency": "EUR", "max_amount_possible": 450, "minimum_subtotal": 900},
        {"currency": "USD", "max_amount_possible": 500, "is_default": True},
    ],
}


def post(dodo: DodoShop, **body: Any) -> httpx2.Response:
    return dodo.http.post("/discounts", json=body)


def make(dodo: DodoShop, **body: Any) -> dict[str, Any]:
    answer = post(dodo, **body)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def patch(dodo: DodoShop, made: dict[str, Any], **body: Any) -> httpx2.Response:
    return dodo.http.patch(f"/discounts/{made['discount_id']}", json=body)


def assert_refused(answer: httpx2.Response, code: str, names: str = "") -> None:
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert names in answer.json()["message"]
    assert set(answer.json()) == {"code", "message"}


def test_a_share_is_read_back_as_it_was_made(dodo: DodoShop) -> None:
    made = make(
        dodo,
        **SHARE,
        code="  spring-15 ",
        name="Spring",
        restricted_to=[dodo.id("P"), dodo.id("S")],
        usage_limit=10,
        per_customer_usage_limit=2,
        subscription_cycles=6,
        starts_at="2026-03-01T12:00:00Z",
        expires_at="2098-03-01T12:00:00+02:00",
        preserve_on_plan_change=True,
        metadata={"a": "b", "n": 1, "yes": True},
    )
    conform("DiscountResponse", made)
    assert made == {
        "discount_id": made["discount_id"],
        "business_id": ids.short_id("bus", dodo.demo.organization.id),
        "type": "percentage",
        "amount": 1500,
        "code": "SPRING-15",
        "name": "Spring",
        "restricted_to": [dodo.id("P"), dodo.id("S")],
        "usage_limit": 10,
        "per_customer_usage_limit": 2,
        "times_used": 0,
        "subscription_cycles": 6,
        "starts_at": "2026-03-01T12:00:00Z",
        "expires_at": "2098-03-01T10:00:00Z",
        "currency_options": [],
        "customer_eligibility": "any",
        "preserve_on_plan_change": True,
        "metadata": {"a": "b", "n": 1, "yes": True},
        "created_at": made["created_at"],
    }
    assert re.fullmatch("dsc_[0-9A-Za-z]{21}", made["discount_id"])
    assert dodo.http.get(f"/discounts/{made['discount_id']}").json() == made
    for code in ("SPRING-15", "spring-15", "%20spring-15%20"):
        assert dodo.http.get(f"/discounts/code/{code}").json() == made


def test_a_code_that_is_not_given_is_made_up_of_16_characters(dodo: DodoShop) -> None:
    made = [make(dodo, **SHARE, **code) for code in ({}, {"code": None}, {"code": "  "})]
    assert all(re.fullmatch("[A-Z0-9]{16}", item["code"]) for item in made)
    assert len({item["code"] for item in made}) == 3
    assert [item["name"] for item in made] == [None] * 3


def test_a_flat_discount_has_an_amount_for_each_currency(dodo: DodoShop) -> None:
    made = make(dodo, **FLAT, code="FIVE")
    assert (made["type"], made["amount"]) == ("flat", 500)
    assert made["currency_options"] == [
        {"currency": "EUR", "max_amount_possible": 450, "minimum_subtotal": 900, "is_default": False},
        {"currency": "USD", "max_amount_possible": 500, "minimum_subtotal": 0, "is_default": True},
    ]
    assert dodo.http.get(f"/discounts/{made['discount_id']}").json() == made
    session = dodo.stored(dodo.session("P", discount_code="five"))
    assert session.quote.discount_minor == 500


def test_a_share_can_have_a_cap_and_a_least_subtotal(dodo: DodoShop) -> None:
    rows = [{"currency": "USD", "max_amount_possible": 100, "minimum_subtotal": 1500}]
    made = make(dodo, type="percentage", amount=5000, code="CAPPED", currency_options=rows)
    assert made["currency_options"] == [{**rows[0], "is_default": False}]
    assert_refused(
        dodo.create(product_cart=[{"product_id": "P", "quantity": 1}], discount_code="CAPPED"),
        "DISCOUNT_MINIMUM_SUBTOTAL_NOT_MET",
    )
    answer = dodo.create(product_cart=[{"product_id": "P", "quantity": 2}], discount_code="CAPPED")
    assert dodo.stored(answer.json()["session_id"]).quote.discount_minor == 100


@table(
    ("body", "code", "names"),
    [
        ({"amount": 5}, "INVALID_REQUEST_BODY", "type"),
        ({"type": "percentage"}, "INVALID_REQUEST_BODY", "amount"),
        ({**SHARE, "amount": 0}, "INVALID_REQUEST_BODY", "amount"),
        ({**SHARE, "amount": "15"}, "INVALID_REQUEST_BODY", "amount"),
        ({**SHARE, "amount": 10_001}, "INVALID_PERCENTAGE", "amount"),
        ({**SHARE, "type": "flat_per_unit"}, "UNSUPPORTED_DISCOUNT_TYPE", "flat_per_unit"),
        ({**SHARE, "code": "ab"}, "INVALID_REQUEST_BODY", "code"),
        ({**SHARE, "usage_limit": 0}, "INVALID_REQUEST_BODY", "usage_limit"),
        ({**SHARE, "subscription_cycles": 0}, "INVALID_REQUEST_BODY", "subscription_cycles"),
        ({**SHARE, "expires_at": "tomorrow"}, "INVALID_REQUEST_BODY", "expires_at"),
        ({**SHARE, "expires_at": 5}, "INVALID_REQUEST_BODY", "expires_at"),
        ({**SHARE, "customer_eligibility": "friends"}, "INVALID_REQUEST_BODY", "customer_eligibility"),
        ({**SHARE, "restricted_to": ["pdt_nothing"]}, "NOT_FOUND", "restricted_to[0]: product pdt_nothing"),
        ({**SHARE, "usage_limit": 1, "per_customer_usage_limit": 2}, "INVALID_REQUEST_PARAMETERS", "usage_limit"),
        (
            {**SHARE, "starts_at": "2026-03-01T00:00:00Z", "expires_at": "2026-03-01T00:00:00Z"},
            "INVALID_REQUEST_PARAMETERS",
            "starts_at",
        ),
        ({"type": "flat", "amount": 5}, "INVALID_REQUEST_PARAMETERS", "currency_options"),
        (
            {"type": "flat", "amount": 5, "currency_options": [{"currency": "USD"}]},
            "INVALID_REQUEST_PARAMETERS",
            "max_amount_possible",
        ),
        (
            {
                "type": "flat",
                "amount": 5,
                "currency_options": [
                    {"currency": "EUR", "max_amount_possible": 5},
                    {"currency": "GBP", "max_amount_possible": 4},
                ],
            },
            "INVALID_REQUEST_PARAMETERS",
            "default",
        ),
        (
            {**SHARE, "currency_options": [{"currency": "EUR"}, {"currency": "EUR"}]},
            "INVALID_REQUEST_BODY",
            "only once",
        ),
        (
            {
                **SHARE,
                "currency_options": [{"currency": "EUR", "is_default": True}, {"currency": "USD", "is_default": True}],
            },
            "INVALID_REQUEST_BODY",
            "only one",
        ),
        ({**SHARE, "currency_options": [{"currency": "eur"}]}, "INVALID_REQUEST_BODY", "currency"),
        ({**SHARE, "metadata": {"a": {}}}, "INVALID_REQUEST_BODY", "metadata"),
    ],
)
def test_what_makes_no_discount_is_refused_by_its_code_and_field(
    dodo: DodoShop, body: dict[str, Any], code: str, names: str
) -> None:
    assert_refused(post(dodo, **body), code, names)
    assert len(dodo.http.get("/discounts").json()["items"]) == 1, "nothing was stored"


def test_a_code_belongs_to_one_living_discount(dodo: DodoShop) -> None:
    made = make(dodo, **SHARE, code="SPRING")
    assert_refused(post(dodo, **SHARE, code="spring"), "DISCOUNT_CODE_ALREADY_EXISTS", "SPRING")
    other = make(dodo, **SHARE, code="SUMMER")
    assert_refused(patch(dodo, other, code="Spring"), "DISCOUNT_CODE_ALREADY_EXISTS")
    gone = dodo.http.delete(f"/discounts/{made['discount_id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    for answer in (
        dodo.http.get(f"/discounts/{made['discount_id']}"),
        dodo.http.get("/discounts/code/SPRING"),
        dodo.http.get("/discounts/code/%00"),
        dodo.http.get("/discounts/dsc_nothing"),
        dodo.http.delete(f"/discounts/{made['discount_id']}"),
        patch(dodo, made, name="x"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert patch(dodo, other, code="spring").json()["code"] == "SPRING"


def test_changing_leaves_alone_what_was_not_sent_and_null_clears_what_may_be_empty(dodo: DodoShop) -> None:
    limits = {"usage_limit": 5, "per_customer_usage_limit": 2, "subscription_cycles": 3}
    dates = {"starts_at": "2026-03-01T00:00:00Z", "expires_at": "2098-03-01T00:00:00Z"}
    made = make(
        dodo,
        **SHARE,
        code="SPRING",
        name="Spring",
        **limits,
        **dates,
        metadata={"a": "b"},
        restricted_to=[dodo.id("P")],
    )
    assert patch(dodo, made, amount=2000).json() == {**made, "amount": 2000}
    same = dict.fromkeys(
        [
            "type",
            "amount",
            "code",
            "restricted_to",
            "metadata",
            "customer_eligibility",
            "preserve_on_plan_change",
            "currency_options",
        ]
    )
    assert patch(dodo, made, **same).json() == {**made, "amount": 2000}
    cleared = patch(dodo, made, **dict.fromkeys(["name", *limits, *dates]), restricted_to=[]).json()
    assert [cleared[key] for key in ("name", *limits, *dates)] == [None] * 6
    assert (cleared["restricted_to"], cleared["metadata"], cleared["code"]) == ([], {"a": "b"}, "SPRING")
    conform("DiscountResponse", cleared)
    assert patch(dodo, made, name="Back").json()["name"] == "Back"


def test_limits_and_dates_are_judged_together_with_the_stored_ones(dodo: DodoShop) -> None:
    made = make(dodo, **SHARE, usage_limit=2, expires_at="2026-03-01T00:00:00Z")
    assert_refused(
        patch(dodo, made, per_customer_usage_limit=3), "INVALID_REQUEST_PARAMETERS", "per_customer_usage_limit"
    )
    assert_refused(patch(dodo, made, starts_at="2026-03-02T00:00:00Z"), "INVALID_REQUEST_PARAMETERS", "starts_at")
    assert patch(dodo, made, per_customer_usage_limit=3, usage_limit=None).status_code == 200


def test_the_type_can_change_when_what_it_needs_is_there(dodo: DodoShop) -> None:
    made = make(dodo, **SHARE)
    assert_refused(patch(dodo, made, type="flat"), "INVALID_REQUEST_PARAMETERS", "currency_options")
    flat = patch(dodo, made, **FLAT).json()
    assert (flat["type"], flat["amount"], len(flat["currency_options"])) == ("flat", 500, 2)
    assert_refused(patch(dodo, made, currency_options=[]), "INVALID_REQUEST_PARAMETERS", "currency_options")
    back = patch(dodo, made, type="percentage", amount=100, currency_options=[]).json()
    assert (back["type"], back["amount"], back["currency_options"]) == ("percentage", 100, [])


def test_lists_are_newest_first_and_narrowed_by_state_code_type_and_product(dodo: DodoShop) -> None:
    make(dodo, **SHARE, code="ENDED", expires_at="2020-01-01T00:00:00Z")
    make(dodo, **SHARE, code="LATER", starts_at="2098-01-01T00:00:00Z")
    make(dodo, **FLAT, code="FIVE")
    make(dodo, **SHARE, code="GUIDES", restricted_to=[dodo.id("P")])
    used = make(dodo, **SHARE, code="USEDUP", usage_limit=1)
    dodo.pay(dodo.session("P", discount_code="USEDUP"))

    def codes(**query: Any) -> list[str]:
        answer = dodo.http.get("/discounts", params=query)
        assert answer.status_code == 200, answer.text
        conform_all = [item for item in answer.json()["items"] if item["type"] == "percentage"]
        conform("DiscountResponse", *conform_all)
        return [item["code"] for item in answer.json()["items"]]

    assert codes() == ["USEDUP", "GUIDES", "FIVE", "LATER", "ENDED", "WELCOME20"]
    assert codes(active="true") == ["GUIDES", "FIVE", "WELCOME20"]
    assert codes(active="false") == ["USEDUP", "LATER", "ENDED"]
    assert codes(code="e") == ["USEDUP", "GUIDES", "FIVE", "LATER", "ENDED", "WELCOME20"]
    assert codes(code="uid") == ["GUIDES"]
    assert codes(discount_type="flat") == ["FIVE"]
    assert "FIVE" not in codes(discount_type="percentage")
    assert codes(product_id=dodo.id("P"), code="g") == ["GUIDES"]
    assert codes(product_id=dodo.id("S"), code="g") == []
    assert codes(product_id="pdt_nothing") == []
    assert codes(page_size=2, page_number=1) == ["FIVE", "LATER"]
    assert codes(page_number=99) == []
    assert dodo.http.get(f"/discounts/{used['discount_id']}").json()["times_used"] == 1
    for query in ("active=maybe", "discount_type=flat_per_unit", "page_size=0"):
        assert_refused(dodo.http.get(f"/discounts?{query}"), "INVALID_QUERY_PARAMS", query.partition("=")[0])


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ({"expires_at": "2020-01-01T00:00:00Z"}, "DISCOUNT_CODE_EXPIRED"),
        ({"starts_at": "2098-01-01T00:00:00Z"}, "DISCOUNT_NOT_YET_ACTIVE"),
        ({"restricted_to": "S"}, "DISCOUNT_NOT_AVAILABLE_FOR_PRODUCT"),
    ],
)
def test_a_session_is_refused_a_code_that_cannot_be_used(dodo: DodoShop, rules: dict[str, Any], code: str) -> None:
    if "restricted_to" in rules:
        rules = {"restricted_to": [dodo.id("S")]}
    make(dodo, **SHARE, code="NOTNOW", **rules)
    assert_refused(dodo.create(product_cart=[{"product_id": "P", "quantity": 1}], discount_code="notnow"), code)


def test_a_used_up_code_is_refused_by_its_code(dodo: DodoShop) -> None:
    make(dodo, **SHARE, code="ONCE", usage_limit=1)
    dodo.pay(dodo.session("P", discount_code="ONCE"))
    answer = dodo.create(product_cart=[{"product_id": "P", "quantity": 1}], discount_code="ONCE")
    assert_refused(answer, "DISCOUNT_CODE_USAGE_LIMIT_EXCEEDED")


def test_a_failed_payment_gives_the_redemption_back(dodo: DodoShop) -> None:
    made = make(dodo, **SHARE, code="ONCE", usage_limit=1)
    dodo.pay(dodo.session("P", discount_code="ONCE"), "ctoken_declined")
    assert dodo.http.get(f"/discounts/{made['discount_id']}").json()["times_used"] == 0


def test_the_limit_of_a_customer_has_a_code_of_its_own(dodo: DodoShop) -> None:
    answer = errors.of(DiscountLimitReached("discount_code", "ONCE", "ONCE"))
    assert answer.status_code == 422
    assert b'"DISCOUNT_PER_CUSTOMER_USAGE_LIMIT_EXCEEDED"' in bytes(answer.body)


def test_a_code_for_specific_customers_is_for_nobody_until_they_are_named(dodo: DodoShop) -> None:
    made = make(dodo, **SHARE, code="FRIENDS", customer_eligibility="specific")
    path = f"/discounts/{made['discount_id']}/customers"
    ada = dodo.http.post("/customers", json={"email": "ada@example.com", "name": "Ada"}).json()["customer_id"]
    bob = dodo.http.post("/customers", json={"email": "bob@example.com", "name": "Bob"}).json()["customer_id"]
    assert dodo.http.get(path).json() == {"items": []}
    assert_refused(dodo.http.post(path, json={"customer_ids": [ada, "cus_nobody"]}), "NOT_FOUND", "customer_ids[1]")
    assert dodo.http.get(path).json() == {"items": []}, "all or none"
    for customers, all_of_them in (([bob], [bob]), ([ada, bob], [bob, ada])):
        answer = dodo.http.post(path, json={"customer_ids": customers})
        assert [item["customer_id"] for item in answer.json()["items"]] == all_of_them
    assert [item["customer_id"] for item in dodo.http.get(path).json()["items"]] == [bob, ada]
    assert [item["email"] for item in dodo.http.get(f"{path}?page_size=1&page_number=1").json()["items"]] == [
        "ada@example.com"
    ]


def test_a_discount_of_the_other_api_is_shown_and_can_be_changed(dodo: DodoShop) -> None:
    polar = {"Authorization": f"Bearer {dodo.demo.polar_token}"}

    def from_polar(**body: Any) -> dict[str, Any]:
        answer = dodo.http.post("/v1/discounts/", headers=polar, json={"name": "From Polar", **body})
        assert answer.status_code == 201, answer.text
        discount_id = ids.short_id("dsc", UUID(answer.json()["id"]))
        found: dict[str, Any] = dodo.http.get(f"/discounts/{discount_id}").json()
        return found

    amounts = from_polar(type="fixed", duration="once", amounts={"eur": 900, "usd": 1000})
    assert (amounts["type"], amounts["amount"], amounts["code"], amounts["subscription_cycles"]) == (
        "flat",
        1000,
        "",
        1,
    )
    assert [(row["currency"], row["is_default"]) for row in amounts["currency_options"]] == [
        ("EUR", False),
        ("USD", True),
    ]
    months = from_polar(type="percentage", duration="repeating", duration_in_months=4, basis_points=5)
    assert (months["subscription_cycles"], months["amount"], months["name"]) == (4, 5, "From Polar")
    assert from_polar(type="percentage", duration="forever", basis_points=5)["subscription_cycles"] is None
    assert patch(dodo, amounts, code="given").json()["code"] == "GIVEN"

    cycles = make(dodo, **SHARE, subscription_cycles=1200)
    shown = dodo.http.get("/v1/discounts/", headers=polar, params={"query": cycles["code"]}).json()["items"][0]
    assert (shown["duration"], shown["duration_in_months"], shown["name"]) == ("repeating", 999, cycles["code"])
    assert dodo.http.get(f"/discounts/{cycles['discount_id']}").json()["subscription_cycles"] == 1200


def test_an_amount_that_the_other_api_changes_is_the_one_that_is_shown(dodo: DodoShop) -> None:
    option = {"currency": "USD", "is_default": True, "max_amount_possible": 500}
    made = make(dodo, type="flat", amount=500, currency_options=[option])
    polar = {"Authorization": f"Bearer {dodo.demo.polar_token}"}
    found = dodo.http.get("/v1/discounts/", headers=polar, params={"query": made["code"]}).json()["items"][0]
    changed = dodo.http.patch(f"/v1/discounts/{found['id']}", headers=polar, json={"amount": 900})
    assert (changed.status_code, changed.json()["amount"]) == (200, 900)
    shown = dodo.http.get(f"/discounts/{made['discount_id']}").json()
    assert (shown["amount"], [row["max_amount_possible"] for row in shown["currency_options"]]) == (900, [900])


def test_keys_and_permissions(dodo: DodoShop) -> None:
    made = make(dodo, **SHARE)
    reader = {"Authorization": f"Bearer {dodo.key('discounts:read')}"}
    assert dodo.http.get(f"/discounts/{made['discount_id']}", headers=reader).status_code == 200
    assert dodo.http.delete(f"/discounts/{made['discount_id']}", headers=reader).status_code == 403
    stranger = DodoShop(dodo.server, dodo.server.new_shop())
    assert stranger.http.get(f"/discounts/{made['discount_id']}").status_code == 404
    assert stranger.http.get(f"/discounts/code/{made['code']}").status_code == 404


@pytest.fixture
def client(dodo: DodoShop) -> Iterator[DodoPayments]:
    with DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url, max_retries=0) as client:
        yield client


def test_the_official_client_manages_discounts_typed(client: DodoPayments, dodo: DodoShop) -> None:
    made = client.discounts.create(amount=1500, type="percentage", code="spring", restricted_to=[dodo.id("P")])
    assert (made.code, made.amount, made.times_used, made.customer_eligibility) == ("SPRING", 1500, 0, "any")
    flat = client.discounts.create(
        amount=500,
        type="flat",
        currency_options=[{"currency": "USD", "max_amount_possible": 500, "minimum_subtotal": 600}],
        customer_eligibility="first_time",
        per_customer_usage_limit=1,
    )
    assert flat.currency_options is not None
    assert (flat.currency_options[0].minimum_subtotal, flat.currency_options[0].is_default) == (600, True)
    assert client.discounts.update(made.discount_id, name="Spring", usage_limit=3).usage_limit == 3
    assert client.discounts.retrieve(made.discount_id).name == "Spring"
    assert client.discounts.retrieve_by_code("SPRING").discount_id == made.discount_id
    assert [item.discount_id for item in client.discounts.list(discount_type="flat", active=True)] == [flat.discount_id]
    client.discounts.delete(made.discount_id)
    with pytest.raises(NotFoundError):
        client.discounts.retrieve(made.discount_id)
    with pytest.raises(UnprocessableEntityError, match="INVALID_PERCENTAGE"):
        client.discounts.create(amount=20_000, type="percentage")


def test_nobody_else_is_counted_by_a_discount(dodo: DodoShop) -> None:
    """The count is that of the redemptions: a session alone does not use a code up."""
    made = make(dodo, **SHARE, code="SPRING")
    dodo.session("P", discount_code="SPRING")
    found = dodo.server.run(discounts.by_code(dodo.server.services.ports.db, dodo.demo.organization.id, " spring "))
    assert found is not None
    assert (found.redemptions_count, ids.short_id("dsc", found.id)) == (0, made["discount_id"])
