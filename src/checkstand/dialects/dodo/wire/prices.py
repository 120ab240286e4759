"""Products and prices as Dodo's clients send them, and what they come to in the catalogue.

A one-time price that buyers may exceed is `Custom` with `price` as its minimum; a recurring one gives the product its interval, its
term and its trial. A price by usage is several: its set amount, and a rate for each meter. What cannot be kept as promised (a paid
trial, a fraction of a percent, credits for units of a meter) is refused by name.

Source: docs/behaviour/dodo.md#products-and-prices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints, field_validator

from checkstand.dialects.dodo.answers.common import IntervalName
from checkstand.dialects.dodo.answers.product import KeptOfProduct, MeterPrice
from checkstand.dialects.dodo.wire.models import INT32, LONGEST_TEXT, Base, Count, Currency, Id, Metadata, Text, whole
from checkstand.dialects.dodo.wire.words import shown
from checkstand.domain.catalog import Custom, Fixed, Interval, PriceDefinition, Span, TaxBehavior, TaxCategory
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.meter import Meter
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.terms import Metered

Name = Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)]
Percent = Annotated[int, Field(ge=0, le=100), BeforeValidator(whole)]
BasisPoints = Annotated[int, Field(ge=0, le=10_000), BeforeValidator(whole)]
Positive = Annotated[int, Field(ge=1, le=INT32), BeforeValidator(whole)]
Words = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)] | None
INT64 = 2**63 - 1
MOST_ADDONS = 10
MOST_METERS = 50
# What a product by usage is remembered as: it may have no meter.
BY_USAGE = "usage_based"
# A century: dates stay within the calendar however often they are added.
_LONGEST = {"Day": 36_525, "Week": 5_200, "Month": 1_200, "Year": 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a wire price says of the product and of its prices, the set amount first. `extras`: what is kept as given."""

    definitions: tuple[PriceDefinition, ...]
    recurrence: Span | None = None
    term: Span | None = None
    trial: Span | None = None
    extras: Mapping[str, object] = field(default_factory=dict)

    def given(self) -> dict[str, object]:
        """The product's own fields that follow from its price."""
        return {"recurrence": self.recurrence, "term": self.term, "trial": self.trial}


class PriceIn(Base):
    """What every type of price has. `discount` is whole percent; `discount_bps`, when given, wins."""

    KEPT: ClassVar[frozenset[str]] = frozenset(
        {
            "purchasing_power_parity",
            BY_USAGE,
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
            raise Invalid.single(ProblemCode.FRACTION_OF_PERCENT, "price", "discount_bps", given=self.discount_bps)
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
    trial_period_days: Annotated[int, Field(ge=0, le=10_000), BeforeValidator(whole)] = 0
    trial_amount: Count | None = None
    trial_apply_discounts: bool | None = None
    trial_payment_method_optional: bool | None = None
    zero_amount_payment_method_optional: bool | None = None


class MeterPriceIn(Base):
    """What a unit of a meter costs, in the currency's smallest unit. `name` and the other words are the meter's own: not read."""

    meter_id: Id
    price_per_unit: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,5}(\.[0-9]{1,12})?$")] | None = None
    free_threshold: Annotated[int, Field(ge=0, le=INT64), BeforeValidator(whole)] | None = None
    name: Words = None
    description: Words = None
    measurement_unit: Words = None
    credit_entitlement_id: Text = None
    meter_units_per_credit: Text = None


class UsageBasedPriceIn(PriceIn):
    """Billed every interval: a set amount, and what was used."""

    type: Literal["usage_based_price"]
    fixed_price: Count
    payment_frequency_count: Positive
    payment_frequency_interval: IntervalName
    subscription_period_count: Positive
    subscription_period_interval: IntervalName
    meters: Annotated[list[MeterPriceIn], Field(max_length=MOST_METERS)] | None = None


AnyPriceIn = Annotated[OneTimePriceIn | RecurringPriceIn | UsageBasedPriceIn, Field(discriminator="type")]


def terms_of(price: OneTimePriceIn | RecurringPriceIn | UsageBasedPriceIn, meters: Mapping[str, Meter]) -> Terms:
    """What the price comes to; `meters` by the ids that callers write. Raises Invalid."""
    if isinstance(price, OneTimePriceIn):
        return _one_time(price)
    return _recurring(price) if isinstance(price, RecurringPriceIn) else _by_usage(price, meters)


def _one_time(price: OneTimePriceIn) -> Terms:
    if price.pay_what_you_want:
        if price.suggested_price is not None and price.suggested_price < price.price:
            raise Invalid.single(
                ProblemCode.SUGGESTED_BELOW_MINIMUM, "price", "suggested_price", given=price.suggested_price
            )
        terms: Custom | Fixed = Custom(minimum_minor=price.price, preset_minor=price.suggested_price)
    else:
        terms = Fixed(amount_minor=price.price)
    return Terms(definitions=(_definition(price, terms),), extras=price.extras())


def _recurring(price: RecurringPriceIn) -> Terms:
    if price.trial_amount:
        raise Invalid.single(ProblemCode.PAID_TRIAL_DISABLED, "price", "trial_amount", given=price.trial_amount)
    days = price.trial_period_days
    return Terms(
        definitions=(_definition(price, Fixed(amount_minor=price.price)),),
        recurrence=_span("payment_frequency", price.payment_frequency_count, price.payment_frequency_interval),
        term=_span("subscription_period", price.subscription_period_count, price.subscription_period_interval),
        trial=Span(interval=Interval.DAY, count=days) if days else None,
        extras=price.extras(),
    )


def _by_usage(price: UsageBasedPriceIn, meters: Mapping[str, Meter]) -> Terms:
    given = price.meters or []
    if problems := _meter_problems(given, meters):
        raise Invalid(problems)
    rates = [
        PriceDefinition(
            currency=price.currency,
            terms=_rate(item, meters[item.meter_id]),
            tax_behavior=price.tax_behavior,
        )
        for item in given
    ]
    return Terms(
        definitions=(_definition(price, Fixed(amount_minor=price.fixed_price)), *rates),
        recurrence=_span("payment_frequency", price.payment_frequency_count, price.payment_frequency_interval),
        term=_span("subscription_period", price.subscription_period_count, price.subscription_period_interval),
        extras={**price.extras(), BY_USAGE: True},
    )


def _meter_problems(given: Sequence[MeterPriceIn], meters: Mapping[str, Meter]) -> list[Problem]:
    problems = []
    names = [item.meter_id for item in given]
    for position, item in enumerate(given):
        where = ("price", "meters", position)
        if item.meter_id not in meters:
            problems.append(Problem(ProblemCode.METER_UNKNOWN, (*where, "meter_id"), item.meter_id))
        elif item.meter_id in names[:position]:
            problems.append(Problem(ProblemCode.METER_TWICE, (*where, "meter_id"), item.meter_id))
        if item.credit_entitlement_id is not None:
            named = (*where, "credit_entitlement_id")
            problems.append(Problem(ProblemCode.CREDIT_ENTITLEMENT_UNKNOWN, named, item.credit_entitlement_id))
        elif item.price_per_unit is None or not Decimal(item.price_per_unit):
            problems.append(Problem(ProblemCode.UNIT_PRICE_MISSING, (*where, "price_per_unit")))
    return problems


def _rate(given: MeterPriceIn, meter: Meter) -> Metered:
    return Metered(
        meter_id=meter.id,
        meter_name=meter.name,
        unit_amount=given.price_per_unit or "",
        included_units=given.free_threshold,
        description=meter.description,
        unit=meter.measurement_unit,
    )


def shown_meter(terms: Metered) -> MeterPrice:
    """A rate as it is given and shown."""
    return {
        "meter_id": shown(DodoPrefix.METER, terms.meter_id),
        "price_per_unit": terms.unit_amount,
        "free_threshold": terms.included_units,
        "name": terms.meter_name,
        "description": terms.description,
        "measurement_unit": terms.unit,
        "credit_entitlement_id": None,
        "meter_units_per_credit": None,
    }


def _definition(price: PriceIn, terms: Custom | Fixed) -> PriceDefinition:
    return PriceDefinition(
        currency=price.currency, terms=terms, tax_behavior=price.tax_behavior, discount_percent=price.percent
    )


def _span(name: str, count: int, interval: IntervalName) -> Span:
    if count > _LONGEST[interval]:
        raise Invalid.single(ProblemCode.SPAN_TOO_LONG, "price", f"{name}_count", given=count)
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
    """What creating and changing share. What only this API knows of is kept among the product's extras."""

    KEPT: ClassVar[frozenset[str]] = frozenset(KeptOfProduct.__annotations__)
    lasting = frozenset({"name", "tax_category", "metadata"})
    apart = KEPT | {"price", "addons", "brand_id"}
    name: Name | None = None
    description: Annotated[str, StringConstraints(max_length=1000)] | None = None
    addons: Annotated[list[Id], Field(max_length=MOST_ADDONS)] | None = None
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

    def extras(self) -> dict[str, object]:
        """What only this API knows of and the caller gave, in the shape of the answer."""
        given = self.model_dump(include=set(self.KEPT), exclude_unset=True)
        delivery = given.get("digital_product_delivery")
        if isinstance(delivery, Mapping):
            given["digital_product_delivery"] = {**delivery, "files": None}
        return given


class ProductIn(ProductFields):
    """`POST /products`."""

    price: AnyPriceIn
    tax_category: TaxCategory


class ProductPatch(ProductFields):
    """`PATCH /products/{id}`."""

    price: AnyPriceIn | None = None
    tax_category: TaxCategory | None = None
