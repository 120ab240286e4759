"""Hostile and broken input to every route that takes a body: a clear 4xx in Dodo's words each, and nothing stored."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from checkstand.domain import ids
from tests.dialects.dodo_place import DodoShop
from tests.tables import table

DEEP = b'{"product_cart": [], "metadata": ' + b'{"a": ' * 100 + b"1" + b"}" * 100 + b"}"
BODIES = {
    "nothing": (b"", "empty"),
    "blanks": (b"  \n", "empty"),
    "not JSON": (b"{product_cart: []}", "not valid JSON"),
    "half": (b'{"product_cart": [', "not valid JSON"),
    "NaN": (b'{"product_cart": NaN}', "not valid JSON"),
    "an array": (b"[]", "JSON object"),
    "text": (b'"x"', "JSON object"),
    "a number": (b"1", "JSON object"),
    "invalid UTF-8": (b'{"name": "\xff"}', "UTF-8"),
    "a NUL in text": (b'{"name": "a\\u0000b"}', "name"),
    "half a surrogate pair": (b'{"name": "\\ud800"}', "name"),
    "a NUL in a key": (b'{"metadata": {"a\\u0000": "b"}}', "metadata"),
    "a number beyond 64 bits": (b'{"amount": 9223372036854775808}', "amount"),
    "a huge number": (b'{"amount": ' + b"9" * 5000 + b"}", ""),
    "a hundred levels": (DEEP, "deep"),
    "ten thousand levels": (b"[" * 10_000 + b"]" * 10_000, ""),
}
CREATING = ["/checkouts", "/products", "/customers", "/webhooks"]


@table("path", CREATING)
@table("name", BODIES)
def test_a_body_that_cannot_be_used_is_refused_with_a_reason(dodo: DodoShop, path: str, name: str) -> None:
    content, says = BODIES[name]
    before = dodo.row_counts()
    answer = dodo.http.post(path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert (answer.json()["code"], set(answer.json())) == ("INVALID_REQUEST_BODY", {"code", "message"})
    assert says in answer.json()["message"]
    assert dodo.row_counts() == before


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_type_is_refused_naming_the_header(dodo: DodoShop, kind: str | None) -> None:
    content = json.dumps(dodo.filled({"product_cart": [{"product_id": "P", "quantity": 1}]})).encode()
    answer = dodo.http.post("/checkouts", content=content, headers={"Content-Type": kind} if kind else {})
    assert answer.status_code == 422
    assert "Content-Type: application/json" in answer.json()["message"]


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_of_eleven_megabytes_is_refused_without_being_kept(dodo: DodoShop, declared: bool) -> None:
    """By its declared length at once; sent in chunks, as soon as the limit is passed."""
    before = dodo.row_counts()
    answer = raw_post(dodo, 11 * 1024 * 1024, declared=declared)
    assert answer.startswith(b"HTTP/1.1 413"), answer[:200]
    assert b"REQUEST_BODY_TOO_LARGE" in answer
    assert dodo.row_counts() == before


def raw_post(dodo: DodoShop, size: int, *, declared: bool) -> bytes:
    """Send blanks until the server has had enough; what it answered. A client library would hide that it stopped reading."""
    parts = urlsplit(dodo.server.url)
    length = f"Content-Length: {size}" if declared else "Transfer-Encoding: chunked"
    head = (
        f"POST /checkouts HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {dodo.demo.dodo_key}\r\n"
        f"Content-Type: application/json\r\n{length}\r\n\r\n"
    )
    piece = b" " * 65_536
    framed = piece if declared else b"10000\r\n" + piece + b"\r\n"
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as connection:
        connection.sendall(head.encode())
        connection.settimeout(0.5)
        for _ in range(size // len(piece)):
            try:
                connection.sendall(framed)
            except OSError:
                break
        connection.settimeout(20)
        answer = b""
        with contextlib.suppress(OSError):
            while not answer.endswith(b"}") and (part := connection.recv(65_536)):
                answer += part
        return answer


def foreign_customer(other: DodoShop) -> dict[str, object]:
    made = other.http.post("/customers", json={"email": "a@example.com", "name": "A"}).json()
    return {"product_cart": [{"product_id": "P", "quantity": 1}], "customer": {"customer_id": made["customer_id"]}}


def foreign_product(other: DodoShop) -> dict[str, object]:
    return {"product_cart": [{"product_id": other.id("P"), "quantity": 1}]}


def foreign_discount(other: DodoShop) -> dict[str, object]:
    other.set("UPDATE discounts SET code = 'THEIRS' WHERE organization_id = $1")
    return {"product_cart": [{"product_id": "P", "quantity": 1}], "discount_code": "THEIRS"}


@pytest.mark.parametrize("body_of", [foreign_customer, foreign_product, foreign_discount])
def test_what_belongs_to_another_shop_cannot_be_used(
    dodo: DodoShop, body_of: Callable[[DodoShop], dict[str, object]]
) -> None:
    other = DodoShop(dodo.server, dodo.server.new_shop())
    body = body_of(other)
    before = dodo.row_counts(), other.row_counts()
    answer = dodo.create(**body)
    assert (answer.status_code, answer.json()["code"]) in {(422, "NOT_FOUND"), (422, "INVALID_DISCOUNT_CODE")}
    assert (dodo.row_counts(), other.row_counts()) == before


def test_what_belongs_to_another_shop_cannot_be_read_or_changed(dodo: DodoShop) -> None:
    other = DodoShop(dodo.server, dodo.server.new_shop())
    customer = other.http.post("/customers", json={"email": "a@example.com", "name": "A"}).json()["customer_id"]
    endpoint = other.http.post("/webhooks", json={"url": "https://example.com"}).json()["id"]
    product = other.id("P")
    before = other.row_counts()
    for method, path in (
        ("GET", f"/customers/{customer}"),
        ("PATCH", f"/customers/{customer}"),
        ("GET", f"/products/{product}"),
        ("PATCH", f"/products/{product}"),
        ("DELETE", f"/products/{product}"),
        ("POST", f"/products/{product}/unarchive"),
        ("GET", f"/webhooks/{endpoint}"),
        ("GET", f"/webhooks/{endpoint}/secret"),
        ("PATCH", f"/webhooks/{endpoint}"),
        ("PATCH", f"/webhooks/{endpoint}/headers"),
        ("DELETE", f"/webhooks/{endpoint}"),
    ):
        body: dict[str, object] = {"headers": {}} if path.endswith("headers") else {}
        answer = dodo.http.request(method, path, json=body if method == "PATCH" else None)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), path
    assert other.row_counts() == before
    assert other.http.get(f"/webhooks/{endpoint}").status_code == 200


SCOPES = {
    "/checkouts": "checkouts",
    "/products": "products",
    "/customers": "customers",
    "/webhooks": "webhooks",
}


@pytest.mark.parametrize("path", CREATING)
def test_each_noun_needs_its_own_permission(dodo: DodoShop, path: str) -> None:
    others = [f"{noun}:{verb}" for noun in SCOPES.values() if noun != SCOPES[path] for verb in ("read", "write")]
    for scopes in (others, [f"{SCOPES[path]}:read"]):
        headers = {"Authorization": f"Bearer {dodo.key(*scopes)}"}
        assert dodo.http.post(path, json={}, headers=headers).status_code == 403
    headers = {"Authorization": f"Bearer {dodo.key(f'{SCOPES[path]}:write')}"}
    assert dodo.http.post(path, json={}, headers=headers).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/checkouts/cks_%00",
        "/checkouts/" + "c" * 5000,
        "/checkouts/%F0%9F%92%B3",
        f"/payments/{ids.short_id('cks', ids.uuid4_from(bytes))}",
    ],
)
def test_a_strange_id_is_just_unknown(dodo: DodoShop, path: str) -> None:
    answer = dodo.http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_a_path_with_written_slashes_leads_nowhere(dodo: DodoShop) -> None:
    answer = dodo.http.get("/checkouts/..%2f..%2fetc")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_SERVED")
