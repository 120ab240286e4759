"""What an audit reads: each statement lists what does not agree, or what is to be compared with a gateway's own books.

A difference is one row with its amounts; no rows means that the rule holds. One organization at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from checkstand.domain.ledger import Moved
from checkstand.store.database import Executor


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two amounts or counts that should be equal and are not. `name` says of what: an order's number, an id."""

    name: str
    expected: int
    found: int
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How many things were looked at, and which of them differ."""

    looked_at: int
    differences: tuple[Difference, ...]


async def _compared(db: Executor, organization_id: UUID, statement: str) -> Compared:
    """Runs a statement whose rows are name, expected, found, currency: one for everything that is looked at."""
    rows = await db.fetch(statement, organization_id)
    return Compared(looked_at=len(rows), differences=tuple(_difference(row) for row in rows if _differs(row)))


def _differs(row: asyncpg.Record) -> bool:
    return bool(row["expected"] != row["found"])


def _difference(row: asyncpg.Record) -> Difference:
    return Difference(
        name=str(row["name"]), expected=int(row["expected"]), found=int(row["found"]), currency=row["currency"]
    )


async def movements(db: Executor, organization_id: UUID) -> Compared:
    """Every movement of the ledger against zero."""
    return await _compared(
        db,
        organization_id,
        """
        SELECT transaction_id::text AS name, 0 AS expected, sum(amount_minor)::bigint AS found, currency
        FROM ledger_entries
        WHERE organization_id = $1
        GROUP BY transaction_id, currency
        ORDER BY min(created_at), name
        """,
    )


async def totals(db: Executor, organization_id: UUID) -> Sequence[tuple[str, int, int]]:
    """Debits and credits of each currency."""
    rows = await db.fetch(
        """
        SELECT
            currency,
            coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0), 0)::bigint AS debits,
            coalesce(-sum(amount_minor) FILTER (WHERE amount_minor < 0), 0)::bigint AS credits
        FROM ledger_entries
        WHERE organization_id = $1
        GROUP BY currency
        ORDER BY currency
        """,
        organization_id,
    )
    return [(row["currency"], row["debits"], row["credits"]) for row in rows]


async def orders_and_payments(db: Executor, organization_id: UUID) -> Compared:
    """Every order against what its attempts captured: free ones captured nothing. Attempts without an order are looked at as well."""
    return await _compared(
        db,
        organization_id,
        """
        WITH captured AS (
            SELECT order_id, currency, sum(amount_minor) AS amount_minor
            FROM payment_attempts
            WHERE organization_id = $1
              AND status = 'succeeded'
              AND purpose = 'payment'
            GROUP BY order_id, currency
        )
        SELECT
            coalesce('order #' || o.number, 'payment ' || c.order_id) AS name,
            coalesce(o.total_minor, 0)::bigint AS expected,
            coalesce(c.amount_minor, 0)::bigint AS found,
            coalesce(o.currency, c.currency) AS currency
        FROM (SELECT id, number, total_minor, currency FROM orders WHERE organization_id = $1) AS o
        FULL JOIN captured AS c ON c.order_id = o.id AND c.currency = o.currency
        ORDER BY o.number
        """,
    )


async def orders_and_items(db: Executor, organization_id: UUID) -> Compared:
    """Every order's total against the sum of its items, tax included."""
    return await _compared(
        db,
        organization_id,
        """
        SELECT
            'order #' || o.number AS name,
            o.total_minor AS expected,
            coalesce((
                SELECT sum(i.net_minor + i.tax_minor)
                FROM order_items AS i
                WHERE i.organization_id = o.organization_id
                  AND i.order_id = o.id
            ), 0)::bigint AS found,
            o.currency
        FROM orders AS o
        WHERE o.organization_id = $1
        ORDER BY o.number
        """,
    )


async def orders_and_ledger(db: Executor, organization_id: UUID) -> Compared:
    """Every order against the ledger: what was paid minus what went back, what banks hold and what the gateway kept is what the
    gateway owes for it. A fee in another currency is owed there, and is `fees_and_ledger`'s.
    """
    return await _compared(
        db,
        organization_id,
        """
        SELECT
            'order #' || o.number AS name,
            (
                o.total_minor
                - coalesce((
                    SELECT sum(r.net_minor + r.tax_minor)
                    FROM refunds AS r
                    WHERE r.organization_id = o.organization_id
                      AND r.order_id = o.id
                      AND r.status = 'succeeded'
                ), 0)
                - coalesce((
                    SELECT sum(d.amount_minor)
                    FROM disputes AS d
                    WHERE d.organization_id = o.organization_id
                      AND d.order_id = o.id
                      AND d.status NOT IN ('won', 'cancelled')
                ), 0)
                - coalesce((
                    SELECT sum(p.fee_minor)
                    FROM payment_attempts AS p
                    WHERE p.organization_id = o.organization_id
                      AND p.order_id = o.id
                      AND p.fee_currency = o.currency
                ), 0)
            )::bigint AS expected,
            coalesce((
                SELECT sum(e.amount_minor)
                FROM ledger_entries AS e
                WHERE e.organization_id = o.organization_id
                  AND e.order_id = o.id
                  AND e.account = 'gateway'
                  AND e.currency = o.currency
            ), 0)::bigint AS found,
            o.currency
        FROM orders AS o
        WHERE o.organization_id = $1
        ORDER BY o.number
        """,
    )


async def fees_and_ledger(db: Executor, organization_id: UUID) -> Compared:
    """What the gateway said that it kept of each payment against the ledger, in the currency that it settles in."""
    return await _compared(
        db,
        organization_id,
        """
        WITH kept AS (
            SELECT order_id, fee_currency AS currency, sum(fee_minor) AS amount_minor
            FROM payment_attempts
            WHERE organization_id = $1
              AND fee_minor > 0
            GROUP BY order_id, fee_currency
        ),
        booked AS (
            SELECT order_id, currency, sum(amount_minor) AS amount_minor
            FROM ledger_entries
            WHERE organization_id = $1
              AND account = 'fee'
            GROUP BY order_id, currency
        )
        SELECT
            coalesce('order #' || o.number, 'payment ' || coalesce(k.order_id, b.order_id)) AS name,
            coalesce(k.amount_minor, 0)::bigint AS expected,
            coalesce(b.amount_minor, 0)::bigint AS found,
            coalesce(k.currency, b.currency) AS currency
        FROM kept AS k
        FULL JOIN booked AS b ON b.order_id = k.order_id AND b.currency = k.currency
        LEFT JOIN orders AS o ON o.organization_id = $1 AND o.id = coalesce(k.order_id, b.order_id)
        ORDER BY o.number, currency
        """,
    )


async def fees(db: Executor, organization_id: UUID) -> Sequence[tuple[str, int]]:
    """What gateways have kept, in each currency that they settle in."""
    rows = await db.fetch(
        """
        SELECT currency, sum(amount_minor)::bigint AS amount_minor
        FROM ledger_entries
        WHERE organization_id = $1
          AND account = 'fee'
        GROUP BY currency
        ORDER BY currency
        """,
        organization_id,
    )
    return [(row["currency"], row["amount_minor"]) for row in rows]


async def order_numbers(db: Executor, organization_id: UUID) -> Compared:
    """The count of orders against the last number: numbers have no gaps."""
    return await _compared(
        db,
        organization_id,
        """
        SELECT
            'orders' AS name,
            last_order_number AS expected,
            (SELECT count(*) FROM orders WHERE orders.organization_id = organizations.id) AS found,
            '' AS currency
        FROM organizations
        WHERE id = $1
        """,
    )


async def refunds_of_orders(db: Executor, organization_id: UUID) -> Compared:
    """What each order says has gone back or is on its way, against its refunds."""
    return await _compared(
        db,
        organization_id,
        """
        SELECT
            'order #' || o.number AS name,
            coalesce((
                SELECT sum(r.net_minor + r.tax_minor)
                FROM refunds AS r
                WHERE r.organization_id = o.organization_id
                  AND r.order_id = o.id
                  AND r.status <> 'failed'
            ), 0)::bigint AS expected,
            o.refunded_minor AS found,
            o.currency
        FROM orders AS o
        WHERE o.organization_id = $1
        ORDER BY o.number
        """,
    )


async def refunds_beyond_payments(db: Executor, organization_id: UUID) -> Compared:
    """The part of each order's refunds that exceeds what was captured: none."""
    return await _compared(
        db,
        organization_id,
        """
        SELECT
            'order #' || o.number AS name,
            0 AS expected,
            greatest(0, sum(r.net_minor + r.tax_minor) - coalesce((
                SELECT sum(a.amount_minor)
                FROM payment_attempts AS a
                WHERE a.organization_id = o.organization_id
                  AND a.order_id = o.id
                  AND a.status = 'succeeded'
            ), 0))::bigint AS found,
            o.currency
        FROM refunds AS r
        JOIN orders AS o ON o.organization_id = r.organization_id AND o.id = r.order_id
        WHERE r.organization_id = $1
          AND r.status <> 'failed'
        GROUP BY o.organization_id, o.id, o.number, o.currency
        ORDER BY o.number
        """,
    )


async def redemption_counts(db: Executor, organization_id: UUID) -> Compared:
    """Each discount's counter against its redemptions."""
    return await _compared(
        db,
        organization_id,
        """
        SELECT
            coalesce(d.code, d.name) AS name,
            (
                SELECT count(*)
                FROM redemptions AS r
                WHERE r.organization_id = d.organization_id
                  AND r.discount_id = d.id
            ) AS expected,
            d.redemptions_count AS found,
            '' AS currency
        FROM discounts AS d
        WHERE d.organization_id = $1
        ORDER BY name
        """,
    )


async def redemptions_and_orders(db: Executor, organization_id: UUID) -> Compared:
    """Each redemption against its order; one of a session that is being paid waits for it. And each order's discounts have one."""
    return await _compared(
        db,
        organization_id,
        """
        SELECT
            'checkout ' || r.checkout_id AS name,
            1 AS expected,
            (c.status = 'confirmed' OR o.id IS NOT NULL)::integer AS found,
            '' AS currency
        FROM redemptions AS r
        JOIN checkouts AS c ON c.organization_id = r.organization_id AND c.id = r.checkout_id
        LEFT JOIN orders AS o ON o.organization_id = r.organization_id AND o.checkout_id = r.checkout_id
        WHERE r.organization_id = $1
        UNION ALL
        SELECT
            'order #' || o.number AS name,
            1 AS expected,
            EXISTS (
                SELECT 1
                FROM redemptions AS r
                WHERE r.organization_id = o.organization_id
                  AND r.checkout_id = o.checkout_id
                  AND r.discount_id = o.discount_id
            )::integer AS found,
            '' AS currency
        FROM orders AS o
        WHERE o.organization_id = $1
          AND o.discount_id IS NOT NULL
        ORDER BY name
        """,
    )


async def captured(db: Executor, organization_id: UUID, gateway: str) -> Sequence[Moved]:
    """What we believe this gateway took."""
    rows = await db.fetch(
        """
        SELECT gateway_key, coalesce(gateway_reference, '') AS reference, amount_minor, currency
        FROM payment_attempts
        WHERE organization_id = $1
          AND gateway = $2
          AND status = 'succeeded'
          AND amount_minor > 0
        ORDER BY created_at, id
        """,
        organization_id,
        gateway,
    )
    return [_moved(row) for row in rows]


async def refunded(db: Executor, organization_id: UUID, gateway: str) -> Sequence[Moved]:
    """What we believe this gateway gave back."""
    rows = await db.fetch(
        """
        SELECT gateway_key, coalesce(gateway_reference, '') AS reference, net_minor + tax_minor AS amount_minor, currency
        FROM refunds
        WHERE organization_id = $1
          AND gateway = $2
          AND status = 'succeeded'
        ORDER BY created_at, id
        """,
        organization_id,
        gateway,
    )
    return [_moved(row) for row in rows]


def _moved(row: asyncpg.Record) -> Moved:
    return Moved(
        key=row["gateway_key"], reference=row["reference"], amount_minor=row["amount_minor"], currency=row["currency"]
    )
