"""Disputes: a buyer asks the bank for the money back. The bank takes it when a dispute is opened and decides later who keeps it.

Rule: an open dispute may be challenged by the merchant; it ends won or cancelled (the money comes back) or lost,
accepted or expired (it does not). An end is final.

    >>> holds_money("opened"), holds_money("won"), may_become("opened", "won"), may_become("lost", "won")
    (True, False, True, False)

Source: docs/behaviour/dodo.md#disputes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

DisputeStatus = Literal["opened", "challenged", "accepted", "cancelled", "expired", "won", "lost"]
DisputeStage = Literal["pre_dispute", "dispute", "pre_arbitration"]
STATUSES: tuple[DisputeStatus, ...] = ("opened", "challenged", "accepted", "cancelled", "expired", "won", "lost")
STAGES: tuple[DisputeStage, ...] = ("pre_dispute", "dispute", "pre_arbitration")
RETURNED: frozenset[DisputeStatus] = frozenset({"won", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """One dispute of a payment. `amount_minor` is what the bank holds back, tax included."""

    id: UUID
    organization_id: UUID
    order_id: UUID
    checkout_id: UUID
    customer_id: UUID
    attempt_id: UUID
    status: DisputeStatus
    stage: DisputeStage
    amount_minor: int
    currency: str
    reason: str | None = None
    remarks: str | None = None
    created_at: datetime
    modified_at: datetime | None = None
    gateway_reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeReport:
    """What a gateway says of a dispute now. `attempt_id` took the money; None as a status: the bank only asks, and holds nothing.

    `step_minor`: what the gateway rounds amounts to in this currency, so that its amount may be that far from ours.
    """

    organization_id: UUID
    attempt_id: UUID
    payment_reference: str
    reference: str
    status: DisputeStatus | None
    amount_minor: int
    currency: str
    step_minor: int = 1
    reason: str | None = None


def is_open(status: DisputeStatus) -> bool:
    return status in ("opened", "challenged")


def may_become(before: DisputeStatus, after: DisputeStatus) -> bool:
    """Whether a dispute in one state may get into another one."""
    return is_open(before) and after not in ("opened", before)


def holds_money(status: DisputeStatus) -> bool:
    """Whether the bank has the money now."""
    return status not in RETURNED
