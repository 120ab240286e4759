"""Invoices and credit notes as they were issued, the numbers they count by, and whose a payment or refund is.

A number is taken in the transaction that writes what it numbers: both are committed or neither, so no series has a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from checkstand.domain.document import Document
from checkstand.domain.profile import Dialect, names_where
from checkstand.store.codec import decode, encode
from checkstand.store.executor import Executor, Reader
from checkstand.store.rows import insert_row


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleNumbers:
    """What an order is numbered with; only one that was paid has a receipt."""

    order: int
    receipt: int | None


async def next_sale_numbers(db: Executor, organization_id: UUID, *, with_receipt: bool) -> SaleNumbers:
    """The organization's next numbers. Its row is held until the transaction ends, so that the next caller counts on from there."""
    row = await db.fetchrow(
        """
        UPDATE organizations
        SET last_order_number = last_order_number + 1,
            last_receipt_number = last_receipt_number + CASE WHEN $2::boolean THEN 1 ELSE 0 END
        WHERE id = $1
        RETURNING last_order_number, last_receipt_number
        """,
        organization_id,
        with_receipt,
    )
    assert row is not None, "an order belongs to an organization"
    return SaleNumbers(order=row["last_order_number"], receipt=row["last_receipt_number"] if with_receipt else None)


async def number_credit_note(db: Executor, organization_id: UUID, refund_id: UUID) -> int:
    """Give a refund the next number of the organization's credit notes, held as above. It must not have one yet."""
    number = await db.fetchval(
        """
        WITH counted AS (
            UPDATE organizations
            SET last_credit_note_number = last_credit_note_number + 1
            WHERE id = $1
            RETURNING last_credit_note_number AS number
        )
        UPDATE refunds
        SET credit_note_number = counted.number
        FROM counted
        WHERE refunds.organization_id = $1
          AND refunds.id = $2
          AND refunds.credit_note_number IS NULL
        RETURNING refunds.credit_note_number
        """,
        organization_id,
        refund_id,
    )
    assert number is not None, "a refund is numbered once"
    return int(number)


async def add(
    db: Executor, organization_id: UUID, document_id: UUID, document: Document, *, refund_id: UUID | None = None
) -> bool:
    """Keep a document. False when this revision, or this refund's credit note, is there already: the first one counts."""
    return await insert_row(
        db,
        "documents",
        unless_there=True,
        organization_id=organization_id,
        id=document_id,
        order_id=document.order_id,
        refund_id=refund_id,
        kind=document.kind,
        revision=document.revision,
        body=encode(document),
        created_at=document.issued_at,
    )


async def newest_invoice(db: Reader, organization_id: UUID, order_id: UUID) -> Document | None:
    """An order's invoice in its last revision."""
    body = await db.fetchval(
        """
        SELECT body
        FROM documents
        WHERE organization_id = $1
          AND order_id = $2
          AND kind = 'invoice'
        ORDER BY revision DESC
        LIMIT 1
        """,
        organization_id,
        order_id,
    )
    return decode(Document, body) if body is not None else None


async def credit_note(db: Reader, organization_id: UUID, refund_id: UUID) -> Document | None:
    """A refund's credit note."""
    body = await db.fetchval(
        """
        SELECT body
        FROM documents
        WHERE organization_id = $1
          AND refund_id = $2
          AND kind = 'credit_note'
        """,
        organization_id,
        refund_id,
    )
    return decode(Document, body) if body is not None else None


_OPENED_BY_ID = """
    EXISTS (
        SELECT 1
        FROM checkouts
        WHERE checkouts.organization_id = orders.organization_id
          AND checkouts.id = orders.checkout_id
          AND checkouts.dialect = ANY($2::text[])
    )
"""


def _dialects() -> list[Dialect]:
    return names_where(lambda profile: profile.opens_documents_by_order_id)


async def owner_of_order(db: Reader, order_id: UUID) -> UUID | None:
    """The organization of an order, where the order's id is a secret of buyer and merchant, as in Dodo's API.

    Elsewhere an order's id is no secret, and opens nothing.

    Source: docs/behaviour/dodo.md#invoices-and-countries.
    """
    found: UUID | None = await db.fetchval(
        f"SELECT organization_id FROM orders WHERE id = $1 AND {_OPENED_BY_ID}", order_id, _dialects()
    )
    return found


async def owner_of_refund(db: Reader, refund_id: UUID) -> UUID | None:
    """The organization of a refund of such an order; the refund's id is the secret."""
    found: UUID | None = await db.fetchval(
        f"""
        SELECT refunds.organization_id
        FROM refunds
        JOIN orders ON orders.organization_id = refunds.organization_id AND orders.id = refunds.order_id
        WHERE refunds.id = $1
          AND {_OPENED_BY_ID}
        """,
        refund_id,
        _dialects(),
    )
    return found
