"""Adjust a wallet: give a customer credit with the merchant, or take it back (docs/behaviour/dodo.md#store-credit).

The customer's row is held, so that two debits cannot spend the same credit; the same idempotency key never counts twice.
"""

from __future__ import annotations

from uuid import UUID

from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.wallet import Adjustment, Wallet, WalletEntry, after
from checkstand.flows.ports import Ports
from checkstand.store.database import Transaction
from checkstand.store.people import wallets
from checkstand.store.people.customers import CUSTOMERS
from checkstand.store.people.wallets import ENTRIES


async def adjust_wallet(ports: Ports, organization: Organization, customer_id: UUID, asked: Adjustment) -> Wallet:
    """The wallet after the movement. Raises NotFound; Invalid when it would go below zero or the key was used for another one."""
    now = ports.now(organization)
    async with ports.db.transaction() as tx:
        if await CUSTOMERS.living(tx, organization.id, customer_id, hold=True) is None:
            raise NotFound
        if not await _is_done(tx, organization.id, customer_id, asked):
            latest = await wallets.latest(tx, organization.id, customer_id, asked.currency)
            balance = after(latest, amount_minor=asked.amount_minor, is_credit=asked.is_credit)
            entry = WalletEntry(
                id=ports.new_id(),
                organization_id=organization.id,
                customer_id=customer_id,
                currency=asked.currency,
                position=latest.position + 1 if latest is not None else 1,
                amount_minor=asked.amount_minor,
                is_credit=asked.is_credit,
                before_minor=latest.after_minor if latest is not None else 0,
                after_minor=balance,
                reason=asked.reason,
                idempotency_key=asked.idempotency_key,
                created_at=now,
            )
            await ENTRIES.insert(tx, entry)
        found = await wallets.of_customer(tx, organization.id, customer_id, currency=asked.currency)
    return found[0]


async def _is_done(tx: Transaction, organization_id: UUID, customer_id: UUID, asked: Adjustment) -> bool:
    """Whether this was asked before under its key."""
    if asked.idempotency_key is None:
        return False
    known = await wallets.by_key(tx, organization_id, customer_id, asked.idempotency_key)
    if known is not None and not known.is_for(asked):
        raise Invalid.single(ProblemCode.WALLET_KEY_REUSED, "idempotency_key", given=asked.idempotency_key)
    return known is not None
