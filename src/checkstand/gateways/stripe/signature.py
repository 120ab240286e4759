"""Stripe's signature of a webhook: hex HMAC-SHA256 of `{t}.{body}` under the endpoint's secret, several of them while it is rolled.

    Stripe-Signature: t=1700000000,v1=5f2b...,v1=91d0...

Time is the caller's and real, never an organization's test clock. More than five minutes off, either way, is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

TOLERANCE_S = 300
_PART = re.compile(r"(t|v1)=([0-9a-f]{1,64})")


def is_genuine(header: str, body: bytes, *, secret: str, now: datetime) -> bool:
    """Whether Stripe sent this body, about now."""
    parts = [match.groups() for part in header[:2_000].split(",") if (match := _PART.fullmatch(part.strip()))]
    times = [value for name, value in parts if name == "t" and value.isdigit()]
    if not secret or len(times) != 1 or len(times[0]) > 12:
        return False
    if abs(now.timestamp() - int(times[0])) > TOLERANCE_S:
        return False
    expected = hmac.new(secret.encode(), f"{times[0]}.".encode() + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(expected, value) for name, value in parts if name == "v1")
