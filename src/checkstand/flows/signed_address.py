"""Addresses that carry what they permit: a payload and a signature that only this server's secret key makes.

Nothing is stored for one, and any process can read it. Each purpose signs for itself, so that a permission to read is none to write.
There is one spelling of a token: whatever else would decode to the same bytes is refused. An address ends by real time, not by the
organization's clock.
"""

from __future__ import annotations

import base64
import hmac
from datetime import timedelta
from typing import Literal

from checkstand.domain.errors import CheckstandError
from checkstand.flows.ports import Ports

_SIGNATURE_BYTES = 32
_HOUR_S = 3600


class AddressRefused(CheckstandError):
    """The address is not one of ours, its time is over, or it was used for something else."""

    code = "address_refused"

    def __init__(self, reason: Literal["unknown", "expired", "used"]) -> None:
        super().__init__(reason)
        self.reason = reason


def seal(payload: bytes, key: bytes, purpose: bytes) -> str:
    """The payload as a part of an address."""
    return base64.urlsafe_b64encode(payload + _signature(payload, key, purpose)).decode().rstrip("=")


def unseal(token: str, key: bytes, purpose: bytes) -> bytes:
    """The payload of a token that this key signed for this purpose. Raises AddressRefused (`unknown`) for any other text."""
    try:
        signed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise AddressRefused("unknown") from None
    payload, signature = signed[:-_SIGNATURE_BYTES], signed[-_SIGNATURE_BYTES:]
    genuine = hmac.compare_digest(_signature(payload, key, purpose), signature)
    if not genuine or seal(payload, key, purpose) != token:
        raise AddressRefused("unknown")
    return payload


def require_time(ports: Ports, expires_at: int) -> None:
    """Raises AddressRefused (`expired`) once it is this late. `expires_at`: Unix seconds."""
    if ports.real_now().timestamp() >= expires_at:
        raise AddressRefused("expired")


def end_of_hour(ports: Ports, life: timedelta) -> int:
    """When an address of about this life ends, in Unix seconds: with an hour, so that what is read twice looks the same."""
    return int((ports.real_now() + life).timestamp()) // _HOUR_S * _HOUR_S + _HOUR_S


def _signature(payload: bytes, key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, purpose + b"\0" + payload, "sha256")
