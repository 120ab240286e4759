"""Pages of a list: which one this is, and the addresses of its neighbours with all filters kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from checkstand.store.query import Page
from checkstand.web.dashboard.frame import DashboardVisit

PAGE_SIZE = 25
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """'26–50 of 61', and where earlier and later pages are. `total` is a text: '61', or '50,000+' where counting stops."""

    first: int
    last: int
    total: str
    earlier: str | None
    later: str | None


def offset(visit: DashboardVisit) -> int:
    """How many items come before this page."""
    return (visit.page_number() - 1) * PAGE_SIZE


def counted(found: Page[T]) -> str:
    """How many a list has, in words for a person."""
    return f"{found.total:,}{'' if found.is_exact else '+'}"


def pager(visit: DashboardVisit, found: Page[T]) -> Pager:
    """The pager of the page that is being shown."""
    number, shown = visit.page_number(), len(found.items)
    before = offset(visit)
    return Pager(
        first=before + 1 if shown else 0,
        last=before + shown,
        total=counted(found) if found.total else "",
        earlier=_address(visit, number - 1) if number > 1 else None,
        later=_address(visit, number + 1) if before + shown < found.total and shown else None,
    )


def _address(visit: DashboardVisit, number: int) -> str:
    kept = [
        (key, value.replace("\0", ""))
        for key, value in visit.request.query_params.multi_items()
        if key not in ("page", "notice")
    ]
    return f"{visit.request.url.path}?{urlencode([*kept, ('page', str(number))])}"
