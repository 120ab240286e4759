"""Payments: one attempt is one try at the gateway; a verdict is what the gateway says of it.

Every gateway answers with one of five verdicts and nothing else, so that settling needs no knowledge of who charged.
A decline tells a stable code and what the buyer can do next; it never says lost, stolen or fraud.

    >>> decline("insufficient_funds").advice
    'Try another card or method.'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

Purpose = Literal["payment", "setup"]


class AttemptStatus(StrEnum):
    """`started` has no verdict yet; the last three are final."""

    STARTED = "started"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    CANCELED = "canceled"


PENDING_STATUSES = (AttemptStatus.STARTED, AttemptStatus.REQUIRES_ACTION, AttemptStatus.PROCESSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """What was used to pay, as far as it may be shown. `fingerprint` tells two cards apart without saying which they are."""

    method: str
    brand: str | None = None
    last_four: str | None = None
    country: str | None = None
    funding: Literal["credit", "debit"] | None = None
    holder: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try. `gateway_key` is the idempotency key, stored before the gateway hears of it and never replaced."""

    id: UUID
    organization_id: UUID
    checkout_id: UUID
    order_id: UUID
    purpose: Purpose
    status: AttemptStatus
    gateway: str
    gateway_key: UUID
    gateway_reference: str | None = None
    confirmation_token: str | None
    amount_minor: int
    currency: str
    instrument: Instrument | None = None
    action_url: str | None = None
    decline_code: str | None = None
    decline_message: str | None = None
    created_at: datetime
    modified_at: datetime | None = None
    return_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """The money is captured (or the method is saved)."""

    reference: str
    instrument: Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsAction:
    """The buyer has to do something at `url` first: a bank's challenge, a redirect.

    `client_secret` is what the gateway's own script needs where a page wants to do it in place.
    """

    reference: str
    url: str
    instrument: Instrument
    client_secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """Accepted, decided later (bank debits, vouchers)."""

    reference: str
    instrument: Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """Refused; nothing was charged."""

    code: str
    message: str
    advice: str
    reference: str | None = None
    instrument: Instrument | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No answer, or none that can be trusted: the reconciler will ask again under the same key."""

    reason: str


Verdict = Succeeded | NeedsAction | Processing | Declined | Unknown

_GENERIC = ("Your bank declined the card.", "Try another card or ask your bank.")
DECLINES: Mapping[str, tuple[str, str]] = {
    "generic_decline": _GENERIC,
    "card_declined": _GENERIC,
    "lost_card": ("Your bank declined the card.", "Try another card."),
    "stolen_card": ("Your bank declined the card.", "Try another card."),
    "insufficient_funds": ("The card does not have enough money for this.", "Try another card or method."),
    "expired_card": ("This card has expired.", "Check the date or use another card."),
    "incorrect_cvc": ("The security code is wrong.", "It is the 3 digits on the back (4 on the front for Amex)."),
    "incorrect_number": ("The card number is not right.", "Check the digits."),
    "invalid_expiry": ("The expiry date is not right.", "Check the month and year on the card."),
    "processing_error": ("The payment system had a problem.", "Try again in a minute."),
    "card_velocity_exceeded": ("Too many tries with this card.", "Wait a while or use another one."),
    "authentication_failure": (
        "Your bank could not confirm it was you.",
        "Try again or use another card.",
    ),
    "live_in_test": (
        "This is test mode: real cards do not work.",
        "Use 4242 4242 4242 4242.",
    ),
    "unknown_token": (
        "The payment details were not recognised.",
        "Enter the card again.",
    ),
    "customer_cancelled": ("You stopped before paying.", "Pay again when you are ready."),
}


def decline(code: str, *, reference: str | None = None, instrument: Instrument | None = None) -> Declined:
    """A refusal with its words; a code without words of its own is told as a generic decline."""
    message, advice = DECLINES.get(code, _GENERIC)
    return Declined(code=code, message=message, advice=advice, reference=reference, instrument=instrument)
