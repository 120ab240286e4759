"""Lists: page and limit, sorting, filters with one or many values, and the envelope (polar.md 1.4, 1.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from pydantic import UUID4, TypeAdapter, ValidationError

from checkstand.dialects.polar import errors
from checkstand.dialects.polar.call import Call, Refused
from checkstand.dialects.polar.wire import Json
from checkstand.store.query import Page

T = TypeVar("T")
LARGEST_LIMIT = 100
_INT = TypeAdapter(int)
_BOOL = TypeAdapter(bool)
_UUID: TypeAdapter[UUID] = TypeAdapter(UUID4)
_TIME = TypeAdapter(datetime)


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked for."""

    offset: int
    limit: int
    sorting: tuple[str, ...]


def window(call: Call, sortable: Iterable[str], *, default: str = "-created_at") -> Window:
    """Page, limit and sorting of a request. Raises Refused (422)."""
    page = _positive(call, "page", 1)
    limit = min(_positive(call, "limit", 10), LARGEST_LIMIT)
    allowed = [form for key in sortable for form in (key, f"-{key}")]
    given = call.request.query_params.getlist("sorting") or [default]
    problems = []
    for position, key in enumerate(given):
        if key not in allowed:
            expected = f"{', '.join(repr(item) for item in allowed[:-1])} or {allowed[-1]!r}"
            problems.append(
                {
                    "type": "enum",
                    "loc": (position,),
                    "msg": f"Input should be {expected}",
                    "input": key,
                    "ctx": {"expected": expected},
                }
            )
    if problems:
        raise Refused(errors.schema(problems, prefix=("query", "sorting")))
    return Window((page - 1) * limit, limit, tuple(given))


def _positive(call: Call, name: str, default: int) -> int:
    text = call.request.query_params.get(name)
    if text is None:
        return default
    value = _value(_INT, text, name)
    if value <= 0:
        item = {
            "type": "greater_than",
            "loc": (),
            "msg": "Input should be greater than 0",
            "input": text,
            "ctx": {"gt": 0},
        }
        raise Refused(errors.schema([item], prefix=("query", name)))
    return value


def _value(adapter: TypeAdapter[T], text: str, name: str) -> T:
    if "\0" in text:
        item = {"type": "value_error", "loc": (), "msg": "Value error, This value contains invalid characters"}
        raise Refused(errors.schema([item], prefix=("query", name)))
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        raise Refused(errors.from_validation(error, prefix=("query", name))) from error


def uuids(call: Call, name: str) -> tuple[UUID, ...]:
    """A filter of ids, one value or repeated keys."""
    return tuple(_value(_UUID, text, name) for text in call.request.query_params.getlist(name))


def texts(call: Call, name: str, allowed: Sequence[str] | None = None) -> tuple[str, ...]:
    """A filter of texts; of a closed list when `allowed` is given."""
    found = tuple(_value(TypeAdapter(str), text, name) for text in call.request.query_params.getlist(name))
    for text in found:
        if allowed is not None and text not in allowed:
            expected = f"{', '.join(repr(item) for item in allowed[:-1])} or {allowed[-1]!r}"
            item = {"type": "enum", "loc": (), "msg": f"Input should be {expected}", "input": text}
            item["ctx"] = {"expected": expected}  # type: ignore[assignment]
            raise Refused(errors.schema([item], prefix=("query", name)))
    return found


def text(call: Call, name: str) -> str | None:
    found = texts(call, name)
    return found[0] if found else None


def boolean(call: Call, name: str) -> bool | None:
    given = call.request.query_params.get(name)
    return None if given is None else _value(_BOOL, given, name)


def time(call: Call, name: str) -> datetime | None:
    """A moment; one without a zone is taken as UTC."""
    given = call.request.query_params.get(name)
    if given is None:
        return None
    value = _value(_TIME, given, name)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def metadata(call: Call) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """`?metadata[key]=value`: repeated keys are alternatives, several keys must all match."""
    found: dict[str, list[str]] = {}
    for name, value in call.request.query_params.multi_items():
        if name.startswith("metadata[") and name.endswith("]"):
            found.setdefault(name[9:-1], []).append(_value(TypeAdapter(str), value, name))
    return tuple((key, tuple(values)) for key, values in found.items())


def is_elsewhere(call: Call) -> bool:
    """True when the list is narrowed to other organizations only: an organization's key sees nothing of them."""
    wanted = uuids(call, "organization_id")
    return bool(wanted) and call.organization.id not in wanted


def envelope(items: Sequence[Json], page: Page[T], limit: int) -> Mapping[str, object]:
    """Exactly two keys; `max_page` is 0 when nothing matches."""
    return {"items": list(items), "pagination": {"total_count": page.total, "max_page": -(-page.total // limit)}}


NOTHING: Mapping[str, object] = {"items": [], "pagination": {"total_count": 0, "max_page": 0}}
