"""Operations that the vendors have and this server does not: they say so, instead of looking like an object that is missing."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx2
import pytest
from polar.base import PolarClientError
from polar.v2026_04 import Polar as Polar_2026_04
from polar.v2026_10 import Polar as Polar_2026_10
from polar.v2027_01 import Polar as Polar_2027_01

from checkstand.dialects import polar
from checkstand.dialects.polar.wire import unserved
from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import Polar
from tests.dialects.test_polar_refunds import key_for
from tests.server import RunningServer
from tests.shared_folder import contract

SOME_ID = "2f0a1a8e-5d0c-4d3e-9d3f-0b1f4bb0f6a1"
CLIENTS = pytest.mark.parametrize(
    "client", [Polar_2026_04, Polar_2026_10, Polar_2027_01], ids=["2026-04", "2026-10", "2027-01"]
)


def sentence(server: RunningServer, method: str, path: str) -> str:
    return f"Checkstand does not serve {method} {path}. What it serves is listed at {server.url}/docs."


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", SOME_ID, path)


@CLIENTS
def test_polars_client_raises_its_own_error_for_what_is_not_served_and_the_error_says_so(
    client: type, server: RunningServer, shop: DemoShop
) -> None:
    sdk = client(shop.polar_token, base_url=server.url)
    calls: list[tuple[Callable[[], object], str, str]] = [
        (lambda: sdk.subscriptions.get(SOME_ID), "GET", f"/v1/subscriptions/{SOME_ID}"),
        (lambda: sdk.benefits.get(SOME_ID), "GET", f"/v1/benefits/{SOME_ID}"),
        (lambda: sdk.meters.get(SOME_ID), "GET", f"/v1/meters/{SOME_ID}"),
        (sdk.license_keys.list, "GET", "/v1/license-keys/"),
        (lambda: sdk.license_keys.get(SOME_ID), "GET", f"/v1/license-keys/{SOME_ID}"),
        (lambda: sdk.events.get(SOME_ID), "GET", f"/v1/events/{SOME_ID}"),
        (lambda: sdk.disputes.get(SOME_ID), "GET", f"/v1/disputes/{SOME_ID}"),
        (lambda: sdk.orders.finalize(SOME_ID), "POST", f"/v1/orders/{SOME_ID}/finalize"),
    ]
    for call, method, path in calls:
        with pytest.raises(PolarClientError) as raised:
            call()
        assert type(raised.value).__name__ == "ResourceNotFound"
        assert raised.value.error.error == "ResourceNotFound"
        assert raised.value.error.detail == sentence(server, method, path)
    # Where the client knows no 404 it raises its general error, with the same words.
    with pytest.raises(PolarClientError, match="Checkstand does not serve GET /v1/benefits/"):
        sdk.benefits.list()


def test_every_operation_of_polar_that_is_not_served_says_so_to_a_key_and_asks_others_for_one(
    server: RunningServer, shop: DemoShop
) -> None:
    with httpx2.Client(base_url=server.url, headers={"Polar-Version": "2026-10"}) as http:
        for method, place in unserved.OPERATIONS:
            path = filled(f"/v1{place}")
            key = {"Authorization": f"Bearer {shop.polar_token}"}
            answer = http.request(method, path, headers=key)
            body = {"error": "ResourceNotFound", "detail": sentence(server, method, path)}
            assert (answer.status_code, answer.json()) == (404, body), path
            assert answer.headers["polar-version"] == "2026-10"
            stranger = http.request(method, path)
            assert stranger.status_code in (401, 404), path
            is_open = stranger.status_code == 404
            assert is_open == ("/oauth2/" in path or place in OPEN), path
        wrong = http.get("/v1/benefits/", headers={"Authorization": "Bearer polar_oat_wrong"})
        assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_token")


OPEN = {
    "/customer-portal/customers/me/email-update/check",
    "/customer-portal/customers/me/email-update/verify",
    "/customer-portal/license-keys/validate",
    "/customer-portal/license-keys/activate",
    "/customer-portal/license-keys/deactivate",
    "/customer-portal/organizations/{slug}",
    "/customer-seats/claim/{invitation_token}",
    "/customer-seats/claim",
}


def test_no_operation_of_the_original_is_forgotten_where_its_contract_is_at_hand() -> None:
    def spelled(method: str, path: str) -> tuple[str, str]:
        return method.upper(), re.sub(r"\{[^}]+\}", "{}", path).rstrip("/")

    paths = contract("polar.json").get("paths", {})
    theirs = {spelled(method, path) for path, methods in paths.items() for method in methods if method in METHODS}
    served = {spelled(operation.method, operation.path) for operation in polar.operations}
    refused = {spelled(method, f"/v1{path}") for method, path in unserved.OPERATIONS}
    assert theirs <= served | refused
    assert not served & refused


METHODS = ("get", "post", "patch", "put", "delete")


def test_each_operation_served_or_not_asks_for_the_scopes_of_the_originals_contract(
    server: RunningServer, shop: DemoShop
) -> None:
    headers = key_for(Polar(server, shop), server, "transactions:read")
    wrong: dict[str, tuple[object, ...]] = {}
    asked = 0
    with httpx2.Client(base_url=server.url, headers=headers) as http:
        for path, methods in contract("polar.json").get("paths", {}).items():
            for method in methods.keys() & set(METHODS):
                scopes = next((one["oat"] for one in methods[method].get("security", []) if one.get("oat")), None)
                if scopes is None:
                    continue
                answer = http.request(method.upper(), filled(path), json={} if method in ("post", "patch") else None)
                named = re.search('scope="([^"]*)"', answer.headers.get("www-authenticate", ""))
                asked += 1
                if answer.status_code != 403 or named is None or named[1].split() != scopes:
                    wrong[f"{method.upper()} {path}"] = (answer.status_code, named and named[1], scopes)
    assert wrong == {}
    assert asked > 100 or not contract("polar.json")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/webhooks/nothing/here", 404),
        ("GET", "/v1/nowhere", 404),
        ("DELETE", f"/v1/products/{SOME_ID}", 405),
        ("PUT", "/v1/checkouts/", 405),
        ("PATCH", "/v1/subscriptions/", 405),
    ],
)
def test_what_polar_does_not_know_either_keeps_the_originals_words_beside_a_hint(
    server: RunningServer, shop: DemoShop, method: str, path: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {shop.polar_token}"}
    answer = httpx2.request(method, f"{server.url}{path}", headers=headers)
    words = {404: "Not Found", 405: "Method Not Allowed"}[status]
    assert (answer.status_code, answer.json()) == (status, {"detail": words, "hint": sentence(server, method, path)})
    assert answer.headers["polar-version"] == "2026-04"


def test_charging_an_order_off_session_is_refused_as_not_served_and_charges_nothing(
    server: RunningServer, shop: DemoShop
) -> None:
    headers = {"Authorization": f"Bearer {shop.polar_token}"}
    for path in (f"/v1/orders/{SOME_ID}/finalize", f"/api/v1/orders/{SOME_ID}/finalize/"):
        answer = httpx2.post(f"{server.url}{path}", headers=headers)
        assert (answer.status_code, answer.json()["detail"]) == (404, sentence(server, "POST", path))
    assert server.value("SELECT count(*) FROM payment_attempts WHERE organization_id = $1", shop.organization.id) == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/subscriptions", 404), ("POST", "/meters/x", 405), ("GET", "/credit-entitlements", 404)],
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
