"""Refunds at Stripe, under the refund's own key. What Stripe did not carry out gave nothing back; no answer is `RefundUnknown`.

`lookup_refund` looks through the refunds of the payment for the one that carries our refund's id, so that an answer that was lost is
found even when Stripe has forgotten the key.
"""

from __future__ import annotations

import structlog

import stripe
from checkstand.domain.payment import Attempt
from checkstand.domain.refund import (
    Refund,
    RefundFailed,
    RefundPending,
    RefundSucceeded,
    RefundUnknown,
    RefundVerdict,
)
from checkstand.gateways.stripe.amounts import chargeable_minor

log = structlog.get_logger(__name__)


async def refund(client: stripe.StripeClient, attempt: Attempt, wanted: Refund) -> RefundVerdict:
    """Give back a part of what an attempt took, or all of it."""
    if attempt.gateway_reference is None:
        return RefundFailed(code="charge_not_captured")
    try:
        made = await client.v1.refunds.create_async(
            {
                "payment_intent": attempt.gateway_reference,
                "amount": chargeable_minor(wanted.total_minor, wanted.currency),
                "metadata": _metadata(wanted),
            },
            {"idempotency_key": str(wanted.gateway_key)},
        )
    except stripe.InvalidRequestError as wrong:
        log.warning("stripe_refund_refused", code=wrong.code, message=wrong.user_message, request_id=wrong.request_id)
        return RefundFailed(code=wrong.code or "refused")
    except (stripe.AuthenticationError, stripe.PermissionError) as forbidden:
        log.error("stripe_key_refused", message=forbidden.user_message, request_id=forbidden.request_id)
        return RefundFailed(code="processing_error")
    except stripe.StripeError as failed:
        return _unknown(failed)
    return verdict_of(made)


async def lookup_refund(client: stripe.StripeClient, attempt: Attempt, wanted: Refund) -> RefundVerdict | None:
    """How a refund stands at Stripe now; None when it is not known there."""
    try:
        if wanted.gateway_reference is not None:
            return verdict_of(await client.v1.refunds.retrieve_async(wanted.gateway_reference))
        if attempt.gateway_reference is None:
            return None
        listed = await client.v1.refunds.list_async({"payment_intent": attempt.gateway_reference, "limit": 100})
        async for one in listed.auto_paging_iter():
            if getattr(one.metadata, "refund", None) == str(wanted.id):
                return verdict_of(one)
    except stripe.StripeError as failed:
        return _unknown(failed)
    return None


def verdict_of(made: stripe.Refund) -> RefundVerdict:
    """What a refund's state means."""
    if made.status == "succeeded":
        return RefundSucceeded(reference=made.id)
    if made.status in ("failed", "canceled"):
        return RefundFailed(code=made.failure_reason or made.status, reference=made.id)
    return RefundPending(reference=made.id)


def _metadata(wanted: Refund) -> dict[str, str]:
    return {
        "organization": str(wanted.organization_id),
        "order": str(wanted.order_id),
        "refund": str(wanted.id),
        "amount_minor": str(wanted.total_minor),
        "key": str(wanted.gateway_key),
    }


def _unknown(failed: stripe.StripeError) -> RefundUnknown:
    kind = type(failed).__name__
    log.warning("stripe_gave_no_answer", kind=kind, status=failed.http_status, request_id=failed.request_id)
    return RefundUnknown(reason=f"{kind} {failed.http_status or ''}".strip())
