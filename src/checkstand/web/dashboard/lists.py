"""Pages of a list: which one this is, and the addresses of its neighbours with all filters kept."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from checkstand.web.dashboard.frame import Visit

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """'26–50 of 61', and where earlier and later pages are."""

    first: int
    last: int
    total: int
    earlier: str | None
    later: str | None


def offset(visit: Visit) -> int:
    """How many items come before this page."""
    return (visit.page_number() - 1) * PAGE_SIZE


def pager(visit: Visit, *, shown: int, total: int) -> Pager:
    """The pager of the page that is being shown."""
    number = visit.page_number()
    before = offset(visit)
    return Pager(
        first=before + 1 if shown else 0,
        last=before + shown,
        total=total,
        earlier=_address(visit, number - 1) if number > 1 else None,
        later=_address(visit, number + 1) if before + shown < total and shown else None,
    )


def _address(visit: Visit, number: int) -> str:
    kept = [
        (key, value.replace("\0", ""))
        for key, value in visit.request.query_params.multi_items()
        if key not in ("page", "notice")
    ]
    return f"{visit.request.url.path}?{urlencode([*kept, ('page', str(number))])}"
