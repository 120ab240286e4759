"""Documents as values: what is copied from a sale, how taxes are gathered, and what a credit note takes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from checkstand.domain.address import Address
from checkstand.domain.document import Document, DocumentLine, Party, make_receipt, tax_rows
from checkstand.domain.payment import Instrument
from checkstand.domain.tax import TaxReason
from checkstand.web.documents.words import REVERSE_CHARGE, REVERSE_CHARGE_EU, printed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORDER = UUID("00000000-0000-4000-8000-000000000001")


def line(net: int, tax: int, rate_ppm: int = 190_000, reason: TaxReason = "standard_rated") -> DocumentLine:
    return DocumentLine(
        item_id=uuid4(),
        label="Mug",
        quantity=2,
        unit_minor=net // 2,
        amount_minor=net,
        net_minor=net,
        tax_minor=tax,
        tax_rate_ppm=rate_ppm,
        tax_name="VAT" if rate_ppm else None,
        tax_reason=reason,
    )


def invoice(*lines: DocumentLine, currency: str = "EUR", country: str = "AT") -> Document:
    net, tax = sum(one.net_minor for one in lines), sum(one.tax_minor for one in lines)
    return Document(
        kind="invoice",
        number="DEMO-0001",
        order_id=ORDER,
        issued_at=NOW,
        paid_at=NOW,
        currency=currency,
        seller=Party(name="Shop GmbH", address=Address(country="DE", city="Jena"), tax_id="DE136695976"),
        buyer=Party(name="Ada Ltd", contact="Ada", address=Address(country=country), tax_id="ATU12345675"),
        lines=lines,
        subtotal_minor=net,
        net_minor=net,
        tax_minor=tax,
        total_minor=net + tax,
        taxes=tax_rows(lines),
        paid_with=Instrument(method="card", brand="visa", last_four="4242"),
    )


def test_taxes_are_gathered_by_rate_and_sum_to_the_documents() -> None:
    lines = (line(1000, 190), line(500, 35, 70_000), line(333, 63), line(200, 0, 0, "not_collecting"))
    rows = tax_rows(lines)
    assert [(row.rate_ppm, row.net_minor, row.tax_minor) for row in rows] == [(190_000, 1333, 253), (70_000, 500, 35)]
    assert sum(row.tax_minor for row in rows) == sum(one.tax_minor for one in lines)


def test_both_tax_ids_and_the_sentence_of_a_reverse_charge_are_printed() -> None:
    shown = printed(invoice(line(1000, 0, 0, "reverse_charge")))
    assert shown.notes == (REVERSE_CHARGE_EU,)
    assert [lines[-1] for _, lines in shown.parties] == ["Tax ID: DE136695976", "Tax ID: ATU12345675"]
    assert ("Tax (reverse charge on €10.00)", "€0.00") in shown.sums
    assert printed(invoice(line(1000, 0, 0, "reverse_charge"), country="GB")).notes == (REVERSE_CHARGE,)
    assert printed(invoice(line(1000, 190))).notes == ()


@pytest.mark.parametrize(
    ("currency", "amounts"),
    [
        ("JPY", ("¥500", "¥1,000", "¥190", "¥1,190")),
        ("KWD", ("KWD 0.500", "KWD 1.000", "KWD 0.190", "KWD 1.190")),
        ("EUR", ("€5.00", "€10.00", "€1.90", "€11.90")),
    ],
)
def test_amounts_have_the_paid_currencys_own_decimals(currency: str, amounts: tuple[str, ...]) -> None:
    shown = printed(invoice(line(1000, 190), currency=currency))
    tax = next(amount for label, amount in shown.sums if label.startswith("VAT"))
    assert (*shown.rows[0][2:], tax, shown.total[1]) == amounts


def test_a_receipt_is_its_invoice_under_the_number_and_date_of_the_payment() -> None:
    asked = replace(invoice(line(1000, 190)), issued_at=NOW.replace(day=25))
    receipt = make_receipt(asked, 12)
    assert (receipt.number, receipt.issued_at, receipt.invoice_number) == ("R-000012", NOW, "DEMO-0001")
    shown = printed(receipt)
    assert shown.heading == "Receipt"
    assert shown.total == ("Amount paid", "€11.90")
    assert ("Payment method", "Visa ending in 4242") in shown.facts


def test_a_tiered_amount_shows_no_unit_price() -> None:
    shown = printed(invoice(replace(line(1000, 190), unit_minor=None)))
    assert shown.rows == (("Mug", "2", "", "€10.00"),)
