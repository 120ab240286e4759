"""Customers, and how a purchase finds or makes one.

Rule (polar.md 6.3): a session linked to a customer buys as that customer; otherwise the e-mail decides, compared without case;
otherwise a new customer is made with the session's external id. `always_create` (Dodo) skips the search by e-mail.

    >>> same_email("Ada@Example.com ", "ada@example.com")
    True
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from checkstand.domain.address import Address
from checkstand.domain.catalog import Metadata
from checkstand.domain.checkout import Buyer


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Somebody who bought or was entered by the merchant."""

    id: UUID
    organization_id: UUID
    external_id: str | None = None
    email: str
    name: str | None = None
    billing_name: str | None = None
    address: Address | None = None
    tax_id: str | None = None
    phone: str | None = None
    locale: str | None = None
    metadata: Metadata = field(default_factory=dict)
    created_at: datetime
    modified_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def shown_billing_name(self) -> str | None:
        """The name for invoices, which falls back to the plain one."""
        return self.billing_name or self.name


def fold_email(email: str) -> str:
    """The form in which two e-mail addresses are compared."""
    return email.strip().lower()


def same_email(one: str, other: str) -> bool:
    """True when both name the same mailbox as far as matching is concerned."""
    return fold_email(one) == fold_email(other)


def new_customer(customer_id: UUID, organization_id: UUID, buyer: Buyer, *, now: datetime) -> Customer:
    """A customer as a first purchase makes one. The buyer must have an e-mail."""
    assert buyer.email is not None, "a purchase without an e-mail was let through"
    return Customer(
        id=customer_id,
        organization_id=organization_id,
        external_id=buyer.external_id,
        email=buyer.email,
        name=buyer.billing_name or buyer.name,
        billing_name=buyer.billing_name,
        address=buyer.address,
        tax_id=buyer.tax_id,
        phone=buyer.phone,
        locale=buyer.locale,
        metadata=dict(buyer.metadata),
        created_at=now,
    )


def after_purchase(customer: Customer, buyer: Buyer, *, now: datetime) -> Customer:
    """What a further purchase changes: the name only if it was empty, billing data when given, metadata merged."""
    return replace(
        customer,
        name=customer.name or buyer.billing_name or buyer.name,
        billing_name=buyer.billing_name or customer.billing_name,
        address=buyer.address or customer.address,
        tax_id=buyer.tax_id or customer.tax_id,
        phone=buyer.phone or customer.phone,
        locale=buyer.locale or customer.locale,
        metadata={**customer.metadata, **buyer.metadata},
        modified_at=now,
    )


def prefill(buyer: Buyer, customer: Customer) -> Buyer:
    """The buyer of a new session for a known customer: what the request left empty is filled (polar.md 2.6)."""
    return replace(
        buyer,
        customer_id=customer.id,
        is_named=True,
        email=buyer.email or customer.email,
        name=buyer.name or customer.name,
        billing_name=buyer.billing_name or customer.shown_billing_name,
        address=buyer.address or customer.address,
        tax_id=buyer.tax_id or customer.tax_id,
        phone=buyer.phone or customer.phone,
        locale=buyer.locale or customer.locale,
    )
