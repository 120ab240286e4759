"""The demo shop that `checkstand dev` opens with: one organization, its keys, five products, an add-on, a discount.

It is made once, then found again. The ids and the secrets of the shop come from the server's secret key, so a second start prints the
same ones and nothing secret has to be kept in clear.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from argon2 import PasswordHasher

from checkstand.domain import ids
from checkstand.domain.catalog import Custom, Fixed, Interval, Price, Product, Span, Terms
from checkstand.domain.discount import Discount, Percentage
from checkstand.domain.organization import (
    ALL_SCOPES,
    AccessToken,
    Organization,
    OrganizationSettings,
    User,
)
from checkstand.domain.profile import DODO, POLAR, Dialect
from checkstand.flows.organizations.authenticate import Authenticator
from checkstand.flows.ports import Ports
from checkstand.store import organizations
from checkstand.store.catalogue import discounts, products
from checkstand.store.organizations import ORGANIZATIONS

EMAIL = "demo@checkstand.localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoShop:
    """The shop and everything a person or a script needs to use it."""

    organization: Organization
    products: dict[str, Product]
    polar_token: str
    dodo_key: str
    email: str
    password: str
    webhook_secret: str
    addon: Product
    discount: Discount


@dataclass(slots=True)
class _Stream:
    """An endless stream of bytes that depends on the secret key and a label alone."""

    key: bytes
    label: str
    counter: int = 0

    def __call__(self, size: int) -> bytes:
        produced = b""
        while len(produced) < size:
            self.counter += 1
            produced += hmac.new(self.key, f"{self.label}/{self.counter}".encode(), hashlib.sha256).digest()
        return produced[:size]


_CATALOGUE: tuple[tuple[str, str, str, Terms, Span | None, Span | None], ...] = (
    ("one_time", "Field Guide", "A one-time purchase.", Fixed(amount_minor=1000), None, None),
    (
        "monthly",
        "Studio Monthly",
        "Billed every month.",
        Fixed(amount_minor=2000),
        Span(interval=Interval.MONTH, count=1),
        None,
    ),
    (
        "trial",
        "Studio with Trial",
        "14 days free, then billed every month.",
        Fixed(amount_minor=2000),
        Span(interval=Interval.MONTH, count=1),
        Span(interval=Interval.DAY, count=14),
    ),
    (
        "pay_what_you_want",
        "Tip Jar",
        "You name the price.",
        Custom(minimum_minor=500, preset_minor=1500),
        None,
        None,
    ),
    ("free", "Starter Kit", "Costs nothing.", Fixed(amount_minor=0), None, None),
)


def demo_identity(secret_key: bytes, label: str) -> UUID:
    """The id of one of the demo shop's objects under this secret key."""
    return ids.uuid4_from(_Stream(secret_key, label))


async def open_demo_shop(
    ports: Ports, authenticator: Authenticator, *, slug: str = "demo", name: str = "Demo Shop"
) -> DemoShop:
    """Find the shop, or make it in one transaction."""
    key = authenticator.secret_key
    shop = plan_demo_shop(key, slug, name, ports.real_now())
    known = await organizations.by_slug(ports.db, slug)
    if known is None:
        await _make(ports, authenticator, shop)
        return shop
    return replace(shop, organization=known)


def plan_demo_shop(key: bytes, slug: str, name: str, now: datetime) -> DemoShop:
    """The shop as this secret key makes it, without asking a database."""

    def identity(label: str) -> UUID:
        return demo_identity(key, f"{slug}/{label}")

    def secret(prefix: str, label: str) -> str:
        return ids.secret(prefix, random_bytes=_Stream(key, f"{slug}/{label}"))

    organization = Organization(
        id=identity("organization"),
        slug=slug,
        name=name,
        mode="test",
        settings=OrganizationSettings(email="support@checkstand.localhost", website="https://checkstand.localhost"),
        clock_offset_us=0,
        created_at=now,
    )
    catalogue = {
        label: _product(organization, identity, label, title, text, terms, every, trial, now)
        for label, title, text, terms, every, trial in _CATALOGUE
    }
    addon = _addon(organization, identity, now)
    catalogue["monthly"] = replace(catalogue["monthly"], addons=(addon.id,))
    discount = Discount(
        id=identity("discount"),
        organization_id=organization.id,
        name="Welcome",
        code="WELCOME20",
        takes=Percentage(basis_points=2000),
        created_at=now,
    )
    return DemoShop(
        organization=organization,
        products=catalogue,
        polar_token=secret(POLAR.keys.prefix, "polar token"),
        dodo_key=secret(DODO.keys.prefix, "dodo key"),
        email=EMAIL if slug == "demo" else f"{slug}@checkstand.localhost",
        password=secret("", "password")[:16],
        webhook_secret=ids.webhook_secret(random_bytes=_Stream(key, f"{slug}/webhook")),
        addon=addon,
        discount=discount,
    )


def _product(
    organization: Organization,
    identity: Callable[[str], UUID],
    label: str,
    title: str,
    text: str,
    terms: Terms,
    every: Span | None,
    trial: Span | None,
    now: datetime,
) -> Product:
    product_id = identity(f"product {label}")
    price = Price(id=identity(f"price {label}"), product_id=product_id, currency="USD", terms=terms, created_at=now)
    return Product(
        id=product_id,
        organization_id=organization.id,
        name=title,
        description=text,
        recurrence=every,
        trial=trial,
        prices=(price,),
        created_at=now,
    )


def _addon(organization: Organization, identity: Callable[[str], UUID], now: datetime) -> Product:
    """What may be bought with the monthly product."""
    terms = Fixed(amount_minor=500)
    addon_id = identity("addon")
    price = Price(id=identity("price addon"), product_id=addon_id, currency="USD", terms=terms, created_at=now)
    return Product(
        id=addon_id,
        organization_id=organization.id,
        kind="addon",
        name="Extra Seat",
        description="One more person in the studio.",
        prices=(price,),
        created_at=now,
    )


async def _make(ports: Ports, authenticator: Authenticator, shop: DemoShop) -> None:
    organization = shop.organization
    now = organization.created_at
    user = User(id=ports.new_id(), email=shop.email, name="Demo", created_at=now)
    keys: tuple[tuple[str, Dialect, str], ...] = (
        ("Polar SDK (demo)", POLAR.name, shop.polar_token),
        ("Dodo SDK (demo)", DODO.name, shop.dodo_key),
    )
    async with ports.db.transaction() as tx:
        await ORGANIZATIONS.insert(tx, organization)
        for name, dialect, secret in keys:
            token = AccessToken(
                id=ports.new_id(),
                organization_id=organization.id,
                name=name,
                dialect=dialect,
                hint=secret[-4:],
                scopes=ALL_SCOPES,
                created_at=now,
            )
            await organizations.add_token(tx, token, authenticator.hash(secret))
        # Cheap parameters on purpose: the password is 16 random characters, and a laptop should start at once.
        hashed = PasswordHasher(time_cost=1, memory_cost=256, parallelism=1).hash(shop.password)
        await organizations.add_user(tx, user, hashed)
        await organizations.add_membership(tx, organization.id, user.id, "owner", now=now)
        for product in (shop.addon, *shop.products.values()):
            await products.add(tx, product)
        await discounts.add(tx, shop.discount)
