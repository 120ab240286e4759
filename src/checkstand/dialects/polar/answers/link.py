"""Checkout links (docs/behaviour/polar.md#checkout-links)."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from checkstand.answers import Moment, Url, Uuid
from checkstand.dialects.polar.answers.common import Metadata
from checkstand.dialects.polar.answers.discount import DiscountWithoutProducts
from checkstand.dialects.polar.answers.price import Price
from checkstand.dialects.polar.answers.product import CheckoutLinkProduct
from checkstand.domain.catalog import Interval


class CheckoutLink(TypedDict):
    """An address that makes a session for each visitor. `product`, `product_id` and the price are those of its first product."""

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    trial_interval: Interval | None
    trial_interval_count: int | None
    metadata: Metadata
    payment_processor: Literal["stripe"]
    client_secret: str
    success_url: Url | None
    return_url: Url | None
    label: str | None
    allow_discount_codes: bool
    require_billing_address: bool
    discount_id: Uuid | None
    seats: int | None
    units: int | None
    organization_id: Uuid
    products: list[CheckoutLinkProduct]
    discount: DiscountWithoutProducts | None
    url: Url
    product_id: Uuid
    product_price_id: Uuid | None
    product: CheckoutLinkProduct
    product_price: Price | None
