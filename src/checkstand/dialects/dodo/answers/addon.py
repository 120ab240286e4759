"""Add-ons as they are answered (docs/behaviour/dodo.md#add-ons)."""

from __future__ import annotations

from typing_extensions import TypedDict

from checkstand.answers import Minor, Moment, Url
from checkstand.dialects.dodo.answers.common import CurrencyCode
from checkstand.domain.catalog import TaxCategory


class Addon(TypedDict):
    """What may be bought with a subscription. `price` is that of one, and billed with the subscription's cycle."""

    id: str
    business_id: str
    name: str
    description: str | None
    price: Minor
    currency: CurrencyCode
    tax_category: TaxCategory
    image: Url | None
    created_at: Moment
    updated_at: Moment
