"""Customers and saved methods at Stripe: who a method is kept for, which parameters keep or use one, and how it is forgotten.

A Stripe customer is made under a stored key with nothing in it but our ids. A method that is kept for a subscription is set up for
charges without its owner (`off_session`), one that the buyer ticked to keep only for the next time that they are here (`on_session`).
Charging a saved one names its customer, and the buyer is there: the bank may ask for 3-D Secure.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import structlog
from stripe.params import PaymentIntentCreateParams, SetupIntentCreateParams

import stripe
from checkstand.domain.payment import Attempt

log = structlog.get_logger(__name__)
Usage = Literal["off_session", "on_session"]


def paid_with(params: PaymentIntentCreateParams | SetupIntentCreateParams, attempt: Attempt) -> None:
    """Add to an intent's parameters with what it is paid: a saved method, else a token; and the customer whose it is or will be."""
    if attempt.gateway_method is not None:
        params["payment_method"] = attempt.gateway_method
    else:
        params["confirmation_token"] = attempt.confirmation_token or ""
    if attempt.gateway_customer is not None:
        params["customer"] = attempt.gateway_customer


def kept_for(params: PaymentIntentCreateParams, attempt: Attempt) -> None:
    """Add what the method of a payment is kept for, and that the buyer of a saved one is here."""
    if attempt.gateway_method is not None:
        params["off_session"] = False
    if attempt.saves is not None:
        params["setup_future_usage"] = usage_of(attempt)


def usage_of(attempt: Attempt) -> Usage:
    """Stripe's `usage` of what a method is kept for. What is set up without a charge is always for later."""
    return "on_session" if attempt.saves == "next_time" else "off_session"


def saved_as(intent: stripe.PaymentIntent | stripe.SetupIntent) -> str | None:
    """The method that an intent which succeeded keeps: only one that belongs to a customer can be used again."""
    method = intent.payment_method
    if intent.customer is None or method is None:
        return None
    if isinstance(intent, stripe.PaymentIntent) and intent.setup_future_usage is None:
        return None
    return method if isinstance(method, str) else method.id


async def make(client: stripe.StripeClient, organization_id: UUID, owner_id: UUID, key: UUID) -> str | None:
    """A Stripe customer under this key; None when Stripe gave no answer or refused."""
    try:
        made = await client.v1.customers.create_async(
            {"metadata": {"organization": str(organization_id), "owner": str(owner_id)}},
            {"idempotency_key": str(key)},
        )
    except stripe.StripeError as failed:
        log.warning("stripe_customer_not_made", message=failed.user_message, request_id=failed.request_id)
        return None
    return made.id


async def forget(client: stripe.StripeClient, method_id: str) -> bool:
    """Detach a method from its customer: it can no longer be charged. True for one that is detached or gone already."""
    try:
        await client.v1.payment_methods.detach_async(method_id)
    except stripe.InvalidRequestError as wrong:
        log.info("stripe_method_was_gone", code=wrong.code, request_id=wrong.request_id)
        return True
    except stripe.StripeError as failed:
        log.warning("stripe_method_not_forgotten", message=failed.user_message, request_id=failed.request_id)
        return False
    return True
