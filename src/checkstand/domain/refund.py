"""Refunds: money that goes back to a buyer, and how an amount divides into net and tax without losing a unit.

Rule: a net amount brings its share of the tax, rounded half away from zero; what empties the net brings all the tax
that is left. A gross amount is divided so that the tax of everything given back so far is the rounded share of it.
Either way, a sale that is given back in any pieces gives back exactly its net and exactly its tax.

    >>> sale = RefundBalance(net_minor=1000, tax_minor=190)
    >>> by_net(sale, 333), by_total(sale, 595), by_total(sale, 1190)
    ((333, 63), (500, 95), (1000, 190))

Who may refund what, and when, is in `refunding.py`.

Source: docs/behaviour/polar.md#refunds and docs/behaviour/dodo.md#refunds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from checkstand.domain.catalog import Metadata
from checkstand.domain.errors import CheckstandError
from checkstand.domain.money import divide_half_away, split
from checkstand.domain.tax import TaxShare

RefundStatus = Literal["pending", "succeeded", "failed"]
RefundReason = Literal[
    "duplicate",
    "fraudulent",
    "customer_request",
    "service_disruption",
    "satisfaction_guarantee",
    "dispute_prevention",
    "other",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundItem:
    """What a refund takes from one item of its order. `taxes`: the parts of the tax, as the item has them.

    `settled_`: what that is in the currency of the prices, where somebody asked for it in that one and the buyer paid in another.
    """

    order_item_id: UUID
    net_minor: int
    tax_minor: int
    taxes: tuple[TaxShare, ...] = ()
    settled_net_minor: int | None = None
    settled_tax_minor: int | None = None

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money on its way back. `gateway_key` is the idempotency key, stored before the gateway is called and never replaced.

    `reason` is one of a list, `comment` is free text. `is_partial`: it gives back less than the whole order.
    """

    id: UUID
    organization_id: UUID
    order_id: UUID
    checkout_id: UUID
    customer_id: UUID
    attempt_id: UUID
    status: RefundStatus
    net_minor: int
    tax_minor: int
    currency: str
    is_partial: bool
    reason: RefundReason
    comment: str | None = None
    revoke_benefits: bool = False
    metadata: Metadata = field(default_factory=dict)
    items: tuple[RefundItem, ...]
    gateway: str
    gateway_key: UUID
    gateway_reference: str | None = None
    failure_code: str | None = None
    created_at: datetime
    modified_at: datetime | None = None
    credit_note_number: int | None = None

    @property
    def total_minor(self) -> int:
        """What the buyer gets back."""
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedItem:
    """A part of a cart to give back: everything sold of one product. Without an amount, all that is left of it.

    `is_settled`: the amount is in the currency of the prices, whatever the buyer paid in.
    """

    product_id: UUID
    amount_minor: int | None = None
    tax_inclusive: bool = True
    is_settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """What shall be given back: a net amount, a gross amount, some items, or (none of them) everything left.

    `window`: how long after the purchase it may be asked for; None for ever. `seen_minor`: what was refunded before, as whoever asks
    knows it; where that has changed meanwhile (a form that was sent twice) nothing is refunded.
    """

    net_minor: int | None = None
    total_minor: int | None = None
    items: tuple[AskedItem, ...] = ()
    reason: RefundReason = "customer_request"
    comment: str | None = None
    revoke_benefits: bool = False
    metadata: Metadata = field(default_factory=dict)
    window: timedelta | None = None
    seen_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSucceeded:
    """The gateway has sent the money."""

    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPending:
    """The gateway has taken it on and will say later."""

    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed:
    """Nothing was given back (or it came back). `code` is the gateway's."""

    code: str
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundUnknown:
    """The gateway gave no answer, or none that can be trusted: the reconciler will ask again under the same key."""

    reason: str


RefundVerdict = RefundSucceeded | RefundPending | RefundFailed | RefundUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReport:
    """What a gateway says of a refund in its books. `refund_id` is None for one that was made by hand there, not by us.

    `key` is what it goes under in the gateway's own statement. `step_minor`: as in `dispute.DisputeReport`.
    """

    organization_id: UUID
    attempt_id: UUID
    payment_reference: str
    refund_id: UUID | None
    reference: str
    key: UUID
    amount_minor: int
    currency: str
    verdict: RefundVerdict
    step_minor: int = 1
    reason: RefundReason = "other"


class RefundRefusal(StrEnum):
    """Why a payment as it is cannot be refunded, whatever the amount."""

    PAYMENT_NOT_SUCCEEDED = "payment_not_succeeded"
    PAYMENT_UNKNOWN = "payment_unknown"  # nothing was paid through the gateway that is here
    PAYMENT_DISPUTED = "payment_disputed"
    NOTHING_TO_REFUND = "nothing_to_refund"  # it was free
    REFUNDED_ALREADY = "refunded_already"
    REFUNDED_MEANWHILE = "refunded_meanwhile"  # since whoever asks looked
    REFUND_UNDERWAY = "refund_underway"  # of all that is left
    REFUND_WINDOW_OVER = "refund_window_over"


class RefundRefused(CheckstandError):
    """The payment as it is cannot be refunded, whatever the amount. `days`: how long it could be."""

    code: RefundRefusal

    def __init__(self, code: RefundRefusal, order_id: UUID, *, days: int = 0) -> None:
        super().__init__(f"Order {order_id} cannot be refunded: {code}")
        self.code = code
        self.order_id = order_id
        self.days = days


# From which states a refund may get this one. A bank may take back that it has sent the money.
MAY_FOLLOW: dict[RefundStatus, tuple[RefundStatus, ...]] = {
    "pending": ("pending",),
    "succeeded": ("pending",),
    "failed": ("pending", "succeeded"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundBalance:
    """A sale, or an item of one: what was paid for it, and what of that is given back already."""

    net_minor: int
    tax_minor: int
    refunded_net_minor: int = 0
    refunded_tax_minor: int = 0

    @property
    def net_left(self) -> int:
        return self.net_minor - self.refunded_net_minor

    @property
    def tax_left(self) -> int:
        return self.tax_minor - self.refunded_tax_minor

    @property
    def left(self) -> int:
        """What can still be given back, tax included."""
        return self.net_left + self.tax_left


def together(parts: Sequence[RefundBalance]) -> RefundBalance:
    """Several items as one."""
    return RefundBalance(
        net_minor=sum(part.net_minor for part in parts),
        tax_minor=sum(part.tax_minor for part in parts),
        refunded_net_minor=sum(part.refunded_net_minor for part in parts),
        refunded_tax_minor=sum(part.refunded_tax_minor for part in parts),
    )


def by_net(part: RefundBalance, net_minor: int) -> tuple[int, int]:
    """(net, tax) of a refund of so much net, from 1 to `net_left`."""
    if net_minor == part.net_left:
        return part.net_left, part.tax_left
    return net_minor, min(divide_half_away(net_minor * part.tax_minor, part.net_minor), part.tax_left)


def by_total(part: RefundBalance, total_minor: int) -> tuple[int, int]:
    """(net, tax) of a refund of so much with tax, from 1 to `left`."""
    before = part.refunded_net_minor + part.refunded_tax_minor
    due = divide_half_away((before + total_minor) * part.tax_minor, part.net_minor + part.tax_minor)
    least, most = max(0, total_minor - part.net_left), min(total_minor, part.tax_left)
    tax = min(max(due - part.refunded_tax_minor, least), most)
    return total_minor - tax, tax


def spread(net_minor: int, tax_minor: int, parts: Sequence[RefundBalance]) -> list[tuple[int, int]]:
    """An amount over items, each according to what is left of it: no item gets more than that, and no minor unit is lost."""
    nets = split(net_minor, [part.net_left for part in parts]) if net_minor else [0] * len(parts)
    taxes = split(tax_minor, [part.tax_left for part in parts]) if tax_minor else [0] * len(parts)
    return list(zip(nets, taxes, strict=True))
