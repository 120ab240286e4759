"""The shape of a gateway. Its five verdicts are the domain's; flows know nothing else of who charges.

A gateway must answer the same for the same `attempt.gateway_key`, however often it is asked: that key is stored before the
first call, so a crash between the call and our note of it never charges twice. The same holds for `refund.gateway_key`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable
from uuid import UUID

from checkstand.domain.ledger import Moved
from checkstand.domain.payment import (
    Attempt,
    Declined,
    Instrument,
    NeedsAction,
    Processing,
    Succeeded,
    Unknown,
    Verdict,
)
from checkstand.domain.refund import (
    Refund,
    RefundFailed,
    RefundPending,
    RefundSucceeded,
    RefundUnknown,
    RefundVerdict,
)

__all__ = [
    "Attempt",
    "Declined",
    "Gateway",
    "Instrument",
    "Moved",
    "NeedsAction",
    "Processing",
    "Refund",
    "RefundFailed",
    "RefundPending",
    "RefundSucceeded",
    "RefundUnknown",
    "RefundVerdict",
    "Statement",
    "Succeeded",
    "Unknown",
    "Verdict",
]


class Gateway(Protocol):
    """Takes payments and keeps payment methods."""

    name: str
    publishable_key: str

    async def charge(self, attempt: Attempt, *, return_url: str) -> Verdict:
        """Take (or set up) the payment under the attempt's key. `return_url`: where the buyer comes back to after an action.

        Never raises for a refusal; a fault of the network is `Unknown`.
        """
        ...

    async def instrument(self, organization_id: UUID, confirmation_token: str) -> Instrument | None:
        """What a confirmation token stands for, before anything is charged; None for an unknown one."""
        ...

    async def lookup(self, attempt: Attempt) -> Verdict | None:
        """What became of an earlier `charge` under the same key; None when the gateway never heard of it."""
        ...

    async def refund(self, attempt: Attempt, refund: Refund) -> RefundVerdict:
        """Give back `refund.total_minor` of what this attempt took, under the refund's own key.

        Never raises for a refusal; a fault of the network is `RefundUnknown`.
        """
        ...

    async def lookup_refund(self, attempt: Attempt, refund: Refund) -> RefundVerdict | None:
        """What became of an earlier `refund` under the same key; None when the gateway never heard of it."""
        ...


@runtime_checkable
class Statement(Protocol):
    """A gateway that can list its own books, so that an audit can compare ours with them."""

    async def captured(self, organization_id: UUID) -> Sequence[Moved]:
        """Everything it took, oldest first."""
        ...

    async def refunded(self, organization_id: UUID) -> Sequence[Moved]:
        """Everything it gave back, oldest first."""
        ...
