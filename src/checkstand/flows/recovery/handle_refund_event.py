"""Handle an event of a refund: the gateway says how it stands, and that is settled.

One that was made by hand at the gateway becomes a refund of its order, once: it is stored under a key that is made from the gateway's
own id of it. It divides into net and tax by the same rule as any other (`domain/refund.py`). What is more than the order has left
cannot be recorded truly: it is logged, and the audit tells it.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from checkstand.domain.errors import Invalid
from checkstand.domain.payment import Attempt
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.refund import Refund, RefundFailed, RefundReport
from checkstand.domain.refunding import reported_refund
from checkstand.flows.ports import Ports
from checkstand.flows.recovery.handle_payment_event import EventOutcome, find_paid_attempt, read_report
from checkstand.flows.refunds.settle_refund import settle_refund
from checkstand.store.sales import refunds
from checkstand.store.sales.orders import ORDERS
from checkstand.store.sales.refunds import REFUNDS

PATIENCE = timedelta(seconds=30)
log = structlog.get_logger(__name__)


async def handle_refund_event(ports: Ports, reference: str) -> EventOutcome:
    """Settle the refund as the gateway has it now. TRY_AGAIN: the gateway could not say. HANDLED also for an unknown payment."""
    report = await read_report(ports, lambda gateway: gateway.reported_refund(reference))
    if isinstance(report, EventOutcome):
        return report
    if report.refund_id is not None:
        refund = await REFUNDS.by_id(ports.db, report.organization_id, report.refund_id)
        if refund is not None and refund.gateway_reference in (None, report.reference):
            await settle_refund(ports, refund, report.verdict)
        return EventOutcome.HANDLED
    return await _handle_foreign_refund(ports, report)


async def _handle_foreign_refund(ports: Ports, report: RefundReport) -> EventOutcome:
    """Record a refund that was made at the gateway itself."""
    refund = await refunds.by_gateway_key(ports.db, report.organization_id, report.key)
    if refund is None:
        if isinstance(report.verdict, RefundFailed):
            return EventOutcome.HANDLED  # it gave nothing back, and nobody here waits for it
        attempt = await find_paid_attempt(ports, report.organization_id, report.attempt_id, report.payment_reference)
        if isinstance(attempt, EventOutcome):
            return attempt
        refund = await _record(ports, attempt, report)
    if refund is not None:
        await settle_refund(ports, refund, report.verdict)
    return EventOutcome.HANDLED


async def _record(ports: Ports, attempt: Attempt, report: RefundReport) -> Refund | None:
    """The refund as one of the order's. None: the order has not so much left."""
    organization = await ports.cache.organization(attempt.organization_id)
    now = ports.now(organization)
    try:
        async with ports.db.transaction() as tx:
            order = await ORDERS.by_id(tx, organization.id, attempt.order_id, hold=True)
            assert order is not None, "a payment that succeeded has its order"
            known = (await refunds.of_orders(tx, organization.id, [order.id])).get(order.id, ())
            for one in known:
                if one.gateway_key == report.key:
                    return one
            if report.currency != order.currency:
                raise Invalid.single(ProblemCode.REFUND_CURRENCY, "currency", given=report.currency)
            made = reported_refund(order, attempt, known, report, new_id=ports.new_id, now=now)
            if not await refunds.reserve(tx, made):
                raise Invalid.single(ProblemCode.REFUND_EXCEEDS, "amount", given=made.total_minor)
            await refunds.add(tx, made, ask_again_at=now + PATIENCE)
    except Invalid as refused:
        log.error("refund_at_gateway_not_booked", reference=report.reference, why=str(refused))
        return None
    log.info("refund_at_gateway_booked", reference=report.reference, refund_id=str(made.id))
    return made
