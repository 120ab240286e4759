"""From facts to Dodo's events (dodo.md 4.4 to 4.6). The object is read anew at each delivery, with the try the event tells of.

A declined try is told as failed even when a later one succeeded meanwhile: the event's name and its object never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from checkstand.dialects.dodo import sales
from checkstand.dialects.dodo.translate import business_id
from checkstand.dialects.dodo.wire import moment
from checkstand.domain.errors import NotFound
from checkstand.domain.facts import Fact, FactType
from checkstand.domain.organization import Organization
from checkstand.domain.payment import Attempt, AttemptStatus
from checkstand.domain.webhook import Endpoint
from checkstand.flows.ports import Ports
from checkstand.flows.read_sale import sale_of_payment

EVENTS: Mapping[FactType, tuple[str, ...]] = {
    FactType.PAYMENT_PROCESSING: ("payment.processing",),
    FactType.PAYMENT_SUCCEEDED: ("payment.succeeded",),
    FactType.PAYMENT_DECLINED: ("payment.failed",),
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
            sale = await sale_of_payment(ports, organization, fact.subject_id)
        except NotFound:
            return None
        attempt = _told_of(sale.attempts, fact)
        shown = sales.payment(sale, organization, public_url=ports.public_url(), attempt=attempt)
        envelope = {
            "business_id": business_id(organization),
            "type": event_type,
            "timestamp": moment(fact.occurred_at),
            "data": {"payload_type": "Payment", **shown},
        }
        return orjson.dumps(envelope).decode()


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
