"""What webhooks carry (docs/behaviour/dodo.md#events): an envelope, and in it the object in the state that the event tells of."""

from __future__ import annotations

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
