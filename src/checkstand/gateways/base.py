"""The shape of a gateway. Its five verdicts are the domain's; flows know nothing else of who charges.

A gateway must answer the same for the same `attempt.gateway_key`, however often it is asked: that key is stored before the
first call, so a crash between the call and our note of it never charges twice.
"""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

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

__all__ = [
    "Attempt",
    "Declined",
    "Gateway",
    "Instrument",
    "NeedsAction",
    "Processing",
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
