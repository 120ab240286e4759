"""Settle a refund: take the gateway's word, from whichever side it comes, and in one transaction write all that follows.

The refund's status is moved by a guarded update, so a second word changes nothing. A refund is told of with the first word on it; a
bank may take back that it has sent the money, and then the books go back as well.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from checkstand.domain import ledger
from checkstand.domain.facts import Fact, FactType
from checkstand.domain.order import Order
from checkstand.domain.organization import Organization
from checkstand.domain.refund import (
    Refund,
    RefundFailed,
    RefundPending,
    RefundStatus,
    RefundSucceeded,
    RefundUnknown,
    RefundVerdict,
)
from checkstand.domain.refunding import status_after
from checkstand.flows.orders.issue_documents import store_credit_note
from checkstand.flows.orders.read_sale import sales_within
from checkstand.flows.ports import FactWriter, Ports, fact_writer
from checkstand.flows.steps import Step
from checkstand.store import facts as fact_store
from checkstand.store.database import Transaction
from checkstand.store.sales import documents, payments, refunds
from checkstand.store.sales.orders import ORDERS
from checkstand.store.sales.refunds import REFUNDS

# How long a gateway that has taken a refund on is left alone before it is asked again.
LATER = timedelta(hours=1)
_STATUSES: dict[type, RefundStatus] = {
    RefundSucceeded: "succeeded",
    RefundPending: "pending",
    RefundFailed: "failed",
}


async def settle_refund(ports: Ports, refund: Refund, verdict: RefundVerdict) -> Refund:
    """The refund after the gateway's word. Safe to call any number of times; `RefundUnknown` changes nothing."""
    if isinstance(verdict, RefundUnknown):
        return await REFUNDS.by_id(ports.db, refund.organization_id, refund.id) or refund
    organization = await ports.cache.organization(refund.organization_id)
    now = ports.now(organization)
    tell = await fact_writer(ports, refund.organization_id, now)
    async with ports.db.transaction() as tx:
        # The order's row first, as whoever reserves does: nobody waits for another in a circle.
        order = await ORDERS.by_id(tx, refund.organization_id, refund.order_id, hold=True)
        before = await REFUNDS.by_id(tx, refund.organization_id, refund.id)
        assert order is not None, "a refund is stored with its order"
        assert before is not None, "a refund is stored before its gateway hears of it"
        judged = _judged(before, verdict, tell)
        if not await refunds.record_verdict(tx, judged, ask_again_at=now + LATER):
            if judged.status == "pending":
                await refunds.ask_later(tx, refund.organization_id, refund.id, at=now + LATER)
            return before
        ports.reached(Step.REFUND_VERDICT_STORED)
        await _move_money(ports, tx, before, judged, tell)
        ports.reached(Step.REFUND_BOOKED)
        await _write_order(tx, order, judged, tell)
        if judged.status == "succeeded" and judged.credit_note_number is None:
            judged = await _number(ports, tx, organization, judged, now)
        ports.reached(Step.REFUND_ORDER_STORED)
        told = _facts(tell, before, judged)
        if "succeeded" in (judged.status, before.status):
            told[1:1] = await _order_facts(tx, order, judged, tell)
        await fact_store.record(tx, refund.organization_id, told)
    ports.reached(Step.REFUND_SETTLED)
    ports.wake()
    return judged


def _judged(refund: Refund, verdict: RefundVerdict, tell: FactWriter) -> Refund:
    """The refund with the verdict in it."""
    assert not isinstance(verdict, RefundUnknown)
    return replace(
        refund,
        status=_STATUSES[type(verdict)],
        gateway_reference=verdict.reference or refund.gateway_reference,
        failure_code=verdict.code if isinstance(verdict, RefundFailed) else None,
        modified_at=tell.now,
    )


async def _move_money(ports: Ports, tx: Transaction, before: Refund, refund: Refund, tell: FactWriter) -> None:
    """Write the ledger entries of what has gone back to the buyer, or has come back from there."""
    entries = ledger.refund(net_minor=refund.net_minor, tax_minor=refund.tax_minor, currency=refund.currency)
    if refund.status == "succeeded":
        transaction_id = refund.id
    elif before.status == "succeeded":
        transaction_id, entries = ports.new_id(), ledger.reversal(entries)
    else:
        return
    numbered = [(ports.new_id(), entry) for entry in entries]
    await payments.add_entries(tx, refund.organization_id, refund.order_id, transaction_id, numbered, tell.now)


async def _write_order(tx: Transaction, order: Order, refund: Refund, tell: FactWriter) -> None:
    """The order's status, and what it has left when nothing went back."""
    if refund.status == "pending":
        return
    known = (await refunds.of_orders(tx, order.organization_id, [order.id]))[order.id]
    given_up = refund if refund.status == "failed" else None
    status = status_after(order, known)
    await refunds.settle_order(tx, order.organization_id, order.id, status=status, given_up=given_up, now=tell.now)


async def _number(ports: Ports, tx: Transaction, organization: Organization, refund: Refund, now: datetime) -> Refund:
    """The refund with the number of its credit note, which stays what it is even if the bank sends the money back later."""
    organization_id = refund.organization_id
    number = await documents.number_credit_note(tx, organization_id, refund.id)
    numbered = replace(refund, credit_note_number=number)
    order = await ORDERS.by_id(tx, organization_id, refund.order_id)
    assert order is not None, "its row is held"
    sale = (await sales_within(tx, organization_id, [order]))[0]
    await store_credit_note(ports, tx, organization, sale, numbered, now=now)
    return numbered


def _facts(tell: FactWriter, before: Refund, refund: Refund) -> list[Fact]:
    """What is told of the refund itself."""
    is_first = before.modified_at is None
    kind = FactType.REFUND_CREATED if is_first else FactType.REFUND_UPDATED
    told = [tell(kind, refund.id, checkout_id=refund.checkout_id, shows=refund)]
    if refund.status != "pending":
        kind = FactType.REFUND_SUCCEEDED if refund.status == "succeeded" else FactType.REFUND_FAILED
        told.append(tell(kind, refund.id, checkout_id=refund.checkout_id, shows=refund, detail=refund.failure_code))
    return told


async def _order_facts(tx: Transaction, before: Order, refund: Refund, tell: FactWriter) -> list[Fact]:
    """What is told of the order: it was refunded, or (a refund came back) it is otherwise again."""
    kind = FactType.ORDER_REFUNDED if refund.status == "succeeded" else FactType.ORDER_UPDATED
    shown = None
    if tell.keeps_snapshots:
        order = await ORDERS.by_id(tx, before.organization_id, before.id)
        assert order is not None, "its row is held"
        shown = (await sales_within(tx, before.organization_id, [order]))[0]
    return [tell(kind, before.id, checkout_id=before.checkout_id, shows=shown)]
