"""Refunds and disputes on Dodo's wire, alone and within their payment.

Source: docs/behaviour/dodo.md#refunds and docs/behaviour/dodo.md#disputes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from checkstand.dialects.dodo.answers import dispute as answers
from checkstand.dialects.dodo.answers.refund import RefundInList
from checkstand.dialects.dodo.shown.products import business_id
from checkstand.dialects.dodo.wire.words import moment, shown
from checkstand.domain.dispute import Dispute, DisputeStatus
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.order import Order, OrderStatus
from checkstand.domain.organization import Organization
from checkstand.domain.refund import Refund

DISPUTE_STATUSES: Mapping[DisputeStatus, answers.DisputeStatus] = {
    "opened": "dispute_opened",
    "challenged": "dispute_challenged",
    "accepted": "dispute_accepted",
    "cancelled": "dispute_cancelled",
    "expired": "dispute_expired",
    "won": "dispute_won",
    "lost": "dispute_lost",
}
_REFUNDED: Mapping[OrderStatus, Literal["full", "partial"]] = {"refunded": "full", "partially_refunded": "partial"}


def refund(value: Refund, organization: Organization) -> RefundInList:
    """A refund as lists have it. What was refunded through another API has a reason from a list, shown where no text was given."""
    return {
        "refund_id": shown(DodoPrefix.REFUND, value.id),
        "payment_id": shown(DodoPrefix.PAYMENT, value.order_id),
        "business_id": business_id(organization),
        "amount": value.total_minor,
        "currency": value.currency,
        "status": value.status,
        "is_partial": value.is_partial,
        "reason": value.comment or (None if value.reason == "other" else value.reason),
        "network_reference": None,
        "network_reference_type": None,
        "network_reference_updated_at": None,
        "created_at": moment(value.created_at),
    }


def dispute(value: Dispute, organization: Organization) -> answers.DisputeOfPayment:
    """A dispute as lists have it. The amount is a text: minor units, as everywhere."""
    return {
        "dispute_id": shown(DodoPrefix.DISPUTE, value.id),
        "payment_id": shown(DodoPrefix.PAYMENT, value.order_id),
        "business_id": business_id(organization),
        "amount": str(value.amount_minor),
        "currency": value.currency,
        "dispute_stage": value.stage,
        "dispute_status": DISPUTE_STATUSES[value.status],
        "remarks": value.remarks,
        "is_resolved_by_rdr": None,
        "created_at": moment(value.created_at),
    }


def refund_status(order: Order | None) -> Literal["full", "partial"] | None:
    """How much of a payment has gone back."""
    return _REFUNDED.get(order.status) if order else None
