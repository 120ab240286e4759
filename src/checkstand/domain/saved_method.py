"""Saved payment methods: when one is kept, whom it is shown to, and when it may pay.

Rule: what is charged again later (a subscription, a trial) is kept for that; a one-time purchase's method is kept when its proven
buyer ticks so. A customer is proven when the merchant's own request named them and asked to show what they saved: an e-mail address
that somebody types proves nothing. So a method that was saved by a stranger under a known customer's e-mail is kept for what was
bought with it and never offered to that customer.

    >>> is_expired(Instrument(method="card", exp_month=2, exp_year=2030), datetime(2030, 2, 28))
    False
    >>> is_expired(Instrument(method="card", exp_month=2, exp_year=2030), datetime(2030, 3, 1))
    True
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from checkstand.domain.checkout import Checkout
from checkstand.domain.methods import RULES, Method, may_pay
from checkstand.domain.payment import Instrument, Saving

# After these the bank will never say yes again: the method is not offered until the same card has paid anew.
FINAL_DECLINES: Final = frozenset(
    {
        "expired_card",
        "invalid_account",
        "lost_card",
        "pickup_card",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stolen_card",
        "stop_payment_order",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMethod:
    """What a customer may pay with again. `gateway_method` and `gateway_customer` are the gateway's names and stay on the server.

    `is_recurring`: the buyer agreed to later charges. `is_offered`: its customer was proven when it was saved, or made by that
    purchase. `refused_code`: why the bank will not take it any more.
    """

    id: UUID
    organization_id: UUID
    customer_id: UUID
    gateway: str
    gateway_method: str
    gateway_customer: str
    instrument: Instrument
    is_recurring: bool
    is_offered: bool
    refused_code: str | None = None
    created_at: datetime
    modified_at: datetime | None = None
    last_used_at: datetime | None = None
    removed_at: datetime | None = None


def proves_customer(checkout: Checkout) -> bool:
    """Whether this session may show what its customer saved: the merchant named the customer and asked for it."""
    return checkout.options.show_saved_methods and checkout.buyer.is_named and checkout.buyer.customer_id is not None


def saving(checkout: Checkout, *, is_wished: bool) -> Saving | None:
    """What a payment of this session keeps its method for. `is_wished`: the buyer ticked 'Save for next time'."""
    if not checkout.is_payment_form_required:
        return None
    if checkout.is_recurring:
        return "again"
    return "next_time" if is_wished and proves_customer(checkout) else None


def can_be_saved(instrument: Instrument) -> bool:
    """Whether it can be charged again without its owner at hand: a card, and the wallets that have one behind them."""
    return instrument.method == "card" or (instrument.method in set(Method) and RULES[Method(instrument.method)].again)


def is_expired(instrument: Instrument, now: datetime) -> bool:
    """A card is good until the end of its month."""
    if instrument.exp_year is None or instrument.exp_month is None:
        return False
    return (instrument.exp_year, instrument.exp_month) < (now.year, now.month)


def may_pay_again(method: SavedMethod, checkout: Checkout, *, gateway: str, now: datetime) -> bool:
    """Whether a saved method can pay this session as it stands, through this gateway."""
    is_theirs = method.organization_id == checkout.organization_id and method.customer_id == checkout.buyer.customer_id
    is_good = method.removed_at is None and method.refused_code is None and not is_expired(method.instrument, now)
    return is_theirs and is_good and method.gateway == gateway and may_pay(checkout, method.instrument)
