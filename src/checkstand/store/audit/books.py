"""What an audit reads of sales: orders, their payments, items and refunds, and what the ledger says of all of them.

One organization at a time, and each table is read once for each rule, whatever its length: sums are made for all orders together,
never order by order.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from checkstand.store.audit.comparison import Compared, compared
from checkstand.store.executor import Reader

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


async def movements(db: Reader, organization_id: UUID) -> Compared:
    """Every movement of the ledger against zero."""
    return await compared(
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
    return await compared(
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
    return await compared(
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
    return await compared(
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
    return await compared(
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
    return await compared(
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
    return await compared(
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
    return await compared(
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
