"""Fan-out: each fact becomes a delivery for every endpoint that wants one of its events, in the order things happened.

Payloads are rendered first, outside any transaction. Then one worker at a time writes a batch in one short transaction, leaving out
what another one has dealt with meanwhile: so a delivery's place in its endpoint's queue is the fact's place in history, and each
exists once. An endpoint hears of nothing that happened before it existed.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
import structlog

from checkstand.domain.facts import Fact
from checkstand.domain.organization import Dialect, Organization
from checkstand.domain.webhook import Delivery, Endpoint
from checkstand.flows.ports import Ports
from checkstand.store import deliveries, facts, webhooks
from checkstand.webhooks.render import Renderer

BATCH = 250
log = structlog.get_logger(__name__)


async def fan_out(ports: Ports, renderers: Mapping[Dialect, Renderer], *, limit: int = BATCH) -> int | None:
    """How many facts were dealt with, at most `limit`; None when another worker is at it."""
    pending = await facts.pending(ports.db, limit=limit)
    if not pending:
        return 0
    listening = await webhooks.listening(ports.db, list({fact.organization_id for fact in pending}))
    queued: list[Delivery] = []
    for fact in pending:
        for endpoint in listening.get(fact.organization_id, ()):
            queued += await _deliveries(ports, renderers[endpoint.dialect], fact, endpoint)
    async with ports.db.transaction() as tx:
        if not await facts.take_turn(tx):
            return None
        new = await facts.mark_done(tx, pending)
        await deliveries.add(tx, [delivery for delivery in queued if delivery.fact_id in new])
    return len(pending)


def wants(endpoint: Endpoint, event_type: str) -> bool:
    """Whether an endpoint asked for this event: a Dodo endpoint that lists none wants all, a Polar one none."""
    if not endpoint.events:
        return endpoint.dialect == "dodo"
    return event_type in endpoint.events


async def _deliveries(ports: Ports, renderer: Renderer, fact: Fact, endpoint: Endpoint) -> list[Delivery]:
    wanted = [event for event in renderer.event_types(fact.type) if wants(endpoint, event)]
    if not wanted or fact.occurred_at < endpoint.created_at:
        return []
    organization = await ports.cache.organization(fact.organization_id)
    made = []
    for event_type in wanted:
        is_told, payload = True, None
        if renderer.fixes_payload:
            is_told, payload = await _fixed_payload(ports, renderer, organization, fact, event_type, endpoint)
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
        payload = await render(ports, renderer, organization, fact, event_type, endpoint)
    except Exception:
        log.exception("webhook_not_rendered", fact_id=str(fact.id), event_type=event_type)
        return True, None
    return payload is not None, payload


async def render(
    ports: Ports, renderer: Renderer, organization: Organization, fact: Fact, event_type: str, endpoint: Endpoint
) -> str | None:
    """The body of one event in the endpoint's format: the dialect's JSON, or the plainest message of Discord or Slack."""
    payload = await renderer.payload(ports, organization, fact, event_type, endpoint)
    if payload is None or endpoint.format == "raw":
        return payload
    text = f"{organization.name}: {event_type}"
    return orjson.dumps({"content" if endpoint.format == "discord" else "text": text}).decode()
