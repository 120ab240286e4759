"""Payments as they are answered: every try of every session, declined ones too (docs/behaviour/polar.md#payments)."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from checkstand.answers import Minor, Moment, Uuid
from checkstand.dialects.polar.answers.common import CurrencyCode

PaymentStatus = Literal["pending", "succeeded", "failed"]


class CardPaymentMetadata(TypedDict):
    """What may be shown of a card. Before the gateway told which it is: `unknown` and `0000`."""

    brand: str
    last4: str


class Payment(TypedDict):
    """One try to pay a session. `order_id` is null until the session is paid.

    `method_metadata` is there for cards alone. `processor_metadata` is empty: what the gateway notes for itself stays on the server.
    """

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    processor: Literal["stripe"]
    status: PaymentStatus
    amount: Minor
    currency: CurrencyCode
    method: str
    trigger: Literal["purchase"] | None
    decline_reason: str | None
    decline_message: str | None
    organization_id: Uuid
    checkout_id: Uuid
    order_id: Uuid | None
    processor_metadata: dict[str, object]
    method_metadata: NotRequired[CardPaymentMetadata]
