"""Customers as they are answered (docs/behaviour/dodo.md#customers)."""

from __future__ import annotations

from typing_extensions import TypedDict

from checkstand.answers import Moment
from checkstand.dialects.dodo.answers.common import Notes


class Customer(TypedDict):
    """A customer. `email` and `name` are empty texts where nothing is known; `preferred_locale` is a language such as `de`."""

    customer_id: str
    business_id: str
    email: str
    name: str
    phone_number: str | None
    created_at: Moment
    metadata: Notes
    preferred_locale: str | None
    blocked_at: None
    blocklist_entry_id: None


class Buyer(TypedDict):
    """The buyer of a payment: its customer, or before there is one what is known of the buyer, with an empty `customer_id`."""

    customer_id: str
    email: str
    name: str
    metadata: Notes
    phone_number: str | None
