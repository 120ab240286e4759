"""A rate reads as it is, wherever it is shown: every rate of the shipped table, and round ones that the table does not have."""

from __future__ import annotations

import re
from decimal import Decimal

from checkstand.documents.words import printed
from checkstand.domain.explain import rate_text
from checkstand.domain.tax import TaxReason
from checkstand.providers.taxes import rows
from checkstand.web.dashboard.tax_places import charge_of
from tests.domain.test_document import invoice, line
from tests.tables import table

ROUND = (10_000, 100_000, 200_000, 300_000, 1_000_000)
RATES = sorted({row.rate_ppm for row in rows() if row.rate_ppm} | set(ROUND))


def percent_in(text: str) -> Decimal:
    """The number before the percent sign."""
    found = re.search(r"([\d.]+)\s?%", text)
    assert found, text
    return Decimal(found[1])


def test_every_rate_of_the_table_is_printed_on_an_invoice_with_all_its_digits() -> None:
    reason: TaxReason = "standard_rated"
    for rate in RATES:
        label = next(
            text for text, _ in printed(invoice(line(10_000, rate // 100, rate, reason))).sums if "VAT" in text
        )
        assert percent_in(label) == percent_in(rate_text(rate)) == Decimal(rate) / 10_000, label


@table(("code", "percent"), [("GB", 20), ("JP", 10), ("DK", 25), ("US-NY", 4), ("AU", 10)])
def test_the_list_of_registrations_shows_a_round_rate_whole(code: str, percent: int) -> None:
    assert percent_in(charge_of(code).rate) == percent
