"""Products to Polar's JSON: alone, and in the reduced forms that other objects hold (docs/behaviour/polar.md#embedded-objects)."""

from __future__ import annotations

from checkstand.dialects.polar.answers import product as answers
from checkstand.dialects.polar.shown.fields import attached_custom_fields
from checkstand.dialects.polar.shown.media import medias
from checkstand.dialects.polar.shown.prices import price
from checkstand.dialects.polar.wire.words import moment
from checkstand.domain.catalog import Product


def product(value: Product, public_url: str) -> answers.Product:
    """A product of the catalogue."""
    return {
        **link_product(value, public_url),
        "attached_custom_fields": attached_custom_fields(value.fields),
    }


def link_product(value: Product, public_url: str) -> answers.CheckoutLinkProduct:
    """A product in a checkout link."""
    return {**checkout_product(value, public_url), "metadata": dict(value.metadata)}


def checkout_product(value: Product, public_url: str) -> answers.CheckoutProduct:
    """A product in a checkout: no metadata, no custom fields."""
    return {
        **_bare(value),
        "prices": [price(item, value) for item in value.active_prices],
        "benefits": [],
        "medias": medias(value, public_url),
    }


def order_product(value: Product) -> answers.ProductWithoutPrices:
    """A product in an order or a discount."""
    return {**_bare(value), "metadata": dict(value.metadata)}


def _bare(value: Product) -> answers.BareProduct:
    recurrence, trial = value.recurrence, value.trial
    return {
        "id": str(value.id),
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "trial_interval": trial.interval if trial else None,
        "trial_interval_count": trial.count if trial else None,
        "name": value.name,
        "description": value.description,
        "visibility": value.visibility,
        "recurring_interval": recurrence.interval if recurrence else None,
        "recurring_interval_count": recurrence.count if recurrence else None,
        "meter_interval": None,
        "meter_interval_count": None,
        "is_recurring": recurrence is not None,
        "is_archived": value.is_archived,
        "is_deletable": False,
        "organization_id": str(value.organization_id),
    }
