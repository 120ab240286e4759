"""Names that no text can be, in every place of every address: a NUL, bytes that are no UTF-8, half a pair. No fault of ours, on any route."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import httpx2
from starlette.applications import Starlette
from starlette.routing import Route

from checkstand.app import create_app
from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import Polar
from tests.pages.visitor import visitor
from tests.server import RunningServer
from tests.tables import table

UNREADABLE = ("%00", "a%00b", "%ff%fe", "a%80", "%ed%a0%80", "%c0%80", "%EF%BF%BD", "%u0000", "%")
PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
ASKED = (
    "q",
    "query",
    "theme",
    "next",
    "shown",
    "page",
    "cursor",
    "status",
    "sort",
    "customer_email",
    "discount_code",
    "metadata_a",
    "email",
    "%00",
)


def routes_of(app: Starlette) -> Iterator[tuple[str, str]]:
    """(method, path) of everything that the application serves."""

    for route in app.routes:
        assert isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD", "OPTIONS"}:
            yield method, route.path


def test_an_address_with_a_name_that_no_text_can_be_is_no_fault_on_any_route(
    server: RunningServer, shop: DemoShop
) -> None:
    # Other spellings of a route, with or without its last slash and under the old root, have the same handler.
    spelled = {
        (method, path.rstrip("/").removeprefix("/api")): path for method, path in routes_of(create_app(server.services))
    }
    routes = sorted((method, path) for (method, _), path in spelled.items())
    paths = {path for _, path in spelled}
    assert {"/bank/{reference}", "/checkout/{secret}", "/buy/{name}", "/v1/orders/{id}", "/payments/{id}"} <= paths
    assert any(path.startswith("/dashboard") for path in paths)
    secret = Polar(server, shop).secret()
    known = {"secret": secret, "client_secret": secret, "name": "x", "org": shop.organization.slug}
    person = visitor(server, shop)
    keys = {"/v1": shop.polar_token, "/api": shop.polar_token, "/_te": shop.polar_token}
    faults: list[str] = []

    def ask(client: httpx2.Client, method: str, path: str) -> None:
        key = keys.get(path[:3] if path[:3] == "/v1" else path[:4], shop.dodo_key)
        headers = {"Authorization": f"Bearer {key}", "Accept": "text/html"}
        answer = client.request(method, server.url + path, headers=headers)
        if answer.status_code >= 500:
            faults.append(f"{answer.status_code} {method} {path}")

    with contextlib.closing(person.client) as client:
        for number, (method, path) in enumerate(routes):
            names = PLACE.findall(path)
            right = PLACE.sub(lambda place: known.get(place[1], "x"), path)
            for name in names:
                for turn in range(2):
                    odd = UNREADABLE[0] if turn == 0 else UNREADABLE[(number * 2 + turn) % len(UNREADABLE)]
                    spoiled = {**known, name: odd}
                    ask(client, method, PLACE.sub(lambda place, given=spoiled: given.get(place[1], "x"), path))
            if method == "GET":
                odd = UNREADABLE[number % len(UNREADABLE)]
                ask(
                    client,
                    method,
                    f"{right}?" + "&".join(f"{name}={value}" for name in ASKED for value in (odd, "%00")),
                )
    assert not faults, faults


@table("method", ["GET", "POST"])
@table("path", ["/bank/%00", "/checkout/%00", "/buy/%00", "/s/a%00", "/documents/%00", "/dashboard/%00", "/%00"])
def test_a_page_whose_name_has_a_nul_is_not_there(server: RunningServer, method: str, path: str) -> None:
    answer = httpx2.request(method, server.url + path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "<h1" in answer.text
    assert httpx2.request(method, server.url + path, headers={"Accept": "*/*"}).json()["detail"] == "Not Found"
