"""Everything that can be sold, on the shelves of a test's own shop: prices of every kind, add-ons, questions, pictures, taxes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from uuid import uuid4

from checkstand.domain.address import Address
from checkstand.domain.catalog import Fixed, Interval, PriceDefinition, Product, Span, Terms
from checkstand.domain.checkout import Buyer, Checkout
from checkstand.domain.discount import AmountOff, Discount, Percentage
from checkstand.domain.fields import AttachedField, Field, FieldKind, Option, Properties
from checkstand.domain.image import ImageRef
from checkstand.domain.terms import SeatBased, SeatTier
from checkstand.flows.catalogue.save_field import create_field
from checkstand.flows.catalogue.save_product import create_product
from checkstand.flows.checkout.checkout_request import CheckoutRequest, Wanted, WantedAddon
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.store import organizations
from checkstand.store.catalogue import discounts, images
from tests.pages.buyer import Stand

MONTHLY = Span(interval=Interval.MONTH, count=1)
TEAM_SEATS = SeatBased(
    model="volume",
    tiers=(SeatTier(minimum=2, maximum=4, unit_minor=1000), SeatTier(minimum=5, maximum=50, unit_minor=800)),
)
DE = Buyer(address=Address(country="DE"))


@dataclass(frozen=True, slots=True)
class Shelf:
    """The shop's shelves, and sessions made from them."""

    stand: Stand

    @property
    def _ports(self) -> Any:
        return self.stand.server.services.ports

    def _run(self, coroutine: Any) -> Any:
        return self.stand.server.run(coroutine)

    def product(self, name: str, *terms: Terms, currency: str = "USD", **more: Any) -> Product:
        """A product with these prices in one currency; Dodo's have no list of rules to keep to."""
        organization = self.stand.shop.organization
        given = {"name": name, "extras": {"dialect": "dodo"}, **more}
        definitions = [PriceDefinition(currency=currency, terms=one) for one in terms]
        made: Product = self._run(create_product(self._ports, organization, given, definitions))
        return made

    def team(self, **more: Any) -> Product:
        """Sold by the seat, cheaper from five."""
        return self.product("Team", TEAM_SEATS, recurrence=MONTHLY, **more)

    def field(
        self, kind: FieldKind, slug: str, label: str, *, required: bool = False, **properties: Any
    ) -> AttachedField:
        """A question, as a product asks it."""
        if "options" in properties:
            properties["options"] = tuple(Option(value=one.lower(), label=one) for one in properties["options"])
        organization = self.stand.shop.organization
        given = {
            "kind": kind,
            "slug": slug,
            "name": label,
            "properties": Properties(form_label=label, **properties),
        }
        made: Field = self._run(create_field(self._ports, organization, given))
        return AttachedField(field=made, required=required)

    def picture(self, *, width: int = 8, height: int = 8) -> ImageRef:
        """A stored picture in one colour."""
        body, organization = png(width, height), self.stand.shop.organization
        image = ImageRef(
            id=uuid4(),
            name="picture.png",
            content_type="image/png",
            size=len(body),
            width=width,
            height=height,
            checksum=sha256(body).hexdigest(),
            created_at=organization.created_at,
        )
        assert self._run(images.add(self._ports.db, organization.id, image, body))
        return image

    def discount(self, code: str | None, *, percent: int = 0, amount: int = 0, **more: Any) -> Discount:
        """A discount of the shop's, by percentage or in dollars."""
        organization = self.stand.shop.organization
        made = Discount(
            id=uuid4(),
            organization_id=organization.id,
            name=more.pop("name", code),
            code=code,
            takes=Percentage(basis_points=percent * 100) if percent else AmountOff(amounts={"USD": amount}),
            created_at=organization.created_at,
            **more,
        )
        assert self._run(discounts.add(self._ports.db, made))
        return made

    def session(self, *products: Product, **more: Any) -> Checkout:
        """A Polar session in which the buyer chooses one of the products."""
        return self._make("polar", [self._wanted(product) for product in products], more)

    def cart(self, *products: Product, quantity: int = 1, **more: Any) -> Checkout:
        """A Dodo session with all of the products in it."""
        return self._make("dodo", [replace(self._wanted(product), quantity=quantity) for product in products], more)

    def cart_with(self, product: Product, addons: Sequence[tuple[Product, int]], **more: Any) -> Checkout:
        """A Dodo session for one product with so many of each add-on."""
        chosen = tuple(
            WantedAddon(product_id=addon.id, where=("product_cart", 0, "addons"), quantity=quantity)
            for addon, quantity in addons
        )
        return self._make("dodo", [replace(self._wanted(product), addons=chosen)], more)

    def _wanted(self, product: Product) -> Wanted:
        return Wanted(product_id=product.id, where=("products", 0))

    def _make(self, dialect: Any, wanted: Sequence[Wanted], more: dict[str, Any]) -> Checkout:
        request = CheckoutRequest(dialect=dialect, wanted=tuple(wanted), choose_one=dialect == "polar", **more)
        made: Checkout = self._run(create_checkout(self._ports, self._organization(), request))
        return made

    def addon(self, name: str, amount_minor: int) -> Product:
        """Something to add to a subscription."""
        return self.product(name, Fixed(amount_minor=amount_minor), kind="addon")

    def settings(self, **changes: Any) -> None:
        """Change what the merchant decided, taxes above all."""
        organization, ports = self._organization(), self._ports
        settings = replace(organization.settings, **changes)
        self._run(organizations.save_settings(ports.db, organization.id, settings, now=ports.real_now()))
        ports.cache.forget(organization.id)

    def _organization(self) -> Any:
        return self._run(organizations.by_id(self._ports.db, self.stand.shop.organization.id))


def png(width: int, height: int, colour: tuple[int, int, int] = (90, 120, 220)) -> bytes:
    """A picture in one colour."""
    rows = (b"\x00" + bytes(colour) * width) * height

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


__all__ = ["DE", "MONTHLY", "TEAM_SEATS", "Shelf", "png"]
