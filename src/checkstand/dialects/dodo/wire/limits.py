"""Dodo's request limits: 40 a second and 240 a minute per key; the three headers are on every answer.

Source: docs/behaviour/dodo.md#request-limits.
"""

from __future__ import annotations

from limits import RateLimitItemPerMinute, RateLimitItemPerSecond
from starlette.requests import Request
from starlette.responses import Response

from checkstand.dialects.dodo.wire import errors
from checkstand.domain.organization import Principal
from checkstand.http import bearer
from checkstand.ops.limiter import LimitWindow
from checkstand.services import count_bad_token, limited_address, services_of

WITH_KEY = (RateLimitItemPerSecond(40), RateLimitItemPerMinute(240))
WITHOUT_KEY = (RateLimitItemPerSecond(20), RateLimitItemPerMinute(100))


def count(request: Request, principal: Principal | None) -> LimitWindow | None:
    """Count the request; None when nothing is limited. An unknown key is counted as such too, for both APIs together."""
    limiter = services_of(request).limiter
    if principal is not None:
        return limiter.hit(f"dodo {principal.token.id}", WITH_KEY)
    if bearer(request) is not None:
        refused = count_bad_token(request)
        if refused is not None and refused.retry_after_s:
            return refused
    return limiter.hit(f"dodo address {limited_address(request)}", WITHOUT_KEY)


def headers(window: LimitWindow) -> dict[str, str]:
    """How the caller stands."""
    return {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(window.remaining),
        "X-RateLimit-Reset": str(window.reset_s),
    }


def refusal(window: LimitWindow) -> Response:
    """The error of a request beyond a limit."""
    message = f"Too many requests. Try again in {window.retry_after_s} seconds."
    return errors.answer(429, "TOO_MANY_REQUESTS", message, {"retry-after": str(window.retry_after_s)})
