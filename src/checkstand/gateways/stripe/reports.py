"""How refunds and disputes stand at Stripe, those that were begun there included. Their payment's metadata says whose they are.

A dispute that Stripe calls a warning is a bank's question and holds no money; answered or forgotten, it is closed.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

import structlog

import stripe
from checkstand.domain.dispute import DisputeReport, DisputeStatus
from checkstand.domain.refund import RefundReason, RefundReport
from checkstand.gateways.stripe.amounts import step_minor
from checkstand.gateways.stripe.metadata import key_of, silent, written_id
from checkstand.gateways.stripe.refunds import verdict_of

_STATUSES: Final[dict[str, DisputeStatus | None]] = {
    "needs_response": "opened",
    "under_review": "challenged",
    "won": "won",
    "lost": "lost",
    "prevented": "cancelled",
    "warning_closed": "cancelled",
    "warning_needs_response": None,
    "warning_under_review": None,
}
_REASONS: Final[dict[str, RefundReason]] = {
    "duplicate": "duplicate",
    "fraudulent": "fraudulent",
    "requested_by_customer": "customer_request",
}
T = TypeVar("T")
log = structlog.get_logger(__name__)


async def refund(client: stripe.StripeClient, reference: str) -> RefundReport | None:
    """A refund as Stripe has it. None: it is of no payment of ours. Raises GatewaySilent."""
    found = await _known(client.v1.refunds.retrieve_async(reference, {"expand": ["payment_intent"]}), reference)
    paid = _ours(found.payment_intent) if found is not None else None
    if found is None or paid is None:
        return None
    return RefundReport(
        organization_id=paid.organization_id,
        attempt_id=paid.attempt_id,
        payment_reference=paid.reference,
        refund_id=written_id(found, "refund"),
        reference=found.id,
        key=key_of(found),
        amount_minor=found.amount,
        currency=found.currency.upper(),
        step_minor=step_minor(found.currency.upper()),
        verdict=verdict_of(found),
        reason=_REASONS.get(found.reason or "", "other"),
    )


async def dispute(client: stripe.StripeClient, reference: str) -> DisputeReport | None:
    """A dispute as Stripe has it. None: it is of no payment of ours. Raises GatewaySilent."""
    found = await _known(client.v1.disputes.retrieve_async(reference, {"expand": ["payment_intent"]}), reference)
    paid = _ours(found.payment_intent) if found is not None else None
    if found is None or paid is None:
        return None
    if found.status not in _STATUSES:
        log.warning("stripe_dispute_status_unknown", reference=found.id, status=found.status)
    return DisputeReport(
        organization_id=paid.organization_id,
        attempt_id=paid.attempt_id,
        payment_reference=paid.reference,
        reference=found.id,
        status=_STATUSES.get(found.status),
        amount_minor=found.amount,
        currency=found.currency.upper(),
        step_minor=step_minor(found.currency.upper()),
        reason=found.reason,
    )


@dataclass(frozen=True, slots=True)
class _Paid:
    """The payment of ours that something at Stripe is about."""

    organization_id: UUID
    attempt_id: UUID
    reference: str


def _ours(intent: object) -> _Paid | None:
    """What an intent's metadata says; None when it is none of ours."""
    organization_id, attempt_id = written_id(intent, "organization"), written_id(intent, "attempt")
    if not isinstance(intent, stripe.PaymentIntent) or organization_id is None or attempt_id is None:
        return None
    return _Paid(organization_id, attempt_id, intent.id)


async def _known(asked: Awaitable[T], reference: str) -> T | None:
    """Stripe's answer. None: it does not know the object, which is of another account or mode. Else raises GatewaySilent."""
    try:
        return await asked
    except stripe.StripeError as failed:
        if failed.http_status != 404:
            raise silent(failed) from failed
    log.info("stripe_object_unknown", reference=reference)
    return None
