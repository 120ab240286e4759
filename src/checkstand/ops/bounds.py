"""How much of anything a request may bring and an answer may tell: every limit of the outside, declared once.

What is larger is refused before anything is done with it, on every route of both APIs, the pages and the controls. Limits of the trade
(seats, amounts, the length of a name) are not here but with their fields; request limits per minute are in each dialect's `limits.py`.

>>> is_in_time(datetime(2026, 3, 1, tzinfo=UTC)), is_in_time(datetime(1, 1, 1, tzinfo=UTC))
(True, False)
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

# ---------------------------------------------------------------- what a body may hold

LARGEST_BODY: Final = 10_485_760
"""Bytes of a body whose sender has shown a key, or is signed in (docs/behaviour/polar.md#reading-requests)."""
LARGEST_PUBLIC_BODY: Final = 65_536
"""Bytes of a body of somebody who has not: buyers, visitors, strangers."""
LARGEST_REPORT: Final = 524_288
"""Bytes of what a gateway reports: it is read before its signature can be checked."""
DEEPEST: Final = 64
"""Levels of lists and objects."""
MOST_VALUES: Final = 20_000
"""Values in a whole body, at every level together."""
MOST_MEMBERS: Final = 1_000
"""Members of one list or object."""
LONGEST_TEXT: Final = 65_536
"""Characters of a text that is stored, and of a key. A text that nobody reads may be as long as its body."""
LONGEST_LINE: Final = 2_000
"""Characters of a text that is one line (a street, a number of theirs), where its field does not say less: answers repeat it."""
INT64: Final = 2**63
"""Numbers, whole or not, lie between -INT64 and INT64."""
LARGEST_FORM: Final = 1_048_576
"""Bytes of a form without files, of somebody who is signed in."""
MOST_FORM_FIELDS: Final = 500
MOST_FORM_FILES: Final = 5

MOST_PASSWORD_CHECKS: Final = 32
"""Sign-ins whose password waits to be checked, in one process: the last of them waits about a second and a half."""
MOST_PASSWORD_CHECKS_OF_ADDRESS: Final = 8

# ---------------------------------------------------------------- times

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
TIMES: Final = "between 1970 and 2999"


def in_time(value: datetime) -> datetime:
    """The moment in UTC; one without a zone is taken as UTC. Raises ValueError outside of 1970 to 2999."""
    try:
        moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError:
        moment = None
    if moment is None or not is_in_time(moment):
        raise ValueError(f"The time must be {TIMES}")
    return moment


def is_in_time(moment: datetime) -> bool:
    """Whether a moment with a zone is one that every part can hold, show and calculate with."""
    return EARLIEST <= moment <= LATEST


# ---------------------------------------------------------------- what an error may tell

MOST_ERRORS: Final = 20
LARGEST_ECHO: Final = 2_560
"""Bytes of what a caller sent that an error shows again, as JSON."""
LONGEST_NAME: Final = 200
"""Characters of a field's name (a key that the caller chose) in an error."""
LONGEST_SENTENCE: Final = 2_000
"""Characters of one error's message, which may list what would have been right."""
LARGEST_REFUSAL: Final = 65_536
"""Bytes of all errors together: later ones are left out."""

# ---------------------------------------------------------------- what a connection may do

LARGEST_HEAD: Final = 32_768
"""Bytes of a request line and its headers."""
MOST_HEADERS: Final = 100
MOST_PARAMETERS: Final = 200
"""Parameters of an address's query."""
HEAD_S: Final = 10.0
"""Seconds for a whole head, from its first byte or the connection's beginning."""
BODY_S: Final = 60.0
"""Seconds for a whole body, from the end of its head."""
UNREAD_S: Final = 60.0
"""Seconds that an answer may wait for a caller who does not read it."""
MOST_CONNECTIONS: Final = 1_000
"""Open connections of one process. A further one takes the place of the one that waited longest without asking anything."""
