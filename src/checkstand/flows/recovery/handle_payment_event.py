"""Hear: a gateway told that something happened to a payment. What it says is only a reason to ask how the payment stands now.

So it does not matter in which order news comes, how often, or how old it is: the answer to the question is settled, and settling twice
changes nothing. Refunds and disputes are heard of in modules of their own, by the same rule.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import Enum
from typing import TypeVar
from uuid import UUID

import structlog

from checkstand.domain.payment import PENDING_STATUSES, Attempt, AttemptStatus, Succeeded, Unknown
from checkstand.flows.payments.record_fee import hear_of_fee
from checkstand.flows.payments.settle_payment import settle_payment
from checkstand.flows.ports import Ports
from checkstand.gateways.base import GatewaySilent, Reports
from checkstand.store.sales.payments import ATTEMPTS

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Heard(Enum):
    """What became of a gateway's news."""

    DONE = "done"  # also where it is about a payment that is not here
    ASK_AGAIN = "ask_again"  # the gateway should tell it again later
    NOT_OURS = "not_ours"  # it is about nothing that we ask of a gateway


async def hear_gateway(ports: Ports, organization_id: UUID, attempt_id: UUID, reference: str) -> Heard:
    """What became of the news; ASK_AGAIN where the gateway cannot say how the payment stands. News of strangers is no trouble."""
    attempt = await ATTEMPTS.by_id(ports.db, organization_id, attempt_id)
    if attempt is None or attempt.gateway != ports.gateway.name:
        return Heard.DONE
    if attempt.gateway_reference not in (None, reference):
        return Heard.DONE
    if attempt.status is AttemptStatus.SUCCEEDED:
        return Heard.DONE if await hear_of_fee(ports, attempt) else Heard.ASK_AGAIN
    verdict = await ports.gateway.lookup(replace(attempt, gateway_reference=reference))
    if verdict is None or isinstance(verdict, Unknown):
        return Heard.ASK_AGAIN
    if attempt.status in PENDING_STATUSES:
        await settle_payment(ports, attempt, verdict)
    elif isinstance(verdict, Succeeded):
        # Refused intents are closed, so this takes a hand at the gateway itself; only a person can say what to do.
        log.error("paid_after_decline", attempt_id=str(attempt_id), reference=reference)
    return Heard.DONE


async def settled_payment(ports: Ports, organization_id: UUID, attempt_id: UUID, reference: str) -> Attempt | Heard:
    """The payment that money comes back from, settled first where its own news is still on the way.

    DONE: there is no such payment here, or none that was paid. ASK_AGAIN: the gateway should tell again later.
    """
    for _ in range(2):
        attempt = await ATTEMPTS.by_id(ports.db, organization_id, attempt_id)
        if attempt is None or attempt.gateway != ports.gateway.name:
            return Heard.DONE
        if attempt.status is AttemptStatus.SUCCEEDED:
            return attempt if attempt.gateway_reference == reference else Heard.DONE
        if await hear_gateway(ports, organization_id, attempt_id, reference) is Heard.ASK_AGAIN:
            return Heard.ASK_AGAIN
    log.error("returned_without_payment", attempt_id=str(attempt_id), reference=reference)
    return Heard.DONE


async def reported(ports: Ports, ask: Callable[[Reports], Awaitable[T | None]]) -> T | Heard:
    """How something stands by the gateway's own word.

    DONE: it has nothing to do with us, or the gateway reports nothing. ASK_AGAIN: the gateway should tell again later.
    """
    if not isinstance(ports.gateway, Reports):
        return Heard.DONE
    try:
        return await ask(ports.gateway) or Heard.DONE
    except GatewaySilent:
        return Heard.ASK_AGAIN
