"""Polar's request limits (polar.md 1.8): 429 with an empty body and `retry-after`, in `serve` and where asked.

Confirming is limited by client secret and address together, so that buyers behind one network do not lock each other out.
"""

from __future__ import annotations

import hashlib

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from starlette.requests import Request
from starlette.responses import Response

from checkstand.domain.organization import Principal
from checkstand.services import client_address, services_of

LIVE = (RateLimitItemPerMinute(500),)
TEST = (RateLimitItemPerMinute(100),)
UNKNOWN_TOKEN = (RateLimitItemPerMinute(60),)
CONFIRM = (RateLimitItemPerMinute(6), RateLimitItemPerHour(20))
CONFIRM_BLOCK_S = 1800


def over_limit(request: Request, principal: Principal | None, token: str | None) -> Response | None:
    """The refusal of a request that is one too many; None when it may go on."""
    limiter = services_of(request).limiter
    if not limiter.enabled:
        return None
    address = client_address(request) or "unknown"
    path = request.url.path.rstrip("/")
    if path.endswith("/confirm"):
        identity = f"polar confirm {request.path_params.get('client_secret', '')} {address}"
        window = limiter.hit(identity, CONFIRM, block_s=CONFIRM_BLOCK_S)
    elif principal is not None:
        limits = TEST if principal.organization.mode == "test" else LIVE
        window = limiter.hit(f"polar {principal.organization.id}", limits)
    elif token is not None:
        window = limiter.hit(f"polar token {hashlib.sha256(token.encode()).hexdigest()}", UNKNOWN_TOKEN)
    else:
        window = limiter.hit(f"polar address {address}", LIVE)
    if window is None or not window.retry_after_s:
        return None
    return Response(status_code=429, headers={"retry-after": str(window.retry_after_s)})
