"""Customers, and how a purchase finds or makes one.

Rule: a session linked to a customer buys as that customer; otherwise the e-mail decides, compared without case;
otherwise a new customer is made with the session's external id. `always_create` (Dodo) skips the search by e-mail.
A team may have no e-mail of its own: then its owner's counts (`member.py`).

    >>> same_email("Ada@Example.com ", "ada@example.com")
    True

Source: docs/behaviour/polar.md#customer-of-a-purchase.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from checkstand.domain.address import Address
from checkstand.domain.catalog import Metadata
from checkstand.domain.changes import Given, dated, with_given
from checkstand.domain.checkout import Buyer

CustomerKind = Literal["individual", "team"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A person or a team that bought, or that the merchant entered. Only a team may lack an e-mail.

    `tax_id_format` names the kind of number that the tax id is (`eu_vat`), where that is known.
    """

    id: UUID
    organization_id: UUID
    kind: CustomerKind = "individual"
    external_id: str | None = None
    email: str | None
    name: str | None = None
    billing_name: str | None = None
    address: Address | None = None
    tax_id: str | None = None
    tax_id_format: str | None = None
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


def edited(customer: Customer, given: Given, *, now: datetime) -> Customer:
    """The customer with the fields that a merchant gave."""
    changed = with_given(customer, given)
    if "tax_id_format" not in given:
        changed = replace(changed, tax_id_format=_format_of(customer, changed.tax_id))
    return dated(customer, changed, now)


def _format_of(customer: Customer, tax_id: str | None) -> str | None:
    """The known format of the present number; nothing is known of another one."""
    return customer.tax_id_format if tax_id == customer.tax_id else None


def deleted(customer: Customer, *, anonymize: bool, now: datetime) -> Customer:
    """The customer as history keeps them: the external id is free again.

    Anonymized, nothing is left that leads to a person; a business (known by its tax id) keeps the names its invoices need.
    """
    gone = replace(customer, external_id=None, modified_at=now, deleted_at=now)
    if not anonymize:
        return gone
    is_business = customer.tax_id is not None
    return replace(
        gone,
        email=anonymous_email(customer.id) if customer.email is not None else None,
        name=customer.name if is_business else None,
        billing_name=customer.billing_name if is_business else None,
        address=None,
        phone=None,
        locale=None,
        metadata={},
    )


def anonymous_email(owner_id: UUID) -> str:
    """An address that belongs to no person and that tells nothing of the one it stands for."""
    return f"{owner_id.hex}@anonymous.invalid"


def fold_email(email: str) -> str:
    """The form in which two e-mail addresses are compared."""
    return email.strip().lower()


def same_email(one: str | None, other: str | None) -> bool:
    """True when both name the same mailbox as far as matching is concerned. False where one of them is None."""
    return one is not None and other is not None and fold_email(one) == fold_email(other)


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
    tax_id = buyer.tax_id or customer.tax_id
    return replace(
        customer,
        name=customer.name or buyer.billing_name or buyer.name,
        billing_name=buyer.billing_name or customer.billing_name,
        address=buyer.address or customer.address,
        tax_id=tax_id,
        tax_id_format=_format_of(customer, tax_id),
        phone=buyer.phone or customer.phone,
        locale=buyer.locale or customer.locale,
        metadata={**customer.metadata, **buyer.metadata},
        modified_at=now,
    )


def prefill(buyer: Buyer, customer: Customer, *, owner_email: str | None = None) -> Buyer:
    """The buyer of a new session for a known customer: what the request left empty is filled.

    A team's name is nobody's own, so it is left out; `owner_email` stands in for the e-mail that a team may lack.

    Source: docs/behaviour/polar.md#buyers-of-new-checkouts.
    """
    known_name = customer.name if customer.kind == "individual" else None
    return replace(
        buyer,
        customer_id=customer.id,
        is_named=True,
        email=buyer.email or customer.email or owner_email,
        name=buyer.name or known_name,
        billing_name=buyer.billing_name or customer.shown_billing_name,
        address=buyer.address or customer.address,
        tax_id=buyer.tax_id or customer.tax_id,
        phone=buyer.phone or customer.phone,
        locale=buyer.locale or customer.locale,
    )
