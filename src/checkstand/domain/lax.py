"""Reading loosely written values: whole numbers, yes or no, moments in time. What a form or a client sends is rarely exact.

Rule: `"5.0"` and `true` are whole numbers, `"yes"` and 1 are true, a date is ISO text or a Unix number (in
milliseconds beyond 2e10). What cannot be read is refused with a reason; nothing is guessed.

    >>> whole_number(" 1_000 "), truth("Yes"), iso_text(moment("2024-01-02"))
    (1000, True, '2024-01-02T00:00:00')

Source: docs/behaviour/polar.md#reading-requests and docs/behaviour/polar.md#answers-to-custom-fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from checkstand.domain.errors import Scalar
from checkstand.domain.problem_codes import ProblemCode

INT64 = 2**63
LONGEST_NUMBER = 4_300
MILLISECONDS_BEYOND = 20_000_000_000
YEAR_10000_S, YEAR_1_S, YEAR_0_S = 253_402_300_800, -62_135_596_800, -62_167_219_200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YES = frozenset({"1", "true", "t", "yes", "y", "on"})
NO = frozenset({"0", "false", "f", "no", "n", "off"})
_WHOLE = re.compile(r"([+-]?\d+(?:_\d+)*)(?:\.0+)?", re.ASCII)
_UNIX = re.compile(r"[+-]?(?:\d{1,19}(?:\.\d*)?|\.\d+)", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt _](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?:(?P<utc>[Zz])|(?P<sign>[+\-\u2212])(\d\d):?([0-5]\d))?)?",
    re.ASCII,
)


class Unreadable(ValueError):
    """A value that means nothing here: a problem code and the numbers for its message."""

    def __init__(self, code: ProblemCode, params: Mapping[str, Scalar] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.params = dict(params or {})


def whole_number(given: object) -> int:
    """A 64-bit integer. Raises Unreadable for a fraction, for other text and beyond 64 bits."""
    if isinstance(given, str):
        text = given.strip()
        match = _WHOLE.fullmatch(text)
        if match is None:
            raise Unreadable(ProblemCode.FIELD_NUMBER_UNREADABLE)
        if len(text) > LONGEST_NUMBER:
            raise Unreadable(ProblemCode.FIELD_NUMBER_TOO_LARGE)
        number = int(match[1])
    elif isinstance(given, int):
        number = int(given)
    elif isinstance(given, float) and given - given == 0:  # neither infinite nor NaN
        if not given.is_integer():
            raise Unreadable(ProblemCode.FIELD_NUMBER_FRACTION)
        number = int(given)
    else:
        raise Unreadable(ProblemCode.FIELD_NOT_NUMBER)
    if not -INT64 <= number < INT64:
        raise Unreadable(ProblemCode.FIELD_NUMBER_TOO_LARGE)
    return number


def truth(given: object) -> bool:
    """Yes or no. Raises Unreadable."""
    if isinstance(given, str):
        word = given.lower()
        if word in YES or word in NO:
            return word in YES
        raise Unreadable(ProblemCode.FIELD_CHECKBOX_UNREADABLE)
    if isinstance(given, bool | int | float) and given in (0, 1):
        return given == 1
    if isinstance(given, int) or (isinstance(given, float) and given.is_integer()):
        raise Unreadable(ProblemCode.FIELD_CHECKBOX_UNREADABLE)
    raise Unreadable(ProblemCode.FIELD_NOT_CHECKBOX)


def moment(given: object) -> datetime:
    """A moment, with an offset only where one was given. Raises Unreadable with a `reason`."""
    if isinstance(given, datetime):
        return given
    if isinstance(given, str):
        return _moment_from_text(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or given != given:
        raise Unreadable(ProblemCode.FIELD_NOT_DATE)
    return _moment_from_unix(Decimal(str(given)))


def unix_moment(seconds: int) -> datetime:
    """The naive moment that a bound of 32 bits names, in UTC."""
    return (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None)


def iso_text(value: datetime) -> str:
    """ISO 8601; UTC is `Z`, any other offset is kept, and no offset stays none."""
    return re.sub(r"\+00:00$", "Z", value.isoformat())


def _moment_from_unix(number: Decimal) -> datetime:
    seconds = number / 1000 if abs(number) > MILLISECONDS_BEYOND else number
    if seconds.is_infinite() or not YEAR_0_S <= seconds < YEAR_10000_S:
        side = "after 9999" if seconds > 0 else "before 0000"
        raise _out_of_range(f"dates {side} are not supported as unix timestamps")
    if seconds < YEAR_1_S:
        raise _out_of_range("year 0 is out of range")
    micros = min(round(seconds * 1_000_000), YEAR_10000_S * 1_000_000 - 1)
    return EPOCH + timedelta(microseconds=micros)


def _moment_from_text(text: str) -> datetime:
    if _UNIX.fullmatch(text) and abs(number := Decimal(text)) < INT64:
        try:
            return _moment_from_unix(number)
        except Unreadable as refusal:
            raise Unreadable(ProblemCode.FIELD_DATE_UNREADABLE, refusal.params) from None
    match = _MOMENT.fullmatch(text)
    if match is not None:
        try:
            return _moment_from_parts(match)
        except ValueError:
            if match[1] == "0000" and _date_fault(text[:10]) is None:
                raise _out_of_range("year 0 is out of range") from None
    reason = _date_fault(text) or "unexpected extra characters at the end of the input"
    raise Unreadable(ProblemCode.FIELD_DATE_UNREADABLE, {"reason": reason})


def _moment_from_parts(match: re.Match[str]) -> datetime:
    """Raises ValueError for a day or an hour that does not exist."""
    year, month, day, hour, minute, second, fraction, utc, sign, offset_hours, offset_minutes = match.groups()
    zone: timezone | None = UTC if utc else None
    if sign:
        offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes))
        zone = timezone(offset if sign == "+" else -offset)
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    return datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micros, tzinfo=zone
    )


def _date_fault(text: str) -> str | None:
    """What keeps a text from beginning with a date, in the words of the original; None when it does."""
    raw = text.encode("utf-8", "replace")
    if len(raw) < 10:
        return "input is too short"
    for name, start, end in (("year", 0, 4), ("month", 5, 7), ("day", 8, 10)):
        if not raw[start:end].isdigit():
            return f"invalid character in {name}"
        if name != "day" and raw[end : end + 1] != b"-":
            return "invalid date separator, expected `-`"
    if not 1 <= int(raw[5:7]) <= 12:
        return "month value is outside expected range of 1-12"
    leap_year = int(raw[:4]) or 2000  # the year 0 is a leap year, though `datetime` has none
    try:
        datetime(leap_year, int(raw[5:7]), int(raw[8:10]))  # noqa: DTZ001 - only whether the day exists
    except ValueError:
        return "day value is outside expected range"
    return None


def _out_of_range(reason: str) -> Unreadable:
    return Unreadable(ProblemCode.FIELD_DATE_OUT_OF_RANGE, {"reason": reason})
