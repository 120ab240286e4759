"""Discounts: alone, and in the reduced forms that other objects hold; two kinds, told apart by `type`.

Source: docs/behaviour/polar.md#embedded-objects and docs/behaviour/polar.md#discounts.
"""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypeAliasType, TypedDict

from checkstand.answers import Minor, Moment, Uuid
from checkstand.dialects.polar.answers.common import CurrencyCode, Metadata
from checkstand.dialects.polar.answers.product import ProductWithoutPrices
from checkstand.domain.discount import Duration


class DiscountMonths(TypedDict):
    """How long a discount lasts that repeats."""

    duration_in_months: NotRequired[Annotated[int, Field(description="There where `duration` is `repeating`.")]]


class DiscountParts(DiscountMonths):
    """What every form of a discount has."""

    id: Uuid
    name: str
    duration: Duration
    code: str | None


class CheckoutPercentageDiscount(DiscountParts):
    """A share off, as a checkout holds it: 10,000 basis points are everything."""

    type: Literal["percentage"]
    basis_points: int


class CheckoutFixedDiscount(DiscountParts):
    """An amount off, as a checkout holds it: by lower-case currency, and the first of them in `currency` and `amount`."""

    type: Literal["fixed"]
    amounts: dict[str, Minor]
    currency: CurrencyCode
    amount: Minor


CheckoutDiscount = TypeAliasType(
    "CheckoutDiscount",
    Annotated[
        CheckoutPercentageDiscount | CheckoutFixedDiscount,
        Field(discriminator="type", description="A discount as a checkout holds it."),
    ],
)


class DiscountRules(TypedDict):
    """When and how often a discount may be used."""

    created_at: Moment
    modified_at: Moment | None
    metadata: Metadata
    starts_at: Moment | None
    ends_at: Moment | None
    max_redemptions: int | None
    max_redemptions_per_customer: int | None
    redemptions_count: int
    organization_id: Uuid


class PercentageDiscountWithoutProducts(CheckoutPercentageDiscount, DiscountRules):
    """A share off, as orders and checkout links hold it."""


class FixedDiscountWithoutProducts(CheckoutFixedDiscount, DiscountRules):
    """An amount off, as orders and checkout links hold it."""


DiscountWithoutProducts = TypeAliasType(
    "DiscountWithoutProducts",
    Annotated[
        PercentageDiscountWithoutProducts | FixedDiscountWithoutProducts,
        Field(discriminator="type", description="A discount as orders and checkout links hold it."),
    ],
)


class PercentageDiscount(PercentageDiscountWithoutProducts):
    """A share off. `products`: those it is for; empty for all."""

    products: list[ProductWithoutPrices]


class FixedDiscount(FixedDiscountWithoutProducts):
    """An amount off. `currency` and `amount` are the organization's own if it has one. `products`: those it is for; empty for all."""

    products: list[ProductWithoutPrices]


Discount = TypeAliasType(
    "Discount",
    Annotated[
        PercentageDiscount | FixedDiscount, Field(discriminator="type", description="A discount, by its `type`.")
    ],
)
