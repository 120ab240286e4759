"""Checkout links to Polar's JSON (docs/behaviour/polar.md#checkout-links)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from checkstand.dialects.polar.answers import link as answers
from checkstand.dialects.polar.shown.discounts import discount_without_products
from checkstand.dialects.polar.shown.prices import price
from checkstand.dialects.polar.shown.products import link_product
from checkstand.dialects.polar.wire.words import moment, uuid
from checkstand.domain.catalog import Price, Product, in_currency
from checkstand.domain.discount import Discount
from checkstand.domain.lines import charged_prices
from checkstand.domain.link import CheckoutLink
from checkstand.domain.organization import Organization


def checkout_link(
    value: CheckoutLink,
    organization: Organization,
    *,
    products: Mapping[UUID, Product],
    discounts: Mapping[UUID, Discount],
    public_url: str,
) -> answers.CheckoutLink:
    """The whole object. `products` has the link's, `discounts` those that links name, deleted ones too."""
    sold = [products[product_id] for product_id in value.product_ids]
    shown = [link_product(item, public_url) for item in sold]
    default = _default_price(value, sold[0], organization)
    discount = discounts.get(value.discount_id) if value.discount_id is not None else None
    return {
        "id": str(value.id),
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "trial_interval": value.trial.interval if value.trial else None,
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
        "discount": discount_without_products(discount, organization),
        "url": f"{public_url}/{value.client_secret}",
        "product_id": str(sold[0].id),
        "product_price_id": str(default.id) if default else None,
        "product": shown[0],
        "product_price": price(default, sold[0]) if default else None,
    }


def _default_price(value: CheckoutLink, product: Product, organization: Organization) -> Price | None:
    """The price that a link names, else the one that its first product is sold at by default; None for one without prices."""
    named = product.price(value.price_id) if value.price_id is not None else None
    own = in_currency(product.prices, organization.settings.default_currency) or product.active_prices
    return named or next(iter(charged_prices(own)), None)
