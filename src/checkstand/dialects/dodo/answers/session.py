"""How a checkout session stands (dodo.md 3.5), and why there is no tax in it."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from checkstand.answers import Moment
from checkstand.dialects.dodo.answers.payment import PaymentStatus


class TaxNote(TypedDict, total=False):
    """Why no tax is charged, where an invoice has to say so; neither key elsewhere. An addition to the original's answers."""

    tax_reason: Literal["reverse_charge"]
    tax_note: str


class SessionStatus(TaxNote):
    """How a checkout session stands. The payment is null until somebody tried to pay. `expires_at` is ours."""

    id: str
    created_at: Moment
    customer_email: str | None
    customer_name: str | None
    payment_id: str | None
    payment_status: PaymentStatus | None
    expires_at: Moment
