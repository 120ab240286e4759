"""Domain values to JSON documents and back. orjson writes frozen dataclasses as they are; Pydantic reads them by their types."""

from __future__ import annotations

from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter

T = TypeVar("T")


_adapters: dict[object, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    found = _adapters.get(kind)
    if found is None:
        found = _adapters[kind] = TypeAdapter(kind)
    return found


def encode(value: object) -> str:
    """JSON text of a domain value (dataclass, enum, UUID, datetime) or plain data."""
    return orjson.dumps(value).decode()


def decode(kind: type[T], text: str | bytes) -> T:
    """The domain value of type `kind` that `encode` wrote. Raises pydantic.ValidationError on a document of another shape."""
    value: T = _adapter(kind).validate_json(text)
    return value


def decode_plain(text: str | bytes) -> Any:
    """Plain data: objects, arrays, scalars."""
    return orjson.loads(text)
