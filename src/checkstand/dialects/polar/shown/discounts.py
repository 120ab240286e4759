"""Discounts to Polar's JSON, by kind: alone, and in the reduced forms that other objects hold.

Source: docs/behaviour/polar.md#embedded-objects and docs/behaviour/polar.md#discounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from checkstand.dialects.polar.answers import discount as answers
from checkstand.dialects.polar.shown.products import order_product
from checkstand.dialects.polar.wire.words import moment
from checkstand.domain.catalog import Product
from checkstand.domain.discount import AmountOff, Discount, Percentage
from checkstand.domain.discount_worth import single_currency
from checkstand.domain.organization import Organization


def checkout_discount(value: Discount | None, organization: Organization) -> answers.CheckoutDiscount | None:
    """The reduced form that checkouts hold."""
    if value is None:
        return None
    if isinstance(value.takes, Percentage):
        return _percentage(value, value.takes)
    return _fixed(value, value.takes, organization)


def discount_without_products(
    value: Discount | None, organization: Organization
) -> answers.DiscountWithoutProducts | None:
    """The form that orders and checkout links hold."""
    if value is None:
        return None
    if isinstance(value.takes, Percentage):
        return {**_percentage(value, value.takes), **_rules(value)}
    return {**_fixed(value, value.takes, organization), **_rules(value)}


def discount(value: Discount, organization: Organization, products: Mapping[UUID, Product]) -> answers.Discount:
    """The whole discount. `products` has those that it names; one that is gone is left out."""
    named = [products[product_id] for product_id in value.product_ids if product_id in products]
    shown = [order_product(item) for item in named]
    if isinstance(value.takes, Percentage):
        return {**_percentage(value, value.takes), **_rules(value), "products": shown}
    return {**_fixed(value, value.takes, organization), **_rules(value), "products": shown}


def _percentage(value: Discount, takes: Percentage) -> answers.CheckoutPercentageDiscount:
    return {
        "id": str(value.id),
        "name": value.name,
        "type": "percentage",
        "duration": value.duration,
        "code": value.code,
        "basis_points": takes.basis_points,
        **_months(value),
    }


def _fixed(value: Discount, takes: AmountOff, organization: Organization) -> answers.CheckoutFixedDiscount:
    currency, amount = old_pair(takes, organization)
    return {
        "id": str(value.id),
        "name": value.name,
        "type": "fixed",
        "duration": value.duration,
        "code": value.code,
        "amounts": shown_amounts(takes),
        "currency": currency,
        "amount": amount,
        **_months(value),
    }


def _months(value: Discount) -> answers.DiscountMonths:
    months = value.duration_months
    return {"duration_in_months": months} if value.duration == "repeating" and months is not None else {}


def _rules(value: Discount) -> answers.DiscountRules:
    return {
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "metadata": dict(value.metadata),
        "starts_at": moment(value.starts_at),
        "ends_at": moment(value.ends_at),
        "max_redemptions": value.max_redemptions,
        "max_redemptions_per_customer": value.max_per_customer,
        "redemptions_count": value.redemptions_count,
        "organization_id": str(value.organization_id),
    }


def shown_amounts(value: AmountOff) -> dict[str, int]:
    """Amounts under the wire's currency codes, in the order they were given."""
    return {code.lower(): amount for code, amount in value.amounts.items()}


def old_pair(value: AmountOff, organization: Organization) -> tuple[str, int]:
    """The deprecated single currency and its amount: the organization's own if there is one in it, else the first."""
    code = single_currency(value, organization.settings.default_currency)
    return code.lower(), value.amounts[code]
