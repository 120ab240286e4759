"""Customers, webhook endpoints, countries and the brand."""

from __future__ import annotations

import base64
from typing import Any

from tests.dialects.dodo_place import DodoShop
from tests.tables import table


def test_a_customer_is_made_read_changed_and_found(dodo: DodoShop) -> None:
    given = {"email": "Ada@Example.com", "name": "Ada", "phone_number": "+491", "metadata": {"tier": "gold"}}
    made = dodo.http.post("/customers", json={**given, "preferred_locale": "de"}).json()
    assert made["email"] == "Ada@example.com", "the domain has no case, the mailbox has"
    assert (made["name"], made["phone_number"], made["metadata"]) == ("Ada", "+491", {"tier": "gold"})
    path = f"/customers/{made['customer_id']}"
    assert dodo.http.get(path).json() == made
    changed = dodo.http.patch(path, json={"name": "Ada Byron", "phone_number": None}).json()
    assert (changed["name"], changed["phone_number"], changed["preferred_locale"]) == ("Ada Byron", None, "de")
    assert dodo.http.get("/customers", params={"email": "ada@EXAMPLE.com"}).json()["items"] == [changed]
    assert dodo.http.get("/customers", params={"name": "byron"}).json()["items"] == [changed]
    assert dodo.http.get("/customers", params={"email": "grace@example.com"}).json() == {"items": []}


def test_an_email_may_belong_to_several_customers(dodo: DodoShop) -> None:
    body = {"email": "ada@example.com", "name": "Ada"}
    made = [dodo.http.post("/customers", json=body).json()["customer_id"] for _ in range(2)]
    assert [item["customer_id"] for item in dodo.http.get("/customers").json()["items"]] == made[::-1]


@table(
    "body",
    [{"name": "Ada"}, {"email": "ada@example.com"}, {"email": "nope", "name": "A"}, {"email": 1, "name": "A"}, {}],
)
def test_a_customer_needs_an_address_and_a_name(dodo: DodoShop, body: dict[str, Any]) -> None:
    before = dodo.row_counts()
    answer = dodo.http.post("/customers", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST_BODY")
    assert dodo.row_counts() == before


def test_a_customer_made_twice_under_one_key_is_one(dodo: DodoShop) -> None:
    body, headers = {"email": "ada@example.com", "name": "Ada"}, {"Idempotency-Key": "ada"}
    made = {dodo.http.post("/customers", json=body, headers=headers).content for _ in range(2)}
    assert (len(made), dodo.row_counts()["customers"]) == (1, 1)


def make_endpoint(dodo: DodoShop, **body: Any) -> dict[str, Any]:
    answer = dodo.http.post("/webhooks", json={"url": "https://example.com/hooks", **body})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_webhook_endpoint_is_made_changed_and_removed(dodo: DodoShop) -> None:
    made = make_endpoint(
        dodo, description="Shop", filter_types=["payment.succeeded"], metadata={"a": "b"}, rate_limit=5
    )
    assert (made["disabled"], made["filter_types"], made["rate_limit"]) == (False, ["payment.succeeded"], 5)
    path = f"/webhooks/{made['id']}"
    changed = dodo.http.patch(path, json={"disabled": True, "filter_types": None, "rate_limit": None}).json()
    assert (changed["disabled"], changed["filter_types"], changed["rate_limit"]) == (True, None, None)
    assert (changed["description"], changed["metadata"]) == ("Shop", {"a": "b"})
    assert dodo.http.get(path).json() == changed
    removed = dodo.http.delete(path)
    assert (removed.status_code, removed.content) == (200, b"")
    assert dodo.http.get(path).status_code == dodo.http.delete(path).status_code == 404


def test_an_endpoints_secret_is_one_of_standard_webhooks(dodo: DodoShop) -> None:
    made = make_endpoint(dodo)
    secret = dodo.http.get(f"/webhooks/{made['id']}/secret").json()["secret"]
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 24


def test_headers_are_merged_and_secret_ones_are_only_named(dodo: DodoShop) -> None:
    path = f"/webhooks/{make_endpoint(dodo, headers={'X-Shop': 'one'})['id']}/headers"
    answer = dodo.http.patch(path, json={"headers": {"X-Shop": "two", "Authorization": "Bearer x"}})
    assert (answer.status_code, answer.content) == (200, b"")
    assert dodo.http.get(path).json() == {"headers": {"X-Shop": "two"}, "sensitive": ["Authorization"]}


def test_the_list_of_endpoints_is_walked_with_its_iterator(dodo: DodoShop) -> None:
    made = [make_endpoint(dodo, description=str(number))["id"] for number in range(5)][::-1]

    def page(**query: Any) -> Any:
        return dodo.http.get("/webhooks", params={"limit": 2, **query}).json()

    first = page()
    second = page(iterator=first["iterator"])
    third = page(iterator=second["iterator"])
    seen = [item["id"] for part in (first, second, third) for item in part["data"]]
    assert (seen, third["done"], third["iterator"]) == (made, True, None)
    assert (first["prev_iterator"], first["done"]) == (None, False)
    assert page(iterator=second["prev_iterator"]) == first
    gone = dodo.http.get("/webhooks", params={"iterator": "ep_gone"})
    assert (gone.status_code, gone.json()["code"]) == (422, "INVALID_QUERY_PARAMS")


@table(
    "body",
    [
        {},
        {"url": "example.com"},
        {"url": "ftp://example.com"},
        {"url": "https://"},
        {"url": "https://example.com", "filter_types": ["payment.success"]},
        {"url": "https://example.com", "headers": {"Host": "elsewhere"}},
        {"url": "https://example.com", "headers": {"webhook-id": "mine"}},
        {"url": "https://example.com", "headers": {"X-A": "a\r\nb: c"}},
        {"url": "https://example.com", "rate_limit": -1},
    ],
)
def test_an_endpoint_that_could_not_work_is_refused(dodo: DodoShop, body: dict[str, Any]) -> None:
    before = dodo.row_counts()
    answer = dodo.http.post("/webhooks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST_BODY")
    assert dodo.row_counts() == before


def test_webhooks_go_over_https_in_live_mode_and_anywhere_in_test(dodo: DodoShop) -> None:
    make_endpoint(dodo, url="http://localhost:4000/hooks")
    dodo.set("UPDATE organizations SET mode = 'live' WHERE id = $1")
    assert dodo.http.post("/webhooks", json={"url": "http://localhost:4000/hooks"}).status_code == 422


def test_creating_an_endpoint_twice_under_its_body_key_makes_one(dodo: DodoShop) -> None:
    made = {make_endpoint(dodo, idempotency_key="hook-1")["id"] for _ in range(2)}
    assert len(made) == 1


def test_countries_need_no_key(dodo: DodoShop) -> None:
    found = dodo.http.get("/checkout/supported_countries", headers={"Authorization": ""}).json()
    assert (len(found), found[0], "US" in found) == (249, "AD", True)


def test_the_brand_is_the_business_and_cannot_be_edited_here(dodo: DodoShop) -> None:
    brands = dodo.http.get("/brands").json()["items"]
    assert len(brands) == 1
    brand = brands[0]
    assert brand["brand_id"] == brand["business_id"]
    assert dodo.http.get(f"/brands/{brand['brand_id']}").json() == brand
    refused = dodo.http.patch(f"/brands/{brand['brand_id']}", json={"name": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "UNABLE_TO_EDIT_PRIMARY_BRAND")
    assert dodo.http.get("/brands/bus_other").status_code == 404


@table(
    ("method", "path", "status", "code"),
    [
        ("GET", "/checkouts/cks_x/nothing", 404, "NOT_SERVED"),
        ("GET", "/products/x/y/z", 404, "NOT_SERVED"),
        ("GET", "/subscriptions", 404, "NOT_SERVED"),
        ("POST", "/payouts", 404, "NOT_SERVED"),
        ("GET", "/product-collections", 404, "NOT_SERVED"),
        ("DELETE", "/checkouts", 405, "NOT_SERVED"),
        ("GET", "/payments/pay_x", 404, "NOT_FOUND"),
        ("GET", "/customers/cus_x", 404, "NOT_FOUND"),
        ("PATCH", "/products/pdt_x", 404, "NOT_FOUND"),
        ("GET", "/webhooks/ep_x/secret", 404, "NOT_FOUND"),
    ],
)
def test_what_is_not_there_is_told_in_dodos_words(
    dodo: DodoShop, method: str, path: str, status: int, code: str
) -> None:
    answer = dodo.http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
