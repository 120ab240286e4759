"""Finding the route of a request: by how a path begins, and with the very answer that asking all routes in their order gives."""

from __future__ import annotations

import asyncio
import doctest
from collections.abc import Iterable, Sequence

import httpx2
from starlette import routing as starlette_routing
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Scope

from checkstand import routing
from checkstand.app import create_app
from checkstand.routing import Router, Routes
from tests.server import RunningServer

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW")


def _named(name: str) -> routing.Endpoint:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse(f"{name} {sorted(request.path_params.items())}")

    return endpoint


def _told(app: ASGIApp, method: str, path: str) -> tuple[int, str, str]:
    return asyncio.run(_answer(app, method, path))


async def _answers(app: ASGIApp, asked: Iterable[tuple[str, str]]) -> list[tuple[int, str, str]]:
    return [await _answer(app, method, path) for method, path in asked]


async def _answer(app: ASGIApp, method: str, path: str) -> tuple[int, str, str]:
    """Status, what may be asked instead, and which route it was with what it read of the path."""
    sent: list[Message] = []
    scope: Scope = {"type": "http", "app": None, "method": method, "path": path, "headers": [], "root_path": ""}

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    allowed = dict(sent[0]["headers"]).get(b"allow", b"").decode()
    return sent[0]["status"], ", ".join(sorted(allowed.split(", "))), sent[1]["body"].decode()


def _both(routes: Sequence[Route]) -> tuple[ASGIApp, ASGIApp]:
    """An application that asks as we do, and one that asks every route."""
    all_of_them = starlette_routing.Router(routes, redirect_slashes=False)
    return ExceptionMiddleware(Router(routes)), ExceptionMiddleware(all_of_them)


def _paths(templates: Iterable[str]) -> set[str]:
    """Addresses that the templates match, and some beside each that they hardly do."""
    found = {"", "/", "//", "/nothing", "/v1", "/v1/", "/" + "a/" * 100}
    for template in templates:
        for word in ("x", "client", "a\0b", ""):
            path = starlette_routing.PARAM_REGEX.sub(lambda _, word=word: word, template)
            found |= {path, path + "/", path.rstrip("/"), path + "/more", path.rpartition("/")[0]}
    return found


def test_the_examples_hold() -> None:
    assert doctest.testmod(routing).failed == 0


def test_a_fixed_path_a_pattern_and_a_wrong_method_are_answered_in_the_order_of_the_routes() -> None:
    routes = Routes("/v1")
    routes.add("/orders/{id}", _named("one"), "GET")
    routes.add("/orders/export", _named("too late"), "GET")
    routes.add("/orders/export", _named("export"), "POST")
    routes.add("/orders/{id}", _named("change"), "PATCH")
    routes.add("/{rest:path}", _named("rest"), "PUT")
    app, _ = _both(routes.all)
    for _ in range(2):  # the second time a path without placeholders is remembered
        assert _told(app, "GET", "/v1/orders/export") == (200, "", "one [('id', 'export')]")
        assert _told(app, "POST", "/v1/orders/export") == (200, "", "export []")
    assert _told(app, "DELETE", "/v1/orders/7") == (405, "GET", "Method Not Allowed")
    assert _told(app, "HEAD", "/v1/orders/7") == (405, "GET", "Method Not Allowed")
    assert _told(app, "PUT", "/v1/orders/7/x/y/z") == (200, "", "rest [('rest', 'orders/7/x/y/z')]")
    assert _told(app, "GET", "/v2/orders/7") == (404, "", "Not Found")


def test_an_address_of_the_server_is_answered_by_the_route_that_asking_them_all_finds(server: RunningServer) -> None:
    served = create_app(server.services).routes
    assert len(served) > 1000
    routes = Routes()
    for number, route in enumerate(served):
        routes.add(route.path, _named(f"{number} {route.path}"), *(route.methods or ()))
    ours, all_of_them = _both(routes.all)
    paths = sorted(_paths(route.path for route in served))[::23]
    asked = [(method, path) for path in paths for method in METHODS]
    # Who answers a path without placeholders is remembered: asked a second time, it has to be the same.
    # A placeholder that nobody filled is a name as any other, and not remembered.
    asked += 2 * [(method, route.path) for route in served[::9] for method in METHODS]
    answers = zip(asked, asyncio.run(_answers(ours, asked)), asyncio.run(_answers(all_of_them, asked)), strict=True)
    differing = [one for one, told, expected in answers if told != expected]
    assert len(paths) > 200
    assert differing == []


def test_a_placeholder_that_nobody_filled_is_answered_the_same_each_time(server: RunningServer) -> None:
    for path in ("/v1/products/%7Bid%7D", "/products/%7Bid%7D", "/checkout/%7Bsecret%7D"):
        statuses = [httpx2.get(f"{server.url}{path}").status_code for _ in range(3)]
        assert statuses[0] in (401, 404), path
        assert len(set(statuses)) == 1, path
