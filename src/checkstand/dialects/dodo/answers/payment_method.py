"""Saved payment methods as they are answered (docs/behaviour/dodo.md#customers)."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from checkstand.answers import Moment
from checkstand.dialects.dodo.answers.common import CountryCode
from checkstand.domain.methods import Method

MethodFamily = Literal["card", "wallet", "bank_redirect", "upi", "voucher", "bank_debit", "pay_later"]


class SavedCard(TypedDict):
    """The card of a saved method, as far as it may be shown. The month has two digits, the year four."""

    card_holder_name: str | None
    card_issuing_country: CountryCode | None
    card_network: str | None
    card_type: Literal["credit", "debit"] | None
    expiry_month: str | None
    expiry_year: str | None
    last4_digits: str | None


class SavedMethod(TypedDict):
    """What a customer saved to pay with. `recurring_enabled`: it may be charged again without the customer."""

    payment_method_id: str
    payment_method: MethodFamily
    payment_method_type: Method | None
    card: SavedCard | None
    recurring_enabled: bool
    last_used_at: Moment | None


class SavedMethods(TypedDict):
    """A customer's saved payment methods, all of them, the one used last first."""

    items: list[SavedMethod]
