"""Consent: what was shown is what is charged. One rule for every payment, now or later, by page, by API or by a saved method.

A total is shown under a mark; what is about to be charged has one too. Where they differ nothing is charged, and the payer is asked
again with the new total in front of them. A total that changed by itself is told in words before anybody can agree to it: the payer's
own changes are taken away, and what is left must still come to what was shown.

    >>> Total("USD", 1080, 1080).mark
    'USD-1080-1080'
"""

from __future__ import annotations

import re
from typing import NamedTuple

from checkstand.domain.currency import UnknownCurrency, currency
from checkstand.domain.errors import TotalChanged
from checkstand.domain.money import format_money
from checkstand.domain.quote import Quote

_MARK = re.compile(r"([A-Z]{3})-(\d{1,15})-(\d{1,15})", re.ASCII)


class Total(NamedTuple):
    """What a payer agrees to: the total and the part of it that is due today (0 in a trial), in minor units."""

    currency: str
    total_minor: int
    due_minor: int

    @property
    def mark(self) -> str:
        """The same as one word, which a form can carry."""
        return f"{self.currency}-{self.total_minor}-{self.due_minor}"


def marked_total(mark: str) -> Total | None:
    """The total that a mark names; None for anything else.

    >>> marked_total("USD-1080-0"), marked_total("XXX-1-1"), marked_total("5.00")
    (Total(currency='USD', total_minor=1080, due_minor=0), None, None)
    """
    found = _MARK.fullmatch(mark)
    if found is None:
        return None
    code, total, due = found.groups()
    try:
        currency(code)
    except UnknownCurrency:
        return None
    return Total(code, int(total), int(due))


def total_of(quote: Quote) -> Total:
    """The total of a priced cart."""
    return Total(quote.currency, quote.total_minor, quote.due_minor)


def require_consent(charged: Quote, *, shown: str) -> None:
    """Raises TotalChanged unless `charged` comes to exactly the total that was shown, named by its mark."""
    total = total_of(charged)
    if total.mark != shown:
        raise TotalChanged(total.total_minor, format_money(total.total_minor, total.currency))
