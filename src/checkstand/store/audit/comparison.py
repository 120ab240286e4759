"""How an audit compares: the database sets beside each other what should be equal, and tells what is not.

A difference is one row with its amounts; no rows means that the rule holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from checkstand.store.executor import Reader

TOLD_AT_MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two amounts or counts that should be equal and are not. `name` says of what: an order's number, an id."""

    name: str
    expected: int
    found: int
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How many things were looked at, how many of them differ, and the first of those."""

    looked_at: int
    differing: int
    differences: tuple[Difference, ...]


async def compared(db: Reader, organization_id: UUID, statement: str) -> Compared:
    """The differences that a statement finds, in the order of their place; none when the rule holds.

    The statement has a row for everything that is looked at: place, name, expected, found and currency.
    """
    rows = await db.fetch(
        f"""
        WITH compared AS MATERIALIZED (
            {statement}
        ),
        counted AS (
            SELECT count(*) AS looked_at, count(*) FILTER (WHERE expected <> found) AS differing
            FROM compared
        )
        SELECT counted.looked_at, counted.differing, told.name, told.expected, told.found, told.currency
        FROM counted
        LEFT JOIN (
            SELECT place, name, expected, found, currency
            FROM compared
            WHERE expected <> found
            ORDER BY place, name
            LIMIT {TOLD_AT_MOST}
        ) AS told ON true
        ORDER BY told.place, told.name
        """,
        organization_id,
    )
    return Compared(
        looked_at=rows[0]["looked_at"],
        differing=rows[0]["differing"],
        differences=tuple(_difference(row) for row in rows if row["name"] is not None),
    )


def _difference(row: asyncpg.Record) -> Difference:
    return Difference(
        name=str(row["name"]), expected=int(row["expected"]), found=int(row["found"]), currency=row["currency"]
    )
