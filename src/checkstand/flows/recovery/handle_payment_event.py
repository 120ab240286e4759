"""Handle an event of a payment: a gateway told that something happened to it, which is a reason to ask how the payment stands now.

So it does not matter in which order events come, how often, or how old they are: the gateway's answer is settled, and settling twice
changes nothing. Events of refunds and disputes have modules of their own, by the same rule.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import Enum
from typing import TypeVar
from uuid import UUID

import structlog

from checkstand.domain.payment import PENDING_STATUSES, Attempt, AttemptStatus, Succeeded, Unknown
from checkstand.flows.payments.record_fee import fetch_missing_fee
from checkstand.flows.payments.settle_payment import settle_payment
from checkstand.flows.ports import Ports
from checkstand.gateways.base import GatewaySilent, ReportingGateway
from checkstand.store.sales.payments import ATTEMPTS

T = TypeVar("T")
log = structlog.get_logger(__name__)


class EventOutcome(Enum):
    """What became of a gateway's event."""

    HANDLED = "handled"  # also where it is about a payment that is not here
    TRY_AGAIN = "try_again"  # the gateway should send it again later
    NOT_OURS = "not_ours"  # it is about nothing that we ask of a gateway


async def handle_payment_event(ports: Ports, organization_id: UUID, attempt_id: UUID, reference: str) -> EventOutcome:
    """Settle the payment as the gateway has it now. TRY_AGAIN: the gateway could not say. HANDLED also for an unknown payment."""
    attempt = await ATTEMPTS.by_id(ports.db, organization_id, attempt_id)
    if attempt is None or attempt.gateway != ports.gateway.name:
        return EventOutcome.HANDLED
    if attempt.gateway_reference not in (None, reference):
        return EventOutcome.HANDLED
    if attempt.status is AttemptStatus.SUCCEEDED:
        return EventOutcome.HANDLED if await fetch_missing_fee(ports, attempt) else EventOutcome.TRY_AGAIN
    verdict = await ports.gateway.lookup(replace(attempt, gateway_reference=reference))
    if verdict is None or isinstance(verdict, Unknown):
        return EventOutcome.TRY_AGAIN
    if attempt.status in PENDING_STATUSES:
        await settle_payment(ports, attempt, verdict)
    elif isinstance(verdict, Succeeded):
        # Refused intents are closed, so this takes a hand at the gateway itself; only a person can say what to do.
        log.error("paid_after_decline", attempt_id=str(attempt_id), reference=reference)
    return EventOutcome.HANDLED


async def find_paid_attempt(
    ports: Ports, organization_id: UUID, attempt_id: UUID, reference: str
) -> Attempt | EventOutcome:
    """The payment that money comes back from, settled first where its own event is still on the way.

    HANDLED: there is no such payment here, or none that was paid. TRY_AGAIN: the gateway should send the event again later.
    """
    for _ in range(2):
        attempt = await ATTEMPTS.by_id(ports.db, organization_id, attempt_id)
        if attempt is None or attempt.gateway != ports.gateway.name:
            return EventOutcome.HANDLED
        if attempt.status is AttemptStatus.SUCCEEDED:
            return attempt if attempt.gateway_reference == reference else EventOutcome.HANDLED
        if await handle_payment_event(ports, organization_id, attempt_id, reference) is EventOutcome.TRY_AGAIN:
            return EventOutcome.TRY_AGAIN
    log.error("returned_without_payment", attempt_id=str(attempt_id), reference=reference)
    return EventOutcome.HANDLED


async def read_report(ports: Ports, ask: Callable[[ReportingGateway], Awaitable[T | None]]) -> T | EventOutcome:
    """The gateway's own report on a refund or a dispute.

    HANDLED: it has nothing to do with us, or the gateway reports nothing. TRY_AGAIN: the gateway should send the event again later.
    """
    if not isinstance(ports.gateway, ReportingGateway):
        return EventOutcome.HANDLED
    try:
        return await ask(ports.gateway) or EventOutcome.HANDLED
    except GatewaySilent:
        return EventOutcome.TRY_AGAIN
