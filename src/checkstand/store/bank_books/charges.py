"""The test gateway's own books: tokens and charges, as a bank would keep them. Only `gateways/testbank/gateway.py` uses this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from checkstand.domain.payment import Instrument, Voucher
from checkstand.store.executor import Executor, Reader
from checkstand.store.rows import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class BankToken:
    """A method of payment as the bank remembers it: what it will do, and what may be shown of it. Never a number."""

    organization_id: UUID
    id: str
    behaviour: str
    instrument: Instrument
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BankCharge:
    """A charge in the bank's books; `id` is the idempotency key it was asked for under.

    `due_at`: when the bank decides by itself, and how: `due_code` None means that it succeeds then. `captured_minor`: what has arrived
    of a charge that still waits.
    """

    organization_id: UUID
    id: UUID
    reference: str
    amount_minor: int
    currency: str
    behaviour: str
    instrument: Instrument
    state: str
    decline_code: str | None
    return_url: str
    created_at: datetime
    due_at: datetime | None = None
    due_code: str | None = None
    voucher: Voucher | None = None
    captured_minor: int = 0


TOKENS = Table("test_gateway_tokens", BankToken)
CHARGES = Table("test_gateway_charges", BankCharge)


async def token(db: Reader, organization_id: UUID, token_id: str) -> BankToken | None:
    return await TOKENS.one(
        db,
        f"""
        SELECT {TOKENS.columns}
        FROM test_gateway_tokens
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        token_id,
    )


async def add_charge(db: Executor, charge: BankCharge) -> None:
    """Book a charge; one that exists under the same key is left as it is."""
    await db.execute(f"{CHARGES.insertion} ON CONFLICT (organization_id, id) DO NOTHING", *CHARGES.arguments(charge))


async def charge_by_reference(db: Reader, reference: str) -> BankCharge | None:
    """Look-up by secret: the bank's challenge page knows a charge by its unguessable reference alone."""
    return await CHARGES.one(db, f"SELECT {CHARGES.columns} FROM test_gateway_charges WHERE reference = $1", reference)


async def decide(
    db: Executor, organization_id: UUID, key: UUID, *, state: str, decline_code: str | None
) -> BankCharge | None:
    """End a charge that waits for the buyer or for time; a second decision changes nothing."""
    await db.execute(
        """
        UPDATE test_gateway_charges
        SET state = $3, decline_code = $4
        WHERE organization_id = $1
          AND id = $2
          AND state IN ('requires_action', 'processing')
        """,
        organization_id,
        key,
        state,
        decline_code,
    )
    return await CHARGES.by_id(db, organization_id, key)


async def cancel(db: Executor, organization_id: UUID, key: UUID) -> None:
    """End a charge that waits for its buyer; one that was decided before stays as it is."""
    await db.execute(
        """
        UPDATE test_gateway_charges
        SET state = 'declined', decline_code = 'customer_cancelled'
        WHERE organization_id = $1
          AND id = $2
          AND state = 'requires_action'
        """,
        organization_id,
        key,
    )


async def receive(db: Executor, organization_id: UUID, key: UUID, *, captured_minor: int) -> BankCharge | None:
    """A part of a charge that waits has arrived."""
    await db.execute(
        """
        UPDATE test_gateway_charges
        SET captured_minor = $3, state = 'processing'
        WHERE organization_id = $1
          AND id = $2
          AND state IN ('requires_action', 'processing')
        """,
        organization_id,
        key,
        captured_minor,
    )
    return await CHARGES.by_id(db, organization_id, key)


async def decide_if_due(db: Executor, organization_id: UUID, key: UUID, *, real_now: datetime) -> BankCharge | None:
    """The charge, decided by itself when its time has come by the organization's clock: a bank has no other one."""
    await db.execute(
        """
        UPDATE test_gateway_charges AS c
        SET state = CASE WHEN c.due_code IS NULL THEN 'succeeded' ELSE 'declined' END,
            decline_code = c.due_code
        FROM organizations AS o
        WHERE c.organization_id = $1
          AND c.id = $2
          AND o.id = c.organization_id
          AND c.state IN ('requires_action', 'processing')
          AND c.due_at <= $3::timestamptz + o.clock_offset_us * interval '1 microsecond'
        """,
        organization_id,
        key,
        real_now,
    )
    return await CHARGES.by_id(db, organization_id, key)


async def captured(db: Reader, organization_id: UUID) -> int:
    """How many charges took money: what an audit compares orders with."""
    return int(
        await db.fetchval(
            "SELECT count(*) FROM test_gateway_charges WHERE organization_id = $1 AND state = 'succeeded' "
            "AND amount_minor > 0",
            organization_id,
        )
    )
