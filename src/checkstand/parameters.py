"""Query parameters, declared once: what a route reads from the address is what its OpenAPI document tells of it.

A route's `Query` is a class with an attribute for each parameter. Reading the attribute of `SomeQuery(call)` reads and checks the
request's; `SomeQuery.described()` is the document's list. How a text becomes a value, and what is refused, each dialect says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar, overload

Json = Mapping[str, object]


class Asking(Protocol):
    """A call that knows which query its route declared."""

    query: type[Query] | None


C = TypeVar("C", bound=Asking)
T = TypeVar("T")


class Parameter(Generic[C, T]):
    """One parameter: `read(call, name)` gives its value or refuses, `told` is its part of the document without the name."""

    name = ""

    def __init__(self, read: Callable[[C, str], T], **told: object) -> None:
        self._read = read
        self._told = told

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, asked: None, owner: type) -> Parameter[C, T]: ...
    @overload
    def __get__(self, asked: Query, owner: type) -> T: ...
    def __get__(self, asked: Query | None, owner: type) -> Parameter[C, T] | T:
        return self if asked is None else self._read(asked.call, self.name)  # type: ignore[arg-type]

    def described(self) -> Json:
        """The parameter object of an OpenAPI document."""
        return {"name": self.name, "in": "query", "required": False, **self._told}


class Query:
    """The parameters of one request. A route can only read what it declared: undocumented parameters cannot be written by accident."""

    def __init__(self, call: Asking) -> None:
        assert call.query is type(self), f"the route does not declare {type(self).__name__}"
        self.call = call

    @classmethod
    def described(cls) -> list[Json]:
        """Every parameter, a base's first."""
        found: dict[str, Json] = {}
        for part in reversed(cls.__mro__):
            for name, value in vars(part).items():
                if isinstance(value, Parameter):
                    found[name] = value.described()
        return list(found.values())
