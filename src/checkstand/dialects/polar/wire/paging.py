"""Lists: page and limit, sorting, filters with one or many values, and the envelope (docs/behaviour/polar.md#lists).

A list's parameters are the attributes of a `ListQuery`, which reads them and tells the OpenAPI document of them:

    class OrderQuery(paging.ListQuery):
        sorting = paging.sorted_by(orders.SORTABLE)
        product_id = paging.ids()
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Never, Protocol, TypeVar
from uuid import UUID

from pydantic import UUID4, TypeAdapter, ValidationError

from checkstand.dialects.polar.answers import common
from checkstand.dialects.polar.wire import errors
from checkstand.dialects.polar.wire.call import Call, Refused
from checkstand.dialects.polar.wire.models import Moment
from checkstand.parameters import Parameter, Query
from checkstand.store.executor import Reader
from checkstand.store.query import Page

T = TypeVar("T")
Shown = TypeVar("Shown")
W = TypeVar("W", contravariant=True)
LARGEST_LIMIT = 100
_INT = TypeAdapter(int)
_STR = TypeAdapter(str)
_BOOL = TypeAdapter(bool)
_UUIDS: TypeAdapter[list[UUID]] = TypeAdapter(list[UUID4])
# Where one value or several may be given, both readings are refused: the original names them as its validation library does.
_MANY = "json-or-python[json=list[{}],python=chain[is-instance[Sequence],function-wrap[sequence_validator()]]]"
NO_UUID = "UUID input should be a string, bytes or UUID object"
_TIME: TypeAdapter[datetime] = TypeAdapter(Moment)


@dataclass(frozen=True, slots=True)
class PageBounds:
    """Which part of a list is asked for."""

    offset: int
    limit: int
    sorting: tuple[str, ...]


def _sorting(call: Call, name: str, allowed: Sequence[str], default: str) -> tuple[str, ...]:
    given = call.request.query_params.getlist(name) or [default]
    problems = [_not_among(allowed, key, (position,)) for position, key in enumerate(given) if key not in allowed]
    if problems:
        raise Refused(errors.schema(problems, prefix=("query", name)))
    return tuple(given)


def _not_among(allowed: Sequence[str], given: object, where: tuple[str | int, ...]) -> dict[str, object]:
    """What is wrong with a word that is none of a closed list's."""
    expected = f"{', '.join(repr(item) for item in allowed[:-1])} or {allowed[-1]!r}"
    return {
        "type": "enum",
        "loc": where,
        "msg": f"Input should be {expected}",
        "input": given,
        "ctx": {"expected": expected},
    }


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


def _uuids(call: Call, name: str) -> tuple[UUID, ...]:
    given = tuple(_value(_STR, text, name) for text in call.request.query_params.getlist(name))
    try:
        return tuple(_UUIDS.validate_python(given))
    except ValidationError as error:
        single = {"type": "uuid_type", "loc": ("uuid",), "msg": NO_UUID, "input": list(given)}
        each = [{**one, "loc": (_MANY.format("uuid"), *one["loc"])} for one in error.errors(include_url=False)]
        raise Refused(errors.schema([single, *each], prefix=("query", name))) from error


def _texts(call: Call, name: str) -> tuple[str, ...]:
    return tuple(_value(_STR, text, name) for text in call.request.query_params.getlist(name))


def _words(call: Call, name: str, allowed: Sequence[str], kind: str | None) -> tuple[str, ...]:
    """Words of a closed list. `kind`: the original's name for one of them, where it takes one word or a list."""
    found = _texts(call, name)
    wrong = [(place, text) for place, text in enumerate(found) if text not in allowed]
    if wrong and kind is None:
        problems = [_not_among(allowed, text, (place,)) for place, text in wrong]
        raise Refused(errors.schema(problems, prefix=("query", name)))
    if wrong:
        label = f"str-enum[{kind}]"
        each = [_not_among(allowed, text, (_MANY.format(label), place)) for place, text in wrong]
        raise Refused(errors.schema([_not_among(allowed, list(found), (label,)), *each], prefix=("query", name)))
    return found


def _word(call: Call, name: str, allowed: Sequence[str]) -> tuple[str, ...]:
    found = _texts(call, name)[-1:]
    if found and found[0] not in allowed:
        raise Refused(errors.schema([_not_among(allowed, found[0], ())], prefix=("query", name)))
    return found


def _text(call: Call, name: str) -> str | None:
    found = _texts(call, name)
    return found[0] if found else None


def _boolean(call: Call, name: str) -> bool | None:
    given = call.request.query_params.get(name)
    return None if given is None else _value(_BOOL, given, name)


def _time(call: Call, name: str) -> datetime | None:
    given = call.request.query_params.get(name)
    if given is None:
        return None
    return _value(_TIME, given, name)


def _pairs(call: Call, name: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, list[str]] = {}
    for key, value in call.request.query_params.multi_items():
        if key.startswith(f"{name}[") and key.endswith("]"):
            asked = _value(_STR, key[len(name) + 1 : -1], name)
            found.setdefault(asked, []).append(_value(_STR, value, key))
    return tuple((key, tuple(values)) for key, values in found.items())


Ids = Parameter[Call, tuple[UUID, ...]]
Words = Parameter[Call, tuple[str, ...]]
_UUID_LIST = {"type": "array", "items": {"type": "string", "format": "uuid4"}}


def ids() -> Ids:
    """A filter of ids, one value or repeated keys."""
    return Parameter(_uuids, schema=_UUID_LIST)


def words() -> Words:
    """A filter of texts, one value or repeated keys."""
    return Parameter(_texts, schema={"type": "array", "items": {"type": "string"}})


def words_of(allowed: Sequence[str], kind: str | None = None) -> Words:
    """A filter of words of a closed list, one or repeated keys. `kind`: the name of the list, where the original takes a single word
    as well; None where it takes a list alone.
    """
    items = {"type": "string", "enum": list(allowed)}
    return Parameter(lambda call, name: _words(call, name, allowed, kind), schema={"type": "array", "items": items})


def word_of(allowed: Sequence[str]) -> Words:
    """A filter of one word of a closed list; none or one."""
    return Parameter(lambda call, name: _word(call, name, allowed), schema={"type": "string", "enum": list(allowed)})


def word() -> Parameter[Call, str | None]:
    return Parameter(_text, schema={"type": "string"})


def flag() -> Parameter[Call, bool | None]:
    return Parameter(_boolean, schema={"type": "boolean"})


def moment() -> Parameter[Call, datetime | None]:
    """A moment; one without a zone is taken as UTC."""
    return Parameter(_time, schema={"type": "string", "format": "date-time"})


def pairs() -> Parameter[Call, tuple[tuple[str, tuple[str, ...]], ...]]:
    """`?metadata[key]=value`: repeated keys are alternatives, several keys must all match."""
    schema = {"type": "object", "additionalProperties": {"type": "string"}}
    return Parameter(_pairs, schema=schema, style="deepObject", explode=True)


def number(default: int, **told: object) -> Parameter[Call, int]:
    """A number from 1."""
    schema = {"type": "integer", "minimum": 1, "default": default}
    return Parameter(lambda call, name: _positive(call, name, default), schema=schema, **told)


def sorted_by(sortable: Iterable[str], *, default: str = "-created_at") -> Words:
    """The keys to sort by, each with `-` before it for the other direction."""
    allowed = [form for key in sortable for form in (key, f"-{key}")]
    items = {"type": "string", "enum": allowed}
    return Parameter(
        lambda call, name: _sorting(call, name, allowed, default),
        schema={"type": "array", "items": items, "default": [default]},
    )


class UnsortedQuery(Query):
    """What a list reads that has one order, newest first."""

    page = number(1)
    limit = number(10, description=f"Above {LARGEST_LIMIT} it is {LARGEST_LIMIT}.")

    def window(self) -> PageBounds:
        """Page, limit and sorting of the request. Raises Refused (422)."""
        return self._window(("-created_at",))

    async def found(self, window: PageBounds, search: Search[W, T], wanted: W) -> Page[T]:
        """The page that is asked for."""
        call = self.call
        assert isinstance(call, Call)
        return await search(
            call.ports.reads,
            call.organization.id,
            wanted,
            sorting=window.sorting,
            offset=window.offset,
            limit=window.limit,
        )

    def _window(self, sorting: Sequence[str]) -> PageBounds:
        page, limit = self.page, min(self.limit, LARGEST_LIMIT)
        return PageBounds((page - 1) * limit, limit, tuple(sorting))


class PageQuery(UnsortedQuery):
    """What every other list reads."""

    sorting = sorted_by(("created_at",))

    def window(self) -> PageBounds:
        return self._window(self.sorting)


class OrganizationQuery(Query):
    """What organizations have. A key sees its own alone."""

    organization_id = ids()

    def is_elsewhere(self) -> bool:
        """True when only other organizations' things are asked for."""
        wanted = self.organization_id
        assert isinstance(self.call, Call)
        return bool(wanted) and self.call.organization.id not in wanted


class Search(Protocol[W, T]):
    """A store's search: a part of what an organization has of a noun."""

    async def __call__(
        self, db: Reader, organization_id: UUID, wanted: W, *, sorting: Sequence[str], offset: int, limit: int
    ) -> Page[T]: ...


class ListQuery(OrganizationQuery, PageQuery):
    """A list of what organizations have."""

    async def found(self, window: PageBounds, search: Search[W, T], wanted: W, *, is_empty: bool = False) -> Page[T]:
        """The page that is asked for; an empty one, without a search, when nothing can be in it."""
        return Page([], 0) if self.is_elsewhere() or is_empty else await super().found(window, search, wanted)


def envelope(items: Sequence[Shown], page: Page[T], limit: int) -> common.Page[Shown]:
    """Exactly two keys; `max_page` is 0 when nothing matches."""
    return {"items": list(items), "pagination": {"total_count": page.total, "max_page": -(-page.total // limit)}}


NOTHING: common.Page[Never] = {"items": [], "pagination": {"total_count": 0, "max_page": 0}}
