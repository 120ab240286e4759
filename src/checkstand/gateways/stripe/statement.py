"""Stripe's own list of what it took and gave back for an organization: every page of it, told apart by metadata.

Nothing is searched for: Stripe's search lags behind, a list does not. One account may serve several organizations.
"""

from __future__ import annotations

from uuid import UUID

import stripe
from checkstand.domain.ledger import Moved
from checkstand.gateways.stripe.amounts import step_minor
from checkstand.gateways.stripe.metadata import key_of, silent, written_id

_PAGE = 100


async def captured(client: stripe.StripeClient, organization_id: UUID) -> list[Moved]:
    """Payments that were received, oldest first. Raises GatewaySilent."""
    found = []
    try:
        listed = await client.v1.payment_intents.list_async({"limit": _PAGE})
        async for intent in listed.auto_paging_iter():
            if intent.amount_received and written_id(intent, "organization") == organization_id:
                found.append(_moved(intent, intent.amount_received))
    except stripe.StripeError as failed:
        raise silent(failed) from failed
    return found[::-1]


async def refunded(client: stripe.StripeClient, organization_id: UUID) -> list[Moved]:
    """Refunds that succeeded, oldest first, also those made by hand. Raises GatewaySilent."""
    found = []
    try:
        listed = await client.v1.refunds.list_async({"limit": _PAGE, "expand": ["data.payment_intent"]})
        async for refund in listed.auto_paging_iter():
            is_ours = organization_id in (
                written_id(refund, "organization"),
                written_id(refund.payment_intent, "organization"),
            )
            if refund.status == "succeeded" and is_ours:
                found.append(_moved(refund, refund.amount))
    except stripe.StripeError as failed:
        raise silent(failed) from failed
    return found[::-1]


def _moved(thing: stripe.PaymentIntent | stripe.Refund, amount_minor: int) -> Moved:
    code = thing.currency.upper()
    return Moved(
        key=key_of(thing), reference=thing.id, amount_minor=amount_minor, currency=code, step_minor=step_minor(code)
    )
