"""Saved payment methods, who a customer is at the gateway, and what the gateway shall forget.

Whoever writes here holds the customer's row (settling, deleting) or the method's (confirming, removing): the same card saved twice at
once becomes one row, and a method is removed either before a payment claims it or after.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from checkstand.domain.saved_method import SavedMethod
from checkstand.store.executor import Executor, Reader
from checkstand.store.query import Page, Query
from checkstand.store.rows import Table, insert_row

METHODS = Table("payment_methods", SavedMethod, also={"fingerprint": lambda method: method.instrument.fingerprint})


async def by_id(
    db: Reader, organization_id: UUID, customer_id: UUID, method_id: UUID, *, hold: bool = False
) -> SavedMethod | None:
    """A customer's method that was not removed. `hold`: until the transaction ends."""
    return await METHODS.one(
        db,
        f"""
        SELECT {METHODS.columns}
        FROM payment_methods
        WHERE organization_id = $1
          AND customer_id = $2
          AND id = $3
          AND removed_at IS NULL
        {"FOR NO KEY UPDATE" if hold else ""}
        """,
        organization_id,
        customer_id,
        method_id,
    )


async def same_card(
    db: Reader, organization_id: UUID, customer_id: UUID, *, gateway: str, fingerprint: str
) -> SavedMethod | None:
    """The row of a card that this customer has saved already. Ask only while the customer's row is held."""
    return await METHODS.one(
        db,
        f"""
        SELECT {METHODS.columns}
        FROM payment_methods
        WHERE organization_id = $1
          AND customer_id = $2
          AND gateway = $3
          AND fingerprint = $4
          AND removed_at IS NULL
        FOR NO KEY UPDATE
        """,
        organization_id,
        customer_id,
        gateway,
        fingerprint,
    )


async def of_customer(db: Reader, organization_id: UUID, customer_id: UUID) -> Sequence[SavedMethod]:
    """All that a customer has saved, the one used last first."""
    return await METHODS.all(
        db,
        f"""
        SELECT {METHODS.columns}
        FROM payment_methods
        WHERE organization_id = $1
          AND customer_id = $2
          AND removed_at IS NULL
        ORDER BY coalesce(last_used_at, created_at) DESC, id
        """,
        organization_id,
        customer_id,
    )


async def search(db: Reader, organization_id: UUID, customer_id: UUID, *, offset: int, limit: int) -> Page[SavedMethod]:
    """A page of what a customer has saved, the newest first, with the count of all."""
    query = Query("payment_methods", organization_id)
    query.equals("customer_id", customer_id)
    query.where("removed_at IS NULL")
    query.order_by(["-created_at"], {"created_at": "created_at"})
    return await METHODS.page(db, query, offset=offset, limit=limit)


async def save(db: Executor, method: SavedMethod) -> None:
    """Write what may change; one that was removed stays removed."""
    names = (
        "gateway_method",
        "gateway_customer",
        "instrument",
        "is_recurring",
        "is_offered",
        "refused_code",
        "modified_at",
        "last_used_at",
        "removed_at",
    )
    await db.execute(
        f"""
        UPDATE payment_methods
        SET {METHODS.assignments(*names, first=3)}
        WHERE organization_id = $1
          AND id = $2
          AND removed_at IS NULL
        """,
        method.organization_id,
        method.id,
        *METHODS.arguments(method, *names),
    )


async def note_attempt(db: Executor, organization_id: UUID, attempt_id: UUID, method_id: UUID) -> None:
    """Say which saved method an attempt's has become."""
    await db.execute(
        """
        UPDATE payment_attempts
        SET method_id = $3
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        attempt_id,
        method_id,
    )


# ---------------------------------------------------------------- who a customer is at the gateway


async def gateway_customer(
    db: Executor, organization_id: UUID, owner_id: UUID, *, gateway: str, key: UUID, now: datetime
) -> tuple[UUID, str | None]:
    """The key under which the gateway is asked to make this customer, stored before it is, and its name there once it has one."""
    row = await db.fetchrow(
        """
        WITH made AS (
            INSERT INTO gateway_customers (organization_id, owner_id, gateway, key, created_at)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (organization_id, owner_id, gateway) DO NOTHING
            RETURNING key, reference
        )
        SELECT key, reference FROM made
        UNION ALL
        SELECT key, reference
        FROM gateway_customers
        WHERE organization_id = $1
          AND owner_id = $2
          AND gateway = $3
        LIMIT 1
        """,
        organization_id,
        owner_id,
        gateway,
        key,
        now,
    )
    if row is None:  # another request made it a moment ago, after this statement began
        return await gateway_customer(db, organization_id, owner_id, gateway=gateway, key=key, now=now)
    return row["key"], row["reference"]


async def name_gateway_customer(
    db: Executor, organization_id: UUID, owner_id: UUID, *, gateway: str, reference: str
) -> None:
    """Note the gateway's name of a customer; the first one stays."""
    await db.execute(
        """
        UPDATE gateway_customers
        SET reference = $4
        WHERE organization_id = $1
          AND owner_id = $2
          AND gateway = $3
          AND reference IS NULL
        """,
        organization_id,
        owner_id,
        gateway,
        reference,
    )


async def adopt_gateway_customer(db: Executor, organization_id: UUID, *, session_id: UUID, customer_id: UUID) -> None:
    """The buyer of a session has become a customer, who is the same one at the gateway unless known there before."""
    await db.execute(
        """
        INSERT INTO gateway_customers (organization_id, owner_id, gateway, key, reference, created_at)
        SELECT organization_id, $3, gateway, key, reference, created_at
        FROM gateway_customers
        WHERE organization_id = $1
          AND owner_id = $2
          AND reference IS NOT NULL
        ON CONFLICT (organization_id, owner_id, gateway) DO NOTHING
        """,
        organization_id,
        session_id,
        customer_id,
    )


# ---------------------------------------------------------------- what the gateway shall forget


async def to_forget(db: Executor, organization_id: UUID, *, gateway: str, gateway_method: str, now: datetime) -> None:
    """Remember that the gateway has to be told to forget a method."""
    await insert_row(
        db,
        "gateway_methods_to_forget",
        unless_there=True,
        organization_id=organization_id,
        gateway=gateway,
        gateway_method=gateway_method,
        created_at=now,
        try_at=now,
    )


async def due_to_forget(db: Reader, organization_id: UUID, *, now: datetime) -> Sequence[tuple[str, str]]:
    """Gateways and their names of methods that they can be told to forget now: nothing undecided uses them."""
    rows = await db.fetch(
        """
        SELECT f.gateway, f.gateway_method
        FROM gateway_methods_to_forget AS f
        WHERE f.organization_id = $1
          AND f.try_at <= $2
          AND NOT EXISTS (
              SELECT 1
              FROM payment_attempts AS a
              WHERE a.organization_id = f.organization_id
                AND a.gateway_method = f.gateway_method
                AND a.status IN ('started', 'requires_action', 'processing', 'partially_captured')
          )
        ORDER BY f.created_at
        LIMIT 100
        """,
        organization_id,
        now,
    )
    return [(row["gateway"], row["gateway_method"]) for row in rows]


async def forgotten(db: Executor, organization_id: UUID, *, gateway: str, gateway_method: str) -> None:
    """The gateway has forgotten it."""
    await db.execute(
        """
        DELETE FROM gateway_methods_to_forget
        WHERE organization_id = $1
          AND gateway = $2
          AND gateway_method = $3
        """,
        organization_id,
        gateway,
        gateway_method,
    )


async def forget_later(
    db: Executor, organization_id: UUID, *, gateway: str, gateway_method: str, now: datetime, wait: timedelta
) -> None:
    """The gateway did not answer: ask again after `wait`, doubled with every try, at most a day."""
    await db.execute(
        """
        UPDATE gateway_methods_to_forget
        SET tries = tries + 1, try_at = $4::timestamptz + least($5::interval * (2 ^ least(tries, 20)), interval '1 day')
        WHERE organization_id = $1
          AND gateway = $2
          AND gateway_method = $3
        """,
        organization_id,
        gateway,
        gateway_method,
        now,
        wait,
    )
