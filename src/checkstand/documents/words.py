"""A document in words: every text and amount that the template prints, in English, with the paid currency's own decimals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date

from checkstand.domain.document import Document, DocumentKind, Party
from checkstand.domain.document_lines import DocumentLine, TaxRow
from checkstand.domain.payment import Instrument
from checkstand.domain.tax import reverse_charge_note
from checkstand.formats import format_money, format_percent, format_rate
from checkstand.providers.postal import address_lines

_HEADINGS: Mapping[DocumentKind, str] = {"invoice": "Invoice", "receipt": "Receipt", "credit_note": "Credit note"}
_SUMS: Mapping[DocumentKind, str] = {"invoice": "Total", "receipt": "Amount paid", "credit_note": "Total credited"}
_BRANDS = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "rupay": "RuPay"}
_NO_TAX = {"zero_rated": "zero rate", "product_exempt": "exempt", "reverse_charge": "reverse charge"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What the template is given. `columns` and each row have as many cells; all but the first are numbers."""

    title: str
    heading: str
    banners: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    seller_name: str
    parties: tuple[tuple[str, tuple[str, ...]], ...]
    headline: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sums: tuple[tuple[str, str], ...]
    total: tuple[str, str]
    notes: tuple[str, ...]
    footer: str


def printed(document: Document) -> Printed:
    """The document as it reads."""
    kind, heading = document.kind, _HEADINGS[document.kind]
    return Printed(
        title=f"{heading} {document.number}",
        heading=heading,
        banners=tuple(_banners(document)),
        facts=tuple(_facts(document)),
        seller_name=document.seller.name or "",
        parties=(
            ("From", _party(document.seller)),
            ("Billed to", _party(document.buyer)),
        ),
        headline=_headline(document),
        columns=_columns(document),
        rows=tuple(_row(document, line) for line in document.lines),
        sums=tuple(_sums(document)),
        total=(_SUMS[kind], _money(document, document.total_minor)),
        notes=tuple(_notes(document)),
        footer=f"{document.seller.name or ''} · {heading} {document.number}",
    )


def file_name(document: Document) -> str:
    """What the file is saved as: `Invoice-DEMO-0001.pdf`."""
    return f"{_HEADINGS[document.kind].replace(' ', '-')}-{document.number}.pdf"


def _money(document: Document, amount_minor: int) -> str:
    return format_money(amount_minor, document.currency)


def _day(moment: datetime) -> str:
    return str(format_date(moment, "long", locale="en"))


def _banners(document: Document) -> list[str]:
    found = []
    if document.cancelled_at is not None:
        day = _day(document.cancelled_at)
        found.append(f"Cancelled on {day}: the bank returned this refund, and nothing was credited.")
    if document.is_test:
        found.append("Made in test mode: no money was moved, and this is no tax document.")
    return found


def _facts(document: Document) -> list[tuple[str, str]]:
    heading = _HEADINGS[document.kind]
    facts = [(f"{heading} number", document.number), ("Date of issue", _day(document.issued_at))]
    if document.kind == "invoice" and document.revision > 1:
        facts.append(("Version", str(document.revision)))
    if document.invoice_number is not None:
        facts.append(("Invoice number", document.invoice_number))
    if document.kind == "credit_note" and document.invoice_issued_at is not None:
        facts.append(("Invoice date", _day(document.invoice_issued_at)))
    if document.kind == "credit_note":
        return facts + ([("Reason", document.reason)] if document.reason else [])
    facts.append(("Date paid", _day(document.paid_at)))
    used = _instrument(document.paid_with)
    return facts + ([("Payment method", used)] if used else [])


def _instrument(used: Instrument | None) -> str | None:
    if used is None or used.method == "none":
        return None
    brand = _BRANDS.get(used.brand or "", used.brand or used.method.replace("_", " ").capitalize())
    return f"{brand} ending in {used.last_four}" if used.last_four else brand


def _party(party: Party) -> tuple[str, ...]:
    place = address_lines(party.address) if party.address else []
    lines = [party.name, party.contact, *place, party.email, party.website]
    if party.tax_id:
        lines.append(f"Tax ID: {party.tax_id}")
    return tuple(line for line in lines if line) or ("—",)


def _headline(document: Document) -> str:
    amount = _money(document, document.total_minor)
    if document.kind == "credit_note":
        return f"{amount} credited on {_day(document.issued_at)}"
    if not document.total_minor:
        return f"{amount}: nothing to pay"
    return f"{amount} paid on {_day(document.paid_at)}"


def _contains_tax(document: Document) -> bool:
    """Whether the amounts of the lines contain their tax. They are of one kind."""
    return any(line.tax_inclusive and line.tax_rate_ppm for line in document.lines)


def _columns(document: Document) -> tuple[str, ...]:
    """The headings: the unit price is always without tax, and says so where the amount beside it is not."""
    if document.kind == "credit_note":
        return ("Description", "Amount without tax" if document.tax_minor else "Amount")
    unit, amount = ("Net unit price", "Amount with tax") if _contains_tax(document) else ("Unit price", "Amount")
    return ("Description", "Qty", unit, *(("Tax",) if document.taxes else ()), amount)


def _row(document: Document, line: DocumentLine) -> tuple[str, ...]:
    amount = _money(document, line.amount_minor)
    if document.kind == "credit_note":
        return (line.label, amount)
    net = line.unit_net_minor
    unit = format_rate(net, document.currency) if net is not None else ""
    label = f"{line.label} (unit price on average)" if line.is_average else line.label
    tax = (_rates(line),) if document.taxes else ()
    return (label, str(line.quantity or ""), unit, *tax, amount)


def _rates(line: DocumentLine) -> str:
    """`20%`, `5% + 9.975%`, or why there is none."""
    rates = " + ".join(format_percent(share.rate_ppm) for share in line.tax_shares)
    return rates or _NO_TAX.get(line.tax_reason or "", "—")


def _sums(document: Document) -> list[tuple[str, str]]:
    with_tax = " (tax included)" if _contains_tax(document) and document.tax_minor else ""
    rows = [(f"Subtotal{with_tax}", document.subtotal_minor)]
    rows += [(f"Discount {row.label}".strip() + with_tax, -row.amount_minor) for row in document.discounts]
    if document.tax_minor and (rows[0][1] != document.net_minor or len(rows) > 1):
        rows.append(("Total without tax", document.net_minor))
    shown = [(label, _money(document, amount)) for label, amount in rows]
    return shown + [_tax(document, row) for row in document.taxes]


def _tax(document: Document, row: TaxRow) -> tuple[str, str]:
    name = row.name or "Tax"
    said = format_percent(row.rate_ppm) if row.rate_ppm else _NO_TAX.get(row.reason or "", format_percent(0))
    base = _money(document, row.net_minor)
    return f"{name} ({said} on {base})", _money(document, row.tax_minor)


def _notes(document: Document) -> Sequence[str]:
    notes = []
    if any(row.reason == "reverse_charge" for row in document.taxes):
        buyer = document.buyer.address
        notes.append(reverse_charge_note(buyer.country if buyer is not None else None))
    exchange, own = document.tax_exchange, document.own_tax_minor
    if exchange is not None and own is not None:
        rate = f"{exchange.base} 1 = {exchange.currency} {exchange.rate}"
        day = _day(datetime.fromisoformat(exchange.dated))
        notes.append(f"Tax in {exchange.currency}: {format_money(own, exchange.currency)} ({rate}, rate of {day}).")
    return notes
