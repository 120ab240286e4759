"""How much a request may bring and an answer may tell: the same on every route of both APIs, with and without a key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import TypeAdapter

from checkstand.dialects import dodo, polar
from checkstand.http import BadBody, echo, parse_json
from checkstand.openapi import Described, Json, Operation, operation_id
from checkstand.ops import bounds
from checkstand.testing.demo import DemoShop
from checkstand.web.dashboard import discount_form, token_form
from checkstand.web.dashboard.discount_form import TypedDiscount
from checkstand.web.dashboard.token_form import TypedToken
from tests.dialects.polar_http import Polar
from tests.server import RunningServer
from tests.tables import table

JSON = {"Content-Type": "application/json"}
APIS: list[Described] = [polar.api, dodo.api]


@pytest.fixture
def shop_polar(server: RunningServer, shop: DemoShop) -> Polar:
    return Polar(server, shop)


def test_a_stranger_with_a_megabyte_of_keys_learns_in_a_moment_that_there_is_no_such_session(
    server: RunningServer,
) -> None:
    keys = {f"{number:06}": [] for number in range(83_000)}
    body = json.dumps({"custom_field_data": keys}).encode()
    answer = httpx2.post(f"{server.url}/v1/checkouts/client/x/confirm", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["error"]) == (404, "ResourceNotFound")


def test_ten_megabytes_without_a_token_are_not_read_as_json(server: RunningServer) -> None:
    body = b'{"products":[' + b"[]," * 3_000_000 + b"[]]}"
    for path in ("/v1/checkouts/", "/v1/products/"):
        answer = httpx2.post(f"{server.url}{path}", content=body, headers=JSON)
        assert answer.status_code == 401, path
    answer = httpx2.post(f"{server.url}/checkouts", content=body, headers=JSON)
    assert answer.status_code == 401


def test_a_key_that_may_not_write_has_its_large_body_left_alone(server: RunningServer, shop: DemoShop) -> None:
    token = reading_token(server, shop)
    body = b'{"products":[' + b"[]," * 3_000_000 + b"[]]}"
    answer = httpx2.post(
        f"{server.url}/v1/checkouts/", content=body, headers={**JSON, "Authorization": f"Bearer {token}"}
    )
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")


def test_the_test_controls_are_opened_by_a_key_that_may_do_everything_alone(
    server: RunningServer, shop: DemoShop
) -> None:
    headers = {"Authorization": f"Bearer {reading_token(server, shop)}"}
    payment = "00000000-0000-4000-8000-000000000000"
    for method, path in (
        ("GET", "/clock"),
        ("POST", "/clock"),
        ("POST", "/settle"),
        ("POST", f"/checkouts/{payment}/pay"),
        ("POST", f"/payments/{payment}/resolve"),
        ("POST", f"/payments/{payment}/dispute"),
        ("POST", f"/refunds/{payment}/resolve"),
    ):
        answer = httpx2.request(method, f"{server.url}/_test{path}", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (403, "NotPermitted"), path
    for key in (shop.polar_token, shop.dodo_key):
        answer = httpx2.get(f"{server.url}/_test/clock", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 200


def reading_token(server: RunningServer, shop: DemoShop) -> str:
    from checkstand.flows.organizations.authenticate import create_token

    services = server.services
    _, secret = server.run(
        create_token(
            services.ports,
            services.authenticator,
            shop.organization.id,
            name="reads",
            dialect="polar",
            scopes=("products:read",),
        )
    )
    return secret


def test_what_buyers_send_is_at_most_64_kilobytes(shop_polar: Polar) -> None:
    secret = shop_polar.secret()
    for method, path in (("PATCH", ""), ("POST", "/confirm")):
        body = b'{"customer_name": "' + b"x" * 65_536 + b'"}'
        answer = shop_polar.client.request(method, f"/v1/checkouts/client/{secret}{path}", content=body, headers=JSON)
        assert (answer.status_code, answer.json()["error"]) == (413, "RequestBodyTooLarge")
        assert "65536 bytes" in answer.json()["detail"]
    assert shop_polar.client.get(f"/v1/checkouts/client/{secret}").json()["customer_name"] is None


def test_twenty_errors_are_told_and_the_beginning_of_each_input(shop_polar: Polar) -> None:
    many = {"products": [[f"{number}", "x" * 3_000] for number in range(900)]}
    answer = shop_polar.client.post("/v1/checkouts/", json=many)
    items = answer.json()["detail"]
    assert (answer.status_code, len(items)) == (422, 20)
    assert len(answer.content) <= bounds.LARGEST_REFUSAL
    for number, item in enumerate(items):
        assert item["loc"] == ["body", "products", number]
        assert item["input"][0] == str(number), "the shape of what was sent is kept"
        assert set(item["input"][1]) == {"x"}
        assert len(json.dumps(item["input"])) <= bounds.LARGEST_ECHO + 100


def test_a_small_input_is_told_back_as_it_was(shop_polar: Polar) -> None:
    sent = {"country": "XX", "line1": "1 Main St", "extra": [1, 2.5, None, True, {"a": "ü"}]}
    answer = shop_polar.client.post(
        "/v1/checkouts/", json={"products": [], "customer_billing_address": sent, "x": sent}
    )
    kinds = {item["type"]: item["input"] for item in answer.json()["detail"]}
    assert kinds == {"too_short": [], "enum": "XX"}
    missing = shop_polar.client.post("/v1/checkouts/", json={"x": sent}).json()["detail"]
    assert [item["input"] for item in missing] == [{"x": sent}] * 3


def test_a_name_that_a_caller_chose_has_its_end_in_every_error(server: RunningServer, shop_polar: Polar) -> None:
    long = "k" * 30_000
    body = json.dumps({"custom_field_data": {long: []}, "locale": long}).encode()
    answer = shop_polar.client.patch(f"/v1/checkouts/client/{shop_polar.secret()}", content=body, headers=JSON)
    assert answer.status_code == 422
    assert len(answer.content) < 20_000
    key = {"Authorization": f"Bearer {shop_polar.shop.dodo_key}"}
    body = json.dumps({"product_cart": [], "metadata": {long: [], f"{long}2": 1}}).encode()
    answer = httpx2.post(f"{server.url}/checkouts", content=body, headers={**JSON, **key})
    assert answer.status_code == 422
    assert len(answer.content) < 10_000


def test_what_a_buyer_leaves_in_a_session_is_short_wherever_it_is_repeated(shop_polar: Polar) -> None:
    """A session is answered with every line that its buyer typed: a street of 60 kB would be told to all who read it."""
    secret = shop_polar.secret()
    street = {"country": "US", "line1": "x" * 2_001}
    for sent in ({"customer_billing_name": "x" * 2_001}, {"customer_billing_address": street}):
        refused = shop_polar.patch(secret, **sent)
        assert (refused.status_code, refused.json()["detail"][0]["type"]) == (422, "string_too_long")
    assert shop_polar.patch(secret, customer_billing_name="x" * 2_000).status_code == 200


def test_a_text_that_nobody_reads_may_be_long_and_one_that_is_stored_may_not(shop_polar: Polar) -> None:
    assert shop_polar.create(unknown="x" * 3_000_000).status_code == 201
    price = {"amount_type": "fixed", "price_amount": 1000}
    body = {"name": "Long", "prices": [price], "description": "x" * 65_537}
    refused = shop_polar.client.post("/v1/products/", json=body)
    assert (refused.status_code, refused.json()["detail"][0]["type"]) == (422, "string_too_long")
    assert len(refused.content) < bounds.LARGEST_ECHO + 500


@table(
    ("body", "reason"),
    [
        (b"[" + b",".join([b"1"] * 1_001) + b"]", "too_many"),
        (b"{" + b",".join(b'"%d":1' % number for number in range(1_001)) + b"}", "too_many"),
        (b"[" + b",".join([b"[" + b",".join([b"1"] * 999) + b"]"] * 21) + b"]", "too_many"),
        (b'{"' + b"x" * 65_537 + b'": 1}', "long_text"),
        (b'{"a": 1e308}', "big_number"),
        (b'{"a": -1e19}', "big_number"),
        (b'{"a": 9223372036854775808}', "big_number"),
        (b'{"a": 1e999}', "big_number"),
        (b'{"a": ' + b"9" * 4_301 + b"}", "big_number"),
        (b'{"a":' * 66 + b"1" + b"}" * 66, "too_deep"),
    ],
)
def test_a_body_beyond_a_bound_is_refused_by_name(body: bytes, reason: str) -> None:
    with pytest.raises(BadBody) as refused:
        parse_json(body)
    assert refused.value.reason == reason


def test_bodies_at_the_bounds_are_read() -> None:
    assert parse_json(b"[" + b",".join([b"1"] * 1_000) + b"]") == [1] * 1_000
    assert parse_json(b'["' + b"," * 65_536 + b'"]') == ["," * 65_536], "commas in a text are no values"
    assert parse_json(b'["' + b'\\",' * 21_000 + b'"]') == ['",' * 21_000]
    assert parse_json(b'{"a": 9223372036854775807, "b": 1e18}') == {"a": 2**63 - 1, "b": 1e18}


@pytest.mark.parametrize("most", [8, 64, 1_024])
def test_an_echo_never_takes_more_room_than_it_has(most: int) -> None:
    for value in ("\x01" * 5_000, "😀" * 5_000, ["a"] * 5_000, {"k" * 500: {"k" * 500: [{}] * 900}}, [[[["x" * 999]]]]):
        assert len(json.dumps(echo(value, most=most), ensure_ascii=False).encode()) <= most + 300


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
def test_every_list_and_object_of_every_body_has_its_bound(api: Described) -> None:
    """Walks the route table: how much a body may hold is said by its model."""
    unbounded = [
        f"{operation_id(api, one)}: {where}"
        for one in api.operations
        if one.body is not None
        for where in sorted(set(_unbounded(schema_of(one), "body")))
    ]
    assert unbounded == []


def schema_of(operation: Operation) -> Any:
    body: Any = operation.body
    adapter = body if isinstance(body, TypeAdapter) else TypeAdapter(body)
    return adapter.json_schema(mode="validation")


def _unbounded(part: Any, where: str) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _unbounded(item, where)
    if not isinstance(part, dict):
        return
    kind = part.get("type")
    if kind == "array" and part.get("maxItems", 10**9) > bounds.MOST_MEMBERS:
        yield f"{where}: a list"
    is_open = kind == "object" and "properties" not in part and part.get("additionalProperties", True) is not False
    if is_open and part.get("maxProperties", 10**9) > bounds.MOST_MEMBERS:
        yield f"{where}: an object"
    for name, value in part.items():
        yield from _unbounded(
            value, f"{where}.{name}" if name not in ("properties", "$defs", "anyOf", "items") else where
        )


OUT_OF_TIME = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59Z",
    "3000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-14:00",
)
TAKING_TIMES = {"polar_discounts_create", "polar_discounts_update", "dodo_discounts_create", "dodo_discounts_update"}


def test_every_time_in_every_query_lies_between_1970_and_2999(server: RunningServer, shop: DemoShop) -> None:
    """Walks the route table for parameters that are times."""
    asked = 0
    for api, key in ((polar.api, shop.polar_token), (dodo.api, shop.dodo_key)):
        with httpx2.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}) as client:
            for one in api.operations:
                for parameter in one.query.described() if one.query else ():
                    schema = parameter["schema"]
                    if not isinstance(schema, dict) or schema.get("format") != "date-time" or "{" in one.path:
                        continue
                    for text in OUT_OF_TIME:
                        answer = client.get(one.path, params={str(parameter["name"]): text})
                        assert answer.status_code == 422, (one.path, parameter["name"], text)
                    answer = client.get(one.path, params={str(parameter["name"]): "2999-12-31T23:59:59Z"})
                    assert answer.status_code == 200, (one.path, parameter["name"])
                    asked += 1
    assert asked > 5


def test_every_time_in_every_body_lies_between_1970_and_2999(server: RunningServer, shop: DemoShop) -> None:
    """Times are in discounts alone; one that is added elsewhere is added here."""
    found = {
        operation_id(api, one)
        for api in APIS
        for one in api.operations
        if one.body is not None and _times_outside_answers(schema_of(one))
    }
    assert found == TAKING_TIMES
    made: Json = {"type": "percentage", "name": "Tenth", "basis_points": 1000, "duration": "once"}
    for key, path, body, late in (
        (shop.polar_token, "/v1/discounts/", made, "ends_at"),
        (shop.dodo_key, "/discounts", {"type": "percentage", "amount": 1000}, "expires_at"),
    ):
        with httpx2.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}) as client:
            discount = client.post(path, json=body).json()
            place = f"{path.rstrip('/')}/{discount.get('id') or discount['discount_id']}"
            for text in OUT_OF_TIME:
                for name in ("starts_at", late):
                    assert client.post(path, json={**body, name: text}).status_code == 422, (name, text)
                    assert client.patch(place, json={name: text}).status_code == 422, (name, text)
            widest = {"starts_at": "1970-01-01T00:00:00Z", late: "2999-12-31T23:59:59.999999Z"}
            assert client.post(path, json={**body, **widest}).status_code in (200, 201)
            assert client.get(path).status_code == 200


def _times_outside_answers(part: Any) -> bool:
    """Whether a schema has a time in it. A buyer's answers may be any day: a birthday is before 1970 for many, and it is kept as text."""
    if isinstance(part, list):
        return any(map(_times_outside_answers, part))
    if not isinstance(part, dict):
        return False
    return part.get("format") == "date-time" or any(
        _times_outside_answers(value) for name, value in part.items() if name != "custom_field_data"
    )


def test_the_guide_names_every_bound_as_it_is() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "limits.md").read_text()
    numbers = {
        f"{value:,.0f}"
        for name, value in vars(bounds).items()
        if name.isupper() and isinstance(value, int | float) and name not in ("INT64", "LARGEST_REPORT")
    }
    known_elsewhere = {f"{bounds.MOST_FORM_FIELDS}", f"{bounds.MOST_FORM_FILES}", "200", "2,000", "49,152"}
    assert {number for number in numbers - known_elsewhere if number not in guide} == set()


def test_days_that_a_merchant_types_lie_between_1970_and_2999_too() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for day in ("0001-01-01", "1969-12-31", "3000-01-01", "9999-12-31"):
        discount = discount_form.understand(TypedDiscount(name="Tenth", share="10", starts=day, ends=day), now=now)
        assert isinstance(discount, dict)
        assert {"starts", "ends"} <= set(discount)
        token = token_form.understand(
            TypedToken(nonce="n", name="T", preset="all", lifetime="custom", until=day), now=now
        )
        assert isinstance(token, dict)
        assert "until" in token
    fine = discount_form.understand(TypedDiscount(name="Tenth", share="10", ends="2999-12-31"), now=now)
    assert not isinstance(fine, dict)
