"""Products and prices as Dodo's clients send them, and what they come to in the catalogue (dodo.md 5.1).

A one-time price that buyers may exceed is `Custom` with `price` as its minimum; a recurring one gives the product its interval, its
term and its trial. A price that cannot be kept as promised (usage, a paid trial, a fraction of a percent) is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints, field_validator

from checkstand.dialects.dodo.models import INT32, Base, Count, Currency, Id, Metadata, Text, whole
from checkstand.domain.catalog import Custom, Fixed, Interval, PriceDefinition, Span, TaxBehavior
from checkstand.domain.errors import Invalid

IntervalName = Literal["Day", "Week", "Month", "Year"]
TaxCategory = Literal["digital_products", "saas", "e_book", "edtech", "live_tutoring"]
Name = Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)]
Percent = Annotated[int, BeforeValidator(whole), Field(ge=0, le=100)]
BasisPoints = Annotated[int, BeforeValidator(whole), Field(ge=0, le=10_000)]
Positive = Annotated[int, BeforeValidator(whole), Field(ge=1, le=INT32)]
# A century: dates stay within the calendar however often they are added.
_LONGEST = {"Day": 36_525, "Week": 5_200, "Month": 1_200, "Year": 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a wire price says of the product and of its price. `extras`: what is kept as given."""

    definition: PriceDefinition
    recurrence: Span | None = None
    term: Span | None = None
    trial: Span | None = None
    extras: Mapping[str, object] = field(default_factory=dict)


class PriceIn(Base):
    """What every type of price has. `discount` is whole percent; `discount_bps`, when given, wins."""

    KEPT: ClassVar[frozenset[str]] = frozenset(
        {
            "purchasing_power_parity",
            "trial_apply_discounts",
            "trial_payment_method_optional",
            "zero_amount_payment_method_optional",
        }
    )
    currency: Currency
    discount: Percent | None = None
    discount_bps: BasisPoints | None = None
    purchasing_power_parity: bool | None = None
    tax_inclusive: bool | None = None

    @property
    def percent(self) -> int:
        """The discount in percent. Raises Invalid for a fraction of one."""
        if self.discount_bps is None:
            return self.discount or 0
        if self.discount_bps % 100:
            raise Invalid.single("fraction_of_percent", "price", "discount_bps", given=self.discount_bps)
        return self.discount_bps // 100

    @property
    def tax_behavior(self) -> TaxBehavior | None:
        if self.tax_inclusive is None:
            return None
        return "inclusive" if self.tax_inclusive else "exclusive"

    def extras(self) -> Mapping[str, object]:
        """What is kept as given, without an effect yet."""
        return self.model_dump(include=set(self.KEPT), exclude_none=True)


class OneTimePriceIn(PriceIn):
    """Bought once. With `pay_what_you_want`, `price` is the least a buyer may give."""

    type: Literal["one_time_price"]
    price: Count
    pay_what_you_want: bool = False
    suggested_price: Count | None = None


class RecurringPriceIn(PriceIn):
    """Billed every interval, for a term."""

    type: Literal["recurring_price"]
    price: Count
    payment_frequency_count: Positive
    payment_frequency_interval: IntervalName
    subscription_period_count: Positive
    subscription_period_interval: IntervalName
    trial_period_days: Annotated[int, BeforeValidator(whole), Field(ge=0, le=10_000)] = 0
    trial_amount: Count | None = None
    trial_apply_discounts: bool | None = None
    trial_payment_method_optional: bool | None = None
    zero_amount_payment_method_optional: bool | None = None


class UsageBasedPriceIn(PriceIn):
    """Read so far that it can be refused by name."""

    type: Literal["usage_based_price"]


AnyPriceIn = Annotated[OneTimePriceIn | RecurringPriceIn | UsageBasedPriceIn, Field(discriminator="type")]


def terms_of(price: OneTimePriceIn | RecurringPriceIn | UsageBasedPriceIn) -> Terms:
    """What the price comes to. Raises Invalid."""
    if isinstance(price, OneTimePriceIn):
        return _one_time(price)
    if isinstance(price, RecurringPriceIn):
        return _recurring(price)
    raise Invalid.single("usage_based_disabled", "price", "type")


def _one_time(price: OneTimePriceIn) -> Terms:
    if price.pay_what_you_want:
        if price.suggested_price is not None and price.suggested_price < price.price:
            raise Invalid.single("suggested_below_minimum", "price", "suggested_price", given=price.suggested_price)
        terms: Custom | Fixed = Custom(minimum_minor=price.price, preset_minor=price.suggested_price)
    else:
        terms = Fixed(amount_minor=price.price)
    return Terms(definition=_definition(price, terms), extras=price.extras())


def _recurring(price: RecurringPriceIn) -> Terms:
    if price.trial_amount:
        raise Invalid.single("paid_trial_disabled", "price", "trial_amount", given=price.trial_amount)
    days = price.trial_period_days
    return Terms(
        definition=_definition(price, Fixed(amount_minor=price.price)),
        recurrence=_span("payment_frequency", price.payment_frequency_count, price.payment_frequency_interval),
        term=_span("subscription_period", price.subscription_period_count, price.subscription_period_interval),
        trial=Span(interval=Interval.DAY, count=days) if days else None,
        extras=price.extras(),
    )


def _definition(price: PriceIn, terms: Custom | Fixed) -> PriceDefinition:
    return PriceDefinition(
        currency=price.currency, terms=terms, tax_behavior=price.tax_behavior, discount_percent=price.percent
    )


def _span(name: str, count: int, interval: IntervalName) -> Span:
    if count > _LONGEST[interval]:
        raise Invalid.single("span_too_long", "price", f"{name}_count", given=count)
    return Span(interval=Interval(interval.lower()), count=count)


class LicenseKeyDurationIn(Base):
    """How long a licence key is valid."""

    count: Positive
    interval: IntervalName


class DeliveryIn(Base):
    """How a digital product reaches its buyer."""

    external_url: Text = None
    instructions: Text = None


class ProductFields(Base):
    """What creating and changing share."""

    name: Name | None = None
    description: Annotated[str, StringConstraints(max_length=1000)] | None = None
    addons: list[Id] | None = None
    brand_id: Text = None
    metadata: Metadata | None = None
    digital_product_delivery: DeliveryIn | None = None
    license_key_activation_message: Text = None
    license_key_activations_limit: Count | None = None
    license_key_duration: LicenseKeyDurationIn | None = None
    license_key_enabled: bool | None = None

    @field_validator("name")
    @classmethod
    def _not_blank(cls, value: str | None) -> str | None:
        return value or None


class ProductIn(ProductFields):
    """`POST /products`."""

    price: AnyPriceIn
    tax_category: TaxCategory


class ProductPatch(ProductFields):
    """`PATCH /products/{id}`."""

    price: AnyPriceIn | None = None
    tax_category: TaxCategory | None = None
