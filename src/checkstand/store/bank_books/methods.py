"""The test gateway's own books, continued: methods that it keeps for later. Only `gateways/testbank/gateway.py` uses this.

A method is as good as the charge that it was saved with: declined or undecided, it cannot be used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from checkstand.domain.payment import Instrument
from checkstand.store.executor import Executor, Reader
from checkstand.store.rows import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class BankMethod:
    """A method as the bank keeps it, for one of its customers. `behaviour`: what the next charge of it will do."""

    organization_id: UUID
    id: str
    charge_id: UUID
    customer: str
    behaviour: str
    instrument: Instrument
    created_at: datetime


METHODS = Table("test_gateway_methods", BankMethod)


async def add(db: Executor, method: BankMethod) -> None:
    """Keep a method; a charge that has one keeps that."""
    statement = f"{METHODS.insertion} ON CONFLICT (organization_id, charge_id) DO NOTHING"
    await db.execute(statement, *METHODS.arguments(method))


async def saved_with(db: Reader, organization_id: UUID, charge_id: UUID) -> str | None:
    """The method that a charge keeps."""
    found: str | None = await db.fetchval(
        "SELECT id FROM test_gateway_methods WHERE organization_id = $1 AND charge_id = $2", organization_id, charge_id
    )
    return found


async def usable(db: Reader, organization_id: UUID, method_id: str, *, customer: str | None) -> BankMethod | None:
    """A method of this customer that can be charged: its own charge succeeded and it was not forgotten."""
    return await METHODS.one(
        db,
        f"""
        SELECT {METHODS.select("m")}
        FROM test_gateway_methods AS m
        JOIN test_gateway_charges AS c ON c.organization_id = m.organization_id AND c.id = m.charge_id
        WHERE m.organization_id = $1
          AND m.id = $2
          AND m.customer = $3
          AND m.forgotten_at IS NULL
          AND c.state = 'succeeded'
        """,
        organization_id,
        method_id,
        customer,
    )


async def forget(db: Executor, organization_id: UUID, method_id: str, *, now: datetime) -> None:
    """Keep a method no longer; what was charged with it stays in the books."""
    await db.execute(
        """
        UPDATE test_gateway_methods
        SET forgotten_at = $3
        WHERE organization_id = $1
          AND id = $2
          AND forgotten_at IS NULL
        """,
        organization_id,
        method_id,
        now,
    )
