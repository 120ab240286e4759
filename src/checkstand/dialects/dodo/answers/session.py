"""Checkout sessions: what creating one answers, how one stands, and why there is no tax in it.

Source: docs/behaviour/dodo.md#reading-a-session.
"""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from checkstand.answers import Moment, Url
from checkstand.dialects.dodo.answers.payment import PaymentStatus


class CreatedSession(TypedDict):
    """A new checkout session. `payment_id` is there with `confirm: true`; a saved method is charged without a page."""

    session_id: str
    checkout_url: Url | None
    payment_id: NotRequired[str | None]


class TaxNote(TypedDict, total=False):
    """Why no tax is charged, where an invoice has to say so; neither key elsewhere. An addition to the original's answers."""

    tax_reason: Literal["reverse_charge"]
    tax_note: str


class SessionStatus(TaxNote):
    """How a checkout session stands. The payment is null until the first try to pay. `expires_at` is ours."""

    id: str
    created_at: Moment
    customer_email: str | None
    customer_name: str | None
    payment_id: str | None
    payment_status: PaymentStatus | None
    expires_at: Moment
