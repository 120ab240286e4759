"""Short ways to customers and their members over Polar's HTTP, for the tests of both."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.dialects.polar_http import Polar
from tests.dialects.test_polar_contract import assert_fits

ADA = {"email": "ada@example.com"}
BERLIN = {"country": "DE", "city": "Berlin", "line1": "Markt 4", "postal_code": "10115"}
VAT = "DE136695976"
TEAM = {"type": "team", "name": "Analytical Engines", "owner": {"email": "grace@example.com", "name": "Grace"}}


def post(polar: Polar, **body: object) -> httpx2.Response:
    return polar.client.post("/v1/customers/", json=body)


def made(polar: Polar, **body: object) -> dict[str, Any]:
    answer = post(polar, **body)
    assert answer.status_code == 201, answer.text
    assert_fits("/v1/customers/", "post", answer)
    return dict(answer.json())


def patch(polar: Polar, customer: dict[str, Any], **body: object) -> httpx2.Response:
    return polar.client.patch(f"/v1/customers/{customer['id']}", json=body)


def member(polar: Polar, customer: dict[str, Any], **body: object) -> dict[str, Any]:
    answer = polar.client.post(f"/v1/customers/{customer['id']}/members", json=body)
    assert answer.status_code == 201, answer.text
    assert_fits("/v1/customers/{id}/members", "post", answer)
    return dict(answer.json())


def members(polar: Polar, customer: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    params = {"sorting": "created_at", **query}
    answer = polar.client.get(f"/v1/customers/{customer['id']}/members", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])
