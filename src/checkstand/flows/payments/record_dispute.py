"""Record a dispute: write down that a bank took a payment's money back, and how that ended. The bank decides, not this server."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from checkstand.domain import ledger
from checkstand.domain.dispute import (
    RETURNED,
    Dispute,
    DisputeReport,
    DisputeStage,
    DisputeStatus,
    is_open,
    may_become,
)
from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.facts import FactType
from checkstand.domain.money import to_step
from checkstand.domain.organization import Organization
from checkstand.domain.payment import AttemptStatus
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.ports import Ports, fact_writer
from checkstand.store import facts
from checkstand.store.database import Transaction
from checkstand.store.sales import disputes, payments, refunds
from checkstand.store.sales.disputes import DISPUTES
from checkstand.store.sales.orders import ORDERS


async def open_dispute(
    ports: Ports,
    organization: Organization,
    order_id: UUID,
    *,
    amount_minor: int | None = None,
    stage: DisputeStage = "dispute",
    reason: str | None = None,
    report: DisputeReport | None = None,
) -> Dispute:
    """A new dispute of what is left of a payment, or of a part of it. Raises NotFound, Invalid.

    One that is open already stands; of a gateway's dispute (`report`) only itself does, however it has ended.
    """
    now = ports.now(organization)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        order = await ORDERS.by_id(tx, organization.id, order_id, hold=True)
        if order is None:
            raise NotFound
        known = (await disputes.of_orders(tx, organization.id, [order.id])).get(order.id, ())
        for dispute in known:
            if (dispute.gateway_reference == report.reference) if report else is_open(dispute.status):
                return dispute
        held = sum(dispute.amount_minor for dispute in known if dispute.status not in RETURNED)
        left = order.total_minor - order.refunded_minor - held
        amount = _reported(report, left, order.currency) if report else left if amount_minor is None else amount_minor
        if not 0 < amount <= left:
            raise Invalid.single(ProblemCode.DISPUTE_EXCEEDS, "amount", given=amount)
        tries = (await payments.of_checkouts(tx, organization.id, [order.checkout_id]))[order.checkout_id]
        paid = next(attempt for attempt in tries if attempt.status is AttemptStatus.SUCCEEDED)
        made = Dispute(
            id=ports.new_id(),
            organization_id=organization.id,
            order_id=order.id,
            checkout_id=order.checkout_id,
            customer_id=order.customer_id,
            attempt_id=paid.id,
            status="opened",
            stage=stage,
            amount_minor=amount,
            currency=order.currency,
            reason=reason,
            created_at=now,
            gateway_reference=report.reference if report else None,
        )
        await DISPUTES.insert(tx, made)
        # The order has changed: whoever reads it looks for its disputes.
        await refunds.settle_order(tx, organization.id, order.id, status=order.status, given_up=None, now=now)
        await _book(ports, tx, made, ledger.dispute(amount_minor=amount, currency=made.currency))
        await facts.record(
            tx, organization.id, [tell(FactType.DISPUTE_OPENED, made.id, checkout_id=made.checkout_id, shows=made)]
        )
    ports.wake()
    return made


def _reported(report: DisputeReport, left_minor: int, currency: str) -> int:
    """What a gateway's dispute takes of what is left: never more, and all of it where only the gateway's rounding lies between.

    A bank may dispute in another currency than was paid in: then it is all.
    """
    if report.currency != currency or to_step(left_minor, report.step_minor) == report.amount_minor:
        return left_minor
    return min(report.amount_minor, left_minor)


async def move_dispute(
    ports: Ports, organization: Organization, dispute: Dispute, status: DisputeStatus, *, remarks: str | None = None
) -> Dispute:
    """The dispute in its next state; a move that its state does not allow changes nothing."""
    now = ports.now(organization)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        moved = replace(dispute, status=status, remarks=remarks or dispute.remarks, modified_at=now)
        if not may_become(dispute.status, status) or not await disputes.move(tx, moved, seen=dispute.status):
            return await DISPUTES.by_id(tx, organization.id, dispute.id) or dispute
        if status in RETURNED:
            taken = ledger.dispute(amount_minor=moved.amount_minor, currency=moved.currency)
            await _book(ports, tx, moved, ledger.reversal(taken))
        kind = FactType(f"dispute.{status}")
        await facts.record(tx, organization.id, [tell(kind, moved.id, checkout_id=moved.checkout_id, shows=moved)])
    ports.wake()
    return moved


async def _book(ports: Ports, tx: Transaction, dispute: Dispute, entries: tuple[ledger.LedgerEntry, ...]) -> None:
    numbered = [(ports.new_id(), entry) for entry in entries]
    when = dispute.modified_at or dispute.created_at
    await payments.add_entries(tx, dispute.organization_id, dispute.order_id, ports.new_id(), numbered, when)
