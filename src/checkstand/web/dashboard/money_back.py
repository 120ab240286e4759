"""What of a sale's money went back, by refunds and by disputes: the rows under its total, and the words of its story.

A sale of $10.00 of which $4.00 was refunded shows "Refunded −$4.00" and "Net $6.00". What the gateway has not decided yet is said,
and not subtracted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from checkstand.domain.dispute import Dispute, holds_money
from checkstand.domain.order import Order
from checkstand.domain.refund import Refund
from checkstand.formats import format_money


@dataclass(frozen=True, slots=True)
class MoneyBack:
    """An order's refunds and disputes, oldest first."""

    refunds: Sequence[Refund] = ()
    disputes: Sequence[Dispute] = ()

    def amount_of(self, subject_id: UUID) -> str | None:
        """What a refund or a dispute is about, with its currency; None for any other subject."""
        for refund in self.refunds:
            if refund.id == subject_id:
                return format_money(refund.total_minor, refund.currency)
        for dispute in self.disputes:
            if dispute.id == subject_id:
                return format_money(dispute.amount_minor, dispute.currency)
        return None

    def minor_of(self, refund_id: UUID) -> int:
        """What a refund gives back, in minor units; 0 for one that is not of this order."""
        return next((refund.total_minor for refund in self.refunds if refund.id == refund_id), 0)


def rows_of(order: Order | None, refunds: Sequence[Refund], disputes: Sequence[Dispute]) -> list[tuple[str, str]]:
    """Label and amount of what went back and of what is left; nothing while all of it is the merchant's."""
    if order is None:
        return []
    refunded = sum(refund.total_minor for refund in refunds if refund.status == "succeeded")
    underway = sum(refund.total_minor for refund in refunds if refund.status == "pending")
    held = sum(dispute.amount_minor for dispute in disputes if holds_money(dispute.status))
    rows = [
        (label, format_money(-amount, order.currency))
        for label, amount in (("Refunded", refunded), ("Disputed", held))
        if amount
    ]
    if underway:
        rows.append(("Refund in progress", format_money(underway, order.currency)))
    if refunded or held:
        rows.append(("Net", format_money(order.total_minor - refunded - held, order.currency)))
    return rows
