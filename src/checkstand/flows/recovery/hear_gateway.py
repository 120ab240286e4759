"""Hear: a gateway told that something happened to a payment. What it says is only a reason to ask how the payment stands now.

So it does not matter in which order news comes, how often, or how old it is: the answer to the question is settled, and settling twice
changes nothing. Refunds and disputes are heard of in modules of their own, by the same rule.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

import structlog

from checkstand.domain.payment import PENDING_STATUSES, Attempt, AttemptStatus, Succeeded, Unknown
from checkstand.flows.payments.settle_payment import settle_payment
from checkstand.flows.payments.take_fee import hear_of_fee
from checkstand.flows.ports import Ports
from checkstand.gateways.base import GatewaySilent, Reports
from checkstand.store.sales.payments import ATTEMPTS

T = TypeVar("T")
log = structlog.get_logger(__name__)


async def hear_gateway(ports: Ports, organization_id: UUID, attempt_id: UUID, reference: str) -> bool:
    """False: the gateway could not say how the payment stands, so it should tell again later. News of strangers is no trouble."""
    attempt = await ATTEMPTS.by_id(ports.db, organization_id, attempt_id)
    if attempt is None or attempt.gateway != ports.gateway.name:
        return True
    if attempt.gateway_reference not in (None, reference):
        return True
    if attempt.status is AttemptStatus.SUCCEEDED:
        return await hear_of_fee(ports, attempt)
    verdict = await ports.gateway.lookup(replace(attempt, gateway_reference=reference))
    if verdict is None or isinstance(verdict, Unknown):
        return False
    if attempt.status in PENDING_STATUSES:
        await settle_payment(ports, attempt, verdict)
    elif isinstance(verdict, Succeeded):
        # Refused intents are closed, so this takes a hand at the gateway itself; only a person can say what to do.
        log.error("paid_after_decline", attempt_id=str(attempt_id), reference=reference)
    return True


async def settled_payment(ports: Ports, organization_id: UUID, attempt_id: UUID, reference: str) -> Attempt | bool:
    """The payment that money comes back from, settled first where its own news is still on the way.

    True: there is no such payment here, or none that was paid. False: the gateway should tell again later.
    """
    for _ in range(2):
        attempt = await ATTEMPTS.by_id(ports.db, organization_id, attempt_id)
        if attempt is None or attempt.gateway != ports.gateway.name:
            return True
        if attempt.status is AttemptStatus.SUCCEEDED:
            return attempt if attempt.gateway_reference == reference else True
        if not await hear_gateway(ports, organization_id, attempt_id, reference):
            return False
    log.error("returned_without_payment", attempt_id=str(attempt_id), reference=reference)
    return True


async def reported(ports: Ports, ask: Callable[[Reports], Awaitable[T | None]]) -> T | bool:
    """How something stands by the gateway's own word.

    True: it has nothing to do with us, or the gateway reports nothing. False: the gateway should tell again later.
    """
    if not isinstance(ports.gateway, Reports):
        return True
    try:
        return await ask(ports.gateway) or True
    except GatewaySilent:
        return False
