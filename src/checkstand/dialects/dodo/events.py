"""From facts to Dodo's events (dodo.md 4.4 to 4.6). The object is read anew at each delivery, with the try the event tells of.

A declined try is told as failed even when a later one succeeded meanwhile: the event's name and its object never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from checkstand.dialects.dodo import disputes as dispute_routes
from checkstand.dialects.dodo import refunds as refund_routes
from checkstand.dialects.dodo import sales
from checkstand.dialects.dodo.translate import business_id
from checkstand.dialects.dodo.wire import Json, moment
from checkstand.domain.errors import NotFound
from checkstand.domain.facts import Fact, FactType
from checkstand.domain.organization import Organization
from checkstand.domain.payment import Attempt, AttemptStatus
from checkstand.domain.webhook import Endpoint
from checkstand.flows.ports import Ports
from checkstand.flows.read_sale import sale_of_payment
from checkstand.store import disputes, refunds

EVENTS: Mapping[FactType, tuple[str, ...]] = {
    FactType.PAYMENT_PROCESSING: ("payment.processing",),
    FactType.PAYMENT_SUCCEEDED: ("payment.succeeded",),
    FactType.PAYMENT_DECLINED: ("payment.failed",),
    FactType.REFUND_SUCCEEDED: ("refund.succeeded",),
    FactType.REFUND_FAILED: ("refund.failed",),
    FactType.DISPUTE_OPENED: ("dispute.opened",),
    FactType.DISPUTE_CHALLENGED: ("dispute.challenged",),
    FactType.DISPUTE_ACCEPTED: ("dispute.accepted",),
    FactType.DISPUTE_CANCELLED: ("dispute.cancelled",),
    FactType.DISPUTE_EXPIRED: ("dispute.expired",),
    FactType.DISPUTE_WON: ("dispute.won",),
    FactType.DISPUTE_LOST: ("dispute.lost",),
}
_STATES = {
    FactType.PAYMENT_PROCESSING: AttemptStatus.PROCESSING,
    FactType.PAYMENT_SUCCEEDED: AttemptStatus.SUCCEEDED,
    FactType.PAYMENT_DECLINED: AttemptStatus.DECLINED,
}


class Events:
    """Satisfies `webhooks.render.Renderer`."""

    fixes_payload = False

    def event_types(self, fact_type: FactType) -> tuple[str, ...]:
        return EVENTS.get(fact_type, ())

    async def payload(
        self, ports: Ports, organization: Organization, fact: Fact, event_type: str, endpoint: Endpoint
    ) -> str | None:
        try:
            data = await _data(ports, organization, fact)
        except NotFound:
            return None
        envelope = {
            "business_id": business_id(organization),
            "type": event_type,
            "timestamp": moment(fact.occurred_at),
            "data": data,
        }
        return orjson.dumps(envelope).decode()


async def _data(ports: Ports, organization: Organization, fact: Fact) -> Json:
    """The fact's object in the state that the fact tells of, the rest as it is now. Raises NotFound."""
    family, _, state = fact.type.partition(".")
    if family == "refund":
        refund = await refunds.by_id(ports.db, organization.id, fact.subject_id)
        if refund is None:
            raise NotFound
        sale = await sale_of_payment(ports, organization, refund.order_id)
        return {"payload_type": "Refund", **refund_routes.detailed(refund, sale, organization), "status": state}
    if family == "dispute":
        dispute = await disputes.by_id(ports.db, organization.id, fact.subject_id)
        if dispute is None:
            raise NotFound
        sale = await sale_of_payment(ports, organization, dispute.order_id)
        shown = dispute_routes.detailed(dispute, sale, organization)
        return {"payload_type": "Dispute", **shown, "dispute_status": f"dispute_{state}"}
    sale = await sale_of_payment(ports, organization, fact.subject_id)
    attempt = _told_of(sale.attempts, fact)
    return {
        "payload_type": "Payment",
        **sales.payment(sale, organization, public_url=ports.public_url(), attempt=attempt),
    }


def _told_of(attempts: Sequence[Attempt], fact: Fact) -> Attempt | None:
    """The try that the fact is about, in the state it was given then. Its verdict and the fact carry the same time."""
    state = _STATES[fact.type]
    same_state = [attempt for attempt in attempts if attempt.status is state]
    for attempt in same_state:
        if attempt.modified_at == fact.occurred_at:
            return attempt
    if same_state:
        return same_state[-1]
    # It has moved on since (processing, then decided): the rest is as it is now, the state as it was told.
    return replace(attempts[-1], status=state) if attempts else None
