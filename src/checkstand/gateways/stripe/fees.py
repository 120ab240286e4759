"""What Stripe keeps of a payment: the fee of its charge's balance transaction, in the currency that the account settles in.

Stripe makes that transaction a moment after the charge, and tells `charge.updated` then; until it is there, the fee is not known.
"""

from __future__ import annotations

from typing import Final

import structlog

import stripe
from checkstand.domain.payment import Fee

EXPAND_FEE: Final = "latest_charge.balance_transaction"
log = structlog.get_logger(__name__)


def fee_of(intent: stripe.PaymentIntent | stripe.SetupIntent) -> Fee | None:
    """The fee of an intent that was fetched with `EXPAND_FEE`; None while Stripe does not know it, and for what takes no money."""
    charge = intent.latest_charge if isinstance(intent, stripe.PaymentIntent) else None
    booked = charge.balance_transaction if isinstance(charge, stripe.Charge) else None
    if not isinstance(booked, stripe.BalanceTransaction):
        return None
    if booked.fee < 0:
        log.error("stripe_fee_below_zero", reference=booked.id, fee=booked.fee)
        return None
    return Fee(amount_minor=booked.fee, currency=booked.currency.upper())
