"""Hear: a gateway told that something happened to a payment. What it says is only a reason to ask how the payment stands now.

So it does not matter in which order news comes, how often, or how old it is: the answer to the question is settled, and settling twice
changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import structlog

from checkstand.domain.payment import PENDING_STATUSES, AttemptStatus, Succeeded, Unknown
from checkstand.flows.ports import Ports
from checkstand.flows.settle_payment import settle_payment
from checkstand.store import payments

log = structlog.get_logger(__name__)


async def hear_gateway(ports: Ports, organization_id: UUID, attempt_id: UUID, reference: str) -> bool:
    """False: the gateway could not say how the payment stands, so it should tell again later. News of strangers is no trouble."""
    attempt = await payments.by_id(ports.db, organization_id, attempt_id)
    if attempt is None or attempt.gateway != ports.gateway.name:
        return True
    if attempt.gateway_reference not in (None, reference) or attempt.status is AttemptStatus.SUCCEEDED:
        return True
    verdict = await ports.gateway.lookup(replace(attempt, gateway_reference=reference))
    if verdict is None or isinstance(verdict, Unknown):
        return False
    if attempt.status in PENDING_STATUSES:
        await settle_payment(ports, attempt, verdict)
    elif isinstance(verdict, Succeeded):
        # Refused intents are closed, so this takes a hand at the gateway itself; only a person can say what to do.
        log.error("paid_after_decline", attempt_id=str(attempt_id), reference=reference)
    return True
