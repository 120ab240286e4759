"""Facts: appended with the change they tell of, claimed by the worker, read back as a timeline."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from checkstand.domain.facts import Fact, FactType
from checkstand.store.database import Executor

# The tail of a statement that records facts beside its own change; `columns` gives its arguments in this order.
UNNEST = "unnest({}::uuid[], {}::text[], {}::uuid[], {}::uuid[], {}::timestamptz[], {}::text[], {}::text[])"
COLUMNS = "(organization_id, id, type, subject_id, checkout_id, occurred_at, detail, snapshot)"
SELECTED = "f.id, f.type, f.subject_id, f.checkout_id, f.occurred_at, f.detail, f.snapshot::json"
WIDTH = 8
_TURN = 0x6661637473  # "facts"
ALIAS = "AS f (id, type, subject_id, checkout_id, occurred_at, detail, snapshot)"


def unnest_from(first: int) -> str:
    """The UNNEST clause with its parameters numbered from `first`."""
    return UNNEST.format(*(f"${number}" for number in range(first, first + 7)))


def unnest_with_organization(first: int) -> str:
    """The same for facts of several organizations: one more array, the last, says whose each fact is."""
    arrays = unnest_from(first).removesuffix(")")
    return f"{arrays}, ${first + 7}::uuid[]) {ALIAS.removesuffix(')')}, organization_id)"


def row(fact: Fact) -> tuple[object, ...]:
    """One fact's columns in the order of UNNEST, then its organization."""
    snapshot = fact.snapshot.decode() if fact.snapshot is not None else None
    return (
        fact.id,
        str(fact.type),
        fact.subject_id,
        fact.checkout_id,
        fact.occurred_at,
        fact.detail,
        snapshot,
        fact.organization_id,
    )


def columns(facts: Sequence[Fact]) -> tuple[list[object], ...]:
    """Facts as seven parallel arrays, in the order of UNNEST."""
    return (
        [fact.id for fact in facts],
        [str(fact.type) for fact in facts],
        [fact.subject_id for fact in facts],
        [fact.checkout_id for fact in facts],
        [fact.occurred_at for fact in facts],
        [fact.detail for fact in facts],
        [fact.snapshot.decode() if fact.snapshot is not None else None for fact in facts],
    )


_RECORD = f"""
    INSERT INTO facts {COLUMNS}
    SELECT $1, {SELECTED}
    FROM {unnest_from(2)} {ALIAS}
"""


async def record(db: Executor, organization_id: UUID, facts: Sequence[Fact]) -> None:
    """Append facts, in order."""
    if facts:
        await db.execute(_RECORD, organization_id, *columns(facts))


def from_row(row: asyncpg.Record) -> Fact:
    snapshot = row["snapshot"]
    return Fact(
        id=row["id"],
        organization_id=row["organization_id"],
        type=FactType(row["type"]),
        subject_id=row["subject_id"],
        checkout_id=row["checkout_id"],
        occurred_at=row["occurred_at"],
        detail=row["detail"],
        snapshot=snapshot.encode() if snapshot is not None else None,
    )


async def take_turn(db: Executor) -> bool:
    """Become the only one who turns facts into deliveries, until the transaction ends: so that their order is kept."""
    taken: bool = await db.fetchval("SELECT pg_try_advisory_xact_lock($1)", _TURN)
    return taken


# The organizations that have any are found one by one along the index, so that the time does not grow with how many facts one has.
_PENDING = """
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
    SELECT f.organization_id, f.id, f.type, f.subject_id, f.checkout_id, f.occurred_at, f.detail, f.snapshot
    FROM turns
    JOIN facts AS f ON f.organization_id = turns.organization_id AND f.id = turns.id
    ORDER BY turns.turn, turns.sequence
"""


async def pending(db: Executor, *, limit: int) -> Sequence[Fact]:
    """The oldest facts that were not turned into deliveries yet: the first of each organization, then the second of each, and so on.

    Those of one organization are in the order they were written.
    """
    return [from_row(row) for row in await db.fetch(_PENDING, limit)]


async def mark_done(db: Executor, facts: Sequence[Fact]) -> frozenset[UUID]:
    """Say that these facts' deliveries exist; the ids of those of which nobody had said so before."""
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


async def by_id(db: Executor, organization_id: UUID, fact_id: UUID) -> Fact:
    """One fact that is known to exist: facts are never removed."""
    row = await db.fetchrow(
        """
        SELECT organization_id, id, type, subject_id, checkout_id, occurred_at, detail, snapshot
        FROM facts
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        fact_id,
    )
    assert row is not None, "a delivery names a fact that was removed"
    return from_row(row)


async def timeline(db: Executor, organization_id: UUID, checkout_id: UUID) -> Sequence[Fact]:
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


async def pending_count(db: Executor, organization_id: UUID) -> int:
    """How many facts of an organization still wait to be turned into deliveries."""
    return int(
        await db.fetchval(
            "SELECT count(*) FROM facts WHERE organization_id = $1 AND is_pending",
            organization_id,
        )
    )
