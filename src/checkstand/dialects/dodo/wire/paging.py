"""Lists: zero-based pages, filters in the query, and the envelope (docs/behaviour/dodo.md#lists).

The page number starts at 0 as documented, although the official clients' own iteration assumes 1: repairing that here would break
whoever pages by hand.

A list's parameters are the attributes of a `PageQuery`, which reads them and tells the OpenAPI document of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter

from checkstand.dialects.dodo.answers.common import Item, Page
from checkstand.dialects.dodo.wire import errors
from checkstand.dialects.dodo.wire.call import Call, Refused
from checkstand.dialects.dodo.wire.problem_words import QUERY
from checkstand.dialects.dodo.wire.words import named
from checkstand.domain.ids import DodoPrefix
from checkstand.ops.bounds import TIMES, in_time
from checkstand.parameters import Parameter, Query

LARGEST_PAGE = 100
DEFAULT_PAGE = 10
LONGEST_NUMBER = 18
_TIME = TypeAdapter(datetime)


@dataclass(frozen=True, slots=True)
class PageBounds:
    """Which part of a list is asked for."""

    offset: int
    limit: int


def refuse(name: str, what: str) -> Refused:
    """A query parameter that makes no sense, named."""
    return Refused(errors.answer(422, QUERY, f"{name}: {what}"))


def _number(call: Call, name: str, *, default: int, smallest: int) -> int:
    given = _text(call, name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit()) or len(given) > LONGEST_NUMBER or int(given) < smallest:
        raise refuse(name, f"must be a whole number from {smallest}")
    return int(given)


def _text(call: Call, name: str) -> str | None:
    given = call.request.query_params.get(name)
    if given is not None and "\0" in given:
        raise refuse(name, "contains a character that text cannot hold")
    return given or None


def _choice(call: Call, name: str, allowed: Sequence[str]) -> str | None:
    given = _text(call, name)
    if given is not None and given not in allowed:
        raise refuse(name, f"must be one of {', '.join(allowed)}")
    return given


def _boolean(call: Call, name: str) -> bool | None:
    given = _text(call, name)
    if given is None:
        return None
    if given.lower() not in ("true", "false"):
        raise refuse(name, "must be true or false")
    return given.lower() == "true"


def _time(call: Call, name: str) -> datetime | None:
    given = _text(call, name)
    if given is None:
        return None
    try:
        return in_time(_TIME.validate_python(given))
    except ValueError as error:
        raise refuse(name, f"must be a time such as 2026-03-01T12:00:00Z, {TIMES}") from error


class Nothing(Exception):
    """A filter names something that does not exist: the list is empty, no matter what else is asked."""


def _identity(call: Call, name: str, prefix: DodoPrefix) -> UUID | None:
    given = _text(call, name)
    if given is None:
        return None
    found = named(prefix, given)
    if found is None:
        raise Nothing
    return found


def number(default: int, *, smallest: int, **told: object) -> Parameter[Call, int]:
    """A whole number."""
    schema = {"type": "integer", "minimum": smallest, "default": default}
    return Parameter(lambda call, name: _number(call, name, default=default, smallest=smallest), schema=schema, **told)


def word() -> Parameter[Call, str | None]:
    """A filter's text; blank counts as absent."""
    return Parameter(_text, schema={"type": "string"})


def one_of(allowed: Sequence[str]) -> Parameter[Call, str | None]:
    """A filter from a closed list."""
    return Parameter(lambda call, name: _choice(call, name, allowed), schema={"type": "string", "enum": list(allowed)})


def flag() -> Parameter[Call, bool | None]:
    return Parameter(_boolean, schema={"type": "boolean"})


def moment() -> Parameter[Call, datetime | None]:
    """A moment; one without a zone is taken as UTC."""
    return Parameter(_time, schema={"type": "string", "format": "date-time"})


def identity(prefix: DodoPrefix) -> Parameter[Call, UUID | None]:
    """A filter by another object. Reading raises Nothing for an id that names none."""
    return Parameter(lambda call, name: _identity(call, name, prefix), schema={"type": "string"})


class PageQuery(Query):
    """What every list with pages reads."""

    page_size = number(DEFAULT_PAGE, smallest=1, description=f"Above {LARGEST_PAGE} it is {LARGEST_PAGE}.")
    page_number = number(0, smallest=0, description="The first page is 0.")

    def window(self) -> PageBounds:
        """The page asked for. Raises Refused (422)."""
        size = min(self.page_size, LARGEST_PAGE)
        return PageBounds(self.page_number * size, size)


def envelope(items: list[Item]) -> Page[Item]:
    """A page's items without a count: clients ask until a page is empty."""
    return {"items": items}
