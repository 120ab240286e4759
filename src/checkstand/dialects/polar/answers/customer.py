"""Customers as they are answered (docs/behaviour/polar.md#customers)."""

from __future__ import annotations

from typing_extensions import TypedDict

from checkstand.answers import Empty, Moment, Url, Uuid
from checkstand.dialects.polar.answers.common import Address, Metadata
from checkstand.domain.customer import CustomerKind


class Customer(TypedDict):
    """A customer. `tax_id` is a pair of number and format (`eu_vat`); only a team may lack an email."""

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    metadata: Metadata
    external_id: str | None
    email: str | None
    email_verified: bool
    type: CustomerKind
    name: str | None
    billing_name: str | None
    billing_address: Address | None
    tax_id: tuple[str, str] | None
    locale: str | None
    organization_id: Uuid
    default_payment_method_id: None
    deleted_at: Moment | None
    first_user_event_at: None
    avatar_url: Url | None


class CustomerState(Customer):
    """A customer and what is active for them."""

    active_subscriptions: Empty
    granted_benefits: Empty
    active_meters: Empty
