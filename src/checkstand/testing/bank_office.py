"""What a buyer's bank would do by itself: dispute a payment, decide a dispute, end a refund that waits."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from checkstand.domain.dispute import Dispute, DisputeStage, DisputeStatus
from checkstand.domain.errors import NotFound
from checkstand.domain.organization import Organization
from checkstand.domain.payment import Attempt
from checkstand.flows.payments.record_dispute import move_dispute, open_dispute
from checkstand.flows.ports import Ports
from checkstand.flows.refunds.settle_refund import settle_refund
from checkstand.gateways.testbank.gateway import TestGateway
from checkstand.store.sales.refunds import REFUNDS
from checkstand.testing.buyer import NoTestBank


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeOpening:
    """What the tester says of a dispute. `amount`: a part of what is left of the payment."""

    outcome: DisputeStatus = "opened"
    amount: int | None = None
    stage: DisputeStage = "dispute"
    reason: str | None = "The buyer does not recognise the payment."
    remarks: str | None = None


async def dispute(
    ports: Ports, organization: Organization, attempt: Attempt, wanted: DisputeOpening
) -> dict[str, object]:
    """Open a dispute, unless one is open, and move it to its outcome. Raises NotFound for a payment that took no money, Invalid."""
    opened = await open_dispute(
        ports,
        organization,
        attempt.order_id,
        amount_minor=wanted.amount,
        stage=wanted.stage,
        reason=wanted.reason,
    )
    moved = await move_dispute(ports, organization, opened, wanted.outcome, remarks=wanted.remarks)
    return _shown(moved)


def _shown(value: Dispute) -> dict[str, object]:
    return {"id": value.id, "status": value.status, "amount": value.amount_minor, "order_id": value.order_id}


async def resolve_refund(
    ports: Ports, organization: Organization, refund_id: UUID, *, succeeded: bool
) -> dict[str, object]:
    """What the refund has become. Raises NotFound, NoTestBank."""
    if not isinstance(ports.gateway, TestGateway):
        raise NoTestBank
    found = await REFUNDS.by_id(ports.db, organization.id, refund_id)
    if found is None:
        raise NotFound
    settled = await settle_refund(ports, found, await ports.gateway.decide_refund(found, succeeded=succeeded))
    return {"id": settled.id, "status": settled.status, "code": settled.failure_code, "order_id": settled.order_id}
