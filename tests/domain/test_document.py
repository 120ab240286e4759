"""Documents as values: what is copied from a sale, how taxes are gathered, and what a credit note takes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from checkstand.documents.words import printed
from checkstand.domain.address import Address
from checkstand.domain.document import Document, Party, make_receipt, tax_currency_of
from checkstand.domain.document_lines import DocumentLine, tax_rows
from checkstand.domain.exchange import Exchange
from checkstand.domain.organization import Organization, OrganizationSettings
from checkstand.domain.payment import Instrument
from checkstand.domain.tax import TaxReason, TaxShare
from tests.tables import table

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORDER = UUID("00000000-0000-4000-8000-000000000001")


def line(net: int, tax: int, rate_ppm: int = 190_000, reason: TaxReason = "standard_rated") -> DocumentLine:
    return DocumentLine(
        item_id=uuid4(),
        label="Mug",
        quantity=2,
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


@table(
    ("currency", "unit", "rate_ppm", "shown"),
    [
        ("ISK", 799_900, 0, "ISK\xa07,999"),
        ("UGX", 500_000, 0, "UGX\xa05,000"),
        ("JPY", 1200, 0, "¥1,200"),
        ("KWD", 1230, 0, "KWD\xa01.230"),
        ("USD", 1000, 0, "$10.00"),
        ("USD", 1000, 190_000, "$8.4034"),
        ("ISK", 1_240_000, 240_000, "ISK\xa010,000"),
        ("ISK", 799_900, 240_000, "ISK\xa06,450.8065"),
    ],
)
def test_a_unit_price_is_printed_like_any_amount_of_its_currency_and_longer_only_where_tax_was_taken_from_it(
    currency: str, unit: int, rate_ppm: int, shown: str
) -> None:
    one = replace(line(unit, 0, rate_ppm), quantity=1, tax_inclusive=True)
    assert printed(replace(invoice(one), currency=currency)).rows[0][2] == shown


def test_both_tax_ids_and_the_sentence_of_a_reverse_charge_are_printed() -> None:
    shown = printed(invoice(line(1000, 0, 0, "reverse_charge")))
    law = " (Article 196, Council Directive 2006/112/EC)"
    assert shown.notes == (f"Reverse charge: the recipient accounts for the tax{law}.",)
    assert [lines[-1] for _, lines in shown.parties] == ["Tax ID: DE136695976", "Tax ID: ATU12345675"]
    assert ("Tax (reverse charge on €10.00)", "€0.00") in shown.sums
    abroad = printed(invoice(line(1000, 0, 0, "reverse_charge"), country="GB"))
    assert abroad.notes == ("Reverse charge: the recipient accounts for the tax.",)
    assert printed(invoice(line(1000, 190))).notes == ()


@pytest.mark.parametrize(
    ("currency", "amounts"),
    [
        ("JPY", ("¥500", "¥1,000", "¥190", "¥1,190")),
        ("KWD", ("KWD\xa00.500", "KWD\xa01.000", "KWD\xa00.190", "KWD\xa01.190")),
        ("EUR", ("€5.00", "€10.00", "€1.90", "€11.90")),
    ],
)
def test_amounts_have_the_paid_currencys_own_decimals(currency: str, amounts: tuple[str, ...]) -> None:
    shown = printed(invoice(line(1000, 190), currency=currency))
    tax = next(amount for label, amount in shown.sums if label.startswith("VAT"))
    assert (shown.rows[0][2], shown.rows[0][4], tax, shown.total[1]) == amounts


def test_a_receipt_is_its_invoice_under_the_number_and_date_of_the_payment() -> None:
    asked = replace(invoice(line(1000, 190)), issued_at=NOW.replace(day=25))
    receipt = make_receipt(asked, 12)
    assert (receipt.number, receipt.issued_at, receipt.invoice_number) == ("R-000012", NOW, "DEMO-0001")
    shown = printed(receipt)
    assert shown.heading == "Receipt"
    assert shown.total == ("Amount paid", "€11.90")
    assert ("Payment method", "Visa ending in 4242") in shown.facts


@table(
    ("currency", "quantity", "amount", "shown"),
    [
        ("USD", 5, 4000, "$8.00"),
        ("GBP", 3, 2590, "£8.6333"),
        ("JPY", 3, 1000, "¥333.33"),
        ("KWD", 7, 10_000, "KWD\xa01.42857"),
        ("ISK", 3, 2_000_000, "ISK\xa06,666.6667"),
        ("EUR", 6000, 10_001, "€0.016668"),
        ("EUR", 3, 0, "€0.00"),
    ],
)
def test_each_line_tells_its_unit_price_however_its_amount_came_about(
    currency: str, quantity: int, amount: int, shown: str
) -> None:
    told = printed(invoice(replace(line(amount, 0), quantity=quantity), currency=currency))
    assert told.rows[0][2] == shown


def test_the_unit_price_of_several_rates_says_that_it_is_an_average() -> None:
    shown = printed(invoice(replace(line(4800, 912), quantity=5, is_average=True)))
    assert shown.rows == (("Mug (unit price on average)", "5", "€9.60", "19%", "€48.00"),)


def test_a_price_that_contains_its_tax_is_told_without_it_with_its_rate_and_what_that_was_taken_on() -> None:
    contained = replace(line(1681, 319), amount_minor=2000, tax_inclusive=True)
    shown = printed(replace(invoice(contained), subtotal_minor=2000))
    assert shown.columns == ("Description", "Qty", "Net unit price", "Tax", "Amount with tax")
    assert shown.rows == (("Mug", "2", "€8.4034", "19%", "€20.00"),)
    assert shown.sums == (
        ("Subtotal (tax included)", "€20.00"),
        ("Total without tax", "€16.81"),
        ("VAT (19% on €16.81)", "€3.19"),
    )
    exact = replace(line(10_000, 1900), amount_minor=11_900, tax_inclusive=True)
    assert printed(invoice(exact)).rows[0][2] == "€50.00"


def test_two_taxes_of_one_place_have_a_row_each_with_rate_base_and_sum() -> None:
    both = (
        TaxShare(name="GST", rate_ppm=50_000, amount_minor=50),
        TaxShare(name="QST", rate_ppm=99_750, amount_minor=100),
    )
    quebec = replace(line(1000, 150, 149_750), tax_name="GST + QST", taxes=both)
    shown = printed(invoice(quebec, line(500, 25, 50_000), currency="CAD"))
    assert [row[3] for row in shown.rows] == ["5% + 9.975%", "5%"]
    assert [row for row in shown.sums if "ST" in row[0]] == [
        ("GST (5% on CA$10.00)", "CA$0.50"),
        ("QST (9.975% on CA$10.00)", "CA$1.00"),
    ]
    assert ("VAT (5% on CA$5.00)", "CA$0.25") in shown.sums


def test_without_tax_there_is_no_column_for_it() -> None:
    shown = printed(invoice(line(1000, 0, 0, "not_collecting")))
    assert (shown.columns, shown.rows) == (
        ("Description", "Qty", "Unit price", "Amount"),
        (("Mug", "2", "€5.00", "€10.00"),),
    )
    assert printed(invoice(line(1000, 0, 0, "reverse_charge"))).rows[0][3] == "reverse charge"


def test_the_tax_is_told_in_the_sellers_own_currency_with_the_rate_and_its_day() -> None:
    zloty = Exchange(base="EUR", currency="PLN", rate="4.2555", fee_ppm=0, dated="2026-11-20")
    shown = printed(replace(invoice(line(1000, 230, 230_000)), tax_exchange=zloty))
    assert shown.notes == ("Tax in PLN: PLN\xa09.79 (EUR 1 = PLN 4.2555, rate of November 20, 2026).",)


@table(
    ("country", "currency", "own"),
    [
        ("PL", "EUR", "PLN"),
        ("PL", "PLN", None),
        ("DE", "USD", "EUR"),
        ("GB", "EUR", "GBP"),
        ("US", "EUR", None),
        (None, "EUR", None),
    ],
)
def test_only_sellers_whose_law_says_so_tell_the_tax_in_their_own_currency(
    country: str | None, currency: str, own: str | None
) -> None:
    seller = Organization(
        id=ORDER,
        slug="demo",
        name="Demo",
        mode="test",
        settings=OrganizationSettings(country=country),
        clock_offset_us=0,
        created_at=NOW,
    )
    assert tax_currency_of(seller, currency) == own
