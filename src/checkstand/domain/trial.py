"""Trials and billing periods: adding intervals in UTC calendar arithmetic.

    >>> from datetime import UTC, datetime
    >>> add_span(datetime(2026, 1, 31, tzinfo=UTC), Span(interval=Interval.MONTH, count=1)).date().isoformat()
    '2026-02-28'

Month ends are clamped. Who may have a trial, and how often, is not decided here.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta

from checkstand.domain.catalog import Interval, Span


def add_span(start: datetime, span: Span) -> datetime:
    """`start` plus `count` intervals; the day is clamped to the length of the target month."""
    if span.interval is Interval.DAY:
        return start + timedelta(days=span.count)
    if span.interval is Interval.WEEK:
        return start + timedelta(weeks=span.count)
    months = span.count * (12 if span.interval is Interval.YEAR else 1)
    month_index = start.year * 12 + start.month - 1 + months
    year, month = divmod(month_index, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))
