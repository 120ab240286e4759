"""What an audit reads: each statement sets beside each other what should be equal; the database compares and tells what is not.

A difference is one row with its amounts; no rows means that the rule holds. One organization at a time, and each table is read once
for each rule, whatever its length: sums are made for all orders together, never order by order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from checkstand.domain.ledger import Moved
from checkstand.store.executor import Reader

TOLD_AT_MOST = 1_000
# Sums of one organization for each order; currency by currency where the order's own is not the only one.
_PAID = """
    SELECT order_id, sum(amount_minor) AS amount_minor
    FROM payment_attempts
    WHERE organization_id = $1
      AND status = 'succeeded'
    GROUP BY order_id
"""
_REFUNDED = """
    SELECT
        order_id,
        sum(net_minor + tax_minor) FILTER (WHERE status = 'succeeded') AS given_back_minor,
        sum(net_minor + tax_minor) FILTER (WHERE status <> 'failed') AS given_back_or_on_its_way_minor
    FROM refunds
    WHERE organization_id = $1
    GROUP BY order_id
"""


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


async def _compared(db: Reader, organization_id: UUID, statement: str) -> Compared:
    """Runs a statement whose rows are place (what they are told in the order of), name, expected, found and currency: one for
    everything that is looked at.
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


async def movements(db: Reader, organization_id: UUID) -> Compared:
    """Every movement of the ledger against zero."""
    return await _compared(
        db,
        organization_id,
        """
        SELECT
            extract(epoch FROM min(created_at)) AS place,
            transaction_id::text AS name,
            0 AS expected,
            sum(amount_minor)::bigint AS found,
            currency
        FROM ledger_entries
        WHERE organization_id = $1
        GROUP BY transaction_id, currency
        """,
    )


async def totals(db: Reader, organization_id: UUID) -> Sequence[tuple[str, int, int]]:
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


async def orders_and_payments(db: Reader, organization_id: UUID) -> Compared:
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
            o.number AS place,
            coalesce('order #' || o.number, 'payment ' || c.order_id) AS name,
            coalesce(o.total_minor, 0)::bigint AS expected,
            coalesce(c.amount_minor, 0)::bigint AS found,
            coalesce(o.currency, c.currency) AS currency
        FROM (SELECT id, number, total_minor, currency FROM orders WHERE organization_id = $1) AS o
        FULL JOIN captured AS c ON c.order_id = o.id AND c.currency = o.currency
        """,
    )


async def orders_and_items(db: Reader, organization_id: UUID) -> Compared:
    """Every order's total against the sum of its items, tax included."""
    return await _compared(
        db,
        organization_id,
        """
        SELECT
            o.number AS place,
            'order #' || o.number AS name,
            o.total_minor AS expected,
            coalesce(i.amount_minor, 0)::bigint AS found,
            o.currency
        FROM orders AS o
        LEFT JOIN (
            SELECT order_id, sum(net_minor + tax_minor) AS amount_minor
            FROM order_items
            WHERE organization_id = $1
            GROUP BY order_id
        ) AS i ON i.order_id = o.id
        WHERE o.organization_id = $1
        """,
    )


async def orders_and_ledger(db: Reader, organization_id: UUID) -> Compared:
    """Every order against the ledger: what was paid minus what went back, what banks hold and what the gateway kept is what the
    gateway owes for it. A fee in another currency is owed there, and is `fees_and_ledger`'s.
    """
    return await _compared(
        db,
        organization_id,
        f"""
        SELECT
            o.number AS place,
            'order #' || o.number AS name,
            (
                o.total_minor
                - coalesce(r.given_back_minor, 0)
                - coalesce(d.amount_minor, 0)
                - coalesce(p.fee_minor, 0)
            )::bigint AS expected,
            coalesce(e.amount_minor, 0)::bigint AS found,
            o.currency
        FROM orders AS o
        LEFT JOIN ({_REFUNDED}) AS r ON r.order_id = o.id
        LEFT JOIN (
            SELECT order_id, sum(amount_minor) AS amount_minor
            FROM disputes
            WHERE organization_id = $1
              AND status NOT IN ('won', 'cancelled')
            GROUP BY order_id
        ) AS d ON d.order_id = o.id
        LEFT JOIN (
            SELECT order_id, fee_currency, sum(fee_minor) AS fee_minor
            FROM payment_attempts
            WHERE organization_id = $1
              AND fee_currency IS NOT NULL
            GROUP BY order_id, fee_currency
        ) AS p ON p.order_id = o.id AND p.fee_currency = o.currency
        LEFT JOIN (
            SELECT order_id, currency, sum(amount_minor) AS amount_minor
            FROM ledger_entries
            WHERE organization_id = $1
              AND account = 'gateway'
            GROUP BY order_id, currency
        ) AS e ON e.order_id = o.id AND e.currency = o.currency
        WHERE o.organization_id = $1
        """,
    )


async def fees_and_ledger(db: Reader, organization_id: UUID) -> Compared:
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
            o.number AS place,
            coalesce('order #' || o.number, 'payment ' || coalesce(k.order_id, b.order_id)) AS name,
            coalesce(k.amount_minor, 0)::bigint AS expected,
            coalesce(b.amount_minor, 0)::bigint AS found,
            coalesce(k.currency, b.currency) AS currency
        FROM kept AS k
        FULL JOIN booked AS b ON b.order_id = k.order_id AND b.currency = k.currency
        LEFT JOIN orders AS o ON o.organization_id = $1 AND o.id = coalesce(k.order_id, b.order_id)
        """,
    )


async def fees(db: Reader, organization_id: UUID) -> Sequence[tuple[str, int]]:
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


async def order_numbers(db: Reader, organization_id: UUID) -> Compared:
    """The count of orders against the last number: numbers have no gaps."""
    return await _compared(
        db,
        organization_id,
        """
        SELECT
            0 AS place,
            'orders' AS name,
            last_order_number AS expected,
            (SELECT count(*) FROM orders WHERE orders.organization_id = organizations.id) AS found,
            '' AS currency
        FROM organizations
        WHERE id = $1
        """,
    )


async def refunds_of_orders(db: Reader, organization_id: UUID) -> Compared:
    """What each order says has gone back or is on its way, against its refunds."""
    return await _compared(
        db,
        organization_id,
        f"""
        SELECT
            o.number AS place,
            'order #' || o.number AS name,
            coalesce(r.given_back_or_on_its_way_minor, 0)::bigint AS expected,
            o.refunded_minor AS found,
            o.currency
        FROM orders AS o
        LEFT JOIN ({_REFUNDED}) AS r ON r.order_id = o.id
        WHERE o.organization_id = $1
        """,
    )


async def refunds_beyond_payments(db: Reader, organization_id: UUID) -> Compared:
    """The part of each order's refunds that exceeds what was captured: none."""
    return await _compared(
        db,
        organization_id,
        f"""
        SELECT
            o.number AS place,
            'order #' || o.number AS name,
            0 AS expected,
            greatest(0, r.given_back_or_on_its_way_minor - coalesce(p.amount_minor, 0))::bigint AS found,
            o.currency
        FROM ({_REFUNDED}) AS r
        JOIN orders AS o ON o.organization_id = $1 AND o.id = r.order_id
        LEFT JOIN ({_PAID}) AS p ON p.order_id = r.order_id
        WHERE r.given_back_or_on_its_way_minor IS NOT NULL
        """,
    )


async def redemption_counts(db: Reader, organization_id: UUID) -> Compared:
    """Each discount's counter against its redemptions."""
    return await _compared(
        db,
        organization_id,
        """
        SELECT
            0 AS place,
            coalesce(d.code, d.name) AS name,
            coalesce(r.redemptions, 0) AS expected,
            d.redemptions_count AS found,
            '' AS currency
        FROM discounts AS d
        LEFT JOIN (
            SELECT discount_id, count(*) AS redemptions
            FROM redemptions
            WHERE organization_id = $1
            GROUP BY discount_id
        ) AS r ON r.discount_id = d.id
        WHERE d.organization_id = $1
        """,
    )


async def redemptions_and_orders(db: Reader, organization_id: UUID) -> Compared:
    """Each redemption against its order; one of a session that is being paid waits for it. And each order's discounts have one."""
    return await _compared(
        db,
        organization_id,
        """
        SELECT
            NULL::bigint AS place,
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
            o.number AS place,
            'order #' || o.number AS name,
            1 AS expected,
            (r.id IS NOT NULL)::integer AS found,
            '' AS currency
        FROM orders AS o
        LEFT JOIN redemptions AS r
            ON r.organization_id = o.organization_id
            AND r.checkout_id = o.checkout_id
            AND r.discount_id = o.discount_id
        WHERE o.organization_id = $1
          AND o.discount_id IS NOT NULL
        """,
    )


async def captured(
    db: Reader, organization_id: UUID, gateway: str, *, keys: Sequence[UUID] | None = None
) -> Sequence[Moved]:
    """What we believe this gateway took; of these keys alone where some are given."""
    rows = await db.fetch(
        """
        SELECT gateway_key, coalesce(gateway_reference, '') AS reference, amount_minor, currency
        FROM payment_attempts
        WHERE organization_id = $1
          AND gateway = $2
          AND status = 'succeeded'
          AND amount_minor > 0
          AND ($3::uuid[] IS NULL OR gateway_key = ANY ($3))
        ORDER BY created_at, id
        """,
        organization_id,
        gateway,
        keys,
    )
    return [_moved(row) for row in rows]


async def refunded(
    db: Reader, organization_id: UUID, gateway: str, *, keys: Sequence[UUID] | None = None
) -> Sequence[Moved]:
    """What we believe this gateway gave back; of these keys alone where some are given."""
    rows = await db.fetch(
        """
        SELECT gateway_key, coalesce(gateway_reference, '') AS reference, net_minor + tax_minor AS amount_minor, currency
        FROM refunds
        WHERE organization_id = $1
          AND gateway = $2
          AND status = 'succeeded'
          AND ($3::uuid[] IS NULL OR gateway_key = ANY ($3))
        ORDER BY created_at, id
        """,
        organization_id,
        gateway,
        keys,
    )
    return [_moved(row) for row in rows]


def _moved(row: asyncpg.Record) -> Moved:
    return Moved(
        key=row["gateway_key"], reference=row["reference"], amount_minor=row["amount_minor"], currency=row["currency"]
    )
