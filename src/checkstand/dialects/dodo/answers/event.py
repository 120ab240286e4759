"""What webhooks carry (docs/behaviour/dodo.md#events): an envelope, and in it the object in the state that the event tells of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from typing_extensions import TypedDict

from checkstand.answers import Moment
from checkstand.dialects.dodo.answers.dispute import Dispute
from checkstand.dialects.dodo.answers.payment import Payment
from checkstand.dialects.dodo.answers.refund import Refund

PaymentEventType = Literal["payment.processing", "payment.succeeded", "payment.failed"]
RefundEventType = Literal["refund.succeeded", "refund.failed"]
DisputeEventType = Literal[
    "dispute.opened",
    "dispute.challenged",
    "dispute.accepted",
    "dispute.cancelled",
    "dispute.expired",
    "dispute.won",
    "dispute.lost",
]


class EventBase(TypedDict):
    """The envelope of every event. `timestamp` is when it happened, however late it is delivered."""

    business_id: str
    timestamp: Moment


class PaymentPayload(Payment):
    """The payment that an event tells of, as its try left it."""

    payload_type: Literal["Payment"]


class PaymentEvent(EventBase):
    """A try to pay has ended, or has begun to take longer."""

    type: PaymentEventType
    data: PaymentPayload


class RefundPayload(Refund):
    """The refund that an event tells of."""

    payload_type: Literal["Refund"]


class RefundEvent(EventBase):
    """A refund has reached its buyer, or has failed."""

    type: RefundEventType
    data: RefundPayload


class DisputePayload(Dispute):
    """The dispute that an event tells of, in the state that it had then."""

    payload_type: Literal["Dispute"]


class DisputeEvent(EventBase):
    """A buyer's bank has opened a dispute, or one has moved on."""

    type: DisputeEventType
    data: DisputePayload


Event = PaymentEvent | RefundEvent | DisputeEvent

# One line of each, for the OpenAPI document.
EVENTS_TELL: Mapping[str, str] = {
    "payment.processing": "A try to pay takes longer: its outcome follows.",
    "payment.succeeded": "A payment has succeeded.",
    "payment.failed": "A try to pay was declined; the session may be tried again.",
    "refund.succeeded": "A refund has reached its buyer.",
    "refund.failed": "A refund has failed: the buyer has nothing of it.",
    "dispute.opened": "A buyer's bank has opened a dispute about a payment.",
    "dispute.challenged": "Evidence was handed in against a dispute.",
    "dispute.accepted": "A dispute was accepted: the money stays with the buyer.",
    "dispute.cancelled": "A dispute was taken back by the buyer or the bank.",
    "dispute.expired": "The time to answer a dispute has passed.",
    "dispute.won": "A dispute was decided for the merchant.",
    "dispute.lost": "A dispute was decided for the buyer.",
}
