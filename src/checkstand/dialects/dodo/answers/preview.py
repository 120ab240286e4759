"""What a checkout session would cost, as it is answered (docs/behaviour/dodo.md#previews)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from checkstand.answers import Empty, Minor, Moment
from checkstand.dialects.dodo.answers.common import BasisPoints, CountryCode, CurrencyCode, UnitAmount
from checkstand.dialects.dodo.answers.session import TaxNote
from checkstand.domain.catalog import TaxCategory


class Breakup(TypedDict):
    """How a total comes about. `subtotal` and `discount` are without tax: subtotal - discount + tax is the total."""

    subtotal: Minor
    discount: Minor
    tax: Minor | None
    total_amount: Minor


class LineAmounts(TypedDict):
    """A line's prices and tax. `og_price` is in the product's own currency, without discounts. Both are for the whole quantity."""

    currency: CurrencyCode
    og_currency: CurrencyCode
    og_price: Minor
    discounted_price: Minor
    discount_amount: Annotated[
        BasisPoints | None, Field(description="Null where nothing or a set amount is taken off.")
    ]
    tax: Minor | None
    tax_rate: BasisPoints
    tax_category: TaxCategory
    tax_inclusive: bool


class PreviewAddon(LineAmounts):
    """An add-on of a line. Discount and tax are those of the line that it belongs to."""

    addon_id: str
    name: str
    description: str | None
    quantity: int
    single_quantity_price: Minor


class PreviewMeter(TypedDict):
    """What a unit of a meter will cost."""

    name: str
    description: str | None
    measurement_unit: str
    price_per_unit: UnitAmount
    free_threshold: int | None


class PreviewLine(LineAmounts):
    """One product of the cart. What a trial defers is shown at what it will cost; `discount_cycle` counts billings."""

    product_id: str
    name: str | None
    description: str | None
    quantity: int
    discount_cycle: int | None
    is_subscription: bool
    is_usage_based: bool
    meters: list[PreviewMeter]
    credit_entitlements: Empty
    addons: list[PreviewAddon] | None
    monthly_equivalent: None


class PreviewSubscription(TypedDict):
    """One of several subscriptions: what is taken today and at each renewal, its add-ons included."""

    product_id: str
    amount_due_now: Minor
    tax_due_now: Minor | None
    recurring_amount: Minor
    recurring_tax: Minor | None
    next_billing_date: Moment
    trial_period_days: int | None


class Preview(TaxNote):
    """What a checkout session would cost. Without a billing address `billing_country` is a guess, and no tax is known."""

    billing_country: CountryCode
    currency: CurrencyCode
    product_cart: list[PreviewLine]
    current_breakup: Breakup
    recurring_breakup: Breakup | None
    total_price: Minor
    total_tax: Minor | None
    next_billing_date: Moment | None
    trial_period_days: int | None
    trial_amount: None
    subscriptions: list[PreviewSubscription] | None
    payment_method_required: bool
    is_byop: bool
    tax_id_err_msg: str | None
    tax_id_format_name: str | None
    tax_id_business_name: None
