"""Products and their prices as they are answered (docs/behaviour/dodo.md#products-and-prices)."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypeAliasType, TypedDict

from checkstand.answers import Empty, Minor, Moment, Url, Uuid
from checkstand.dialects.dodo.answers.common import BasisPoints, CurrencyCode, IntervalName, Notes, UnitAmount
from checkstand.domain.catalog import TaxCategory


class PriceBase(TypedDict):
    """What every type of price has. `discount_bps` says the same as `discount`."""

    currency: CurrencyCode
    discount: Annotated[int, Field(description="In whole percent.")]
    discount_bps: BasisPoints
    purchasing_power_parity: bool
    tax_inclusive: bool | None


class Period(TypedDict):
    """How often a subscription is billed, and how long it lasts."""

    payment_frequency_count: int
    payment_frequency_interval: IntervalName
    subscription_period_count: int
    subscription_period_interval: IntervalName


class SetPrice(PriceBase):
    """A price with one amount."""

    price: Minor


class OneTimePrice(SetPrice):
    """A price that is paid once. With `pay_what_you_want`, `price` is the least that a buyer may give."""

    type: Literal["one_time_price"]
    pay_what_you_want: bool
    suggested_price: Minor | None


class KeptOfPrice(TypedDict):
    """What is kept of a recurring price as it was given, without an effect yet."""

    trial_apply_discounts: bool | None
    trial_payment_method_optional: bool | None
    zero_amount_payment_method_optional: bool | None


class RecurringPrice(SetPrice, Period, KeptOfPrice):
    """A price that is paid every interval, for a term."""

    type: Literal["recurring_price"]
    trial_period_days: int
    trial_amount: None


class MeterPrice(TypedDict):
    """What a unit of a meter costs. The first `free_threshold` units of a period cost nothing."""

    meter_id: str
    price_per_unit: UnitAmount
    free_threshold: int | None
    name: str
    description: str | None
    measurement_unit: str | None
    credit_entitlement_id: None
    meter_units_per_credit: None


class UsageBasedPrice(PriceBase, Period):
    """A price of a set amount every interval, and of what was used."""

    type: Literal["usage_based_price"]
    fixed_price: Minor
    meters: list[MeterPrice]


Price = TypeAliasType(
    "Price",
    Annotated[
        OneTimePrice | RecurringPrice | UsageBasedPrice,
        Field(discriminator="type", description="A product's price, by its `type`."),
    ],
)


class ProductFile(TypedDict):
    """A file that a product is delivered with. Its address, told under the names of older and newer clients, serves
    for `expires_in` seconds.
    """

    file_id: Uuid
    file_name: str
    filename: str
    url: Url
    download_url: Url
    expires_in: int
    content_type: str | None
    file_size: None


class ProductFileUpload(TypedDict):
    """Where to send a product's file. It shows once it was sent."""

    file_id: Uuid
    url: Url


class Delivery(TypedDict):
    """How a digital product reaches its buyer. What was never given is left out."""

    external_url: NotRequired[str | None]
    instructions: NotRequired[str | None]
    files: list[ProductFile] | None


class LicenseKeyDuration(TypedDict):
    """How long a licence key is valid."""

    count: int
    interval: IntervalName


class KeptOfProduct(TypedDict):
    """What is kept of a product as it was given, without an effect yet."""

    digital_product_delivery: Delivery | None
    license_key_activation_message: str | None
    license_key_activations_limit: int | None
    license_key_duration: LicenseKeyDuration | None
    license_key_enabled: bool


class ProductSummary(TypedDict):
    """What a product and a list's item have in common."""

    product_id: str
    business_id: str
    name: str | None
    description: str | None
    image: Url | None
    is_recurring: bool
    tax_category: TaxCategory
    metadata: Notes
    entitlements: Empty
    pricing_mode: None
    created_at: Moment
    updated_at: Moment


class Product(ProductSummary, KeptOfProduct):
    """A product with its one price; `addons` are the ids of what may be bought with it."""

    brand_id: str
    price: Price
    addons: list[str] | None
    credit_entitlements: Empty
    product_collection_id: None


class ProductInList(ProductSummary):
    """A product as lists have it: its price is flat, its object beside it."""

    currency: CurrencyCode
    price: Minor
    tax_inclusive: bool | None
    price_detail: Price
