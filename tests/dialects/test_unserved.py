"""Operations that the vendors have and this server does not: they say so, instead of looking like an object that is missing."""

from __future__ import annotations

import httpx2
import pytest

from checkstand.testing.demo import DemoShop
from tests.server import RunningServer


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/benefits/", 404),
        ("GET", "/v1/webhooks/nothing/here", 404),
        ("DELETE", "/v1/products/2f0a1a8e-5d0c-4d3e-9d3f-0b1f4bb0f6a1", 405),
        ("PUT", "/v1/checkouts/", 405),
    ],
)
def test_polars_operation_that_is_not_served_says_so_beside_the_originals_words(
    server: RunningServer, shop: DemoShop, method: str, path: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {shop.polar_token}"}
    answer = httpx2.request(method, f"{server.url}{path}", headers=headers)
    words = {404: "Not Found", 405: "Method Not Allowed"}[status]
    hint = f"Checkstand does not serve {method} {path}. What it serves is listed at {server.url}/docs."
    assert (answer.status_code, answer.json()) == (status, {"detail": words, "hint": hint})
    assert answer.headers["polar-version"] == "2026-04"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/subscriptions", 404), ("POST", "/payments", 405), ("GET", "/credit-entitlements", 404)],
)
def test_dodos_operation_that_is_not_served_has_a_code_of_its_own(
    server: RunningServer, shop: DemoShop, method: str, path: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {shop.dodo_key}"}
    answer = httpx2.request(method, f"{server.url}{path}", headers=headers)
    message = f"Checkstand does not serve {method} {path}. What it serves is listed at {server.url}/docs."
    assert (answer.status_code, answer.json()) == (status, {"code": "NOT_SERVED", "message": message})


def test_a_very_long_address_is_not_echoed_whole(server: RunningServer) -> None:
    answer = httpx2.get(f"{server.url}/v1/{'x' * 5000}")
    assert answer.status_code == 404
    assert len(answer.content) < 600
