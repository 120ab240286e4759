"""The books: every movement of money is a transaction whose entries sum to zero. Debits are positive, credits negative.

>>> sum(entry.amount_minor for entry in charge(net_minor=1000, tax_minor=200, currency="USD"))
0

`gateway` is what the gateway owes the merchant; `revenue` and `tax` are what sales are made of; `refunds` is revenue given back (its
tax is taken from `tax`); `disputes` is what banks hold back or have taken for good; `fee` is what taking the money costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Account = Literal["gateway", "revenue", "tax", "fee", "refunds", "disputes"]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One side of a movement, in minor units of `currency`."""

    account: Account
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Money that a gateway moved by its own books, under the idempotency key that it was asked to move it under.

    `step_minor`: what the gateway rounds amounts to in this currency; less than that beside ours is the same amount.
    """

    key: UUID
    reference: str
    amount_minor: int
    currency: str
    step_minor: int = 1


def charge(*, net_minor: int, tax_minor: int, currency: str) -> tuple[LedgerEntry, ...]:
    """A captured payment: the gateway owes us the total; revenue and tax are what it is made of. Nothing for a zero total."""
    entries = (
        LedgerEntry("gateway", net_minor + tax_minor, currency),
        LedgerEntry("revenue", -net_minor, currency),
        LedgerEntry("tax", -tax_minor, currency),
    )
    return tuple(entry for entry in entries if entry.amount_minor)


def fee(*, amount_minor: int, currency: str) -> tuple[LedgerEntry, ...]:
    """What the gateway keeps for taking a payment, in the currency that it settles in. Nothing for no fee."""
    entries = (LedgerEntry("fee", amount_minor, currency), LedgerEntry("gateway", -amount_minor, currency))
    return tuple(entry for entry in entries if entry.amount_minor)


def refund(*, net_minor: int, tax_minor: int, currency: str) -> tuple[LedgerEntry, ...]:
    """Money that has gone back to a buyer: the gateway owes us less."""
    entries = (
        LedgerEntry("refunds", net_minor, currency),
        LedgerEntry("tax", tax_minor, currency),
        LedgerEntry("gateway", -(net_minor + tax_minor), currency),
    )
    return tuple(entry for entry in entries if entry.amount_minor)


def dispute(*, amount_minor: int, currency: str) -> tuple[LedgerEntry, ...]:
    """Money that a bank has taken back until a dispute is decided, and keeps when it is lost."""
    return (LedgerEntry("disputes", amount_minor, currency), LedgerEntry("gateway", -amount_minor, currency))


def reversal(entries: tuple[LedgerEntry, ...]) -> tuple[LedgerEntry, ...]:
    """The same movement the other way: a refund that came back, a dispute that was won."""
    return tuple(LedgerEntry(entry.account, -entry.amount_minor, entry.currency) for entry in entries)
