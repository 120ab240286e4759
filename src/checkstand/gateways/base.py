"""The shape of a gateway. Its five verdicts are the domain's; flows know nothing else of who charges.

A gateway must answer the same for the same `attempt.gateway_key`, however often it is asked: that key is stored before the
first call, so a crash between the call and our note of it never charges twice. The same holds for `refund.gateway_key`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable
from uuid import UUID

from checkstand.domain.dispute import DisputeReport
from checkstand.domain.errors import CheckstandError
from checkstand.domain.ledger import Moved
from checkstand.domain.methods import Method
from checkstand.domain.organization import Mode
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
    RefundReport,
    RefundSucceeded,
    RefundUnknown,
    RefundVerdict,
)

__all__ = [
    "Attempt",
    "CardFrames",
    "Declined",
    "DisputeReport",
    "Gateway",
    "GatewaySilent",
    "Instrument",
    "Moved",
    "NeedsAction",
    "Processing",
    "Refund",
    "RefundFailed",
    "RefundPending",
    "RefundReport",
    "RefundSucceeded",
    "RefundUnknown",
    "RefundVerdict",
    "ReportingGateway",
    "StatementGateway",
    "Succeeded",
    "Unknown",
    "Verdict",
]


class GatewaySilent(CheckstandError):
    """The gateway could not be asked; what it would have said is not known. Its text says what happened instead."""

    code = "gateway_silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFrames:
    """A form that the gateway's own script draws in frames of the gateway's origin: what is typed there never reaches us.

    The sources are what a page's content security policy has to allow for it. `types` are the script's own names of our methods.
    """

    script_url: str
    script_sources: tuple[str, ...]
    frame_sources: tuple[str, ...]
    connect_sources: tuple[str, ...]
    image_sources: tuple[str, ...] = ()
    types: Mapping[Method, str] = field(default_factory=dict)


class Gateway(Protocol):
    """Takes payments and keeps payment methods. `frames` is None where the card form is none of the gateway's script's."""

    name: str
    publishable_key: str
    frames: CardFrames | None

    def serves(self, mode: Mode) -> bool:
        """Whether organizations of this mode may charge through it: test money for test shops, real money for real ones."""
        ...

    async def charge(self, attempt: Attempt, *, return_url: str) -> Verdict:
        """Take (or set up) the payment under the attempt's key. `return_url`: where the buyer comes back to after an action.

        Never raises for a refusal; a fault of the network is `Unknown`.
        """
        ...

    async def instrument(self, organization_id: UUID, confirmation_token: str) -> Instrument | None:
        """What a confirmation token stands for, before anything is charged; None for an unknown one."""
        ...

    async def lookup(self, attempt: Attempt) -> Verdict | None:
        """The verdict of an earlier `charge` under the same key; None when the gateway does not know it."""
        ...

    async def cancel(self, attempt: Attempt) -> Verdict | None:
        """Cancel a payment that waits for its buyer, and return how it stands then; None when the gateway does not know it.

        `Declined` with `customer_cancelled`: nothing can be paid through it any more. Any other verdict is what it came to instead:
        who was faster at the bank has paid, and what a buyer may have carried away (a voucher) goes on waiting.
        """
        ...

    async def customer(self, organization_id: UUID, owner_id: UUID, *, key: UUID) -> str | None:
        """The gateway's name for a customer whose methods it shall keep, made under a stored key; None when it cannot be made now.

        An attempt that saves its method, or pays with a saved one, names the customer.
        """
        ...

    async def forget(self, organization_id: UUID, gateway_method: str) -> bool:
        """Keep a saved method no longer. False: no answer, ask again; True also for one that is not kept."""
        ...

    async def refund(self, attempt: Attempt, refund: Refund) -> RefundVerdict:
        """Give back `refund.total_minor` of what this attempt took, under the refund's own key.

        Never raises for a refusal; a fault of the network is `RefundUnknown`.
        """
        ...

    async def lookup_refund(self, attempt: Attempt, refund: Refund) -> RefundVerdict | None:
        """The outcome of an earlier `refund` under the same key; None when the gateway does not know it."""
        ...


@runtime_checkable
class ReportingGateway(Protocol):
    """A gateway that reports what this server did not ask for: disputes, and refunds that were made by hand.

    Both raise GatewaySilent, and answer None for what it does not know or what belongs to nobody here.
    """

    async def reported_refund(self, reference: str) -> RefundReport | None:
        """How a refund stands in its books, also one that was made by hand."""
        ...

    async def reported_dispute(self, reference: str) -> DisputeReport | None:
        """How a dispute of a payment stands."""
        ...


@runtime_checkable
class StatementGateway(Protocol):
    """A gateway that can list its own books, so that an audit can compare ours with them. Both raise GatewaySilent."""

    async def captured(self, organization_id: UUID) -> Sequence[Moved]:
        """Everything it took, oldest first."""
        ...

    async def refunded(self, organization_id: UUID) -> Sequence[Moved]:
        """Everything it gave back, oldest first."""
        ...
