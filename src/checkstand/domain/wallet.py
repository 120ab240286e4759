"""Wallets: a customer's credit with the merchant, one per currency, kept as entries that each know the balance around them.

Rule: a balance never goes below zero; it is the last entry's, so books and balance cannot disagree.

    >>> after(None, amount_minor=500, is_credit=True)
    500

Source: docs/behaviour/dodo.md#store-credit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from checkstand.domain.errors import Invalid
from checkstand.domain.problem_codes import ProblemCode

WalletEvent = Literal["merchant_adjustment"]
LARGEST_BALANCE = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What a merchant adds or takes. `idempotency_key`: the same one never counts twice for a customer."""

    currency: str
    amount_minor: int
    is_credit: bool
    reason: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletEntry:
    """One movement. `position` counts the entries of a wallet from 1."""

    id: UUID
    organization_id: UUID
    customer_id: UUID
    currency: str
    position: int
    amount_minor: int
    is_credit: bool
    before_minor: int
    after_minor: int
    event: WalletEvent = "merchant_adjustment"
    reason: str | None = None
    idempotency_key: str | None = None
    created_at: datetime

    def is_for(self, asked: Adjustment) -> bool:
        """True when this entry is what was asked for: the key was sent again with the same request."""
        return (self.currency, self.amount_minor, self.is_credit, self.reason) == (
            asked.currency,
            asked.amount_minor,
            asked.is_credit,
            asked.reason,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """What a customer has in one currency."""

    customer_id: UUID
    currency: str
    balance_minor: int
    created_at: datetime
    modified_at: datetime


def after(latest: WalletEntry | None, *, amount_minor: int, is_credit: bool) -> int:
    """The balance after a movement. Raises Invalid when it would go below zero or beyond what can be counted."""
    assert amount_minor > 0, "a movement moves something"
    before = latest.after_minor if latest is not None else 0
    balance = before + amount_minor if is_credit else before - amount_minor
    if balance < 0:
        raise Invalid.single(ProblemCode.WALLET_SHORT, "amount", given=amount_minor, balance=before)
    if balance > LARGEST_BALANCE:
        raise Invalid.single(ProblemCode.WALLET_FULL, "amount", given=amount_minor)
    return balance
