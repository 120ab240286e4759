"""Store credit as it is answered (docs/behaviour/dodo.md#store-credit)."""

from __future__ import annotations

from typing_extensions import TypedDict

from checkstand.answers import Minor, Moment
from checkstand.dialects.dodo.answers.common import CurrencyCode
from checkstand.domain.wallet import WalletEvent


class Wallet(TypedDict):
    """What a customer has in one currency."""

    customer_id: str
    currency: CurrencyCode
    balance: Minor
    created_at: Moment
    updated_at: Moment


class Wallets(TypedDict):
    """A customer's wallets. `total_balance_usd` is what they hold together in cents of US dollars, at today's rates."""

    items: list[Wallet]
    total_balance_usd: int


class WalletEntry(TypedDict):
    """One movement of a wallet, with its balance before and after. `amount` is more than 0, whichever way it went."""

    id: str
    business_id: str
    customer_id: str
    currency: CurrencyCode
    amount: Minor
    is_credit: bool
    before_balance: Minor
    after_balance: Minor
    event_type: WalletEvent
    reason: str | None
    reference_object_id: None
    created_at: Moment
