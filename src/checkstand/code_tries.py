"""How many wrong discount codes buyers may try: ten in ten minutes for a session, however they are tried, and thirty from an address.

Every way that a buyer has to try a code (the page, its pay button, Polar's client API, a link) counts here. Only wrong codes count.
An address that has tried too many does not keep others behind it from theirs: each further session still has its first one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from limits import RateLimitItemPerMinute
from starlette.requests import HTTPConnection

from checkstand.domain.errors import DiscountLimitReached, Invalid, TooManyCodes
from checkstand.services import limited_address, services_of

WRONG_CODES = 10
OF_SESSION = (RateLimitItemPerMinute(WRONG_CODES, 10),)
OF_ADDRESS = (RateLimitItemPerMinute(30, 10),)


@dataclass(slots=True)
class CodeTry:
    """One code that is being looked at. `is_wrong`: set by the caller that finds out without an error being raised."""

    is_wrong: bool = False


@contextlib.contextmanager
def trying_code(connection: HTTPConnection, session_id: UUID, code: str | None) -> Iterator[CodeTry]:
    """Count the code that a request tries, where it is wrong: told by `Invalid` or by `is_wrong`. Raises TooManyCodes before it.

    It counts while it is looked at, so that many at once are no more than many in a row.
    """
    tried = CodeTry()
    if not (code or "").strip():
        yield tried
        return
    limiter = services_of(connection).limiter
    counts = ((f"codes of {session_id}", OF_SESSION), (f"codes from {limited_address(connection)}", OF_ADDRESS))
    (session, _), (address, _) = counts
    try:
        of_session, of_address = limiter.hit(session, OF_SESSION), limiter.hit(address, OF_ADDRESS)
        if of_session is not None and of_session.retry_after_s:
            raise TooManyCodes(of_session.reset_s)
        is_first = of_session is None or of_session.remaining == WRONG_CODES - 1
        if of_address is not None and of_address.retry_after_s and not is_first:
            raise TooManyCodes(of_address.reset_s)
        yield tried
    except Invalid as refused:
        tried.is_wrong = tried.is_wrong or is_about_code(refused)
        raise
    finally:
        if not tried.is_wrong:
            for identity, limits in counts:
                limiter.give_back(identity, limits)


def is_about_code(refused: Invalid) -> bool:
    """True where a discount code was wrong. One that this buyer has used up was right."""
    is_spent = isinstance(refused, DiscountLimitReached)
    return not is_spent and any(
        problem.where[:1] in (("discount_code",), ("discount_codes",)) for problem in refused.problems
    )
