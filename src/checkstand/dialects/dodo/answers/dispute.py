"""Disputes as they are answered (docs/behaviour/dodo.md#disputes)."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from checkstand.answers import Moment
from checkstand.dialects.dodo.answers.common import CurrencyCode
from checkstand.dialects.dodo.answers.customer import Buyer
from checkstand.domain.dispute import DisputeStage

DisputeStatus = Literal[
    "dispute_opened",
    "dispute_challenged",
    "dispute_accepted",
    "dispute_cancelled",
    "dispute_expired",
    "dispute_won",
    "dispute_lost",
]
# Who took the money. The original knows `adyen` too.
Provider = Literal["stripe", "dodo"]


class DisputeOfPayment(TypedDict):
    """A dispute within its payment. `amount` is what the bank holds back, in the currency's smallest unit, as text."""

    dispute_id: str
    payment_id: str
    business_id: str
    amount: str
    currency: CurrencyCode
    dispute_stage: DisputeStage
    dispute_status: DisputeStatus
    remarks: str | None
    is_resolved_by_rdr: None
    created_at: Moment


class DisputeInList(DisputeOfPayment):
    """A dispute without its customer. `amount` is what the bank holds back, in the currency's smallest unit, as text."""

    payment_provider: Provider


class Dispute(DisputeInList):
    """A dispute with whose it is. `amount` is what the bank holds back, in the currency's smallest unit, as text."""

    brand_id: str
    customer: Buyer
    reason: str | None
