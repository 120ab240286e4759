"""Checkout links on Polar's wire: what create and update accept, and the whole object (polar.md 5.6).

The oldest two forms of create name one product or one price. What a server of the original fails on (a product twice, null for a
switch) is refused or taken as 'unchanged' here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from pydantic import UUID4, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from checkstand.dialects.polar import discount_models, prices, translate
from checkstand.dialects.polar.models import Base, Line, Metadata, Seats, Units, Url
from checkstand.dialects.polar.wire import Json, moment, uuid
from checkstand.domain.catalog import Interval, Price, Product, Span, in_currency
from checkstand.domain.discount import Discount
from checkstand.domain.lines import charged_prices
from checkstand.domain.link import CheckoutLink
from checkstand.domain.organization import Organization
from checkstand.ops.bounds import MOST_MEMBERS


class LinkFields(Base):
    """What create and update share."""

    label: Line | None = None
    discount_id: UUID4 | None = None
    seats: Seats | None = None
    units: Units | None = None
    success_url: Url | None = None
    return_url: Url | None = None
    trial_interval: Interval | None = None
    trial_interval_count: int | None = Field(default=None, ge=1, le=1000)
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole_trial(self) -> LinkFields:
        if (self.trial_interval is None) != (self.trial_interval_count is None):
            raise PydanticCustomError("missing", "Both trial_interval and trial_interval_count must be set together.")
        return self

    @property
    def trial(self) -> Span | None:
        if self.trial_interval is None or self.trial_interval_count is None:
            return None
        return Span(interval=self.trial_interval, count=self.trial_interval_count)


class LinkCreate(LinkFields):
    """`POST /v1/checkout-links/` without the key that names what is sold."""

    payment_processor: Literal["stripe"]
    allow_discount_codes: bool = True
    require_billing_address: bool = False


class LinkProductsCreate(LinkCreate):
    """The documented form: products to choose from."""

    products: list[UUID4] = Field(min_length=1, max_length=MOST_MEMBERS)

    @field_validator("products")
    @classmethod
    def _unique(cls, value: list[UUID]) -> list[UUID]:
        return unique(value)


class LinkProductCreate(LinkCreate):
    """The older form: one product."""

    product_id: UUID4


class LinkPriceCreate(LinkCreate):
    """The oldest form: one price."""

    product_price_id: UUID4


VARIANTS: tuple[tuple[str, type[LinkCreate]], ...] = (
    ("products", LinkProductsCreate),
    ("product_id", LinkProductCreate),
    ("product_price_id", LinkPriceCreate),
)


class LinkUpdate(LinkFields):
    """`PATCH /v1/checkout-links/{id}`: absent means unchanged, and so does null for what a link cannot be without."""

    products: list[UUID4] | None = Field(default=None, min_length=1, max_length=MOST_MEMBERS)
    allow_discount_codes: bool | None = None
    require_billing_address: bool | None = None

    @field_validator("products")
    @classmethod
    def _unique(cls, value: list[UUID] | None) -> list[UUID] | None:
        return None if value is None else unique(value)


def unique(value: list[UUID]) -> list[UUID]:
    """The ids, each there once. Raises ValueError."""
    if len(set(value)) != len(value):
        raise ValueError("Product IDs must be unique.")
    return value


def checkout_link(
    value: CheckoutLink,
    organization: Organization,
    *,
    products: Mapping[UUID, Product],
    discounts: Mapping[UUID, Discount],
    public_url: str,
) -> Json:
    """The whole object. `products` has the link's, `discounts` the living ones among those that links name."""
    sold = [products[product_id] for product_id in value.product_ids]
    shown = [{**translate.checkout_product(item, public_url), "metadata": dict(item.metadata)} for item in sold]
    price = _shown_price(value, sold[0], organization)
    discount = discounts.get(value.discount_id) if value.discount_id is not None else None
    return {
        "id": str(value.id),
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "trial_interval": str(value.trial.interval) if value.trial else None,
        "trial_interval_count": value.trial.count if value.trial else None,
        "metadata": dict(value.metadata),
        "payment_processor": "stripe",
        "client_secret": value.client_secret,
        "success_url": value.success_url,
        "return_url": value.back_url,
        "label": value.label,
        "allow_discount_codes": value.allow_discount_codes,
        "require_billing_address": value.require_billing_address,
        "discount_id": uuid(discount.id if discount else None),
        "seats": value.seats,
        "units": value.units,
        "organization_id": str(value.organization_id),
        "products": shown,
        "discount": _shown_discount(discount, organization),
        "url": f"{public_url}/buy/{value.client_secret}",
        "product_id": str(sold[0].id),
        "product_price_id": str(price.id) if price else None,
        "product": shown[0],
        "product_price": prices.shown(price, sold[0]) if price else None,
    }


def _shown_price(value: CheckoutLink, product: Product, organization: Organization) -> Price | None:
    """The price that a link names, else the one that its first product is sold at by default; None for one without prices."""
    named = product.price(value.price_id) if value.price_id is not None else None
    own = in_currency(product.prices, organization.settings.default_currency) or product.active_prices
    return named or next(iter(charged_prices(own)), None)


def _shown_discount(value: Discount | None, organization: Organization) -> Json | None:
    if value is None:
        return None
    return {key: item for key, item in discount_models.discount(value, organization, {}).items() if key != "products"}
