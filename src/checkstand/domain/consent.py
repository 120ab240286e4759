"""Consent: what was shown is what is charged. One rule for everybody who pays, now or later, by page, by API or by a saved method.

A total is shown under a mark; what is about to be charged has one too. Where they differ nothing is charged, and the payer is asked
again with the new total in front of them.

    >>> Total("USD", 1080, 1080).mark
    'USD-1080-1080'
"""

from __future__ import annotations

from typing import NamedTuple

from checkstand.domain.errors import TotalChanged
from checkstand.domain.money import format_money
from checkstand.domain.quote import Quote


class Total(NamedTuple):
    """What a payer agrees to: the total and the part of it that is due today (0 in a trial), in minor units."""

    currency: str
    total_minor: int
    due_minor: int

    @property
    def mark(self) -> str:
        """The same as one word, which a form can carry."""
        return f"{self.currency}-{self.total_minor}-{self.due_minor}"


def total_of(quote: Quote) -> Total:
    """The total of a priced cart."""
    return Total(quote.currency, quote.total_minor, quote.due_minor)


def require_consent(charged: Quote, *, shown: str) -> None:
    """Raises TotalChanged unless `charged` comes to exactly the total that was shown, named by its mark."""
    total = total_of(charged)
    if total.mark != shown:
        raise TotalChanged(total.total_minor, format_money(total.total_minor, total.currency))
