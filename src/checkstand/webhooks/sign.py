"""Signatures of outgoing webhooks: Standard Webhooks v1, base64(HMAC-SHA256(key, `{id}.{timestamp}.{body}`)).

The two APIs disagree about the key. Dodo follows the standard: the secret's base64 part, decoded. Polar's
receivers use the UTF-8 bytes of the whole secret, prefix included, and newer ones the standard's key as well:
so a Polar delivery carries both signatures, the raw one first, and every generation of receiver finds its own.

    >>> signature_header("dodo", "whsec_c2VjcmV0", "msg_1", 1700000000, b"{}")
    'v1,A5oIrJxXPB/PkULSoVu0e4khvPiqpF9vljmhkSKg0FI='

Source: docs/behaviour/dodo.md#signatures and docs/behaviour/polar.md#signatures.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from checkstand.domain.profile import Dialect, profile_of

PREFIX = "whsec_"


def signature_header(dialect: Dialect, secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature for each key, separated by spaces."""
    content = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(_signature(key, content) for key in signing_keys(dialect, secret))


def signing_keys(dialect: Dialect, secret: str) -> tuple[bytes, ...]:
    """The keys a receiver of this dialect may check with, the most widely used one first; never empty."""
    whole, decoded = secret.encode(), _decoded(secret)
    if decoded is None or decoded == whole:
        return (whole,)
    return (whole, decoded) if profile_of(dialect).webhooks.signs_with_whole_secret else (decoded,)


def _decoded(secret: str) -> bytes | None:
    """The key in the secret's base64 part, padded or not; None when it is no base64: a secret of the merchant's own making."""
    part = secret.removeprefix(PREFIX)
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _signature(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode("ascii")
