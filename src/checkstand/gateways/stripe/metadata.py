"""From Stripe's objects back to ours: what the gateway wrote into their metadata when it made them.

An object of somebody else's, or of another installation on the same account, has none, or ids that nobody here knows.
"""

from __future__ import annotations

from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog

import stripe
from checkstand.gateways.base import GatewaySilent

log = structlog.get_logger(__name__)
# What has no key of ours goes under one that is made from Stripe's id, always the same.
_KEYS: Final = uuid5(NAMESPACE_URL, "https://stripe.com/")


def written_id(thing: object, name: str) -> UUID | None:
    """An id in an object's metadata; None when there is none."""
    value = getattr(getattr(thing, "metadata", None), name, None)
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def key_of(thing: stripe.PaymentIntent | stripe.Refund) -> UUID:
    """The key that an object was made under, or one that stands for it."""
    return written_id(thing, "key") or uuid5(_KEYS, thing.id)


def silent(failed: stripe.StripeError) -> GatewaySilent:
    """Stripe could not be asked, or will not show it to this key."""
    kind = type(failed).__name__
    log.warning("stripe_gave_no_answer", kind=kind, status=failed.http_status, request_id=failed.request_id)
    return GatewaySilent(f"{kind} {failed.http_status or ''}".strip())
