"""Fan-out: each fact becomes a delivery for every endpoint that wants one of its events, in the order things happened.

Payloads are rendered first, outside any transaction. Then one worker at a time writes a batch in one short transaction, leaving out
what another one has dealt with meanwhile: so a delivery's place in its endpoint's queue is the fact's place in history, and each
exists once. An endpoint hears of nothing that happened before it existed. Organizations take turns: one that makes facts by the
thousand, or has endpoints by the hundred, holds up its own events alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum
from uuid import UUID

import structlog

from checkstand.domain.facts import Fact
from checkstand.domain.organization import Organization
from checkstand.domain.profile import Dialect
from checkstand.domain.webhook import Delivery, Endpoint
from checkstand.flows.ports import Ports
from checkstand.store import facts
from checkstand.store.delivery import deliveries, webhooks
from checkstand.webhooks.render import Renderer

BATCH = 250
# Of one organization, and of all, in one transaction.
MOST_DELIVERIES_OF_ONE = 250
MOST_DELIVERIES = 2_000
log = structlog.get_logger(__name__)


class FanOut(Enum):
    """How a fan-out ended."""

    DONE = "no fact waits that was there when it began"
    MORE = "it did its part, and more wait"
    ELSEWHERE = "another worker is at it"


async def fan_out(ports: Ports, renderers: Mapping[Dialect, Renderer], *, limit: int = BATCH) -> FanOut:
    """Deal with facts of all organizations in turn: at most `limit`, and of one no more than make a few hundred deliveries."""
    pending = await facts.pending(ports.db, limit=limit)
    if not pending:
        return FanOut.DONE
    listening = await webhooks.listening(ports.db, list({fact.organization_id for fact in pending}))
    queued: list[Delivery] = []
    dealt_with: list[Fact] = []
    made: Counter[UUID] = Counter()
    for fact in pending:
        if len(queued) >= MOST_DELIVERIES:
            break
        if made[fact.organization_id] >= MOST_DELIVERIES_OF_ONE:
            continue
        deliveries_of_fact = await _deliveries(ports, renderers, fact, listening.get(fact.organization_id, ()))
        made[fact.organization_id] += len(deliveries_of_fact)
        queued += deliveries_of_fact
        dealt_with.append(fact)
    async with ports.db.transaction() as tx:
        if not await facts.take_turn(tx):
            return FanOut.ELSEWHERE
        new = await facts.mark_done(tx, dealt_with)
        await deliveries.add(tx, [delivery for delivery in queued if delivery.fact_id in new])
    return FanOut.MORE if len(dealt_with) < len(pending) or len(pending) == limit else FanOut.DONE


def wants(endpoint: Endpoint, event_type: str) -> bool:
    """Whether an endpoint wants this event. For one that lists no events, the rules of its API decide."""
    if not endpoint.events:
        return endpoint.rules.hears_all_by_default
    return event_type in endpoint.events


async def _deliveries(
    ports: Ports, renderers: Mapping[Dialect, Renderer], fact: Fact, listening: Sequence[Endpoint]
) -> list[Delivery]:
    """A delivery of each event of a fact for each endpoint that wants it. Endpoints that get the same text share its rendering."""
    organization = await ports.cache.organization(fact.organization_id)
    rendered: dict[tuple[str, str, str, str], tuple[bool, str | None]] = {}
    made = []
    for endpoint in listening:
        renderer = renderers[endpoint.dialect]
        if fact.occurred_at < endpoint.created_at:
            continue
        for event_type in renderer.event_types(fact.type):
            if not wants(endpoint, event_type):
                continue
            is_told, payload = True, None
            if renderer.fixes_payload:
                text = (endpoint.dialect, event_type, endpoint.api_version, endpoint.format)
                if text not in rendered:
                    rendered[text] = await _fixed_payload(ports, renderer, organization, fact, event_type, endpoint)
                is_told, payload = rendered[text]
            if is_told:
                made.append(_delivery(ports, organization, fact, event_type, endpoint, payload))
    return made


def _delivery(
    ports: Ports, organization: Organization, fact: Fact, event_type: str, endpoint: Endpoint, payload: str | None
) -> Delivery:
    now = ports.now(organization)
    return Delivery(
        id=ports.new_id(),
        organization_id=organization.id,
        endpoint_id=endpoint.id,
        fact_id=fact.id,
        sequence=0,
        event_type=event_type,
        payload=payload,
        status="pending",
        attempts=0,
        next_attempt_at=now,
        last_http_code=None,
        created_at=now,
    )


async def _fixed_payload(
    ports: Ports, renderer: Renderer, organization: Organization, fact: Fact, event_type: str, endpoint: Endpoint
) -> tuple[bool, str | None]:
    """(whether there is something to tell, what). One that cannot be rendered is queued without: its tries will say so.

    A fault in one event's rendering must neither lose it nor stop everybody's webhooks.
    """
    try:
        payload = await renderer.payload(ports, organization, fact, event_type, endpoint)
    except Exception:
        log.exception("webhook_not_rendered", fact_id=str(fact.id), event_type=event_type)
        return True, None
    return payload is not None, payload
