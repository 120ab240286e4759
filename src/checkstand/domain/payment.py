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
# What a method is kept for: later charges without the buyer, or only the next time that they are here.
Saving = Literal["again", "next_time"]


class AttemptStatus(StrEnum):
    """`started` has no verdict yet; the last three are final. When only a part was captured, the rest may come or all goes back."""

    STARTED = "started"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    PARTIALLY_CAPTURED = "partially_captured"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    CANCELED = "canceled"


PENDING_STATUSES = (
    AttemptStatus.STARTED,
    AttemptStatus.REQUIRES_ACTION,
    AttemptStatus.PROCESSING,
    AttemptStatus.PARTIALLY_CAPTURED,
)


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
class Voucher:
    """What a buyer pays with at a cash machine or by transfer: who gets the money, under which number, until when."""

    entity: str
    reference: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to pay. `gateway_key` is the idempotency key, stored before the gateway is called and never replaced.

    `decided_by`: until when the gateway will have made up its mind, where it says so. `captured_minor`: how much of it has arrived
    while not all has; an order and the books wait for the whole. `saves`: what its method is kept for. `method_id`: the saved method
    that it pays with or has become; `gateway_method` of `gateway_customer` at the gateway.
    """

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
    decided_by: datetime | None = None
    voucher: Voucher | None = None
    captured_minor: int = 0
    created_at: datetime
    modified_at: datetime | None = None
    return_url: str | None = None
    saves: Saving | None = None
    method_id: UUID | None = None
    gateway_method: str | None = None
    gateway_customer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """What a gateway keeps for taking a payment, in the currency that it settles in."""

    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """The money is captured (or the method is saved). `saved_as`: the gateway's name of the method, where it was asked to keep it.

    `tells_fee_later`: the gateway keeps a part of it and cannot say yet how much; it will tell, or can be asked.
    """

    reference: str
    instrument: Instrument
    saved_as: str | None = None
    fee: Fee | None = None
    tells_fee_later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsAction:
    """The buyer has to do something at `url` first: a bank's challenge, a redirect.

    `client_secret` is what the gateway's own script needs where a page wants to do it in place.
    """

    reference: str
    url: str
    instrument: Instrument
    decided_by: datetime | None = None
    client_secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """Accepted, decided later (bank debits, vouchers): at `decided_by` at the latest, where the gateway knows.

    `captured_minor`: what has arrived of it so far; all of it goes back when the rest does not come.
    """

    reference: str
    instrument: Instrument
    decided_by: datetime | None = None
    voucher: Voucher | None = None
    captured_minor: int = 0


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
    """The gateway gave no answer, or none that can be trusted: the reconciler will ask again under the same key."""

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
    "authentication_timeout": (
        "Nobody approved the payment at your bank in time.",
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
    "payment_method_unsupported": (
        "This card cannot be used for this purchase.",
        "Try another card or another way to pay.",
    ),
    "too_many_declines": (
        "Too many payments were declined in this checkout.",
        "Ask the shop for a new link.",
    ),
}
_OTHER = ("The payment was declined.", "Try again, or choose another way to pay.")
# What is said where no card was used.
OTHER_DECLINES: Mapping[str, tuple[str, str]] = {
    "insufficient_funds": ("The account does not have enough money for this.", "Try another account or way to pay."),
    "authentication_timeout": ("Nobody approved the payment in time.", "Try again, or choose another way to pay."),
    "invalid_account": ("The bank account is not right, or is closed.", "Check the number, or use another account."),
    "invalid_upi_id": ("That UPI ID was not found.", "It looks like name@bank."),
    "account_not_for_tests": (
        "This is test mode: only the accounts for tests can be used.",
        "The field says which one succeeds.",
    ),
    "mandate_invalid": ("The bank account does not allow direct debits.", "Use another account or way to pay."),
    "payment_method_unsupported": ("This way to pay cannot be used for this purchase.", "Choose another one."),
    "voucher_expired": ("The reference was not paid in time.", "Pay again to get a new one."),
    "customer_cancelled": DECLINES["customer_cancelled"],
    "processing_error": DECLINES["processing_error"],
    "too_many_declines": DECLINES["too_many_declines"],
    "unknown_token": DECLINES["unknown_token"],
}


def decline(
    code: str, *, reference: str | None = None, instrument: Instrument | None = None, method: str = "card"
) -> Declined:
    """A refusal with its words; a code without words of its own is told as a generic decline. `method`: an instrument's name."""
    used = instrument.method if instrument else method
    message, advice = DECLINES.get(code, _GENERIC) if used == "card" else OTHER_DECLINES.get(code, _OTHER)
    return Declined(code=code, message=message, advice=advice, reference=reference, instrument=instrument)
