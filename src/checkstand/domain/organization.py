"""Organizations (the tenants), who may act for them, and their clock.

Test and live are properties of an organization. A test organization has a clock of its own: real time plus an offset that
only the test controls move, so that `now` keeps running and never needs storing.

    >>> from datetime import UTC, datetime
    >>> clock = timedelta(days=14)
    >>> (datetime(2026, 1, 1, tzinfo=UTC) + clock).day
    15
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from checkstand.domain.address import Address, LocalAddress
from checkstand.domain.profile import Dialect

Mode = Literal["test", "live"]
DefaultTaxBehavior = Literal["location", "inclusive", "exclusive"]

ALL_SCOPES: tuple[str, ...] = tuple(
    f"{noun}:{verb}"
    for noun in (
        "benefits",
        "checkout_links",
        "checkouts",
        "custom_fields",
        "customer_portal",
        "customer_seats",
        "customers",
        "discounts",
        "disputes",
        "events",
        "files",
        "license_keys",
        "members",
        "meters",
        "metrics",
        "orders",
        "organizations",
        "payouts",
        "products",
        "refunds",
        "subscriptions",
        "transactions",
        "wallets",
        "webhooks",
    )
    for verb in ("read", "write")
) + ("customer_meters:read", "customer_sessions:write", "member_sessions:write", "payments:read")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationSettings:
    """What an organization decides about its checkouts. Currency codes are upper-case ISO 4217.

    `redirect_hosts`: where addresses that anybody can write may send its buyers (`redirects.py`). `allows_renewal`: whether a
    buyer may start again when a session ended without a payment. `tax_registrations`: where tax is collected, as in
    `tax.TaxQuestion`; nowhere at first. `adaptive_fee`: whether the buyer pays for the conversion into another currency.
    `refund_window_days`: how long after a payment Dodo's API gives it back. `country`: where the seller is, for tax and on
    papers alike; None while nobody has said. `legal_name`, `legal_address` (what is written above the country) and `tax_id`:
    the seller as its invoices name it.
    """

    default_currency: str = "USD"
    default_tax_behavior: DefaultTaxBehavior = "location"
    country: str | None = "US"
    email: str | None = None
    website: str | None = None
    embed_hosts: tuple[str, ...] = ()
    redirect_hosts: tuple[str, ...] = ()
    allows_renewal: bool = True
    adaptive_currency: bool = True
    adaptive_fee: bool = True
    tax_registrations: tuple[str, ...] = ()
    seat_pricing: bool = True
    unit_pricing: bool = True
    refund_window_days: int = 90
    legal_name: str | None = None
    legal_address: LocalAddress | None = None
    tax_id: str | None = None

    @property
    def address(self) -> Address | None:
        """Where the seller is, as far as it was said: at least a country."""
        return (self.legal_address or LocalAddress()).within(self.country) if self.country else None


def collects_tax_in(settings: OrganizationSettings, country: str | None) -> bool:
    """Whether a registration of any region covers a country, so that an address there may decide a tax.

    >>> collects_tax_in(OrganizationSettings(tax_registrations=("DE", "US-CA")), "US")
    True
    >>> collects_tax_in(OrganizationSettings(tax_registrations=("DE",)), "US")
    False
    """
    return any(code == "*" or code.split("-")[0] == country for code in settings.tax_registrations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """One merchant: everything else belongs to exactly one of these."""

    id: UUID
    slug: str
    name: str
    mode: Mode
    settings: OrganizationSettings
    clock_offset_us: int
    created_at: datetime
    modified_at: datetime | None = None

    def now(self, real: datetime) -> datetime:
        """The organization's time, given the real one (UTC)."""
        return real + timedelta(microseconds=self.clock_offset_us) if self.clock_offset_us else real


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A key to one organization. The secret itself is never stored, only a keyed hash and a hint of its last characters."""

    id: UUID
    organization_id: UUID
    name: str
    dialect: Dialect
    hint: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    last_used_ip: str | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The caller: a token that was found valid, and its organization."""

    token: AccessToken
    organization: Organization

    def may(self, *accepted: str) -> bool:
        """True when one of the accepted scopes was granted."""
        return any(scope in self.token.scopes for scope in accepted)

    @property
    def is_unrestricted(self) -> bool:
        """True when the token may do everything that there is a scope for."""
        return set(ALL_SCOPES) <= set(self.token.scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who signs in to the dashboard."""

    id: UUID
    email: str
    name: str
    created_at: datetime
