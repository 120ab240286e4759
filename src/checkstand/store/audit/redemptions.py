"""What an audit reads of discounts: their counters against their redemptions, and those against the orders."""

from __future__ import annotations

from uuid import UUID

from checkstand.store.audit.comparison import Compared, compared
from checkstand.store.executor import Reader


async def redemption_counts(db: Reader, organization_id: UUID) -> Compared:
    """Each discount's counter against its redemptions."""
    return await compared(
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
    return await compared(
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
