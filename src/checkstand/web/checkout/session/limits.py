"""How often a buyer may try on a page (docs/behaviour/checkout-page.md#frames-and-tries): payments per session, and payments per
address that were not taken. Discount codes are counted in `code_tries.py`, with those of the APIs.

Forms that take any number of cards or codes are used for finding good ones. As with all request limits, `serve` counts and `dev` does
not; beside this, a session takes no further card after five declines, whoever counts (`flows/checkout/confirm_checkout.py`).
"""

from __future__ import annotations

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from starlette.requests import Request

from checkstand.services import limited_address, services_of
from checkstand.web.checkout.session.visit import CheckoutVisit

PAYMENTS_OF_SESSION = (RateLimitItemPerMinute(10),)
FAILURES_OF_ADDRESS = (RateLimitItemPerHour(30),)


def wait_to_pay(request: Request, visit: CheckoutVisit) -> int:
    """Count a payment; the seconds to wait where it is one too many, else 0. One that was taken is uncounted by `was_taken`."""
    limiter = services_of(request).limiter
    of_session = limiter.hit(f"page pay {visit.checkout.id}", PAYMENTS_OF_SESSION)
    of_address = limiter.hit(_payments_from(request), FAILURES_OF_ADDRESS)
    return max((window.retry_after_s for window in (of_session, of_address) if window is not None), default=0)


def was_taken(request: Request) -> None:
    """The payment went through, or on to the bank: many buyers of one office or phone network are no card thieves."""
    services_of(request).limiter.give_back(_payments_from(request), FAILURES_OF_ADDRESS)


def _payments_from(request: Request) -> str:
    return f"page pay from {limited_address(request)}"
