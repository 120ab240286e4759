"""Polar's request limits: 429 with an empty body and `retry-after`, in `serve` and where asked.

Confirming is limited by client secret and address together, so that buyers behind one network do not lock each other out; by address
alone only where no shop's buyers would come. Tokens that open nothing are counted by address: a token that works is never refused
for what others try.

Source: docs/behaviour/polar.md#request-limits.
"""

from __future__ import annotations

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from starlette.requests import Request
from starlette.responses import Response

from checkstand.domain.organization import Principal
from checkstand.services import count_bad_token, limited_address, services_of

LIVE = (RateLimitItemPerMinute(500),)
TEST = (RateLimitItemPerMinute(100),)
CONFIRM = (RateLimitItemPerMinute(6), RateLimitItemPerHour(20))
CONFIRM_BLOCK_S = 1800
CONFIRM_FROM_ADDRESS = (RateLimitItemPerMinute(120),)


def over_limit(request: Request, principal: Principal | None, token: str | None) -> Response | None:
    """The refusal of a request that is one too many; None when it may go on."""
    limiter = services_of(request).limiter
    if not limiter.enabled:
        return None
    address = limited_address(request)
    path = request.url.path.rstrip("/")
    if path.endswith("/confirm"):
        window = limiter.hit(f"polar confirm from {address}", CONFIRM_FROM_ADDRESS)
        if window is None or not window.retry_after_s:
            identity = f"polar confirm {request.path_params.get('client_secret', '')} {address}"
            window = limiter.hit(identity, CONFIRM, block_s=CONFIRM_BLOCK_S)
    elif principal is not None:
        limits = TEST if principal.organization.mode == "test" else LIVE
        window = limiter.hit(f"polar {principal.organization.id}", limits)
    elif token is not None:
        window = count_bad_token(request)
    else:
        window = limiter.hit(f"polar address {address}", LIVE)
    if window is None or not window.retry_after_s:
        return None
    return Response(status_code=429, headers={"retry-after": str(window.retry_after_s)})
