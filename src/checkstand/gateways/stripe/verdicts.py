"""From Stripe's intents and errors to the five verdicts, and from its payment methods to what we keep of them.

A `requires_payment_method` with an error is a refusal; without one it is not confirmed yet, and nothing follows from it. What
Stripe says of its reason is kept as the code; the words for the buyer are ours (`domain/payment.py`), so that lost, stolen and
suspected fraud are never told apart.
"""

from __future__ import annotations

from typing import Literal, cast

import stripe
from checkstand.domain.payment import (
    Declined,
    Instrument,
    NeedsAction,
    Processing,
    Succeeded,
    Unknown,
    Verdict,
    decline,
)
from checkstand.gateways.stripe.customers import saved_as
from checkstand.gateways.stripe.fees import fee_of
from checkstand.gateways.stripe.methods import ours

Intent = stripe.PaymentIntent | stripe.SetupIntent

_CODES = {
    "payment_intent_authentication_failure": "authentication_failure",
    "setup_intent_authentication_failure": "authentication_failure",
    "authentication_required": "authentication_failure",
    "invalid_number": "incorrect_number",
    "invalid_cvc": "incorrect_cvc",
    "invalid_expiry_month": "invalid_expiry",
    "invalid_expiry_year": "invalid_expiry",
}


def verdict_of(intent: Intent) -> Verdict:
    """What an intent's state means for the attempt that it was made for."""
    instrument = instrument_of(intent.payment_method)
    if intent.status == "succeeded":
        fee = fee_of(intent)
        later = fee is None and isinstance(intent, stripe.PaymentIntent)
        return Succeeded(
            reference=intent.id, instrument=instrument, saved_as=saved_as(intent), fee=fee, tells_fee_later=later
        )
    if intent.status == "processing":
        return Processing(reference=intent.id, instrument=instrument)
    if intent.status == "requires_action":
        return _needs_action(intent, instrument)
    if intent.status == "canceled" and error_of(intent) is None:
        return decline("customer_cancelled", reference=intent.id, instrument=instrument)
    if intent.status in ("requires_payment_method", "canceled") and error_of(intent) is not None:
        return refusal(error_of(intent), intent.id, instrument)
    return Unknown(reason=f"{intent.id} is {intent.status}")


def error_of(intent: Intent) -> stripe.StripeObject | None:
    """Why the last try failed."""
    name = "last_setup_error" if isinstance(intent, stripe.SetupIntent) else "last_payment_error"
    return cast(stripe.StripeObject | None, getattr(intent, name, None))


def refusal(error: object, reference: str | None, instrument: Instrument | None) -> Declined:
    """A decline with Stripe's reason, the most exact one that it gives."""
    code, reason = _text(error, "code"), _text(error, "decline_code")
    exact = (
        reason if reason not in (None, "generic_decline") else code if code not in (None, "card_declined") else reason
    )
    used = instrument_of(getattr(error, "payment_method", None))
    known = instrument if instrument is not None and instrument.last_four else used
    return decline(_CODES.get(exact or "", exact or "generic_decline"), reference=reference, instrument=known)


def _needs_action(intent: Intent, instrument: Instrument) -> Verdict:
    """The page to send the buyer to: a redirect, or the page that Stripe hosts for a voucher or a code."""
    action = intent.next_action
    details = getattr(action, str(action.type), None) if action is not None else None
    for name in ("url", "hosted_voucher_url", "hosted_instructions_url", "hosted_verification_url"):
        url = _text(details, name)
        if url:
            secret = intent.client_secret
            return NeedsAction(reference=intent.id, url=url, instrument=instrument, client_secret=secret)
    return Unknown(reason=f"{intent.id} asks for {action.type if action is not None else 'nothing'}, which has no page")


def instrument_of(method: object) -> Instrument:
    """What may be shown and kept of a payment method; `card` alone where Stripe did not say which."""
    kind = _text(method, "type")
    if kind is None:
        return Instrument(method="card")
    details = getattr(method, kind, None)
    funding = _text(details, "funding")
    return Instrument(
        method=ours(kind, wallet=_text(getattr(details, "wallet", None), "type")),
        brand=_text(details, "brand"),
        last_four=_text(details, "last4"),
        country=_text(details, "country"),
        funding=cast(Literal["credit", "debit"], funding) if funding in ("credit", "debit") else None,
        holder=_text(getattr(method, "billing_details", None), "name"),
        exp_month=_number(details, "exp_month"),
        exp_year=_number(details, "exp_year"),
        fingerprint=_text(details, "fingerprint"),
    )


def _text(thing: object, name: str) -> str | None:
    value = getattr(thing, name, None)
    return value if isinstance(value, str) and value else None


def _number(thing: object, name: str) -> int | None:
    value = getattr(thing, name, None)
    return value if isinstance(value, int) else None
