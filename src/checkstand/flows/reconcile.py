"""Reconcile: finish what a crash or a lost reply interrupted.

An attempt without a verdict after half a minute is asked for at the gateway under its stored key. A gateway that never heard of it
is asked to charge now, under the same key: the buyer pressed pay, and the key makes sure it happens once.
"""

from __future__ import annotations

from datetime import timedelta

from checkstand.domain.organization import Organization
from checkstand.domain.payment import Attempt, Unknown
from checkstand.flows.confirm_checkout import charge
from checkstand.flows.ports import Ports
from checkstand.flows.settle_payment import settle_payment
from checkstand.store import payments

PATIENCE = timedelta(seconds=30)


async def reconcile(ports: Ports, organization: Organization) -> int:
    """How many attempts got their verdict."""
    before = ports.now(organization) - PATIENCE
    settled = 0
    for attempt in await payments.without_verdict(ports.db, organization_id=organization.id, before=before):
        settled += await _resolve(ports, attempt)
    return settled


async def _resolve(ports: Ports, attempt: Attempt) -> bool:
    if attempt.gateway not in ("none", ports.gateway.name):
        return False  # from before another gateway was chosen: this one knows nothing of it and must not decide
    known = await ports.gateway.lookup(attempt) if attempt.gateway != "none" else None
    verdict = known or await charge(ports, attempt, return_url=attempt.return_url or f"{ports.public_url()}/")
    if isinstance(verdict, Unknown):
        return False
    await settle_payment(ports, attempt, verdict)
    return True
