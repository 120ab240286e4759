"""What a customer saved to pay with, as it is answered (docs/behaviour/polar.md#customers)."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypeAliasType, TypedDict

from checkstand.answers import Moment, Uuid


class PaymentMethodBase(TypedDict):
    """What every saved method has."""

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    processor: Literal["stripe"]
    customer_id: Uuid
    is_default: bool


class PaymentMethodCardMetadata(TypedDict):
    """What may be shown of a card. `wallet` is the wallet that it is in, null for a card on its own."""

    brand: str
    last4: str
    exp_month: int
    exp_year: int
    wallet: str | None


class PaymentMethodCard(PaymentMethodBase):
    """A saved card, also one in a wallet."""

    type: Literal["card"]
    method_metadata: PaymentMethodCardMetadata


class PaymentMethodGeneric(PaymentMethodBase):
    """A saved method of which nothing but its kind is shown."""

    type: str


PaymentMethod = TypeAliasType("PaymentMethod", PaymentMethodCard | PaymentMethodGeneric)
