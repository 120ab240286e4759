"""Lists: zero-based pages, filters in the query, and the two envelopes (dodo.md 1.6).

The page number starts at 0 as documented, although the official clients' own iteration assumes 1: repairing that here would break
whoever pages by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from checkstand.dialects.dodo import errors
from checkstand.dialects.dodo.call import Call, Refused
from checkstand.dialects.dodo.wire import Json, named, shown
from checkstand.domain.ids import DodoPrefix

LARGEST_PAGE = 100
DEFAULT_PAGE = 10
LONGEST_NUMBER = 18
_TIME = TypeAdapter(datetime)


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked for."""

    offset: int
    limit: int


def window(call: Call) -> Window:
    """The page asked for; a size above 100 is 100. Raises Refused (422)."""
    size = min(_number(call, "page_size", default=DEFAULT_PAGE, smallest=1), LARGEST_PAGE)
    number = _number(call, "page_number", default=0, smallest=0)
    return Window(number * size, size)


def limit(call: Call, *, default: int, largest: int) -> int:
    """The size of a page of a list with a cursor."""
    return min(_number(call, "limit", default=default, smallest=1), largest)


def envelope(items: Sequence[Json]) -> Json:
    """Nothing but the items: clients ask until a page is empty."""
    return {"items": items}


def refuse(name: str, what: str) -> Refused:
    """A query parameter that makes no sense, named."""
    return Refused(errors.answer(422, errors.QUERY, f"{name}: {what}"))


def _number(call: Call, name: str, *, default: int, smallest: int) -> int:
    given = text(call, name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit()) or len(given) > LONGEST_NUMBER or int(given) < smallest:
        raise refuse(name, f"must be a whole number from {smallest}")
    return int(given)


def text(call: Call, name: str) -> str | None:
    """A filter's text; blank counts as absent."""
    given = call.request.query_params.get(name)
    if given is not None and "\0" in given:
        raise refuse(name, "contains a character that text cannot hold")
    return given or None


def choice(call: Call, name: str, allowed: Sequence[str]) -> str | None:
    """A filter from a closed list."""
    given = text(call, name)
    if given is not None and given not in allowed:
        raise refuse(name, f"must be one of {', '.join(allowed)}")
    return given


def boolean(call: Call, name: str) -> bool | None:
    given = text(call, name)
    if given is None:
        return None
    if given.lower() not in ("true", "false"):
        raise refuse(name, "must be true or false")
    return given.lower() == "true"


def time(call: Call, name: str) -> datetime | None:
    """A moment; one without a zone is taken as UTC."""
    given = text(call, name)
    if given is None:
        return None
    try:
        value = _TIME.validate_python(given)
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    except (ValidationError, OverflowError) as error:
        raise refuse(name, "must be a time such as 2026-03-01T12:00:00Z") from error


class Nothing(Exception):
    """A filter names something that does not exist: the list is empty, no matter what else is asked."""


def identity(call: Call, name: str, prefix: DodoPrefix) -> UUID | None:
    """A filter by another object. Raises Nothing for an id that names none."""
    given = text(call, name)
    if given is None:
        return None
    found = named(prefix, given)
    if found is None:
        raise Nothing
    return found


def brand(call: Call) -> None:
    """There is one brand, the business itself. Raises Nothing when another one is asked for."""
    given = text(call, "brand_id")
    if given is not None and given != shown(DodoPrefix.BUSINESS, call.organization.id):
        raise Nothing
