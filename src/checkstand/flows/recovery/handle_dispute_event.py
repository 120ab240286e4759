"""Handle an event of a dispute: the gateway says how it stands, and ours is opened or moved there. Its id there makes it one dispute.

What the bank only asks about holds no money, so nothing is booked and nothing told before it becomes a dispute; one that is known
first by its being called off held none either.
"""

from __future__ import annotations

import structlog

from checkstand.domain.dispute import Dispute, DisputeReport, may_become
from checkstand.domain.errors import Invalid
from checkstand.domain.organization import Organization
from checkstand.flows.payments.record_dispute import move_dispute, open_dispute
from checkstand.flows.ports import Ports
from checkstand.flows.recovery.handle_payment_event import EventOutcome, find_paid_attempt, read_report
from checkstand.store.sales import disputes

log = structlog.get_logger(__name__)


async def handle_dispute_event(ports: Ports, reference: str) -> EventOutcome:
    """Open or move the dispute as the gateway has it. TRY_AGAIN: the gateway could not say. HANDLED also for an unknown payment."""
    report = await read_report(ports, lambda gateway: gateway.reported_dispute(reference))
    if isinstance(report, EventOutcome):
        return report
    known = await disputes.by_reference(ports.db, report.organization_id, report.reference)
    if known is None and report.status in (None, "cancelled"):
        log.warning("payment_inquired", reference=reference, attempt_id=str(report.attempt_id), reason=report.reason)
        return EventOutcome.HANDLED
    if known is None:
        attempt = await find_paid_attempt(ports, report.organization_id, report.attempt_id, report.payment_reference)
        if isinstance(attempt, EventOutcome):
            return attempt
        organization = await ports.cache.organization(report.organization_id)
        try:
            known = await open_dispute(ports, organization, attempt.order_id, reason=report.reason, report=report)
        except Invalid as refused:
            # Nothing is left of the payment: all of it has gone back, and the bank takes it a second time.
            log.error("dispute_not_booked", reference=reference, order_id=str(attempt.order_id), why=str(refused))
            return EventOutcome.HANDLED
    await _move(ports, await ports.cache.organization(report.organization_id), known, report)
    return EventOutcome.HANDLED


async def _move(ports: Ports, organization: Organization, dispute: Dispute, report: DisputeReport) -> None:
    """Bring the dispute to where the gateway has it. Another one's news may come between: then from there."""
    wanted = report.status
    while wanted is not None and may_become(dispute.status, wanted):
        dispute = await move_dispute(ports, organization, dispute, wanted)
    if wanted in ("won", "lost") and dispute.status != wanted:
        log.error("dispute_changed_after_its_end", reference=report.reference, here=dispute.status, there=wanted)
