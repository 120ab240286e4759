"""Discounts and their redemptions: found by id or by code, changed, and counted.

A redemption is a row of its own, written with the count on the discount in one statement: the discount's row is the guard, so that
however many come at once, no more than the limit get through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from checkstand.domain.discount import AmountOff, Discount, Percentage, unaliased_email
from checkstand.store.codec import decode_plain, encode
from checkstand.store.database import Transaction
from checkstand.store.executor import Executor, Reader
from checkstand.store.field_mapping import FieldMapping
from checkstand.store.query import Page, Query
from checkstand.store.rows import Table


def _worth_columns(takes: Percentage | AmountOff) -> tuple[object, object, object]:
    if isinstance(takes, Percentage):
        return takes.basis_points, None, encode(takes.caps)
    return None, encode(takes.amounts), "{}"


def _worth(basis_points: int | None, amounts: str | None, caps: str) -> Percentage | AmountOff:
    if basis_points is not None:
        return Percentage(basis_points=basis_points, caps=decode_plain(caps))
    return AmountOff(amounts=decode_plain(amounts or "{}"))


_TAKES = FieldMapping(
    columns=("basis_points", "amounts", "caps"),
    writes=_worth_columns,
    names=("basis_points", "amounts", "caps"),
    reads=_worth,
)
DISCOUNTS = Table(
    "discounts",
    Discount,
    kept={"takes": _TAKES},
    # A new discount may have been used already; afterwards only redemptions move the count.
    unwritten=("redemptions_count",),
    also={"redemptions_count": lambda discount: discount.redemptions_count},
)
SORTABLE: Mapping[str, str] = {
    "created_at": "created_at",
    "name": "lower(name)",
    "code": "code",
    "redemptions_count": "redemptions_count",
    "ends_at": "ends_at",
}


async def living(db: Reader, organization_id: UUID, discount_ids: Sequence[UUID]) -> dict[UUID, Discount]:
    """The discounts among these ids that this organization has and did not delete."""
    found = await DISCOUNTS.all(
        db,
        f"""
        SELECT {DISCOUNTS.columns}
        FROM discounts
        WHERE organization_id = $1
          AND id = ANY($2::uuid[])
          AND deleted_at IS NULL
        """,
        organization_id,
        list(discount_ids),
    )
    return {discount.id: discount for discount in found}


async def locked(db: Transaction, organization_id: UUID, discount_id: UUID) -> Discount | None:
    """The living discount, held until the transaction ends: it cannot be redeemed while it is being changed."""
    return await DISCOUNTS.one(
        db,
        f"""
        SELECT {DISCOUNTS.columns}
        FROM discounts
        WHERE organization_id = $1
          AND id = $2
          AND deleted_at IS NULL
        FOR UPDATE
        """,
        organization_id,
        discount_id,
    )


async def by_code(db: Reader, organization_id: UUID, code: str) -> Discount | None:
    """The living discount with this code, compared without case after trimming."""
    return await DISCOUNTS.one(
        db,
        f"""
        SELECT {DISCOUNTS.columns}
        FROM discounts
        WHERE organization_id = $1
          AND upper(code) = upper($2)
          AND deleted_at IS NULL
        """,
        organization_id,
        code.strip(),
    )


async def add(db: Executor, discount: Discount) -> bool:
    """Store a new discount; False when its code is taken."""
    status = await db.execute(
        f"{DISCOUNTS.insertion} ON CONFLICT (organization_id, upper(code)) WHERE deleted_at IS NULL DO NOTHING",
        *DISCOUNTS.arguments(discount),
    )
    return status.endswith(" 1")


async def save(db: Transaction, discount: Discount) -> bool:
    """Store a changed discount; False when its code is taken, and then the transaction is over."""
    try:
        await DISCOUNTS.update(db, discount)
    except asyncpg.UniqueViolationError:
        return False
    return True


async def delete(db: Executor, organization_id: UUID, discount_id: UUID, *, now: datetime) -> None:
    """Take a discount out of use. The row stays for the orders that name it; its code is free again."""
    await db.execute(
        """
        UPDATE discounts
        SET deleted_at = $3,
            modified_at = $3
        WHERE organization_id = $1
          AND id = $2
          AND deleted_at IS NULL
        """,
        organization_id,
        discount_id,
        now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountFilter:
    """What a list may be narrowed by. `is_redeemable`: within its dates and not used up at `now`."""

    text: str | None = None
    code_contains: str | None = None
    kind: str | None = None
    product_id: UUID | None = None
    is_redeemable: bool | None = None
    now: datetime | None = None


async def search(
    db: Reader, organization_id: UUID, wanted: DiscountFilter, *, sorting: Sequence[str], offset: int, limit: int
) -> Page[Discount]:
    """A page of living discounts with the total count."""
    query = Query("discounts", organization_id)
    query.where("deleted_at IS NULL")
    query.contains("code", wanted.code_contains)
    if wanted.text:
        text = query.bind(wanted.text)
        query.where(f"(strpos(lower(name), lower({text}::text)) > 0 OR strpos(upper(code), upper({text}::text)) > 0)")
    if wanted.kind is not None:
        query.where("basis_points IS NOT NULL" if wanted.kind == "percentage" else "amounts IS NOT NULL")
    if wanted.product_id is not None:
        query.where(f"(product_ids = '{{}}' OR {query.bind(wanted.product_id)}::uuid = ANY(product_ids))")
    if wanted.is_redeemable is not None:
        now = query.bind(wanted.now)
        redeemable = f"""(
            coalesce(starts_at <= {now}::timestamptz, true)
            AND coalesce(ends_at >= {now}::timestamptz, true)
            AND coalesce(redemptions_count < max_redemptions, true)
        )"""
        query.where(redeemable if wanted.is_redeemable else f"NOT {redeemable}")
    query.order_by(sorting, SORTABLE)
    return await DISCOUNTS.page(db, query, offset=offset, limit=limit)


async def reserve(
    db: Executor,
    discount: Discount,
    redemption_id: UUID,
    checkout_id: UUID,
    *,
    customer_id: UUID | None = None,
    email: str | None = None,
    now: datetime | None = None,
) -> bool:
    """Take one redemption if any is left; False when it is used up, out of its dates at `now`, or gone. Call inside a transaction.

    The discount's row stays locked until that ends: a session with several discounts reserves them in the order of their ids.
    """
    taken = await db.fetchval(
        """
        WITH counted AS (
            UPDATE discounts
            SET redemptions_count = redemptions_count + 1
            WHERE organization_id = $1
              AND id = $2
              AND deleted_at IS NULL
              AND (max_redemptions IS NULL OR redemptions_count < max_redemptions)
              AND ($7::timestamptz IS NULL OR coalesce(starts_at <= $7, true) AND coalesce(ends_at >= $7, true))
            RETURNING organization_id, id
        )
        INSERT INTO redemptions (organization_id, id, discount_id, checkout_id, customer_id, email, created_at)
        SELECT organization_id, $3, id, $4, $5, $6, coalesce($7, now())
        FROM counted
        RETURNING id
        """,
        discount.organization_id,
        discount.id,
        redemption_id,
        checkout_id,
        customer_id,
        unaliased_email(email) if email else None,
        now,
    )
    return taken is not None


async def give_back(db: Executor, organization_id: UUID, checkout_id: UUID) -> None:
    """Return all that a checkout had reserved: its payment failed."""
    await db.execute(
        """
        WITH returned AS (
            DELETE FROM redemptions
            WHERE organization_id = $1
              AND checkout_id = $2
            RETURNING discount_id
        ), ordered AS (
            SELECT discounts.id
            FROM discounts
            JOIN returned ON returned.discount_id = discounts.id
            WHERE discounts.organization_id = $1
            ORDER BY discounts.id
            FOR UPDATE OF discounts
        )
        UPDATE discounts
        SET redemptions_count = redemptions_count - 1
        FROM ordered
        WHERE discounts.organization_id = $1
          AND discounts.id = ordered.id
        """,
        organization_id,
        checkout_id,
    )


async def note_card(
    db: Executor, organization_id: UUID, checkout_id: UUID, *, fingerprint: str | None, customer_id: UUID | None
) -> None:
    """Say who redeemed, when the payment has succeeded: the customer it made or found, and the card."""
    await db.execute(
        """
        UPDATE redemptions
        SET card_fingerprint = $3, customer_id = coalesce($4, customer_id)
        WHERE organization_id = $1
          AND checkout_id = $2
        """,
        organization_id,
        checkout_id,
        fingerprint,
        customer_id,
    )


async def uses_by_customer(
    db: Reader,
    organization_id: UUID,
    discount_id: UUID,
    *,
    customer_id: UUID | None,
    email: str | None,
    fingerprint: str | None,
    besides_checkout_id: UUID,
) -> int:
    """How often this customer redeemed it in other sessions: by id, by mailbox, or by a card that paid.

    What was refunded in full is not counted.

    Source: docs/behaviour/polar.md#redemptions.
    """
    return int(
        await db.fetchval(
            """
            SELECT count(*)
            FROM redemptions
            WHERE organization_id = $1
              AND discount_id = $2
              AND checkout_id <> $6
              AND (customer_id = $3 OR email = $4 OR card_fingerprint = $5)
              AND NOT EXISTS (
                  SELECT 1
                  FROM orders
                  WHERE orders.organization_id = redemptions.organization_id
                    AND orders.checkout_id = redemptions.checkout_id
                    AND orders.status = 'refunded'
              )
            """,
            organization_id,
            discount_id,
            customer_id,
            unaliased_email(email) if email else None,
            fingerprint,
            besides_checkout_id,
        )
    )


async def has_bought(db: Reader, organization_id: UUID, *, customer_id: UUID | None, email: str | None) -> bool:
    """Whether this customer, by id or by mailbox, has an order that was not refunded in full."""
    found: bool = await db.fetchval(
        r"""
        SELECT EXISTS (
            SELECT 1
            FROM orders
            JOIN customers ON customers.organization_id = orders.organization_id AND customers.id = orders.customer_id
            WHERE orders.organization_id = $1
              AND orders.status IN ('paid', 'partially_refunded')
              AND (customers.id = $2 OR regexp_replace(lower(customers.email), '(.)\+[^@]*@', '\1@') = $3)
        )
        """,
        organization_id,
        customer_id,
        unaliased_email(email) if email else None,
    )
    return found
