"""Facts: what happened, neutral between the APIs. Webhooks, logs and timelines are all made from this one list.

A fact is written in the same transaction as the change it tells of. `snapshot` is the object as it was at that moment,
encoded by the store; it is there only when somebody may want it later (an endpoint that shows objects as they were).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class FactType(StrEnum):
    """Every kind of thing that can have happened."""

    CHECKOUT_CREATED = "checkout.created"
    CHECKOUT_UPDATED = "checkout.updated"
    CHECKOUT_OPENED = "checkout.opened"
    CHECKOUT_CONFIRMED = "checkout.confirmed"
    CHECKOUT_REOPENED = "checkout.reopened"
    CHECKOUT_SUCCEEDED = "checkout.succeeded"
    CHECKOUT_EXPIRED = "checkout.expired"
    PAYMENT_ACTION_REQUIRED = "payment.action_required"
    PAYMENT_PROCESSING = "payment.processing"
    PAYMENT_SUCCEEDED = "payment.succeeded"
    PAYMENT_DECLINED = "payment.declined"
    CUSTOMER_CREATED = "customer.created"
    CUSTOMER_UPDATED = "customer.updated"
    CUSTOMER_DELETED = "customer.deleted"
    DISCOUNT_CREATED = "discount.created"
    DISCOUNT_UPDATED = "discount.updated"
    DISCOUNT_DELETED = "discount.deleted"
    MEMBER_CREATED = "member.created"
    MEMBER_UPDATED = "member.updated"
    MEMBER_DELETED = "member.deleted"
    ORDER_PAID = "order.paid"
    PRODUCT_CREATED = "product.created"
    PRODUCT_UPDATED = "product.updated"
    REFUND_CREATED = "refund.created"
    REFUND_UPDATED = "refund.updated"
    REFUND_SUCCEEDED = "refund.succeeded"
    REFUND_FAILED = "refund.failed"
    ORDER_REFUNDED = "order.refunded"
    ORDER_UPDATED = "order.updated"
    DISPUTE_OPENED = "dispute.opened"
    DISPUTE_CHALLENGED = "dispute.challenged"
    DISPUTE_ACCEPTED = "dispute.accepted"
    DISPUTE_CANCELLED = "dispute.cancelled"
    DISPUTE_EXPIRED = "dispute.expired"
    DISPUTE_WON = "dispute.won"
    DISPUTE_LOST = "dispute.lost"
    ORDER_INVOICED = "order.invoiced"
    ORGANIZATION_UPDATED = "organization.updated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened to one object. `subject_id` is the object the type names; `detail` a short plain note."""

    id: UUID
    organization_id: UUID
    type: FactType
    subject_id: UUID
    checkout_id: UUID | None = None
    occurred_at: datetime
    detail: str | None = None
    snapshot: bytes | None = None
