"""Refunds as they are answered (docs/behaviour/polar.md#refunds)."""

from __future__ import annotations

from typing_extensions import TypedDict

from checkstand.answers import Minor, Moment, Uuid
from checkstand.dialects.polar.answers.common import CurrencyCode, Metadata
from checkstand.domain.refund import RefundReason, RefundStatus


class Refund(TypedDict):
    """Money on its way back to a buyer. `amount` is net, its share of the tax is `tax_amount`."""

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    metadata: Metadata
    status: RefundStatus
    reason: RefundReason
    amount: Minor
    tax_amount: Minor
    currency: CurrencyCode
    organization_id: Uuid
    order_id: Uuid
    subscription_id: None
    customer_id: Uuid
    revoke_benefits: bool
    dispute: None
