"""`/v1/custom-fields/` over HTTP: every kind, every refusal, and what becomes of answers."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.dialects.polar_http import BUSINESS, READY, SCHEMA, Polar, assert_refused
from tests.dialects.test_polar_contract import assert_fits
from tests.server import RunningServer
from tests.tables import table

PATH = "/v1/custom-fields/"
UNKNOWN = "992fae2a-2a17-4b7a-8d9e-e287cf90131b"
OPTIONS = [{"value": "s", "label": "Small"}, {"value": "m", "label": "Medium"}]
PROPERTIES: dict[str, dict[str, Any]] = {
    "text": {"form_label": "Company", "textarea": True, "min_length": 1, "max_length": 80},
    "number": {"form_help_text": "How many people", "ge": 1, "le": 500},
    "date": {"ge": 0, "le": 2_147_483_647},
    "checkbox": {"form_placeholder": "Yes"},
    "select": {"options": OPTIONS},
}
KINDS = pytest.mark.parametrize("kind", PROPERTIES)


def create(polar: Polar, kind: str = "text", **body: object) -> httpx2.Response:
    whole = {"type": kind, "slug": f"a-{kind}", "name": "A field", "properties": PROPERTIES[kind], **body}
    return polar.client.post(PATH, json=whole)


def made(polar: Polar, kind: str = "text", **body: object) -> dict[str, Any]:
    answer = create(polar, kind, **body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def change(polar: Polar, field: dict[str, Any], **body: object) -> httpx2.Response:
    return polar.client.patch(f"{PATH}{field['id']}", json={"type": field["type"], **body})


def selling(polar: Polar, *fields: dict[str, Any], required: bool = False) -> str:
    """The id of a product that asks these fields."""
    asked = [{"custom_field_id": field["id"], "required": required} for field in fields]
    prices = [{"amount_type": "fixed", "price_amount": 1000}]
    return str(polar.product(prices=prices, attached_custom_fields=asked)["id"])


def checkout(polar: Polar, product_id: str, **data: object) -> dict[str, Any]:
    answer = polar.client.post("/v1/checkouts/", json={"products": [product_id], "custom_field_data": data})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@KINDS
def test_a_field_of_each_kind_is_made_read_and_changed_as_declared(polar: Polar, kind: str) -> None:
    answer = create(polar, kind, metadata={"team": "ops", "rank": 1})
    assert_fits(PATH, "post", answer)
    field = answer.json()
    assert field["properties"] == PROPERTIES[kind]
    assert (field["type"], field["slug"], field["modified_at"]) == (kind, f"a-{kind}", None)
    assert field["metadata"] == {"team": "ops", "rank": 1}
    assert field["organization_id"] == str(polar.shop.organization.id)
    read = polar.client.get(f"{PATH}{field['id']}")
    assert_fits(PATH + "{id}", "get", read)
    assert read.json() == field
    properties = {**PROPERTIES[kind], "form_label": "Other"}
    changed = change(polar, field, name="Other name", properties=properties, metadata={})
    assert_fits(PATH + "{id}", "patch", changed)
    assert (changed.json()["name"], changed.json()["properties"], changed.json()["metadata"]) == (
        "Other name",
        properties,
        {},
    )
    assert changed.json()["modified_at"] is not None
    assert_fits(PATH, "get", polar.client.get(PATH))


def test_null_and_empty_properties_are_dropped_and_unknown_ones_ignored(polar: Polar) -> None:
    properties = {"form_label": "", "form_help_text": None, "min_length": None, "max_length": "5", "colour": "red"}
    assert made(polar, properties=properties)["properties"] == {"max_length": 5}


def test_what_is_not_noticed_is_accepted(polar: Polar) -> None:
    made(polar, properties={"min_length": 9, "max_length": 1})
    twice = {"options": [OPTIONS[0], OPTIONS[0]]}
    assert made(polar, "select", properties=twice)["properties"] == twice


@table(
    ("kind", "body", "where", "error", "text"),
    [
        ("text", {"slug": "Upper"}, ["text", "slug"], "string_pattern_mismatch", None),
        ("text", {"slug": ""}, ["text", "slug"], "string_too_short", "String should have at least 1 character"),
        ("text", {"name": ""}, ["text", "name"], "string_too_short", "String should have at least 1 character"),
        ("text", {"name": None}, ["text", "name"], "string_type", "Input should be a valid string"),
        ("text", {"metadata": None}, ["text", "metadata"], "dict_type", "Input should be a valid dictionary"),
        ("text", {"properties": None}, ["text", "properties"], "dict_type", "Input should be a valid dictionary"),
        (
            "text",
            {"properties": {"min_length": -1}},
            ["text", "properties", "min_length"],
            "greater_than_equal",
            "Input should be greater than or equal to 0",
        ),
        ("number", {"properties": {"ge": 5, "le": 1}}, ["number", "properties", "le"], "value_error", None),
        ("date", {"properties": {"ge": 5, "le": 1}}, ["date", "properties", "le"], "value_error", None),
        ("number", {"properties": {"ge": 2**31}}, ["number", "properties", "ge"], "less_than_equal", None),
        ("number", {"properties": {"ge": 1.5}}, ["number", "properties", "ge"], "int_from_float", None),
        ("select", {"properties": {}}, ["select", "properties", "options"], "missing", "Field required"),
        (
            "select",
            {"properties": {"options": []}},
            ["select", "properties", "options"],
            "too_short",
            "List should have at least 1 item after validation, not 0",
        ),
        (
            "select",
            {"properties": {"options": [{"value": "", "label": "x"}]}},
            ["select", "properties", "options", 0, "value"],
            "string_too_short",
            None,
        ),
    ],
)
def test_a_body_that_does_not_fit_is_refused_under_its_kind(
    polar: Polar, kind: str, body: dict[str, Any], where: list[object], error: str, text: str | None
) -> None:
    answer = create(polar, kind, **body)
    assert_refused(answer, SCHEMA, ["body", *where], error, text)
    assert len(answer.json()["detail"]) == 1
    assert_fits(PATH, "post", answer)


@pytest.mark.parametrize("given", [{"slug": "a", "name": "b", "properties": {}}, {}])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_body_without_its_kind_is_refused_as_a_whole(polar: Polar, given: dict[str, Any], method: str) -> None:
    path = PATH if method == "POST" else PATH + made(polar)["id"]
    answer = polar.client.request(method, path, json=given)
    assert answer.json() == {
        "error": SCHEMA,
        "detail": [
            {
                "type": "union_tag_not_found",
                "loc": ["body"],
                "msg": "Unable to extract tag using discriminator 'type'",
                "input": given,
                "ctx": {"discriminator": "'type'"},
            }
        ],
    }


def test_an_unknown_kind_is_refused_as_a_whole(polar: Polar) -> None:
    for path, method in ((PATH, "POST"), (PATH + made(polar)["id"], "PATCH")):
        answer = polar.client.request(method, path, json={"type": "colour"})
        assert_refused(answer, SCHEMA, ["body"], "union_tag_invalid")


def test_a_slug_is_taken_over_all_kinds_and_for_changes_too(polar: Polar) -> None:
    made(polar, slug="size")
    body = {
        "error": BUSINESS,
        "detail": [
            {
                "type": "value_error",
                "loc": ["body", "slug"],
                "msg": "Custom field with this slug already exists.",
                "input": "size",
            }
        ],
    }
    again = create(polar, "number", slug="size")
    assert (again.status_code, again.json()) == (422, body)
    other = made(polar, "number", slug="other")
    changed = change(polar, other, slug="size")
    assert (changed.status_code, changed.json()) == (422, body)
    assert polar.client.get(f"{PATH}{other['id']}").json() == other
    assert change(polar, other, slug="other").status_code == 200


def test_another_organization_may_use_the_same_slug_and_sees_nothing(polar: Polar, server: RunningServer) -> None:
    field = made(polar, slug="size")
    stranger = Polar(server, server.new_shop())
    made(stranger, slug="size")
    assert stranger.client.get(f"{PATH}{field['id']}").status_code == 404
    assert change(stranger, field, name="x").status_code == 404
    assert stranger.client.delete(f"{PATH}{field['id']}").status_code == 404
    assert polar.client.get(f"{PATH}{field['id']}").json() == field


def test_the_kind_of_a_field_cannot_be_changed(polar: Polar) -> None:
    field = made(polar)
    answer = change(polar, field, type="checkbox")
    assert_refused(answer, BUSINESS, ["body", "type"], "value_error", "The type of a custom field can't be changed.")
    assert answer.json()["detail"][0]["input"] == "checkbox"
    assert_fits(PATH + "{id}", "patch", answer)


@KINDS
def test_null_leaves_a_field_as_it_is(polar: Polar, kind: str) -> None:
    field = made(polar, kind, metadata={"a": "b"})
    changed = change(polar, field, name=None, slug=None, properties=None)
    assert changed.status_code == 200, changed.text
    assert {**changed.json(), "modified_at": None} == field
    assert polar.client.get(f"{PATH}{field['id']}").json() == changed.json()


def test_an_organization_is_not_named_with_its_own_token(polar: Polar) -> None:
    answer = create(polar, organization_id=str(polar.shop.organization.id))
    text = "Setting organization_id is disallowed when using an organization token."
    assert_refused(answer, BUSINESS, ["body", "organization_id"], "organization_token", text)


def test_fields_that_nobody_reads_are_named(polar: Polar) -> None:
    assert create(polar, colour="red").headers["Checkstand-Ignored-Fields"] == "colour"


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_field_is_not_found(polar: Polar, method: str) -> None:
    body = {"type": "text"} if method == "PATCH" else None
    answer = polar.client.request(method, PATH + UNKNOWN, json=body)
    assert (answer.status_code, answer.json()) == (404, {"error": "ResourceNotFound", "detail": "Not found"})
    answer = polar.client.request(method, PATH + "not-an-id", json=body)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["path", "id"])


def test_a_list_is_sorted_by_slug_and_narrowed(polar: Polar) -> None:
    for kind, slug, name in (
        ("text", "c", "Alpha"),
        ("number", "a", "gamma"),
        ("select", "b", "Beta"),
        ("text", "d", "A"),
    ):
        made(polar, kind, slug=slug, name=name)

    def slugs(query: str = "") -> list[str]:
        answer = polar.client.get(f"{PATH}?{query}")
        assert answer.status_code == 200, answer.text
        return [item["slug"] for item in answer.json()["items"]]

    assert slugs() == ["a", "b", "c", "d"]
    assert slugs("sorting=-slug") == ["d", "c", "b", "a"]
    assert slugs("sorting=created_at") == ["c", "a", "b", "d"]
    assert slugs("sorting=type&sorting=-slug") == ["a", "b", "d", "c"]
    assert slugs("query=ALPH") == ["c"]
    assert slugs("query=B") == ["b"]
    assert slugs("type=text&type=number") == ["a", "c", "d"]
    assert slugs("query=a&type=text") == ["c", "d"]
    assert slugs(f"organization_id={UNKNOWN}") == []
    page = polar.client.get(f"{PATH}?limit=3&page=2").json()
    assert (len(page["items"]), page["pagination"]) == (1, {"total_count": 4, "max_page": 2})
    assert_refused(polar.client.get(f"{PATH}?sorting=kind"), SCHEMA, ["query", "sorting", 0], "enum")
    assert_refused(
        polar.client.get(f"{PATH}?type=email"), SCHEMA, ["query", "type", "str-enum[CustomFieldType]"], "enum"
    )


def test_a_product_and_its_checkout_show_the_attached_fields_in_order(polar: Polar) -> None:
    fields = [made(polar, "select"), made(polar, "checkbox")]
    product_id = selling(polar, *fields, required=True)
    expected = [
        {"custom_field_id": field["id"], "custom_field": field, "order": position, "required": True}
        for position, field in enumerate(fields)
    ]
    assert polar.client.get(f"/v1/products/{product_id}").json()["attached_custom_fields"] == expected
    answer = polar.client.post("/v1/checkouts/", json={"products": [product_id]})
    assert_fits("/v1/checkouts/", "post", answer)
    assert answer.json()["attached_custom_fields"] == expected


def test_answers_are_stored_in_one_form_and_strangers_dropped(polar: Polar) -> None:
    product_id = selling(polar, *(made(polar, kind) for kind in PROPERTIES))
    data = {"a-text": "ACME", "a-number": "7", "a-date": "2024-01-02", "a-checkbox": 1, "a-select": "s", "else": True}
    assert checkout(polar, product_id, **data)["custom_field_data"] == {
        "a-text": "ACME",
        "a-number": 7,
        "a-date": "2024-01-02T00:00:00",
        "a-checkbox": True,
        "a-select": "s",
    }


@pytest.mark.parametrize(
    ("slug", "value", "kind", "text", "shown"),
    [
        ("a-text", "", "string_too_short", "String should have at least 1 character", ""),
        ("a-text", 5, "string_type", "Input should be a valid string", 5),
        (
            "a-number",
            1.5,
            "int_type",
            "Input should be a valid integer",
            "1970-01-01T00:00:01.500000+00:00",
        ),
        ("a-number", 501, "less_than_equal", "Input should be less than or equal to 500", 501),
        ("a-checkbox", None, "bool_type", "Input should be a valid boolean", None),
        ("a-select", "x", "literal_error", "Input should be 's' or 'm'", "x"),
        (
            "a-date",
            "2024-13-01",
            "datetime_from_date_parsing",
            "Input should be a valid datetime or date, month value is outside expected range of 1-12",
            "2024-13-01",
        ),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_at_its_slug(
    polar: Polar, slug: str, value: object, kind: str, text: str, shown: object
) -> None:
    product_id = selling(polar, *(made(polar, kind) for kind in PROPERTIES), required=True)
    answer = polar.client.post("/v1/checkouts/", json={"products": [product_id], "custom_field_data": {slug: value}})
    item = {"type": kind, "loc": ["body", "custom_field_data", slug], "msg": text, "input": shown}
    assert (answer.status_code, answer.json()) == (422, {"error": BUSINESS, "detail": [item]})


def test_a_value_of_no_accepted_kind_is_refused_once_for_each_kind(polar: Polar) -> None:
    secret = polar.secret()
    answer = polar.patch(secret, custom_field_data={"x": []})
    assert answer.json()["error"] == SCHEMA
    found = [(item["loc"], item["type"]) for item in answer.json()["detail"]]
    where = ["body", "custom_field_data", "x"]
    assert found == [
        ([*where, "str"], "string_type"),
        ([*where, "int"], "int_type"),
        ([*where, "bool"], "bool_type"),
        ([*where, "datetime"], "datetime_type"),
    ]
    assert_refused(polar.patch(secret, custom_field_data=None), SCHEMA, ["body", "custom_field_data"], "dict_type")


def test_a_required_answer_is_missed_at_the_confirm_alone(polar: Polar) -> None:
    product_id = selling(polar, made(polar), required=True)
    session = checkout(polar, product_id)
    answer = polar.confirm(session["client_secret"], **READY)
    assert_refused(answer, BUSINESS, ["body", "custom_field_data", "a-text"], "missing", "Field required")
    confirmed = polar.confirm(session["client_secret"], **READY, custom_field_data={"a-text": "ACME"})
    assert confirmed.status_code == 200, confirmed.text
    order = polar.client.get("/v1/orders/").json()["items"][0]
    assert order["custom_field_data"] == {"a-text": "ACME"}


def test_a_renamed_slug_renames_the_key_in_sessions_and_orders(polar: Polar) -> None:
    field, other = made(polar, slug="company"), made(polar, "number", slug="age")
    product_id = selling(polar, field, other)
    paid, open_one = (checkout(polar, product_id, company="ACME", age=4) for _ in range(2))
    untouched = checkout(polar, selling(polar, other), age=9)
    confirmed = polar.confirm(paid["client_secret"], **READY, custom_field_data={"company": "ACME", "age": 4})
    assert confirmed.status_code == 200, confirmed.text
    assert change(polar, field, slug="firm").status_code == 200
    for session in (paid, open_one):
        read = polar.read(session["id"])
        assert list(read["custom_field_data"].items()) == [("firm", "ACME"), ("age", 4)]
        assert read["modified_at"] is not None, "an answer moved to another key"
    order = polar.client.get("/v1/orders/").json()["items"][0]
    assert list(order["custom_field_data"].items()) == [("firm", "ACME"), ("age", 4)]
    aside = polar.read(untouched["id"])
    assert (aside["custom_field_data"], aside["modified_at"]) == ({"age": 9}, None)
    updated = polar.patch(open_one["client_secret"], custom_field_data={"firm": "Other", "company": "gone"})
    assert updated.json()["custom_field_data"] == {"firm": "Other", "age": 4}
    assert [item["custom_field"]["slug"] for item in updated.json()["attached_custom_fields"]] == ["firm", "age"]


def test_an_open_session_asks_a_field_as_it_is_defined_now(polar: Polar) -> None:
    field = made(polar)
    session = checkout(polar, selling(polar, field))
    assert change(polar, field, properties={"min_length": 5}).status_code == 200
    answer = polar.patch(session["client_secret"], custom_field_data={"a-text": "four"})
    assert_refused(answer, BUSINESS, ["body", "custom_field_data", "a-text"], "string_too_short")
    assert polar.read(session["id"])["attached_custom_fields"][0]["custom_field"]["properties"] == {"min_length": 5}


def test_a_deleted_field_is_asked_no_more_and_its_answers_stay(polar: Polar) -> None:
    field = made(polar)
    product_id = selling(polar, field, required=True)
    session = checkout(polar, product_id, **{"a-text": "ACME"})
    answer = polar.client.delete(f"{PATH}{field['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert polar.client.delete(f"{PATH}{field['id']}").status_code == 404
    assert polar.client.get(f"/v1/products/{product_id}").json()["attached_custom_fields"] == []
    read = polar.read(session["id"])
    assert (read["attached_custom_fields"], read["custom_field_data"]) == ([], {"a-text": "ACME"})
    assert polar.confirm(session["client_secret"], **READY).status_code == 200
    made(polar, slug="a-text")
