"""The documents of an order where a merchant looks for them: each as a page and as a file, at addresses made for this visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from checkstand.domain.document import DocumentKind, credit_note_number, invoice_number, receipt_number
from checkstand.domain.order import Order
from checkstand.domain.refund import Refund
from checkstand.flows.orders.document_address import document_url
from checkstand.web.dashboard.frame import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """One document: what it is called, and where it is read."""

    label: str
    number: str
    href: str


def rows_of(visit: Visit, order: Order | None, refunds: Sequence[Refund]) -> list[DocumentRow]:
    """Invoice, receipt, and a credit note for each refund that succeeded, in the order of their numbers."""
    if order is None:
        return []
    slug = visit.organization.slug
    rows = [_row(visit, "Invoice", invoice_number(slug, order.number), "invoice", order.id)]
    if order.receipt_number is not None:
        rows.append(_row(visit, "Receipt", receipt_number(order.receipt_number), "receipt", order.id))
    numbered = sorted((one.credit_note_number, one.id) for one in refunds if one.credit_note_number is not None)
    rows += [
        _row(visit, "Credit note", credit_note_number(slug, number), "credit_note", refund_id)
        for number, refund_id in numbered
    ]
    return rows


def _row(visit: Visit, label: str, number: str, kind: DocumentKind, subject_id: UUID) -> DocumentRow:
    key = visit.services.settings.secret_key.encode()
    href = document_url(visit.ports, visit.organization.id, kind, subject_id, key)
    return DocumentRow(label=label, number=number, href=href)
