"""From facts to Dodo's events. The object is read anew at each delivery, with the try the event tells of.

A declined try is told as failed even when a later one succeeded meanwhile: the event's name and its object never disagree.

Source: docs/behaviour/dodo.md#events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from checkstand.dialects.dodo.answers.dispute import DisputeStatus
from checkstand.dialects.dodo.answers.event import (
    DisputeEvent,
    DisputeEventType,
    Event,
    PaymentEvent,
    PaymentEventType,
    RefundEvent,
    RefundEventType,
)
from checkstand.dialects.dodo.orders import disputes as dispute_routes
from checkstand.dialects.dodo.orders import refunds as refund_routes
from checkstand.dialects.dodo.shown import sales
from checkstand.dialects.dodo.shown.products import business_id
from checkstand.dialects.dodo.wire.words import moment
from checkstand.domain.errors import NotFound
from checkstand.domain.facts import Fact, FactType
from checkstand.domain.organization import Organization
from checkstand.domain.payment import Attempt, AttemptStatus
from checkstand.domain.refund import RefundStatus
from checkstand.domain.webhook import Endpoint
from checkstand.flows.orders.read_sale import sale_of_payment
from checkstand.flows.ports import Ports
from checkstand.store.sales.disputes import DISPUTES
from checkstand.store.sales.refunds import REFUNDS

# A fact -> its event, and the state that the event tells of.
PAYMENT_EVENTS: Mapping[FactType, tuple[PaymentEventType, AttemptStatus]] = {
    FactType.PAYMENT_PROCESSING: ("payment.processing", AttemptStatus.PROCESSING),
    FactType.PAYMENT_SUCCEEDED: ("payment.succeeded", AttemptStatus.SUCCEEDED),
    FactType.PAYMENT_DECLINED: ("payment.failed", AttemptStatus.DECLINED),
}
REFUND_EVENTS: Mapping[FactType, tuple[RefundEventType, RefundStatus]] = {
    FactType.REFUND_SUCCEEDED: ("refund.succeeded", "succeeded"),
    FactType.REFUND_FAILED: ("refund.failed", "failed"),
}
DISPUTE_EVENTS: Mapping[FactType, tuple[DisputeEventType, DisputeStatus]] = {
    FactType.DISPUTE_OPENED: ("dispute.opened", "dispute_opened"),
    FactType.DISPUTE_CHALLENGED: ("dispute.challenged", "dispute_challenged"),
    FactType.DISPUTE_ACCEPTED: ("dispute.accepted", "dispute_accepted"),
    FactType.DISPUTE_CANCELLED: ("dispute.cancelled", "dispute_cancelled"),
    FactType.DISPUTE_EXPIRED: ("dispute.expired", "dispute_expired"),
    FactType.DISPUTE_WON: ("dispute.won", "dispute_won"),
    FactType.DISPUTE_LOST: ("dispute.lost", "dispute_lost"),
}
EVENTS: Mapping[FactType, str] = {
    fact: name for fact, (name, _) in [*PAYMENT_EVENTS.items(), *REFUND_EVENTS.items(), *DISPUTE_EVENTS.items()]
}


class Events:
    """Satisfies `webhooks.render.Renderer`."""

    fixes_payload = False

    def event_types(self, fact_type: FactType) -> tuple[str, ...]:
        return (EVENTS[fact_type],) if fact_type in EVENTS else ()

    async def payload(
        self, ports: Ports, organization: Organization, fact: Fact, event_type: str, endpoint: Endpoint
    ) -> str | None:
        try:
            event = await _event(ports, organization, fact)
        except NotFound:
            return None
        return orjson.dumps(event).decode()


async def _event(ports: Ports, organization: Organization, fact: Fact) -> Event:
    """The fact's object in the state that the fact tells of, the rest as it is now. Raises NotFound."""
    if fact.type in REFUND_EVENTS:
        return await _of_refund(ports, organization, fact)
    if fact.type in DISPUTE_EVENTS:
        return await _of_dispute(ports, organization, fact)
    return await _of_payment(ports, organization, fact)


async def _of_refund(ports: Ports, organization: Organization, fact: Fact) -> RefundEvent:
    name, status = REFUND_EVENTS[fact.type]
    refund = await REFUNDS.by_id(ports.reads, organization.id, fact.subject_id)
    if refund is None:
        raise NotFound
    sale = await sale_of_payment(ports, organization, refund.order_id)
    shown = refund_routes.detailed(refund, sale, organization)
    return {
        "business_id": business_id(organization),
        "type": name,
        "timestamp": moment(fact.occurred_at),
        "data": {"payload_type": "Refund", **shown, "status": status},
    }


async def _of_dispute(ports: Ports, organization: Organization, fact: Fact) -> DisputeEvent:
    name, status = DISPUTE_EVENTS[fact.type]
    dispute = await DISPUTES.by_id(ports.reads, organization.id, fact.subject_id)
    if dispute is None:
        raise NotFound
    sale = await sale_of_payment(ports, organization, dispute.order_id)
    shown = dispute_routes.detailed(dispute, sale, organization)
    return {
        "business_id": business_id(organization),
        "type": name,
        "timestamp": moment(fact.occurred_at),
        "data": {"payload_type": "Dispute", **shown, "dispute_status": status},
    }


async def _of_payment(ports: Ports, organization: Organization, fact: Fact) -> PaymentEvent:
    name, state = PAYMENT_EVENTS[fact.type]
    sale = await sale_of_payment(ports, organization, fact.subject_id)
    attempt = _told_of(sale.attempts, state, fact)
    shown = sales.payment(sale, organization, public_url=ports.public_url(), attempt=attempt)
    return {
        "business_id": business_id(organization),
        "type": name,
        "timestamp": moment(fact.occurred_at),
        "data": {"payload_type": "Payment", **shown},
    }


def _told_of(attempts: Sequence[Attempt], state: AttemptStatus, fact: Fact) -> Attempt | None:
    """The try that the fact is about, in the state it was given then. Its verdict and the fact carry the same time."""
    same_state = [attempt for attempt in attempts if attempt.status is state]
    for attempt in same_state:
        if attempt.modified_at == fact.occurred_at:
            return attempt
    if same_state:
        return same_state[-1]
    # It has moved on since (processing, then decided): the rest is as it is now, the state as it was told.
    return replace(attempts[-1], status=state) if attempts else None
