"""A test organization's clock: read what a tester writes, and move it so that everything happens at its own time on the way.

    >>> from datetime import UTC, datetime
    >>> new_year = datetime(2026, 1, 1, tzinfo=UTC)
    >>> [str(advanced(new_year, text).date()) for text in ("P14D", "14d", "P1M", "P1Y2M3W")]
    ['2026-01-15', '2026-01-15', '2026-02-01', '2027-03-22']
    >>> advanced(new_year, "1h30m").isoformat(), advanced(new_year, "PT0.5S").microsecond
    ('2026-01-01T01:30:00+00:00', 500000)

Moving over two weeks stops at each moment in between at which something is due (a session expires, a delivery is tried again), so
that its timestamps are those it would have had. The clock never goes back: what has happened would lie in the future.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from checkstand.domain.catalog import Interval, Span
from checkstand.domain.organization import Organization
from checkstand.domain.trial import add_span
from checkstand.flows.ports import Ports
from checkstand.flows.recovery.reconcile import PATIENCE
from checkstand.services import Drainer
from checkstand.store import organizations, work

LATEST = datetime(2200, 1, 1, tzinfo=UTC)
MOST_STOPS = 1000
STOP_FOR_S = 25.0
_NUMBER = r"(\d{1,9}(?:[.,]\d{1,6})?)"
_ISO = re.compile(
    rf"P(?!$)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?!$)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)
_SHORT = re.compile(rf"(?!$)(?:{_NUMBER}w)?(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?")
_MICROSECOND = timedelta(microseconds=1)
_UNITS = ("weeks", "days", "hours", "minutes", "seconds")


class ClockError(Exception):
    """The clock cannot be moved there; the message is a sentence for the tester."""


def advanced(start: datetime, text: str) -> datetime:
    """`start` plus an ISO 8601 duration (`P14D`, `PT1H30M`) or a short one (`14d`, `1h30m`). Raises ClockError."""
    iso, short = _ISO.fullmatch(text.strip().upper()), _SHORT.fullmatch(text.strip().replace(" ", "").lower())
    if iso:
        years, months, *rest = iso.groups()
    elif short:
        years, months, rest = None, None, list(short.groups())
    else:
        raise ClockError(f"{text!r} is not a duration. Write P14D, PT1H30M, 14d or 1h30m.")
    whole = [_whole(part, text) for part in (years, months)]
    try:
        moved = add_span(start, Span(interval=Interval.MONTH, count=12 * whole[0] + whole[1]))
        return moved + timedelta(**{unit: _number(part) for unit, part in zip(_UNITS, rest, strict=True)})
    except (OverflowError, ValueError) as error:
        raise ClockError(_too_late()) from error


def _number(part: str | None) -> float:
    return float(part.replace(",", ".")) if part else 0.0


def _whole(part: str | None, text: str) -> int:
    if part and not part.isdigit():
        raise ClockError(f"{text!r} has a part of a year or month. Use whole ones, or days.")
    return int(part) if part else 0


def _too_late() -> str:
    return f"The clock goes up to {LATEST.date().isoformat()}."


def moment(text: str) -> datetime:
    """A point in time in ISO 8601; without a zone it is UTC. Raises ClockError."""
    try:
        parsed = datetime.fromisoformat(text.strip())
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ClockError(f"{text!r} is not a time. Write it as 2027-01-01T00:00:00Z.") from error


async def advance(ports: Ports, drainer: Drainer, organization: Organization, text: str) -> Organization:
    """The organization with its clock set ahead by exactly a duration (see `advanced`). Raises ClockError."""
    now = ports.now(organization)
    target = advanced(now, text)
    await _walk(ports, drainer, organization, target)
    ahead_us = organization.clock_offset_us + (target - now) // _MICROSECOND
    return await _arrive(ports, drainer, organization, ahead_us)


async def move(ports: Ports, drainer: Drainer, organization: Organization, target: datetime) -> Organization:
    """The organization at `target`, with everything done that was due until then. Raises ClockError."""
    if target < ports.now(organization):
        shown = ports.now(organization).isoformat(timespec="seconds")
        raise ClockError(f"The clock only goes forward, and it is {shown} already.")
    await _walk(ports, drainer, organization, target)
    return await _arrive(ports, drainer, organization, _offset_us(ports, target))


async def _walk(ports: Ports, drainer: Drainer, organization: Organization, target: datetime) -> None:
    """Stop at every moment before `target` at which something is due, and see it done.

    A way with very many stops, or one on which receivers are slow, ends early; what is due at its end is done all the same.
    """
    if target > LATEST:
        raise ClockError(_too_late())
    await drainer.drain(organization)
    deadline = time.monotonic() + STOP_FOR_S
    for _ in range(MOST_STOPS):
        now = ports.now(organization)
        stop = await work.next_due(ports.db, organization.id, after=now, patience=PATIENCE)
        if stop is None or stop >= target or time.monotonic() > deadline:
            return
        organization = await _arrive(ports, drainer, organization, _offset_us(ports, stop))


def _offset_us(ports: Ports, moment: datetime) -> int:
    return (moment - ports.real_now()) // _MICROSECOND


async def _arrive(ports: Ports, drainer: Drainer, organization: Organization, offset_us: int) -> Organization:
    """Set the clock, tell every process, and do what has become due."""
    await organizations.set_clock(ports.db, organization.id, offset_us)
    await ports.cache.changed(ports.db, organization.id)
    await drainer.drain(organization)
    found = await organizations.by_id(ports.db, organization.id)
    assert found is not None, "an organization was removed while its clock was moved"
    return found
