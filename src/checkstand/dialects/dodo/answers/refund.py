"""Refunds as they are answered (docs/behaviour/dodo.md#refunds)."""

from __future__ import annotations

from typing_extensions import TypedDict

from checkstand.answers import Minor, Moment
from checkstand.dialects.dodo.answers.common import CurrencyCode, Notes
from checkstand.dialects.dodo.answers.customer import Buyer
from checkstand.domain.refund import RefundStatus


class RefundInList(TypedDict):
    """A refund without its customer. `amount` is in the currency that was paid in, tax included."""

    refund_id: str
    payment_id: str
    business_id: str
    amount: Minor
    currency: CurrencyCode
    status: RefundStatus
    is_partial: bool
    reason: str | None
    network_reference: None
    network_reference_type: None
    network_reference_updated_at: None
    created_at: Moment


class Refund(RefundInList):
    """A refund with whose it is. `amount` is in the currency that was paid in, tax included."""

    brand_id: str
    customer: Buyer
    metadata: Notes
