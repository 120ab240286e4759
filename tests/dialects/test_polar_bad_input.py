"""Bad input to the Polar dialect: a clear 4xx each, never a 5xx, and nothing stored."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.dialects.polar_http import READY, Polar
from tests.server import RunningServer
from tests.tables import table

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def secret(polar: Polar) -> str:
    """An open session's client secret."""
    return polar.secret()


@pytest.fixture
def stores_nothing(server: RunningServer, polar: Polar, secret: str) -> Iterator[None]:
    """The test must not leave a session, order or fact behind."""
    tables = ("checkouts", "orders", "customers", "payment_attempts", "facts")

    def counts() -> list[int]:
        organization_id = polar.shop.organization.id
        return [
            server.value(f"SELECT count(*) FROM {table} WHERE organization_id = $1", organization_id)
            for table in tables
        ]

    before = counts()
    yield
    assert counts() == before


BODIES: list[tuple[str, bytes]] = [
    ("not_json", b"{'a': 1}"),
    ("cut_off", b'{"products": ["'),
    ("nothing", b""),
    ("blanks", b"   "),
    ("null", b"null"),
    ("a_list", b"[]"),
    ("a_string", b'"x"'),
    ("a_number", b"1e999"),
    ("nan", b'{"products": [NaN]}'),
    ("infinity", b'{"amount": Infinity}'),
    ("invalid_utf8", b'{"customer_name": "\xff\xfe"}'),
    ("half_a_surrogate", b'{"customer_name": "\\ud800"}'),
    ("nul", b'{"customer_name": "a\\u0000b"}'),
    ("nul_in_a_key", b'{"metadata": {"a\\u0000": 1}}'),
    ("100_levels_deep", b'{"metadata":' * 100 + b"1" + b"}" * 100),
    ("100_lists_deep", b'{"x":' + b"[" * 100 + b"]" * 100 + b"}"),
    ("60000_lists_deep", b"[" * 60_000),
    ("a_number_of_5000_digits", b'{"amount": ' + b"9" * 5000 + b"}"),
]


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in BODIES])
@pytest.mark.usefixtures("stores_nothing")
def test_a_body_that_is_no_request_is_422_on_every_writing_route(polar: Polar, secret: str, body: bytes) -> None:
    for method, path in (
        ("POST", "/v1/checkouts/"),
        ("POST", "/v1/products/"),
        ("POST", "/v1/webhooks/endpoints"),
        ("PATCH", f"/v1/checkouts/client/{secret}"),
        ("POST", f"/v1/checkouts/client/{secret}/confirm"),
    ):
        answer = polar.client.request(method, path, content=body, headers=JSON)
        assert answer.status_code == 422, (path, answer.status_code, answer.text[:200])
        assert isinstance(answer.json()["detail"], list)
        assert answer.headers["content-type"] == "application/json"
        assert "Traceback" not in answer.text


def test_a_number_of_any_size_is_told_by_the_bound_that_it_misses(polar: Polar) -> None:
    huge = 10**30
    tips = {"name": "Tips", "prices": [{"amount_type": "custom", "price_currency": "usd"}]}
    product = polar.client.post("/v1/products/", json=tips).json()["id"]
    beyond = "Value error, This number does not fit into 64 bits"
    cases: list[tuple[dict[str, object], list[object], str, object]] = [
        ({"amount": huge}, ["amount"], "Amount must be at most $999,999.99.", huge),
        ({"seats": huge}, ["seats"], "Input should be less than or equal to 10000", huge),
        ({"units": -huge}, ["units"], "Input should be greater than or equal to 1", -huge),
        ({"metadata": {"a": huge}}, ["metadata", "a"], beyond, huge),
        ({"metadata": {"a": 1e300}}, ["metadata", "a"], beyond, 1e300),
        ({"metadata": {"a": "9" * 501}}, ["metadata", "a"], beyond, "9" * 501),
        ({"custom_field_data": {"a": huge}}, ["custom_field_data", "a"], beyond, huge),
    ]
    wrong = []
    for body, where, text, given in cases:
        answer = polar.client.post("/v1/checkouts/", json={"products": [product], **body})
        told = [(item["loc"][1:], item["msg"], item["input"]) for item in answer.json().get("detail", [])]
        if answer.status_code != 422 or told != [(where, text, given)]:
            wrong.append((body, told))
    assert not wrong
    ignored = polar.client.post("/v1/checkouts/", json={"products": [polar.id("one_time")], "amount": huge})
    assert (ignored.status_code, ignored.json()["amount"]) == (201, 1000)


def test_a_value_of_metadata_is_told_as_each_of_the_kinds_it_could_have_been(polar: Polar) -> None:
    kinds = ["constrained-str", "int", "float", "bool"]
    cases: dict[str, tuple[object, list[str]]] = {
        "empty": ("", ["string_too_short", "int_parsing", "float_parsing", "bool_parsing"]),
        "long": ("x" * 501, ["string_too_long", "int_parsing", "float_parsing", "bool_parsing"]),
        "nothing": (None, ["string_type", "int_type", "float_type", "bool_type"]),
        "list": ([1], ["string_type", "int_type", "float_type", "bool_type"]),
    }
    wrong = []
    for name, (value, types) in cases.items():
        for path, prefix, more in (
            ("/v1/checkouts/", ["body"], {"products": [polar.id("one_time")]}),
            ("/v1/customers/", ["body", "individual"], {"email": "a@example.com"}),
        ):
            told = polar.client.post(path, json={**more, "metadata": {"k": value}}).json()["detail"]
            want = [([*prefix, "metadata", "k", kind], one) for kind, one in zip(kinds, types, strict=True)]
            if [(item["loc"], item["type"]) for item in told] != want:
                wrong.append((name, path, told))
    assert not wrong
    kept = {"a": True, "b": 1, "c": 1.5, "d": "1", "e": "true"}
    assert polar.create(metadata=kept).json()["metadata"] == kept
    many = polar.create(metadata={f"k{number}": number for number in range(60)}).json()["detail"][0]
    assert many["msg"] == "Dictionary should have at most 50 items after validation, not 60"
    assert many["ctx"]["actual_length"] == 60


def test_what_is_no_object_and_no_id_is_told_in_the_originals_words(polar: Polar) -> None:
    length = "Input should be a valid UUID, invalid length: expected length 32 for simple format, found 3"
    cases: list[tuple[dict[str, object], list[object], str]] = [
        ({"products": ["abc"]}, ["products", 0], length),
        (
            {"customer_billing_address": 3},
            ["customer_billing_address"],
            "Input should be a valid dictionary or object to extract fields from",
        ),
    ]
    for body, where, text in cases:
        item = polar.create(**body).json()["detail"][0]
        assert (item["loc"], item["msg"]) == (["body", *where], text)


@pytest.mark.usefixtures("stores_nothing")
def test_ten_megabytes_and_a_byte_are_413_whether_declared_or_not(polar: Polar) -> None:
    body = b'{"customer_name": "' + b"x" * 10_485_760 + b'"}'
    answer = polar.client.post("/v1/checkouts/", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["error"]) == (413, "RequestBodyTooLarge")


@pytest.mark.usefixtures("stores_nothing")
def test_a_body_without_a_length_is_411(polar: Polar) -> None:
    parts = urlsplit(polar.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    headers = {"Authorization": f"Bearer {polar.shop.polar_token}", **JSON}
    connection.request("POST", "/v1/checkouts/", body=iter([b"{}"]), headers=headers, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 411
    assert b"LengthRequired" in answer.read()
    connection.close()


@pytest.mark.usefixtures("stores_nothing")
def test_broken_json_is_told_before_the_missing_token_and_a_bad_token_before_all(polar: Polar) -> None:
    url = f"{polar.url}/v1/checkouts/"
    assert httpx2.post(url, content=b"{", headers=JSON).status_code == 422
    assert httpx2.post(url, content=b"{}", headers=JSON).status_code == 401
    bad = {**JSON, "Authorization": "Bearer polar_oat_x"}
    assert httpx2.post(url, content=b"{", headers=bad).status_code == 401


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
@pytest.mark.usefixtures("stores_nothing")
def test_json_under_another_name_is_not_parsed(polar: Polar, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = polar.client.post("/v1/checkouts/", content=b'{"products": []}', headers=headers)
    item = answer.json()["detail"][0]
    assert (answer.status_code, item["type"], item["loc"]) == (422, "model_attributes_type", ["body"])
    assert item["input"] == '{"products": []}'


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/merge-patch+json"])
def test_json_with_a_charset_or_a_suffix_is_parsed(polar: Polar, kind: str) -> None:
    body = f'{{"products": ["{polar.id("one_time")}"]}}'
    assert polar.client.post("/v1/checkouts/", content=body, headers={"Content-Type": kind}).status_code == 201


@table(
    "token",
    ["polar_oat_", "polar_oat_" + "x" * 43, "polar_pat_" + "x" * 43, "x", "polar_oat_\xe9".encode().decode("latin-1")],
)
def test_a_token_that_opens_nothing_is_401(polar: Polar, token: str) -> None:
    answer = httpx2.get(f"{polar.url}/v1/products/", headers={"Authorization": f"Bearer {token}".encode("latin-1")})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


@table(
    "path",
    [
        "/v1/checkouts/not-a-uuid",
        "/v1/checkouts/%00",
        "/v1/checkouts/?status=nonsense",
        "/v1/checkouts/?query=%00",
        "/v1/checkouts/?limit=x",
        "/v1/products/?is_archived=maybe",
        "/v1/orders/?created_after=yesterday",
        "/v1/orders/?status=lost",
        "/v1/checkouts/?page=99999999999999999999999999",
    ],
)
def test_bad_paths_and_queries_are_4xx_or_an_empty_page(polar: Polar, path: str) -> None:
    answer = polar.client.get(path)
    assert answer.status_code in (404, 422) or answer.json()["items"] == [], (path, answer.text)


@pytest.mark.usefixtures("stores_nothing")
def test_methods_that_a_path_does_not_know_are_405(polar: Polar) -> None:
    for method in ("PUT", "DELETE", "HEAD"):
        answer = polar.client.request(method, "/v1/checkouts/")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_values_that_no_column_holds_are_refused_or_kept_whole(polar: Polar) -> None:
    secret = polar.secret()
    wide = "𝔸" * 256
    assert polar.patch(secret, customer_name=wide).json()["customer_name"] == wide
    for email in ("a@" + "b" * 300 + ".com", "a@b..com", "a b@example.com"):
        assert polar.confirm(secret, **{**READY, "customer_email": email}).status_code == 422, email
    huge = {"country": "DE", "line1": "x" * 60_000}
    assert polar.patch(secret, customer_billing_address=huge).status_code in (200, 422)
