"""Issue documents: the invoice with its order, a credit note with its refund, a further revision after an edit.

What is issued is kept as it is. Orders and refunds from before there were documents get theirs when somebody first asks.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from checkstand.domain.address import Address
from checkstand.domain.changes import Given, with_given
from checkstand.domain.document import (
    Document,
    as_it_is,
    buyer_of,
    is_billable,
    make_credit_note,
    make_invoice,
    make_receipt,
    tax_currency_of,
)
from checkstand.domain.errors import CheckstandError, Invalid, NotFound
from checkstand.domain.exchange import Exchange
from checkstand.domain.facts import FactType
from checkstand.domain.order import Sale
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.refund import Refund
from checkstand.flows.currencies import exchange_to
from checkstand.flows.orders.read_sale import sale_of_order, sales_within
from checkstand.flows.ports import Ports, fact_writer
from checkstand.store import facts as fact_store
from checkstand.store.executor import Executor
from checkstand.store.sales import documents, orders
from checkstand.store.sales.orders import ORDERS
from checkstand.store.sales.refunds import REFUNDS


class NotBillable(CheckstandError):
    """An invoice was asked for of an order without billing name or address."""

    code = "not_billable"

    def __init__(self, order_id: UUID) -> None:
        super().__init__("Billing name and address are required to generate an invoice for this order.")
        self.order_id = order_id


async def tax_exchange(ports: Ports, organization: Organization, currency: str) -> Exchange | None:
    """How an invoice in this currency tells its tax in the seller's own; None where it need not. Call outside a transaction.

    No rate, or a provider that fails, must not keep a payment from being settled: then the invoice goes without.
    """
    own = tax_currency_of(organization, currency)
    if own is None:
        return None
    try:
        return await exchange_to(ports.rates, base=currency, currency=own, amount_minor=0, with_fee=False)
    except Exception:  # noqa: BLE001 - whatever a provider of rates fails with
        return None


async def store_invoice(
    ports: Ports,
    db: Executor,
    organization: Organization,
    sale: Sale,
    *,
    now: datetime,
    exchange: Exchange | None = None,
) -> Document:
    """An order's first invoice; the one that is there already where another request was faster. `exchange`: as of `tax_exchange`."""
    assert sale.order is not None
    made = make_invoice(sale, organization, revision=1, now=now, tax_exchange=exchange)
    if await documents.add(db, organization.id, ports.new_id(), made):
        return made
    found = await documents.newest_invoice(db, organization.id, sale.order.id)
    assert found is not None, "a document is never removed"
    return found


async def store_credit_note(
    ports: Ports, db: Executor, organization: Organization, sale: Sale, refund: Refund, *, now: datetime
) -> Document:
    """A refund's credit note, against the newest invoice of its order."""
    assert sale.order is not None
    invoice = await documents.newest_invoice(db, organization.id, sale.order.id) or await store_invoice(
        ports, db, organization, sale, now=now
    )
    made = make_credit_note(invoice, refund, organization, now=now)
    if await documents.add(db, organization.id, ports.new_id(), made, refund_id=refund.id):
        return made
    found = await documents.credit_note(db, organization.id, refund.id)
    assert found is not None, "a document is never removed"
    return found


async def read_invoice(ports: Ports, organization: Organization, order_id: UUID) -> Document:
    """An order's invoice in its last revision, whether or not its buyer is known by name. Raises NotFound."""
    found = await documents.newest_invoice(ports.db, organization.id, order_id)
    if found is not None:
        return found
    sale = await sale_of_order(ports, organization, order_id)
    exchange = await tax_exchange(ports, organization, sale.checkout.currency)
    return await store_invoice(ports, ports.db, organization, sale, now=ports.now(organization), exchange=exchange)


async def read_receipt(ports: Ports, organization: Organization, order_id: UUID) -> Document:
    """The receipt of an order that was paid. Raises NotFound for others and for what cost nothing."""
    order = await ORDERS.by_id(ports.db, organization.id, order_id)
    if order is None or order.receipt_number is None:
        raise NotFound
    return make_receipt(await read_invoice(ports, organization, order_id), order.receipt_number)


async def read_credit_note(ports: Ports, organization: Organization, refund_id: UUID) -> Document:
    """The credit note of a refund that succeeded once. Raises NotFound."""
    refund = await REFUNDS.by_id(ports.db, organization.id, refund_id)
    if refund is None or refund.credit_note_number is None:
        raise NotFound
    found = await documents.credit_note(ports.db, organization.id, refund_id)
    if found is None:
        sale = await sale_of_order(ports, organization, refund.order_id)
        found = await store_credit_note(ports, ports.db, organization, sale, refund, now=ports.now(organization))
    return as_it_is(found, refund)


async def issue_invoice(ports: Ports, organization: Organization, order_id: UUID) -> bool:
    """Make the invoice that Polar's API asks for. False: it is there and nothing in it has changed. Raises NotFound, NotBillable."""
    now = ports.now(organization)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        # The order's row is held: of two who ask at once, the second finds what the first has made.
        order = await ORDERS.by_id(tx, organization.id, order_id, hold=True)
        if order is None:
            raise NotFound
        if not is_billable(order):
            raise NotBillable(order.id)
        sale = (await sales_within(tx, organization.id, [order]))[0]
        newest = await documents.newest_invoice(tx, organization.id, order.id)
        is_current = newest is not None and newest.buyer == buyer_of(sale)
        if is_current and order.has_invoice:
            return False
        if not is_current:
            revision = newest.revision + 1 if newest else 1
            exchange = newest.tax_exchange if newest else None
            made = make_invoice(sale, organization, revision=revision, now=now, tax_exchange=exchange)
            added = await documents.add(tx, organization.id, ports.new_id(), made)
            assert added, "revisions are counted while the order's row is held"
        await orders.note_invoice(tx, organization.id, order.id, now=now)
        shown = replace(sale, order=replace(order, has_invoice=True, modified_at=now))
        fact = tell(FactType.ORDER_INVOICED, order.id, checkout_id=order.checkout_id, shows=shown)
        await fact_store.record(tx, organization.id, [fact])
    ports.wake()
    return True


async def change_order(ports: Ports, organization: Organization, order_id: UUID, given: Given) -> Sale:
    """The order with the billing name or address that was given. Country and state stay: they decided its tax.

    Raises NotFound, Invalid.
    """
    now = ports.now(organization)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        order = await ORDERS.by_id(tx, organization.id, order_id, hold=True)
        if order is None:
            raise NotFound
        changed = with_given(order, {**given, "modified_at": now})
        _require_same_place(order.billing_address, changed.billing_address)
        await ORDERS.update(tx, changed, "billing_name", "billing_address", "modified_at")
        sale = (await sales_within(tx, organization.id, [changed]))[0]
        fact = tell(FactType.ORDER_UPDATED, order.id, checkout_id=order.checkout_id, shows=sale)
        await fact_store.record(tx, organization.id, [fact])
    ports.wake()
    return sale


def _require_same_place(before: Address | None, after: Address | None) -> None:
    """Raises Invalid for a sale that would move to another place."""
    if before is None or after is None:
        return
    if before.country != after.country:
        raise Invalid.single(ProblemCode.BILLING_COUNTRY_FIXED, "billing_address", "country", given=after.country)
    if before.state is not None and before.state != after.state:
        raise Invalid.single(ProblemCode.BILLING_STATE_FIXED, "billing_address", "state", given=after.state)
