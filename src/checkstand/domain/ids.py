"""Identifiers and secrets: one UUID in two spellings, and secrets whose typing errors are caught without a database.

Polar shows a version 4 UUID as it is. Dodo shows `prefix_` and 21 base-62 characters of the 122 bits free in it:
both spellings name the same row, and a checkout session's id has the 25 characters that Dodo's embed script demands
(docs/behaviour/dodo.md#identifiers).

    >>> short_id("cks", UUID("00000000-0000-4000-8000-00000000003e"))
    'cks_000000000000000000010'
    >>> parse_short_id("cks", "cks_000000000000000000010")
    UUID('00000000-0000-4000-8000-00000000003e')

A secret is its prefix, 37 random characters and 6 of their CRC-32. Randomness is passed in; hashing and
storing of secrets happen elsewhere. The examples run with `pytest --doctest-modules src/checkstand/domain`.

Source: docs/behaviour/polar.md#secrets.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from enum import StrEnum
from typing import Final
from uuid import UUID

BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUE: Final = {character: value for value, character in enumerate(BASE62)}
_PAIRS: Final = tuple(first + second for first in BASE62 for second in BASE62)

_SHORT_ID_LENGTH: Final = 21
_FREE_BITS: Final = 122
_SECRET_LENGTH: Final = 37
_CHECKSUM_LENGTH: Final = 6
# Three bytes are four characters of base64: any multiple of three is written without padding.
_WEBHOOK_KEY_BYTES: Final = 24
# The largest multiple of 62 that fits a byte: values from here on would favour the first characters.
_UNBIASED_BELOW: Final = 248
_DRAWS_AT_MOST: Final = 64


class DodoPrefix(StrEnum):
    """The prefix of each kind of object in Dodo's spelling.

    None is documented for BRAND, PAYOUT, WALLET_ENTRY and WEBHOOK_ENDPOINT: those are ours. The primary brand has its business's id.
    """

    BUSINESS = "bus"
    BRAND = "bra"
    PRODUCT = "pdt"
    ADDON = "adn"
    PRODUCT_COLLECTION = "pdc"
    CUSTOMER = "cus"
    CHECKOUT_SESSION = "cks"
    PAYMENT = "pay"
    PAYMENT_METHOD = "pm"
    SUBSCRIPTION = "sub"
    DISCOUNT = "dsc"
    REFUND = "ref"
    DISPUTE = "dp"
    LICENSE_KEY = "lic"
    LICENSE_KEY_INSTANCE = "lki"
    METER = "mtr"
    CREDIT_ENTITLEMENT = "cde"
    INVOICE = "inv"
    PAYOUT = "pyt"
    WALLET_ENTRY = "cle"
    WEBHOOK_ENDPOINT = "ep"
    WEBHOOK_MESSAGE = "msg"


class SecretPrefix(StrEnum):
    """What a secret opens, told by how it begins."""

    ORGANIZATION_TOKEN = "polar_oat_"  # noqa: S105  (the beginning of a secret is none)
    CUSTOMER_SESSION = "polar_cst_"
    MEMBER_SESSION = "polar_mst_"
    USER_SESSION = "polar_us_"
    CHECKOUT = "polar_c_"
    CHECKOUT_LINK = "polar_cl_"
    WEBHOOK = "whsec_"


# Byte to character, and the bytes beyond the last whole multiple of 62, which would favour the first characters.
_AS_BASE62 = bytes(ord(BASE62[byte % 62]) for byte in range(256))
_BIASED = bytes(range(_UNBIASED_BELOW, 256))


def secret(prefix: str, *, random_bytes: Callable[[int], bytes]) -> str:
    """A new secret: prefix, 37 unbiased random base-62 characters, their checksum. 220 bits of randomness.

    `random_bytes(n)` gives n bytes; RuntimeError when it never gives usable ones.
    """
    body = ""
    for _ in range(_DRAWS_AT_MOST):
        drawn = random_bytes(_SECRET_LENGTH - len(body))
        body += drawn.translate(_AS_BASE62, _BIASED).decode("ascii")
        if len(body) >= _SECRET_LENGTH:
            body = body[:_SECRET_LENGTH]
            return prefix + body + _checksum(body)
    raise RuntimeError("The source of random bytes gives no usable bytes.")


def is_well_formed_secret(prefix: str, text: str) -> bool:
    """Whether the text can be a secret of this prefix: length, alphabet and checksum. It may still be unknown."""
    if len(text) != len(prefix) + _SECRET_LENGTH + _CHECKSUM_LENGTH or not text.startswith(prefix):
        return False
    body, checksum = text[len(prefix) : -_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
    return body.isascii() and body.isalnum() and checksum == _checksum(body)


def webhook_secret(*, random_bytes: Callable[[int], bytes]) -> str:
    """A signing secret: `whsec_`, then a 24-byte key in base64, which needs no padding: 32 characters.

    Receivers either decode that part, as Standard Webhooks and Dodo have it, some of them strictly; or take the whole text
    as their key, as Polar's do. Only keys whose text is letters and digits are used (one of three), so that a double click takes
    all of it: 190 bits of randomness. RuntimeError when `random_bytes` never gives such a one.

    Source: docs/behaviour/dodo.md#signatures and docs/behaviour/polar.md#signatures.
    """
    for _ in range(_DRAWS_AT_MOST):
        text = base64.b64encode(random_bytes(_WEBHOOK_KEY_BYTES)).decode("ascii")
        if text.isalnum():
            return SecretPrefix.WEBHOOK + text
    raise RuntimeError("The source of random bytes gives no usable bytes.")


def uuid4_from(random_bytes: Callable[[int], bytes]) -> UUID:
    """A version 4 UUID from 16 random bytes."""
    return UUID(bytes=random_bytes(16), version=4)


def short_id(prefix: str, value: UUID) -> str:
    """The UUID in Dodo's spelling. ValueError when it is not of version 4: its other bits would be lost."""
    number = value.int
    if number >> 76 & 0xF != 4 or number >> 62 & 0b11 != 0b10:
        raise ValueError(f"{value} is not a version 4 UUID.")
    free = (number >> 80) << 74 | (number >> 64 & 0xFFF) << 62 | number & (1 << 62) - 1
    return f"{prefix}_{_to_base62(free, _SHORT_ID_LENGTH)}"


def parse_short_id(prefix: str, text: str) -> UUID | None:
    """The UUID of a Dodo id, the inverse of `short_id`. None if malformed, out of range or of another prefix."""
    start = f"{prefix}_"
    if len(text) != len(start) + _SHORT_ID_LENGTH or not text.startswith(start):
        return None
    free = 0
    for character in text[len(start) :]:
        value = _VALUE.get(character)
        if value is None:
            return None
        free = free * 62 + value
    if free >> _FREE_BITS:
        return None
    return UUID(int=(free >> 74) << 80 | 4 << 76 | (free >> 62 & 0xFFF) << 64 | 0b10 << 62 | free & (1 << 62) - 1)


def _checksum(body: str) -> str:
    return _to_base62(zlib.crc32(body.encode("ascii")), _CHECKSUM_LENGTH)


def _to_base62(number: int, length: int) -> str:
    """Most significant character first, padded on the left with 0."""
    pairs = []
    for _ in range(0, length, 2):
        number, value = divmod(number, 62 * 62)
        pairs.append(_PAIRS[value])
    return "".join(reversed(pairs))[-length:]
