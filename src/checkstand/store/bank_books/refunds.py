"""The test gateway's own books, continued: what it gave back. Only `gateways/testbank/gateway.py` writes here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from checkstand.domain.ledger import Moved
from checkstand.store.database import Database
from checkstand.store.executor import Executor, Reader
from checkstand.store.rows import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRefund:
    """A refund in the bank's books; `id` is the idempotency key it was asked for under."""

    organization_id: UUID
    id: UUID
    charge_id: UUID
    reference: str
    amount_minor: int
    currency: str
    state: str
    failure_code: str | None
    created_at: datetime


REFUNDS = Table("test_gateway_refunds", BankRefund)


async def add_refund(db: Database, refund: BankRefund) -> BankRefund:
    """Book a refund; one that exists under the same key stands as it is. What exceeds its charge is booked as failed."""
    async with db.transaction() as tx:
        left = await tx.fetchval(
            """
            SELECT amount_minor
            FROM test_gateway_charges
            WHERE organization_id = $1
              AND id = $2
              AND state = 'succeeded'
            FOR UPDATE
            """,
            refund.organization_id,
            refund.charge_id,
        )
        known = await REFUNDS.by_id(tx, refund.organization_id, refund.id)
        if known is not None:
            return known
        assert left is not None, "the bank gives back only what it took"
        gone = await tx.fetchval(
            """
            SELECT coalesce(sum(amount_minor), 0)
            FROM test_gateway_refunds
            WHERE organization_id = $1
              AND charge_id = $2
              AND state <> 'failed'
            """,
            refund.organization_id,
            refund.charge_id,
        )
        if int(gone) + refund.amount_minor > int(left):
            code = "charge_already_refunded" if int(gone) == int(left) else "amount_exceeds_charge"
            refund = replace(refund, state="failed", failure_code=code)
        await REFUNDS.insert(tx, refund)
        return refund


async def decide_refund(
    db: Executor, organization_id: UUID, key: UUID, *, state: str, failure_code: str | None
) -> BankRefund | None:
    """End a refund that waits, or take back that it was sent; one that failed stays failed."""
    await db.execute(
        """
        UPDATE test_gateway_refunds
        SET state = $3, failure_code = $4
        WHERE organization_id = $1
          AND id = $2
          AND state <> 'failed'
        """,
        organization_id,
        key,
        state,
        failure_code,
    )
    return await REFUNDS.by_id(db, organization_id, key)


async def charges(db: Reader, organization_id: UUID) -> Sequence[Moved]:
    """Everything the bank has taken."""
    return await _movements(db, organization_id, "test_gateway_charges")


async def refunds(db: Reader, organization_id: UUID) -> Sequence[Moved]:
    """Everything the bank has given back."""
    return await _movements(db, organization_id, "test_gateway_refunds")


async def _movements(db: Reader, organization_id: UUID, table: str) -> Sequence[Moved]:
    rows = await db.fetch(
        f"""
        SELECT id, reference, amount_minor, currency
        FROM {table}
        WHERE organization_id = $1
          AND state = 'succeeded'
          AND amount_minor > 0
        ORDER BY created_at, id
        """,
        organization_id,
    )
    return [
        Moved(key=row["id"], reference=row["reference"], amount_minor=row["amount_minor"], currency=row["currency"])
        for row in rows
    ]
