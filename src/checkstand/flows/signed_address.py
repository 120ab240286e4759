"""Addresses that carry what they permit: a payload and a signature that only this server's secret key makes.

Nothing is stored for one, and any process can read it. Each purpose signs for itself, so that a permission to read is none to write.
There is one spelling of a token: whatever else would decode to the same bytes is refused.
"""

from __future__ import annotations

import base64
import hmac

_SIGNATURE_BYTES = 32


def seal(payload: bytes, key: bytes, purpose: bytes) -> str:
    """The payload as a part of an address."""
    return base64.urlsafe_b64encode(payload + _signature(payload, key, purpose)).decode().rstrip("=")


def unseal(token: str, key: bytes, purpose: bytes) -> bytes | None:
    """The payload of a token that this key signed for this purpose; None for any other text."""
    try:
        signed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    payload, signature = signed[:-_SIGNATURE_BYTES], signed[-_SIGNATURE_BYTES:]
    genuine = hmac.compare_digest(_signature(payload, key, purpose), signature)
    return payload if genuine and seal(payload, key, purpose) == token else None


def _signature(payload: bytes, key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, purpose + b"\0" + payload, "sha256")
