"""`/docs` shows both APIs from the OpenAPI document and needs nothing from elsewhere."""

from __future__ import annotations

import re

import httpx2

from tests.server import RunningServer


def test_the_page_lists_the_operations_of_both_apis_with_their_fields(server: RunningServer) -> None:
    answer = httpx2.get(f"{server.url}/docs")
    assert answer.status_code == 200
    for text in ("/v1/checkouts/", "/checkouts", "product_cart (required)", "products (required)", "/_test/clock"):
        assert text in answer.text
    assert "/dashboard/{" not in answer.text


def test_nothing_on_the_page_comes_from_another_origin(server: RunningServer) -> None:
    answer = httpx2.get(f"{server.url}/docs")
    assert "script-src" in answer.headers["content-security-policy"]
    found = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert found
    assert all(address.startswith("/") for address in found)


def test_the_openapi_document_is_whole(server: RunningServer) -> None:
    document = httpx2.get(f"{server.url}/openapi.json").json()
    assert {"/v1/checkouts/", "/checkouts", "/v1/products/", "/products"} <= set(document["paths"])
    assert "requestBody" in document["paths"]["/v1/checkouts/"]["post"]
