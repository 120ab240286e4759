"""The books: every movement of money is a transaction whose entries sum to zero. Debits are positive, credits negative.

>>> sum(entry.amount_minor for entry in charge(net_minor=1000, tax_minor=200, currency="USD"))
0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Account = Literal["gateway", "revenue", "tax"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a movement, in minor units of `currency`."""

    account: Account
    amount_minor: int
    currency: str


def charge(*, net_minor: int, tax_minor: int, currency: str) -> tuple[Entry, ...]:
    """A captured payment: the gateway owes us the total; revenue and tax are what it is made of. Nothing for a zero total."""
    entries = (
        Entry("gateway", net_minor + tax_minor, currency),
        Entry("revenue", -net_minor, currency),
        Entry("tax", -tax_minor, currency),
    )
    return tuple(entry for entry in entries if entry.amount_minor)
