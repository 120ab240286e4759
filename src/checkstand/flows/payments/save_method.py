"""Save a payment method: what becomes of an attempt's method when its verdict is known, in the transaction that settles it.

A method is saved only when it has paid (or was set up). The same card again is the same row, with the gateway's newest name for it;
the older name is forgotten at the gateway. A saved one that was refused for good is not offered any more.
"""

from __future__ import annotations

from dataclasses import replace

from checkstand.domain.checkout import Checkout
from checkstand.domain.customer import Customer
from checkstand.domain.payment import Attempt, Declined, Succeeded, Verdict
from checkstand.domain.saved_method import FINAL_DECLINES, SavedMethod, can_be_saved, proves_customer
from checkstand.flows.ports import FactWriter, Ports
from checkstand.store.database import Transaction
from checkstand.store.people import payment_methods
from checkstand.store.people.payment_methods import METHODS


async def save_method(
    ports: Ports,
    tx: Transaction,
    tell: FactWriter,
    checkout: Checkout,
    attempt: Attempt,
    verdict: Verdict,
    customer: Customer | None,
) -> None:
    """Save the method that has paid, or note on a saved one that it was used or refused. The caller holds the customer's row."""
    if isinstance(verdict, Declined):
        await _note_refusal(tx, tell, attempt, verdict, checkout)
        return
    if customer is not None and attempt.gateway_customer is not None and attempt.method_id is None:
        await payment_methods.adopt_gateway_customer(
            tx, attempt.organization_id, session_id=checkout.id, customer_id=customer.id
        )
    if not isinstance(verdict, Succeeded) or customer is None:
        return
    if attempt.method_id is not None:
        await _note_use(tx, tell, attempt, customer)
    elif verdict.saved_as is not None and attempt.gateway_customer is not None:
        await _save(ports, tx, tell, checkout, attempt, customer, verdict.saved_as)


async def _note_refusal(
    tx: Transaction, tell: FactWriter, attempt: Attempt, verdict: Declined, checkout: Checkout
) -> None:
    customer_id = checkout.buyer.customer_id
    if attempt.method_id is None or customer_id is None or verdict.code not in FINAL_DECLINES:
        return
    found = await payment_methods.by_id(tx, attempt.organization_id, customer_id, attempt.method_id, hold=True)
    if found is not None:
        await payment_methods.save(tx, replace(found, refused_code=verdict.code, modified_at=tell.now))


async def _note_use(tx: Transaction, tell: FactWriter, attempt: Attempt, customer: Customer) -> None:
    """A saved method has paid; agreeing to later charges with it is kept too."""
    assert attempt.method_id is not None
    found = await payment_methods.by_id(tx, attempt.organization_id, customer.id, attempt.method_id, hold=True)
    if found is None:
        return  # removed while the payment was under way, which the buyer had agreed to before
    is_recurring = found.is_recurring or attempt.saves == "again"
    await payment_methods.save(
        tx, replace(found, is_recurring=is_recurring, modified_at=tell.now, last_used_at=tell.now)
    )


async def _save(
    ports: Ports,
    tx: Transaction,
    tell: FactWriter,
    checkout: Checkout,
    attempt: Attempt,
    customer: Customer,
    saved_as: str,
) -> None:
    instrument, gateway, now = attempt.instrument, attempt.gateway, tell.now
    assert attempt.gateway_customer is not None, "a method is kept for somebody"
    organization_id = attempt.organization_id
    if instrument is None or not can_be_saved(instrument) or customer.deleted_at is not None:
        await payment_methods.to_forget(tx, organization_id, gateway=gateway, gateway_method=saved_as, now=now)
        return
    is_offered = proves_customer(checkout) or checkout.buyer.is_named or checkout.buyer.is_new
    known: SavedMethod | None = None
    if instrument.fingerprint is not None:
        known = await payment_methods.same_card(
            tx, organization_id, customer.id, gateway=gateway, fingerprint=instrument.fingerprint
        )
    if known is None:
        method = SavedMethod(
            id=ports.new_id(),
            organization_id=organization_id,
            customer_id=customer.id,
            gateway=gateway,
            gateway_method=saved_as,
            gateway_customer=attempt.gateway_customer,
            instrument=instrument,
            is_recurring=attempt.saves == "again",
            is_offered=is_offered,
            created_at=now,
            last_used_at=now,
        )
        await METHODS.insert(tx, method)
    else:
        method = replace(
            known,
            gateway_method=saved_as,
            gateway_customer=attempt.gateway_customer,
            instrument=instrument,
            is_recurring=known.is_recurring or attempt.saves == "again",
            is_offered=known.is_offered or is_offered,
            refused_code=None,
            modified_at=now,
            last_used_at=now,
        )
        await payment_methods.save(tx, method)
        if known.gateway_method != saved_as:
            await payment_methods.to_forget(
                tx, organization_id, gateway=gateway, gateway_method=known.gateway_method, now=now
            )
    await payment_methods.note_attempt(tx, organization_id, attempt.id, method.id)
