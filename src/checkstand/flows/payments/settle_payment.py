"""Settle: take the gateway's verdict, from whichever side it comes first, and in one transaction write all that follows.

Who says it does not matter (the reply, the buyer's return, a gateway's webhook, the reconciler): the attempt's status is moved by a
guarded update, and a second verdict changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from checkstand.domain import ledger
from checkstand.domain.checkout import Checkout, CheckoutStatus, is_over, move
from checkstand.domain.customer import Customer, after_purchase, new_customer
from checkstand.domain.document import is_billable
from checkstand.domain.errors import NotFound
from checkstand.domain.exchange import Exchange
from checkstand.domain.facts import Fact, FactType
from checkstand.domain.order import Sale, from_checkout
from checkstand.domain.organization import Organization
from checkstand.domain.payment import (
    PENDING_STATUSES,
    Attempt,
    AttemptStatus,
    Declined,
    NeedsAction,
    Processing,
    Succeeded,
    Unknown,
    Verdict,
)
from checkstand.flows.customer_owner import add_owner
from checkstand.flows.orders.issue_documents import store_invoice, tax_exchange
from checkstand.flows.payments.record_fee import record_fee
from checkstand.flows.payments.save_method import save_method
from checkstand.flows.ports import FactWriter, Ports, fact_writer
from checkstand.flows.steps import Step
from checkstand.store import checkouts
from checkstand.store.catalogue import discounts
from checkstand.store.catalogue.discounts import DISCOUNTS
from checkstand.store.database import Transaction
from checkstand.store.people import customers
from checkstand.store.people.customers import CUSTOMERS
from checkstand.store.sales import documents, orders, payments

# How long a gateway that has not said when it will know is left alone before it is asked again.
LATER = timedelta(hours=1)


async def settle_payment(ports: Ports, attempt: Attempt, verdict: Verdict) -> Checkout:
    """The session after the verdict. Safe to call any number of times; `Unknown` changes nothing."""
    organization = await ports.cache.organization(attempt.organization_id)
    now = ports.now(organization)
    tell = await fact_writer(ports, attempt.organization_id, now)
    is_paid = isinstance(verdict, Succeeded)
    exchange = await tax_exchange(ports, organization, attempt.currency) if is_paid else None
    ports.reached(Step.SETTLE_ASKED)
    async with ports.db.transaction() as tx:
        if isinstance(verdict, Unknown):
            return await _current(tx, attempt)
        judged = _judged(attempt, verdict, now)
        again = _ask_again_at(judged, now)
        if not await payments.record_verdict(tx, judged, seen=_may_follow(judged.status), ask_again_at=again):
            return await _current(tx, attempt)
        ports.reached(Step.VERDICT_STORED)
        # Read only now: the attempt's row is ours until the end, so nobody else can be settling this session.
        checkout = await _current(tx, attempt)
        settled, facts = await _consequences(ports, tx, tell, organization, checkout, judged, verdict, exchange)
        saved = await checkouts.save(tx, settled, facts, seen=checkout.version)
        assert saved, "a confirmed session is changed by its verdict alone"
        ports.reached(Step.SESSION_STORED)
    ports.reached(Step.SETTLE_COMMITTED)
    if checkout.discounts:
        ports.cache.forget_discounts(organization.id)
    ports.wake()
    return settled


def _ask_again_at(attempt: Attempt, now: datetime) -> datetime | None:
    """When to ask how an undecided attempt stands, unless the gateway tells before."""
    return (attempt.decided_by or now + LATER) if attempt.status in PENDING_STATUSES else None


def _may_follow(status: AttemptStatus) -> tuple[AttemptStatus, ...]:
    """The states from which an attempt may get this one: a state never follows itself."""
    return tuple(state for state in PENDING_STATUSES if state is not status)


async def _current(tx: Transaction, attempt: Attempt) -> Checkout:
    found = await checkouts.by_id(tx, attempt.organization_id, attempt.checkout_id)
    if found is None:
        raise NotFound
    return found


def _judged(attempt: Attempt, verdict: Verdict, now: datetime) -> Attempt:
    """The attempt with the verdict in it."""
    if isinstance(verdict, Declined):
        return replace(
            attempt,
            status=AttemptStatus.DECLINED,
            gateway_reference=verdict.reference or attempt.gateway_reference,
            instrument=verdict.instrument or attempt.instrument,
            decline_code=verdict.code,
            decline_message=f"{verdict.message} {verdict.advice}",
            captured_minor=0,
            modified_at=now,
        )
    assert not isinstance(verdict, Unknown)
    status = {
        Succeeded: AttemptStatus.SUCCEEDED,
        NeedsAction: AttemptStatus.REQUIRES_ACTION,
        Processing: AttemptStatus.PROCESSING,
    }[type(verdict)]
    captured_minor = verdict.captured_minor if isinstance(verdict, Processing) else 0
    if captured_minor:
        status = AttemptStatus.PARTIALLY_CAPTURED
    return replace(
        attempt,
        status=status,
        gateway_reference=verdict.reference,
        instrument=verdict.instrument,
        action_url=verdict.url if isinstance(verdict, NeedsAction) else None,
        decided_by=None if isinstance(verdict, Succeeded) else verdict.decided_by,
        voucher=verdict.voucher if isinstance(verdict, Processing) else attempt.voucher,
        captured_minor=captured_minor,
        modified_at=now,
    )


async def _consequences(
    ports: Ports,
    tx: Transaction,
    tell: FactWriter,
    organization: Organization,
    checkout: Checkout,
    attempt: Attempt,
    verdict: Verdict,
    exchange: Exchange | None,
) -> tuple[Checkout, list[Fact]]:
    """What follows from a verdict that is news: the session's next state, and the facts in the order they are told."""
    first_word = checkout.payment is not None and checkout.payment.intent_status == "started"
    keeps_customer = not isinstance(verdict, Declined) or checkout.profile.keeps_customer_after_decline
    facts: list[Fact] = []
    buyer_before = checkout.buyer
    customer: Customer | None = None
    if keeps_customer:
        customer, customer_facts = await _customer(ports, tx, tell, checkout, is_news=first_word)
        is_new = checkout.buyer.is_new or any(fact.type is FactType.CUSTOMER_CREATED for fact in customer_facts)
        buyer = replace(checkout.buyer, customer_id=customer.id, is_new=is_new)
        ignored = buyer.external_id if buyer.external_id != customer.external_id else None
        checkout = replace(checkout, buyer=buyer, ignored_external_id=ignored)
        facts += customer_facts
        ports.reached(Step.CUSTOMER_STORED)
    await save_method(ports, tx, tell, checkout, attempt, verdict, customer)
    if isinstance(verdict, Declined):
        declined, more = await _declined(ports, tx, tell, checkout, attempt, at_once=first_word)
        return declined, facts + more
    url = verdict.url if isinstance(verdict, NeedsAction) else None
    if isinstance(verdict, NeedsAction) and verdict.client_secret and checkout.payment:
        checkout = replace(checkout, payment=replace(checkout.payment, intent_secret=verdict.client_secret))
    confirmed = _with_intent(checkout, _INTENT_STATUS[type(verdict)], url)
    if first_word:
        # Told as it was accepted: the customer whom this purchase makes comes after it.
        waiting = replace(confirmed, buyer=buyer_before, ignored_external_id=None)
        facts.insert(0, tell(FactType.CHECKOUT_CONFIRMED, checkout.id, checkout_id=checkout.id, shows=waiting))
    if not isinstance(verdict, Succeeded):
        kind = FactType.PAYMENT_ACTION_REQUIRED if isinstance(verdict, NeedsAction) else FactType.PAYMENT_PROCESSING
        facts.append(tell(kind, attempt.order_id, checkout_id=checkout.id))
        return replace(confirmed, version=confirmed.version + 1), facts
    assert customer is not None
    paid, more = await _paid(ports, tx, tell, organization, confirmed, attempt, customer, exchange)
    await record_fee(ports, tx, attempt, verdict, now=tell.now)
    return paid, facts + more


_INTENT_STATUS: dict[type, str] = {
    Succeeded: "succeeded",
    NeedsAction: "requires_action",
    Processing: "processing",
}


def _with_intent(checkout: Checkout, status: str, action_url: str | None) -> Checkout:
    if checkout.payment is None:
        return checkout
    return replace(checkout, payment=replace(checkout.payment, intent_status=status, action_url=action_url))


async def _paid(
    ports: Ports,
    tx: Transaction,
    tell: FactWriter,
    organization: Organization,
    checkout: Checkout,
    attempt: Attempt,
    customer: Customer,
    exchange: Exchange | None,
) -> tuple[Checkout, list[Fact]]:
    """Write the order, its ledger entries and its invoice, and end the session."""
    now = tell.now
    customer, facts = await _team_of_seats(tx, tell, checkout, customer)
    checkout = await _with_redemptions_counted(tx, checkout)
    numbers = await documents.next_sale_numbers(tx, checkout.organization_id, with_receipt=checkout.quote.due_minor > 0)
    order = from_checkout(
        checkout,
        customer_id=customer.id,
        number=numbers.order,
        receipt_number=numbers.receipt,
        new_id=ports.new_id,
        now=now,
    )
    succeeded = replace(move(checkout, CheckoutStatus.SUCCEEDED, now=now), version=checkout.version + 1)
    sale = Sale(checkout=succeeded, attempts=(attempt,), customer=customer, order=order)
    invoiced = replace(sale, order=replace(order, has_invoice=is_billable(order)))
    assert invoiced.order is not None
    await orders.add(tx, invoiced.order)
    await store_invoice(ports, tx, organization, sale, now=now, exchange=exchange)
    ports.reached(Step.ORDER_STORED)
    if checkout.discounts:
        fingerprint = attempt.instrument.fingerprint if attempt.instrument else None
        await discounts.note_card(
            tx, checkout.organization_id, checkout.id, fingerprint=fingerprint, customer_id=customer.id
        )
    if attempt.purpose == "payment":
        entries = ledger.charge(net_minor=order.net_minor, tax_minor=order.tax_minor, currency=order.currency)
        numbered = [(ports.new_id(), entry) for entry in entries]
        await payments.add_entries(tx, order.organization_id, order.id, attempt.id, numbered, now)
        ports.reached(Step.CHARGE_BOOKED)
    facts += [
        tell(FactType.ORDER_PAID, order.id, checkout_id=checkout.id, shows=sale),
        tell(FactType.PAYMENT_SUCCEEDED, order.id, checkout_id=checkout.id, detail=_shown(attempt)),
        tell(FactType.CHECKOUT_SUCCEEDED, checkout.id, checkout_id=checkout.id, shows=succeeded),
    ]
    if invoiced.order.has_invoice:
        facts.append(tell(FactType.ORDER_INVOICED, order.id, checkout_id=checkout.id, shows=invoiced))
    elif attempt.purpose == "payment" and attempt.amount_minor:
        # The money is booked: receivers are told after `order.paid` also where no invoice could be made.
        facts.append(tell(FactType.ORDER_UPDATED, order.id, shows=invoiced))
    return succeeded, facts


async def _team_of_seats(
    tx: Transaction, tell: FactWriter, checkout: Checkout, customer: Customer
) -> tuple[Customer, list[Fact]]:
    """Whoever buys seats buys for several people, and is a team from then on."""
    if checkout.seats is None or customer.kind == "team":
        return customer, []
    team = replace(customer, kind="team", modified_at=tell.now)
    await customers.save(tx, team)
    return team, [tell(FactType.CUSTOMER_UPDATED, team.id, shows=team)]  # no part of the session's own story


async def _with_redemptions_counted(tx: Transaction, checkout: Checkout) -> Checkout:
    """The session's discounts with this redemption counted, as its order shows them."""
    if not checkout.discounts:
        return checkout
    counted = await DISCOUNTS.by_ids(tx, checkout.organization_id, [one.id for one in checkout.discounts])
    discounts_now = tuple(
        replace(one, redemptions_count=counted[one.id].redemptions_count) for one in checkout.discounts
    )
    return replace(checkout, discounts=discounts_now)


async def _declined(
    ports: Ports, tx: Transaction, tell: FactWriter, checkout: Checkout, attempt: Attempt, *, at_once: bool
) -> tuple[Checkout, list[Fact]]:
    """The session is open again (or over, when its time has passed meanwhile) and the redemption is given back.

    `at_once`: it was never told of as confirmed, so it was last modified when it was before.
    """
    if checkout.discounts:
        await discounts.give_back(tx, checkout.organization_id, checkout.id)
        ports.reached(Step.REDEMPTION_GIVEN_BACK)
    reopened = move(checkout, CheckoutStatus.OPEN, now=tell.now)
    if at_once and checkout.payment is not None:
        reopened = replace(reopened, modified_at=checkout.payment.modified_before)
    if is_over(reopened, tell.now):
        reopened = move(reopened, CheckoutStatus.EXPIRED, now=tell.now)
    reopened = replace(reopened, payment=None, last_decline=attempt.decline_code, version=checkout.version + 1)
    facts = [
        tell(FactType.PAYMENT_DECLINED, attempt.order_id, checkout_id=checkout.id, detail=attempt.decline_code),
        tell(FactType.CHECKOUT_REOPENED, checkout.id, checkout_id=checkout.id, shows=reopened),
    ]
    return reopened, facts


def _shown(attempt: Attempt) -> str:
    instrument = attempt.instrument
    if instrument is None or instrument.last_four is None:
        return attempt.gateway
    return f"{instrument.brand} •••• {instrument.last_four}"


async def _customer(
    ports: Ports, tx: Transaction, tell: FactWriter, checkout: Checkout, *, is_news: bool
) -> tuple[Customer, list[Fact]]:
    """Find or make the customer. The money is already taken or promised: nothing here may refuse.

    Source: docs/behaviour/polar.md#customer-of-a-purchase.
    """
    buyer, organization_id = checkout.buyer, checkout.organization_id
    known: Customer | None = None
    if buyer.customer_id is not None:
        known = await CUSTOMERS.by_id(tx, organization_id, buyer.customer_id, hold=True)
    elif not checkout.options.always_create_customer and buyer.email is not None:
        await customers.lock_email(tx, organization_id, buyer.email)
        known = await customers.newest_by_email(tx, organization_id, buyer.email, hold=True)
    if known is not None and not is_news:
        return known, []
    if known is not None:
        updated = after_purchase(known, buyer, now=tell.now)
        await customers.save(tx, updated)
        return updated, [_customer_fact(tell, FactType.CUSTOMER_UPDATED, updated, checkout.id)]
    made = new_customer(ports.new_id(), organization_id, buyer, now=tell.now)
    if not await customers.add(tx, made):
        # The external id was taken between our check and now: the order must stand, so the customer goes without it.
        made = replace(made, external_id=None)
        await customers.add(tx, made)
    created = _customer_fact(tell, FactType.CUSTOMER_CREATED, made, checkout.id)
    return made, [created, *await add_owner(ports, tx, tell, made)]


def _customer_fact(tell: FactWriter, kind: FactType, customer: Customer, checkout_id: UUID) -> Fact:
    return tell(kind, customer.id, checkout_id=checkout_id, shows=customer)
