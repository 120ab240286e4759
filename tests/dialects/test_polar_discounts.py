"""`/v1/discounts/`: every kind and every refusal of docs/behaviour/polar.md#discounts, the declared shapes, and what the official client loads."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import httpx2
import pytest
from polar.v2026_04 import Polar as Polar_2026_04
from polar.v2026_10 import Polar as Polar_2026_10
from polar.v2027_01 import Polar as Polar_2027_01

from checkstand.dialects.polar.wire import errors
from checkstand.domain.errors import DiscountLimitReached
from checkstand.store.catalogue import discounts
from checkstand.store.catalogue.discounts import DISCOUNTS
from checkstand.testing.demo import DemoShop
from tests.clients.receiver import receiving
from tests.dialects.polar_http import BUSINESS, READY, SCHEMA, Polar, assert_refused, decide
from tests.dialects.test_polar_contract import assert_fits, assert_matches
from tests.server import RunningServer
from tests.shared_folder import contract
from tests.tables import table

UNKNOWN = "992fae2a-2a17-4b7a-8d9e-e287cf90131b"
SHARE = {"type": "percentage", "name": "Autumn", "duration": "once", "basis_points": 1500}
AMOUNT = {"type": "fixed", "name": "Ten off", "duration": "forever", "amounts": {"eur": 900, "usd": 1000}}
REPEATING = {"duration": "repeating", "duration_in_months": 3}
CLIENTS = pytest.mark.parametrize(
    "client", [Polar_2026_04, Polar_2026_10, Polar_2027_01], ids=["2026-04", "2026-10", "2027-01"]
)


def post(polar: Polar, **body: object) -> httpx2.Response:
    return polar.client.post("/v1/discounts/", json=body)


def make(polar: Polar, **body: object) -> dict[str, Any]:
    answer = post(polar, **body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def patch(polar: Polar, made: dict[str, Any], **body: object) -> httpx2.Response:
    return polar.client.patch(f"/v1/discounts/{made['id']}", json=body)


def shaped(answer: httpx2.Response) -> dict[str, Any]:
    """The discount, in the declared shape of its kind. The contract's own union takes a repeating one for both of two shapes."""
    body = dict(answer.json())
    if contract("polar.json"):
        kind = "Percentage" if body["type"] == "percentage" else "Fixed"
        lasting = "Repeat" if body["duration"] == "repeating" else "OnceForever"
        assert_matches({"$ref": f"#/components/schemas/Discount{kind}{lasting}Duration"}, body)
    return body


def redeem(server: RunningServer, polar: Polar, made: dict[str, Any]) -> None:
    """Redeem it, in a session of its own."""
    checkout = UUID(polar.create().json()["id"])
    organization_id = polar.shop.organization.id
    db = server.services.ports.db

    async def redeeming() -> bool:
        found = await DISCOUNTS.living(db, organization_id, UUID(made["id"]))
        assert found is not None
        async with db.transaction() as tx:
            return await discounts.reserve(tx, found, server.services.ports.new_id(), checkout)

    assert server.run(redeeming())


@pytest.mark.parametrize(
    "body",
    [
        SHARE,
        {**SHARE, **REPEATING, "code": "AUTUMN", "metadata": {"a": 1, "b": True, "c": 1.5}},
        AMOUNT,
        {**AMOUNT, **REPEATING, "amounts": {"jpy": 0}},
        {"type": "fixed", "name": "Old way", "duration": "once", "amount": 500},
    ],
)
def test_each_kind_is_made_read_listed_and_changed_in_the_declared_shape(polar: Polar, body: dict[str, Any]) -> None:
    made = shaped(post(polar, **body, products=[polar.id("one_time")]))
    read = shaped(polar.client.get(f"/v1/discounts/{made['id']}"))
    assert read == made
    assert {**read, **body} == read
    assert [item["name"] for item in read["products"]] == ["Field Guide"]
    listed = polar.client.get("/v1/discounts/")
    if body["duration"] != "repeating":
        assert_fits("/v1/discounts/", "get", listed)
    assert listed.json()["items"][0] == read
    changed = shaped(patch(polar, made, name="Winter", products=[]))
    assert (changed["name"], changed["products"]) == ("Winter", [])
    assert changed["modified_at"] is not None


def test_names_are_found_and_sorted_without_regard_to_case(polar: Polar) -> None:
    for name in ("Gamma deal", "beta deal", "Alpha deal"):
        make(polar, **{**SHARE, "name": name})

    def names(query: str) -> list[str]:
        return [item["name"] for item in polar.client.get(f"/v1/discounts/?{query}").json()["items"]]

    assert names("query=deal&sorting=name") == ["Alpha deal", "beta deal", "Gamma deal"]
    assert names("query=ALPHA") == ["Alpha deal"]


def test_the_old_pair_is_the_organizations_currency_else_the_first(polar: Polar) -> None:
    both = make(polar, **AMOUNT)
    assert (both["amounts"], both["currency"], both["amount"]) == ({"eur": 900, "usd": 1000}, "usd", 1000)
    euros = make(polar, **{**AMOUNT, "amounts": {"gbp": 5, "eur": 7}})
    assert (euros["currency"], euros["amount"]) == ("gbp", 5)
    session = polar.create(discount_id=both["id"]).json()
    client = polar.client.get(f"/v1/checkouts/client/{session['client_secret']}").json()
    assert polar.confirm(session["client_secret"], **READY).status_code == 200
    order = polar.client.get(f"/v1/orders/?checkout_id={session['id']}").json()["items"][0]
    for shown in (session, client, order):
        assert (shown["discount"]["currency"], shown["discount"]["amount"]) == ("usd", 1000)


def test_the_old_pair_follows_the_organizations_currency_also_where_the_session_did_not_change(
    server: RunningServer, polar: Polar
) -> None:
    session = polar.create(discount_id=make(polar, **AMOUNT)["id"]).json()
    url = f"/v1/checkouts/{session['id']}"
    assert polar.client.get(url).json()["discount"]["currency"] == "usd"
    decide(server, polar.shop, default_currency="EUR")
    assert polar.client.get(url).json()["discount"]["currency"] == "eur"


def test_a_code_is_trimmed_a_blank_one_is_none_and_times_without_a_zone_are_utc(polar: Polar) -> None:
    made = make(polar, **SHARE, code="  Summer24 ", starts_at="2026-08-01", ends_at="2098-01-01T00:00:00+02:00")
    told = ("Summer24", "2026-08-01T00:00:00", "2098-01-01T00:00:00+02:00")
    assert (made["code"], made["starts_at"], made["ends_at"]) == told, "a create tells times as they were sent"
    read = polar.client.get(f"/v1/discounts/{made['id']}").json()
    assert (read["starts_at"], read["ends_at"]) == ("2026-08-01T00:00:00Z", "2097-12-31T22:00:00Z")
    both = patch(polar, made, starts_at="2026-08-03T00:00", ends_at=4_000_000_000).json()
    assert (both["starts_at"], both["ends_at"]) == ("2026-08-03T00:00:00Z", "2096-10-02T07:06:40Z")
    assert make(polar, **SHARE, code="   ")["code"] is None
    assert make(polar, **SHARE, code="日本セール")["code"] == "日本セール"
    assert make(polar, **SHARE, amounts={"usd": 5}, nonsense=1)["basis_points"] == 1500


def test_a_code_belongs_to_one_living_discount_whatever_its_case(polar: Polar) -> None:
    made = make(polar, **SHARE, code="AUTUMN")
    text = "Discount with this code already exists."
    assert_refused(post(polar, **SHARE, code="autumn"), BUSINESS, ["body", "code"], "value_error", text)
    other = make(polar, **SHARE, code="WINTER")
    assert_refused(patch(polar, other, code="Autumn"), BUSINESS, ["body", "code"], "value_error", text)
    assert patch(polar, made, code="autumn").json()["code"] == "autumn", "its own code in another case is no clash"
    answer = polar.client.delete(f"/v1/discounts/{made['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert polar.client.get(f"/v1/discounts/{made['id']}").status_code == 404
    assert patch(polar, made, name="x").status_code == 404
    assert_fits("/v1/discounts/{id}", "delete", polar.client.delete(f"/v1/discounts/{made['id']}"))
    assert make(polar, **SHARE, code="AUTUMN")["code"] == "AUTUMN"


@table(
    ("body", "where", "kind", "text"),
    [
        ({**SHARE, "basis_points": 0}, ["percentage", "basis_points"], "greater_than_equal", None),
        ({**SHARE, "basis_points": 10_001}, ["percentage", "basis_points"], "less_than_equal", None),
        ({**SHARE, "name": ""}, ["percentage", "name"], "string_too_short", None),
        ({**SHARE, "duration": "never"}, ["percentage", "duration"], "enum", None),
        ({**SHARE, "max_redemptions": 0}, ["percentage", "max_redemptions"], "greater_than_equal", None),
        (
            {**SHARE, "max_redemptions_per_customer": 0},
            ["percentage", "max_redemptions_per_customer"],
            "greater_than_equal",
            None,
        ),
        ({**SHARE, "products": ["x"]}, ["percentage", "products", 0], "uuid_parsing", None),
        ({**SHARE, "duration": "repeating"}, ["percentage"], "value_error", None),
        ({**SHARE, "duration_in_months": 2}, ["percentage"], "value_error", None),
        (
            {**SHARE, "duration": "repeating", "duration_in_months": 1000},
            ["percentage", "duration_in_months"],
            "less_than_equal",
            None,
        ),
        (
            {**SHARE, "starts_at": "2026-08-02", "ends_at": "2026-08-01T00:00:00Z"},
            ["percentage"],
            "value_error",
            "Value error, starts_at must be before ends_at",
        ),
        (
            {**SHARE, "code": "NO SPACE"},
            ["percentage", "code"],
            "value_error",
            "Value error, Code must contain only alphanumeric characters.",
        ),
        (
            {**SHARE, "code": "ab"},
            ["percentage", "code"],
            "value_error",
            "Value error, Code must be between 3 and 256 characters long.",
        ),
        (
            {**AMOUNT, "amount": 5},
            ["fixed"],
            "value_error",
            "Value error, Cannot specify both `amount` and `amounts`.",
        ),
        (
            {"type": "fixed", "name": "x", "duration": "once"},
            ["fixed"],
            "value_error",
            "Value error, Must specify either `amount` or `amounts`.",
        ),
        ({**AMOUNT, "amounts": {}}, ["fixed", "amounts"], "too_short", None),
        ({**AMOUNT, "amounts": {"usd": -1}}, ["fixed", "amounts", "usd"], "greater_than_equal", None),
        ({**AMOUNT, "amounts": {"usd": 10**12}}, ["fixed", "amounts", "usd"], "less_than_equal", None),
        ({**AMOUNT, "amounts": {"USD": 1}}, ["fixed", "amounts", "USD", "[key]"], "enum", None),
        ({**SHARE, "type": "gift"}, [], "union_tag_invalid", None),
        ({"name": "x", "duration": "once", "basis_points": 1}, [], "union_tag_not_found", None),
        ({**SHARE, "starts_at": "0001-01-01T00:00:00+05:00"}, ["percentage", "starts_at"], "value_error", None),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_its_kind_in_the_place(
    polar: Polar, body: dict[str, Any], where: list[Any], kind: str, text: str | None
) -> None:
    answer = post(polar, **body)
    assert_refused(answer, SCHEMA, ["body", *where], kind, text)
    assert_fits("/v1/discounts/", "post", answer)


def test_products_must_exist_and_an_organizations_key_names_no_organization(polar: Polar) -> None:
    answer = post(polar, **SHARE, products=[polar.id("one_time"), UNKNOWN], organization_id=UNKNOWN)
    assert_refused(answer, BUSINESS, ["body", "products", 1], "value_error", "Product not found.")
    assert_refused(answer, BUSINESS, ["body", "organization_id"], "organization_token")
    made = make(polar, **SHARE)
    assert_refused(
        patch(polar, made, products=[UNKNOWN]), BUSINESS, ["body", "products", 0], "value_error", "Product not found."
    )


def test_kind_and_duration_never_change_and_the_present_ones_may_be_sent(polar: Polar) -> None:
    made = make(polar, **SHARE)
    assert_refused(
        patch(polar, made, duration="forever"),
        BUSINESS,
        ["body", "duration"],
        "value_error",
        "Duration cannot be changed.",
    )
    assert_refused(
        patch(polar, made, type="fixed"), BUSINESS, ["body", "type"], "value_error", "Type cannot be changed."
    )
    same = patch(polar, made, duration="once", type="percentage", amounts={"usd": 1}, duration_in_months=4, name=None)
    assert same.status_code == 200
    assert (same.json()["basis_points"], same.json()["name"]) == (1500, "Autumn")
    assert "duration_in_months" not in same.json()


def test_what_may_be_empty_is_cleared_by_null_and_left_alone_when_absent(polar: Polar) -> None:
    limits = {"max_redemptions": 5, "max_redemptions_per_customer": 2}
    dates = {"starts_at": "2026-08-01T00:00:00Z", "ends_at": "2026-09-01T00:00:00Z"}
    made = make(polar, **SHARE, code="AUTUMN", **limits, **dates, metadata={"a": "b"})
    untouched = patch(polar, made, name="Winter").json()
    assert untouched == {**made, "name": "Winter", "modified_at": untouched["modified_at"]}
    cleared = patch(polar, made, code=None, metadata={}, **dict.fromkeys([*limits, *dates])).json()
    assert [cleared[key] for key in ("code", *limits, *dates)] == [None] * 5
    assert cleared["metadata"] == {}
    assert_refused(patch(polar, made, metadata=None), SCHEMA, ["body", "metadata"], "dict_type")


def test_dates_are_judged_against_each_other_where_a_change_has_both(polar: Polar) -> None:
    made = make(polar, **SHARE, code="NEVER", ends_at="2026-09-01T00:00:00Z")
    crossed = patch(polar, made, starts_at="2026-09-02T00:00:00Z").json()
    assert (crossed["starts_at"], crossed["ends_at"]) == ("2026-09-02T00:00:00Z", "2026-09-01T00:00:00Z")
    session = polar.client.post("/v1/checkouts/", json={"products": [polar.id("one_time")], "discount_id": made["id"]})
    assert_refused(session, BUSINESS, ["body", "discount_id"], "value_error")
    whole = patch(polar, made, starts_at="2026-09-02", ends_at="2026-09-01")
    assert_refused(whole, SCHEMA, ["body"], "value_error", "Value error, starts_at must be before ends_at")


def test_the_old_pair_changes_one_currency(polar: Polar) -> None:
    made = make(polar, **AMOUNT)
    assert patch(polar, made, amount=700).json()["amounts"] == {"eur": 900, "usd": 700}
    assert patch(polar, made, amount=600, currency="eur").json()["amounts"] == {"eur": 600, "usd": 700}
    assert patch(polar, made, currency="gbp").json()["amounts"] == {"eur": 600, "gbp": 700}
    both = patch(polar, made, amount=1, amounts={"usd": 2})
    assert_refused(both, SCHEMA, ["body"], "value_error", "Value error, Cannot specify both `amount` and `amounts`.")


def test_what_was_redeemed_keeps_its_worth(polar: Polar, server: RunningServer) -> None:
    text = "This field cannot be changed because the discount has already been redeemed."
    share = make(polar, **{**SHARE, **REPEATING})
    assert patch(polar, share, basis_points=1600, duration_in_months=4).json()["basis_points"] == 1600
    redeem(server, polar, share)
    answer = patch(polar, share, basis_points=1700, duration_in_months=5)
    assert_refused(answer, BUSINESS, ["body", "basis_points"], "value_error", text)
    assert_refused(answer, BUSINESS, ["body", "duration_in_months"], "value_error", text)
    assert [item["input"] for item in answer.json()["detail"]] == [1600, 4], "the stored value is told"
    amount = make(polar, **AMOUNT)
    redeem(server, polar, amount)
    answer = patch(polar, amount, amounts={"usd": 5})
    assert_refused(answer, BUSINESS, ["body", "amounts"], "value_error", text)
    assert answer.json()["detail"][0]["input"] == amount["amounts"]
    assert_refused(patch(polar, amount, amount=5), BUSINESS, ["body", "amount"], "value_error", text)
    assert_refused(patch(polar, amount, currency="eur"), BUSINESS, ["body", "currency"], "value_error", text)
    same = patch(polar, amount, amount=1000, currency="usd", name="Still ten", max_redemptions=1)
    assert (same.status_code, same.json()["redemptions_count"]) == (200, 1)


def test_a_limit_may_be_set_below_what_was_redeemed(polar: Polar, server: RunningServer) -> None:
    made = make(polar, **SHARE)
    redeem(server, polar, made)
    redeem(server, polar, made)
    changed = patch(polar, made, max_redemptions=1).json()
    assert (changed["max_redemptions"], changed["redemptions_count"]) == (1, 2)
    answer = polar.create(discount_id=made["id"])
    assert_refused(answer, BUSINESS, ["body", "discount_id"], "value_error", "Discount does not exist.")


def test_lists_are_searched_sorted_and_paged(polar: Polar, server: RunningServer) -> None:
    first = make(polar, **{**SHARE, "name": "Beta"}, code="AAA", ends_at="2098-01-01")
    second = make(polar, **{**SHARE, "name": "Alpha"}, code="BBB", ends_at="2097-01-01")
    redeem(server, polar, first)

    def ids(query: str) -> list[str]:
        items = polar.client.get(f"/v1/discounts/?{query}").json()["items"]
        return [item["name"] for item in items if item["name"] != "Welcome"]

    assert ids("") == ["Alpha", "Beta"], "newest first"
    assert ids("sorting=name") == ["Alpha", "Beta"]
    assert ids("sorting=-code") == ["Alpha", "Beta"]
    assert ids("sorting=code") == ["Beta", "Alpha"]
    assert ids("sorting=-redemptions_count") == ["Beta", "Alpha"]
    assert ids("sorting=ends_at") == ["Alpha", "Beta"]
    assert ids("sorting=created_at") == ["Beta", "Alpha"]
    assert ids("query=Bet") == ["Beta"]
    assert ids("query=bet") == ["Beta"]
    assert ids("query=aa") == ["Beta"], "a code is found in any case"
    assert ids(f"organization_id={UNKNOWN}") == []
    assert ids(f"organization_id={polar.shop.organization.id}") == ["Alpha", "Beta"]
    page = polar.client.get("/v1/discounts/?limit=1&page=2&sorting=-created_at").json()
    assert page["pagination"] == {"total_count": 3, "max_page": 3}
    assert [item["id"] for item in page["items"]] == [first["id"]]
    assert second["id"] != first["id"]
    assert_refused(polar.client.get("/v1/discounts/?sorting=amount"), SCHEMA, ["query", "sorting", 0], "enum")


def test_other_organizations_see_nothing_of_it(polar: Polar, server: RunningServer) -> None:
    made = make(polar, **SHARE)
    stranger = Polar(server, server.new_shop())
    for answer in (
        stranger.client.get(f"/v1/discounts/{made['id']}"),
        patch(stranger, made, name="Mine"),
        stranger.client.delete(f"/v1/discounts/{made['id']}"),
    ):
        assert (answer.status_code, answer.json()) == (404, {"error": "ResourceNotFound", "detail": "Not found"})
    assert polar.client.get(f"/v1/discounts/{made['id']}").json()["name"] == "Autumn"


def test_merchants_are_told_of_each_change_with_the_object_as_it_was(polar: Polar) -> None:
    events = ["discount.created", "discount.updated", "discount.deleted"]
    with receiving() as receiver:
        body = {"url": receiver.url, "format": "raw", "events": events}
        assert polar.client.post("/v1/webhooks/endpoints", json=body).status_code == 201
        made = make(polar, **SHARE, code="AUTUMN", products=[polar.id("one_time")])
        patch(polar, made, name="Winter")
        polar.client.delete(f"/v1/discounts/{made['id']}")
        assert polar.client.post("/_test/settle").status_code == 200
        told = [hook.event for hook in receiver.hooks]
    assert [(event["type"], event["data"]["name"]) for event in told] == [
        ("discount.created", "Autumn"),
        ("discount.updated", "Winter"),
        ("discount.deleted", "Winter"),
    ]
    assert told[0]["data"] == made
    for event in told:
        if contract("polar.json"):
            assert_matches({"$ref": "#/components/schemas/Discount"}, event["data"])


def test_the_limit_of_a_customer_is_an_error_with_a_name_of_its_own() -> None:
    answer = errors.of(DiscountLimitReached("discount_id", UNKNOWN, "ONCE"))
    assert (answer.status_code, json.loads(bytes(answer.body))) == (
        403,
        {
            "error": "DiscountRedemptionLimitReached",
            "detail": "You have already redeemed this discount the maximum number of times allowed per customer.",
        },
    )


@CLIENTS
def test_the_official_client_manages_discounts_typed(client: type, server: RunningServer, shop: DemoShop) -> None:
    sdk = client(shop.polar_token, base_url=server.url)
    product_id = str(shop.products["monthly"].id)
    share = sdk.discounts.create(**SHARE, code="AUTUMN", products=[product_id])
    assert (type(share).__name__, share.basis_points) == ("DiscountPercentageOnceForeverDuration", 1500)
    assert [item.id for item in share.products] == [product_id]
    amount = sdk.discounts.create(**{**AMOUNT, **REPEATING})
    assert (amount.duration, amount.amounts["eur"], amount.amount) == ("repeating", 900, 1000)
    assert sdk.discounts.update(share.id, name="Winter", max_redemptions=3).max_redemptions == 3
    assert sdk.discounts.get(share.id).name == "Winter"
    assert [item.id for item in sdk.discounts.list(query="Winter").items] == [share.id]
    sdk.discounts.delete(share.id)
    with pytest.raises(Exception, match="404|Not found|not found"):
        sdk.discounts.get(share.id)
