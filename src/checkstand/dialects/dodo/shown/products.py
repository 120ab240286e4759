"""From the domain to Dodo's wire: products, prices, customers. Payments are in `sales.py`.

Every key of both eras is sent, null where there is nothing: strict consumers treat a missing key as an error. What only Dodo's API
knows of a product is kept in `Product.extras` and shown as it was given.

Source: docs/behaviour/dodo.md#products-and-prices and docs/behaviour/dodo.md#customers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from checkstand.answers import only
from checkstand.dialects.dodo.answers import customer as customers
from checkstand.dialects.dodo.answers import product as answers
from checkstand.dialects.dodo.answers.common import IntervalName
from checkstand.dialects.dodo.wire.prices import BY_USAGE, shown_meter
from checkstand.dialects.dodo.wire.words import moment, notes, shown, shown_brand
from checkstand.domain.catalog import Custom, Fixed, Interval, Price, Product, Span, TaxBehavior, is_static, takes
from checkstand.domain.customer import Customer
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.image import image_path
from checkstand.domain.organization import Organization
from checkstand.domain.terms import Metered

INTERVALS: Mapping[Interval, IntervalName] = {
    Interval.DAY: "Day",
    Interval.WEEK: "Week",
    Interval.MONTH: "Month",
    Interval.YEAR: "Year",
}
# A subscription that never ends by itself is shown with the longest term that the original has.
ENDLESS = Span(interval=Interval.YEAR, count=20)
_DAYS = {Interval.DAY: 1, Interval.WEEK: 7, Interval.MONTH: 30, Interval.YEAR: 365}
# Kept on the product as given; these are shown without it.
EXTRAS: answers.KeptOfProduct = {
    "digital_product_delivery": None,
    "license_key_activation_message": None,
    "license_key_activations_limit": None,
    "license_key_duration": None,
    "license_key_enabled": False,
}
PRICE_EXTRAS: answers.KeptOfPrice = {
    "trial_apply_discounts": None,
    "trial_payment_method_optional": None,
    "zero_amount_payment_method_optional": None,
}


class AddonPrice(NamedTuple):
    """What one of an add-on costs."""

    currency: str
    amount_minor: int


def business_id(organization: Organization) -> str:
    return shown(DodoPrefix.BUSINESS, organization.id)


def shown_price(value: Product) -> Price | None:
    """The one price Dodo knows of: the first that can still be chosen and is no rate, else the first there is."""
    known = value.active_prices or value.prices[-1:]
    return next((price for price in known if is_static(price)), known[0] if known else None)


def rates_of(value: Product) -> tuple[Metered, ...]:
    """What a product charges by usage, in the currency of the price that is shown."""
    first = shown_price(value)
    prices = value.active_prices if first else ()
    return tuple(
        price.terms
        for price in prices
        if first and price.currency == first.currency and isinstance(price.terms, Metered)
    )


def is_by_usage(value: Product) -> bool:
    """Whether a product is sold by usage, whichever API made it."""
    return bool(value.extras.get(BY_USAGE)) or any(not is_static(price) for price in value.active_prices)


def addon_price(value: Product) -> AddonPrice:
    """What an add-on costs: one set amount."""
    price = value.active_prices[0]
    assert isinstance(price.terms, Fixed), "an add-on has one set price"
    return AddonPrice(price.currency, price.terms.amount_minor)


def price(value: Product, *, currency: str) -> answers.Price:
    """A product's price as Dodo's tagged object; `currency` is for a product that never had one."""
    found = shown_price(value)
    percent = found.discount_percent if found else 0
    common: answers.SetPrice = {
        "currency": found.currency if found else currency,
        "price": _amount(found),
        "discount": percent,
        "discount_bps": percent * 100,
        "purchasing_power_parity": bool(value.extras.get("purchasing_power_parity")),
        "tax_inclusive": _tax_inclusive(found.tax_behavior if found else None),
    }
    if value.recurrence is None:
        return _one_time(found, common)
    return (_by_usage if is_by_usage(value) else _recurring)(value, value.recurrence, common)


def _amount(value: Price | None) -> int:
    """The set amount, or the minimum of what the buyer may choose."""
    if value is None:
        return 0
    return takes(value.terms, chosen_minor=0) if not isinstance(value.terms, Custom) else value.terms.minimum_minor


def _tax_inclusive(behavior: TaxBehavior | None) -> bool | None:
    return {"inclusive": True, "exclusive": False}.get(behavior or "")


def _one_time(value: Price | None, common: answers.SetPrice) -> answers.OneTimePrice:
    custom = value.terms if value and isinstance(value.terms, Custom) else None
    return {
        "type": "one_time_price",
        **common,
        "pay_what_you_want": custom is not None,
        "suggested_price": custom.preset_minor if custom else None,
    }


def _recurring(value: Product, every: Span, common: answers.SetPrice) -> answers.RecurringPrice:
    trial = value.trial
    return {
        "type": "recurring_price",
        **common,
        **_period(value, every),
        "trial_period_days": trial.count * _DAYS[trial.interval] if trial else 0,
        "trial_amount": None,
        **only(answers.KeptOfPrice, {**PRICE_EXTRAS, **value.extras}),
    }


def _by_usage(value: Product, every: Span, common: answers.SetPrice) -> answers.UsageBasedPrice:
    return {
        "type": "usage_based_price",
        **only(answers.PriceBase, common),
        "fixed_price": common["price"],
        **_period(value, every),
        "meters": [shown_meter(rate) for rate in rates_of(value)],
    }


def _period(value: Product, every: Span) -> answers.Period:
    term = value.term or ENDLESS
    return {
        "payment_frequency_count": every.count,
        "payment_frequency_interval": INTERVALS[every.interval],
        "subscription_period_count": term.count,
        "subscription_period_interval": INTERVALS[term.interval],
    }


def product(
    value: Product, organization: Organization, *, public_url: str, files: Sequence[answers.ProductFile] = ()
) -> answers.Product:
    """A product, whichever API made it. `files`: those it is delivered with, as they are shown."""
    kept = only(answers.KeptOfProduct, {**EXTRAS, **value.extras})
    return {
        "product_id": shown(DodoPrefix.PRODUCT, value.id),
        "business_id": business_id(organization),
        "brand_id": shown_brand(organization.id, value.brand_id),
        "name": None if value.extras.get("unnamed") else value.name,
        "description": value.description,
        "image": image(value, public_url),
        "is_recurring": value.recurrence is not None,
        "price": price(value, currency=organization.settings.default_currency),
        "tax_category": value.tax_category,
        "metadata": notes(value.metadata),
        "addons": [shown(DodoPrefix.ADDON, addon_id) for addon_id in value.addons] or None,
        **kept,
        # Null can be given, which is as good as false.
        "license_key_enabled": bool(kept["license_key_enabled"]),
        "digital_product_delivery": _delivery(kept["digital_product_delivery"], files),
        "credit_entitlements": [],
        "entitlements": [],
        "pricing_mode": None,
        "product_collection_id": None,
        "created_at": moment(value.created_at),
        "updated_at": moment(value.modified_at or value.created_at),
    }


def _delivery(given: answers.Delivery | None, files: Sequence[answers.ProductFile]) -> answers.Delivery | None:
    """How a digital product reaches its buyer; None when nothing is known of that."""
    if not files:
        return given
    known = given or {"files": None}
    return {
        "external_url": known.get("external_url"),
        "instructions": known.get("instructions"),
        "files": list(files),
    }


def image(value: Product, public_url: str) -> str | None:
    """The address of the one image Dodo knows of: the first."""
    return f"{public_url}{image_path(value.organization_id, value.images[0])}" if value.images else None


def product_in_list(value: Product, organization: Organization, *, public_url: str) -> answers.ProductInList:
    """A list's item: the price is flat, its object beside it."""
    whole = product(value, organization, public_url=public_url)
    detail = whole["price"]
    return {
        **only(answers.ProductSummary, whole),
        "currency": detail["currency"],
        "price": detail["fixed_price"] if detail["type"] == "usage_based_price" else detail["price"],
        "tax_inclusive": detail["tax_inclusive"],
        "price_detail": detail,
    }


def customer(value: Customer, organization: Organization, *, owner_email: str | None = None) -> customers.Customer:
    """A customer; the e-mail is text always (the contract knows no null here), so a team shows its owner's."""
    return {
        "customer_id": shown(DodoPrefix.CUSTOMER, value.id),
        "business_id": business_id(organization),
        "email": value.email or owner_email or "",
        "name": value.name or "",
        "phone_number": value.phone,
        "created_at": moment(value.created_at),
        "metadata": notes(value.metadata),
        "preferred_locale": value.locale,
        "blocked_at": None,
        "blocklist_entry_id": None,
    }
