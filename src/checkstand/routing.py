"""Which function answers a request: Starlette's routes, collected by the modules that have them and found by how a path begins.

    routes = Routes("/_test")

    @routes.get("/clock")                       # GET /_test/clock, and no HEAD beside it
    async def show_clock(request): ...

What a route's operation looks like in the OpenAPI document is not said here: see `openapi.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence

from starlette import routing
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

ANY = "*"
Endpoint = Callable[[Request], Awaitable[Response]]


class Routes:
    """The routes of a module, or of several, in the order in which they are asked. All their paths begin with `prefix`."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self.all: list[Route] = []

    def add(self, path: str, endpoint: Endpoint, *methods: str) -> None:
        """Answer these methods on a path, and no others: Starlette would answer HEAD wherever GET is."""
        route = Route(self._prefix + path, endpoint, methods=methods)
        route.methods = set(methods)
        route.app = _answered_by(endpoint)
        self.all.append(route)

    def include(self, others: Routes) -> None:
        """Add all routes of a part, under this prefix."""
        if not self._prefix:
            self.all += others.all
            return
        for route in others.all:
            self.add(route.path, route.endpoint, *(route.methods or ()))

    def each(self) -> Iterator[tuple[Route, str]]:
        """Every route with each of its methods, in small letters as documents have them."""
        yield from ((route, method.lower()) for route in self.all for method in sorted(route.methods or ()))

    def get(self, path: str) -> Callable[[Endpoint], Endpoint]:
        """Register a function for GET."""
        return self._on("GET", path)

    def post(self, path: str) -> Callable[[Endpoint], Endpoint]:
        """Register a function for POST."""
        return self._on("POST", path)

    def _on(self, method: str, path: str) -> Callable[[Endpoint], Endpoint]:
        def register(endpoint: Endpoint) -> Endpoint:
            self.add(path, endpoint, method)
            return endpoint

        return register


def _answered_by(endpoint: Endpoint) -> ASGIApp:
    """A function of a request as an application. What it raises is the affair of the layer around all routes."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)

    return app


class Router:
    """Starlette's router for a thousand routes: of these it asks only the few whose paths begin as the request's does.

    Routes with the same fixed segments before their first placeholder are kept together, each group with all that might match as
    well, in the given order. Of a group those that take the request's method are asked first, and all of it where none of them
    matches. So the answer is the one that Starlette gives when it asks every route, also to a wrong method. Who answers a path
    without placeholders is remembered.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        places: dict[tuple[str, ...], list[int]] = {(): []}
        for place, route in enumerate(routes):
            places.setdefault(_beginning(route.path), []).append(place)
        self._longest = max(map(len, places))
        self._remembered: dict[tuple[str, str], Route] = {}
        self._groups: dict[tuple[str, ...], _Group] = {}
        for beginning in places:
            shorter = (beginning[:length] for length in range(len(beginning) + 1))
            found = sorted(place for part in shorter for place in places.get(part, ()))
            self._groups[beginning] = _Group([routes[place] for place in found])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to its route. Raises HTTPException (404, 405)."""
        method, path = scope["method"], scope["path"]
        remembered = self._remembered.get((method, path))
        if remembered is not None:
            scope["route"], scope["path_params"] = remembered, {}
            await remembered.app(scope, receive, send)
            return
        group = self._group_of(path)
        for route in group.by_method.get(method, ()):
            match, found = route.matches(scope)
            if match is Match.FULL:
                if not route.param_convertors:
                    self._remembered[method, path] = route
                scope["route"] = route
                scope.update(found)
                await route.app(scope, receive, send)
                return
        await group.whole(scope, receive, send)

    def _group_of(self, path: str) -> _Group:
        """The group with the longest beginning that a path has."""
        segments = tuple(path.split("/", self._longest + 1)[1 : self._longest + 1])
        group = self._groups.get(segments)
        while group is None:
            segments = segments[:-1]
            group = self._groups.get(segments)
        return group


class _Group:
    """Routes whose paths begin alike: those that take a method, and all of them."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.by_method: dict[str, list[Route]] = {}
        for route in routes:
            for method in route.methods or ():
                self.by_method.setdefault(method, []).append(route)
        self.whole = routing.Router(routes, redirect_slashes=False)


def _beginning(path: str) -> tuple[str, ...]:
    """A path's segments before its first placeholder.

    >>> _beginning("/v1/orders/{id}/invoice")
    ('v1', 'orders')
    """
    segments = path.split("/")[1:]
    fixed = next((place for place, segment in enumerate(segments) if "{" in segment), len(segments))
    return tuple(segments[:fixed])
