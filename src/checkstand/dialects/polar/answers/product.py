"""Products (docs/behaviour/polar.md#products-and-prices): alone, and in the reduced forms that other objects hold."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from checkstand.answers import Empty, Moment, Url, Uuid
from checkstand.dialects.polar.answers.common import Metadata
from checkstand.dialects.polar.answers.custom_field import AttachedCustomField
from checkstand.dialects.polar.answers.price import Price
from checkstand.domain.catalog import Interval, Visibility


class BareProduct(TypedDict):
    """What every form of a product has. The intervals of one that is bought once are null."""

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    trial_interval: Interval | None
    trial_interval_count: int | None
    name: str
    description: str | None
    visibility: Visibility
    recurring_interval: Interval | None
    recurring_interval_count: int | None
    meter_interval: None
    meter_interval_count: None
    is_recurring: bool
    is_archived: bool
    is_deletable: bool
    organization_id: Uuid


class ProductWithoutPrices(BareProduct):
    """A product without its prices, as orders and discounts hold it."""

    metadata: Metadata


class ProductMedia(TypedDict):
    """An image of a product. `size` is in bytes; `public_url` is public."""

    id: Uuid
    organization_id: Uuid
    name: str
    path: str
    mime_type: str
    size: int
    storage_version: None
    checksum_etag: str
    checksum_sha256_base64: str
    checksum_sha256_hex: str
    last_modified_at: Moment
    version: None
    service: Literal["product_media"]
    is_uploaded: bool
    created_at: Moment
    size_readable: str
    public_url: Url


class CheckoutProduct(BareProduct):
    """A product as a checkout holds it: with the prices that can be chosen, without metadata."""

    prices: list[Price]
    benefits: Empty
    medias: list[ProductMedia]


class CheckoutLinkProduct(CheckoutProduct):
    """A product as a checkout link holds it."""

    metadata: Metadata


class Product(CheckoutLinkProduct):
    """A product of the catalogue."""

    attached_custom_fields: list[AttachedCustomField]
