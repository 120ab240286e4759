"""Documents of a sale: the invoice, the receipt, and a credit note for each refund, frozen as they were issued.

Rule: a document is never rewritten. It keeps names, addresses and amounts of its day in the currency that was paid; an edit of the
buyer's name or address issues the invoice anew, as its next revision under the same number. Invoices, receipts and credit notes
each count from 1 in a series of the organization's own, without gaps.

    >>> invoice_number("demo", 7), receipt_number(7), credit_note_number("demo", 12)
    ('DEMO-0007', 'R-000007', 'DEMO-CN-0012')

The tax rows and the lines sum to the totals, in every document; which amounts a refund gives back is in `refunding.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from checkstand.domain.address import Address
from checkstand.domain.checkout import Checkout
from checkstand.domain.country_currency import currency_of_country
from checkstand.domain.document_lines import DocumentLine, TaxRow, billed_lines, credited_line, tax_rows
from checkstand.domain.exchange import Exchange
from checkstand.domain.order import Order, Sale
from checkstand.domain.organization import Organization
from checkstand.domain.payment import AttemptStatus, Instrument
from checkstand.domain.quote import QuoteLine
from checkstand.domain.refund import Refund
from checkstand.domain.tax import EU
from checkstand.domain.terms import is_averaged

DocumentKind = Literal["invoice", "receipt", "credit_note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The seller or the buyer. `contact`: a person's name beside the one that the document is made out to."""

    name: str | None
    contact: str | None = None
    address: Address | None = None
    tax_id: str | None = None
    email: str | None = None
    website: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountRow:
    """What one discount took off."""

    label: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What was issued. A credit note names the invoice that it corrects; `cancelled_at`: its refund came back from the bank.

    `tax_exchange`: how the tax is told in the seller's own currency as well, where it has to be; a credit note keeps its invoice's.
    """

    kind: DocumentKind
    number: str
    revision: int = 1
    order_id: UUID
    issued_at: datetime
    paid_at: datetime
    currency: str
    seller: Party
    buyer: Party
    lines: tuple[DocumentLine, ...]
    subtotal_minor: int
    discounts: tuple[DiscountRow, ...] = ()
    net_minor: int
    tax_minor: int
    total_minor: int
    taxes: tuple[TaxRow, ...] = ()
    paid_with: Instrument | None = None
    invoice_number: str | None = None
    invoice_issued_at: datetime | None = None
    reason: str | None = None
    cancelled_at: datetime | None = None
    is_test: bool = False
    tax_exchange: Exchange | None = None

    @property
    def own_tax_minor(self) -> int | None:
        """The tax in the seller's own currency, where it has to be told."""
        return self.tax_exchange.convert(self.tax_minor) if self.tax_exchange else None


def invoice_number(slug: str, number: int) -> str:
    """How an invoice is numbered."""
    return f"{slug.upper()}-{number:04d}"


def receipt_number(number: int) -> str:
    """How a receipt is numbered."""
    return f"R-{number:06d}"


def credit_note_number(slug: str, number: int) -> str:
    """How a credit note is numbered: in a series of its own."""
    return f"{slug.upper()}-CN-{number:04d}"


def is_billable(order: Order) -> bool:
    """True when an invoice can be made without asking: name and address are known (docs/behaviour/polar.md#orders)."""
    return bool(order.billing_name) and order.billing_address is not None


def tax_currency_of(organization: Organization, currency: str) -> str | None:
    """The currency in which the tax has to be told as well: that of the seller's country, where its law says so and it is another.

    Article 230, Directive 2006/112/EC; the United Kingdom and the Isle of Man kept the rule (VAT Regulations 1995, regulation 14).
    """
    country = organization.settings.country
    if country is None or country not in EU | {"MC", "GB", "IM"}:
        return None
    own = currency_of_country(country)
    return own if own != currency else None


def make_invoice(
    sale: Sale, organization: Organization, *, revision: int, now: datetime, tax_exchange: Exchange | None = None
) -> Document:
    """The invoice of a sale that has an order. `tax_exchange`: as of `tax_currency_of`, without a fee."""
    order = sale.order
    assert order is not None, "only what was ordered is invoiced"
    lines = billed_lines(order.items, _ordered_lines(sale.checkout), order.currency, _averaged(sale.checkout))
    return Document(
        kind="invoice",
        number=invoice_number(organization.slug, order.number),
        revision=revision,
        order_id=order.id,
        issued_at=now,
        paid_at=order.created_at,
        currency=order.currency,
        seller=seller_of(organization),
        buyer=buyer_of(sale),
        lines=lines,
        subtotal_minor=order.subtotal_minor,
        discounts=_discounts(order, sale.checkout),
        net_minor=order.net_minor,
        tax_minor=order.tax_minor,
        total_minor=order.total_minor,
        taxes=tax_rows(lines),
        paid_with=_paid_with(sale),
        is_test=organization.mode == "test",
        tax_exchange=tax_exchange if order.tax_minor else None,
    )


def make_receipt(invoice: Document, number: int) -> Document:
    """The receipt of what an invoice asked for: issued by the payment, so with its date."""
    return replace(
        invoice,
        kind="receipt",
        number=receipt_number(number),
        issued_at=invoice.paid_at,
        invoice_number=invoice.number,
        invoice_issued_at=invoice.issued_at,
    )


def make_credit_note(invoice: Document, refund: Refund, organization: Organization, *, now: datetime) -> Document:
    """The credit note of a refund that succeeded, against the invoice as it was issued."""
    assert refund.credit_note_number is not None, "a refund is numbered when it succeeds"
    billed = {line.item_id: line for line in invoice.lines}
    lines = tuple(credited_line(billed.get(item.order_item_id), item) for item in refund.items)
    return replace(
        invoice,
        kind="credit_note",
        number=credit_note_number(organization.slug, refund.credit_note_number),
        revision=1,
        issued_at=now,
        lines=lines,
        subtotal_minor=sum(line.amount_minor for line in lines),
        discounts=(),
        net_minor=refund.net_minor,
        tax_minor=refund.tax_minor,
        total_minor=refund.total_minor,
        taxes=tax_rows(lines),
        invoice_number=invoice.number,
        invoice_issued_at=invoice.issued_at,
        reason=refund.comment or (None if refund.reason == "other" else refund.reason.replace("_", " ")),
    )


def as_it_is(credit_note: Document, refund: Refund) -> Document:
    """A credit note as it stands: cancelled when the bank sent the money back to the seller."""
    return replace(credit_note, cancelled_at=refund.modified_at) if refund.status == "failed" else credit_note


def seller_of(organization: Organization) -> Party:
    """The organization as its documents name it."""
    settings = organization.settings
    return Party(
        name=settings.legal_name or organization.name,
        contact=organization.name if settings.legal_name and settings.legal_name != organization.name else None,
        address=settings.address,
        tax_id=settings.tax_id,
        email=settings.email,
        website=settings.website,
    )


def buyer_of(sale: Sale) -> Party:
    """The buyer as the order has them. A business is named first and the person who bought beneath it."""
    order, given = sale.order, sale.checkout.buyer
    assert order is not None
    return Party(
        name=order.billing_name,
        contact=given.name if given.name != order.billing_name else None,
        address=order.billing_address,
        tax_id=given.tax_id,
        email=given.email,
    )


def _ordered_lines(checkout: Checkout) -> list[QuoteLine]:
    """The lines that became the order's items, one for one (`order.from_checkout`)."""
    return [line for line in checkout.quote.lines if line.quantity]


def _averaged(checkout: Checkout) -> frozenset[UUID]:
    """The prices that came to several rates."""
    return frozenset(
        line.price_id for line in checkout.lines if is_averaged(checkout.price_of(line).terms, line.quantity)
    )


def _discounts(order: Order, checkout: Checkout) -> tuple[DiscountRow, ...]:
    """Each discount by its code or name, where their amounts are the order's; else (a trial comes first) what was taken off today."""
    labels = {one.id: one.code or one.name for one in checkout.discounts}
    rows = tuple(
        DiscountRow(label=labels.get(one.discount_id, "Discount"), amount_minor=one.amount_minor)
        for one in checkout.quote.discounts
        if one.amount_minor
    )
    if sum(row.amount_minor for row in rows) == order.discount_minor:
        return rows
    return (DiscountRow(label=", ".join(labels.values()), amount_minor=order.discount_minor),)


def _paid_with(sale: Sale) -> Instrument | None:
    paid = [attempt for attempt in sale.attempts if attempt.status is AttemptStatus.SUCCEEDED]
    return replace(paid[-1].instrument, fingerprint=None) if paid and paid[-1].instrument else None
