"""Facts: appended with the change they tell of, claimed by the worker, read back as a timeline."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from checkstand.domain.facts import Fact, FactType
from checkstand.store.executor import Executor, Reader
from checkstand.store.written_columns import WrittenColumns

FACTS = WrittenColumns[Fact](
    "f",
    organization_id=("uuid", lambda fact: fact.organization_id),
    id=("uuid", lambda fact: fact.id),
    type=("text", lambda fact: fact.type),
    subject_id=("uuid", lambda fact: fact.subject_id),
    checkout_id=("uuid", lambda fact: fact.checkout_id),
    occurred_at=("timestamptz", lambda fact: fact.occurred_at),
    detail=("text", lambda fact: fact.detail),
    snapshot=("json", lambda fact: fact.snapshot.decode() if fact.snapshot is not None else None),
)
_TURN = 0x6661637473  # "facts"


def told(first: int) -> str:
    """The tail of a statement that records facts beside its own change: its parameters from `first` are `FACTS.arrays`."""
    return f"INSERT INTO facts ({FACTS.names}) SELECT {FACTS.selected} FROM {FACTS.unnested(first)}"


async def record(db: Executor, organization_id: UUID, facts: Sequence[Fact]) -> None:
    """Append facts of one organization, in order."""
    assert all(fact.organization_id == organization_id for fact in facts), "a fact of another organization"
    if facts:
        await db.execute(told(1), *FACTS.arrays(facts))


def from_row(row: asyncpg.Record) -> Fact:
    """A fact from a row with the columns of FACTS."""
    snapshot = row["snapshot"]
    values = {**row, "type": FactType(row["type"]), "snapshot": snapshot.encode() if snapshot is not None else None}
    return Fact(**values)


async def take_turn(db: Executor) -> bool:
    """Become the only one who turns facts into deliveries, until the transaction ends: so that their order is kept."""
    taken: bool = await db.fetchval("SELECT pg_try_advisory_xact_lock($1)", _TURN)
    return taken


# The organizations that have any are found one by one along the index, so that the time does not grow with how many facts one has.
_PENDING = f"""
    WITH RECURSIVE waiting AS (
        (
            SELECT organization_id
            FROM facts
            WHERE is_pending
            ORDER BY organization_id
            LIMIT 1
        )
        UNION ALL
        SELECT (
            SELECT f.organization_id
            FROM facts AS f
            WHERE f.is_pending
              AND f.organization_id > w.organization_id
            ORDER BY f.organization_id
            LIMIT 1
        )
        FROM waiting AS w
        WHERE w.organization_id IS NOT NULL
    ),
    turns AS (
        SELECT w.organization_id, oldest.id, oldest.sequence, oldest.turn
        FROM waiting AS w
        CROSS JOIN LATERAL (
            SELECT o.id, o.sequence, row_number() OVER (ORDER BY o.sequence) AS turn
            FROM (
                SELECT f.id, f.sequence
                FROM facts AS f
                WHERE f.is_pending
                  AND f.organization_id = w.organization_id
                ORDER BY f.sequence
                LIMIT $1
            ) AS o
        ) AS oldest
        ORDER BY oldest.turn, oldest.sequence
        LIMIT $1
    )
    SELECT {FACTS.selected}
    FROM turns
    JOIN facts AS f ON f.organization_id = turns.organization_id AND f.id = turns.id
    ORDER BY turns.turn, turns.sequence
"""


async def pending(db: Reader, *, limit: int) -> Sequence[Fact]:
    """The oldest facts that were not turned into deliveries yet: the first of each organization, then the second of each, and so on.

    Those of one organization are in the order they were written.
    """
    return [from_row(row) for row in await db.fetch(_PENDING, limit)]


async def mark_done(db: Executor, facts: Sequence[Fact]) -> frozenset[UUID]:
    """Mark these facts' deliveries as made; the ids of those that were not marked before."""
    rows = await db.fetch(
        """
        UPDATE facts
        SET is_pending = false
        FROM unnest($1::uuid[], $2::uuid[]) AS done (organization_id, id)
        WHERE facts.organization_id = done.organization_id
          AND facts.id = done.id
          AND facts.is_pending
        RETURNING facts.id
        """,
        [fact.organization_id for fact in facts],
        [fact.id for fact in facts],
    )
    return frozenset(row["id"] for row in rows)


async def by_id(db: Reader, organization_id: UUID, fact_id: UUID) -> Fact:
    """One fact that is known to exist: facts are never removed."""
    row = await db.fetchrow(
        f"""
        SELECT {FACTS.names}
        FROM facts
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        fact_id,
    )
    assert row is not None, "a delivery names a fact that was removed"
    return from_row(row)


async def timeline(db: Reader, organization_id: UUID, checkout_id: UUID) -> Sequence[Fact]:
    """All that happened to one checkout, oldest first."""
    rows = await db.fetch(
        """
        SELECT organization_id, id, type, subject_id, checkout_id, occurred_at, detail, NULL AS snapshot
        FROM facts
        WHERE organization_id = $1
          AND checkout_id = $2
        ORDER BY sequence
        """,
        organization_id,
        checkout_id,
    )
    return [from_row(row) for row in rows]


async def pending_count(db: Reader, organization_id: UUID) -> int:
    """How many facts of an organization still wait to be turned into deliveries."""
    return int(
        await db.fetchval(
            "SELECT count(*) FROM facts WHERE organization_id = $1 AND is_pending",
            organization_id,
        )
    )
