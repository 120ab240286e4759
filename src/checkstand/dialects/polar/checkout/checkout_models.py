"""Request models of checkouts.

Source: docs/behaviour/polar.md#creating-a-checkout, docs/behaviour/polar.md#changing-a-checkout and
docs/behaviour/polar.md#confirming.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import UUID4, AliasChoices, EmailStr, Field, IPvAnyAddress, field_validator, model_validator
from pydantic_core import PydanticCustomError

from checkstand.dialects.polar.wire.models import (
    AddressIn,
    Base,
    Code,
    Currency,
    FieldValue,
    Line,
    LocaleTag,
    Many,
    Metadata,
    Name,
    Seats,
    SuccessUrl,
    Text,
    Units,
    Url,
)
from checkstand.dialects.polar.wire.prices import Prices
from checkstand.domain.catalog import Interval
from checkstand.ops.bounds import MOST_MEMBERS

MOST_PRICED = 100


class CheckoutFields(Base):
    """What create and both updates share."""

    renamed: ClassVar = {
        "customer_name": "name",
        "customer_email": "email",
        "customer_ip_address": "ip_address",
        "customer_billing_name": "billing_name",
        "customer_tax_id": "tax_id",
        "payment_method_type": "payment_method",
        "return_url": "back_url",
        "is_business_customer": "is_business",
        "show_saved_payment_methods": "show_saved_methods",  # ours: shown where the merchant names the customer and asks for it
    }

    amount: int | None = Field(default=None, ge=0)
    seats: Seats | None = None
    units: Units | None = None
    is_business_customer: bool | None = None
    customer_name: Name = None
    customer_email: EmailStr | None = None
    customer_billing_name: Text = None
    customer_billing_address: AddressIn | None = None
    customer_tax_id: Text = None
    custom_field_data: Annotated[dict[str, FieldValue], Many] = Field(default_factory=dict)
    locale: LocaleTag | None = None


class MerchantFields(CheckoutFields):
    """What a merchant may set beside it."""

    lasting = frozenset({"allow_discount_codes", "require_billing_address"})

    discount_id: UUID4 | None = None
    allow_discount_codes: bool | None = None
    require_billing_address: bool | None = None
    allow_trial: bool | None = None
    trial_interval: Interval | None = None
    trial_interval_count: int | None = Field(default=None, ge=1, le=1000)
    customer_ip_address: IPvAnyAddress | None = None
    success_url: SuccessUrl | None = None
    return_url: Url | None = None
    embed_origin: Line | None = None

    @model_validator(mode="after")
    def _whole_trial(self) -> MerchantFields:
        if (self.trial_interval is None) != (self.trial_interval_count is None):
            raise PydanticCustomError("missing", "Both trial_interval and trial_interval_count must be set together.")
        return self


class CheckoutCreate(MerchantFields):
    """`POST /v1/checkouts/` without the key that names what is sold."""

    tolerated: ClassVar[tuple[str, ...]] = ("payment_processor",)
    currency: Currency | None = None
    prices: Annotated[dict[UUID4, Prices], Field(max_length=MOST_PRICED)] | None = None
    min_seats: Seats | None = None
    max_seats: Seats | None = None
    min_units: Units | None = None
    max_units: Units | None = None
    allow_discount_codes: bool = True
    require_billing_address: bool = False
    allow_trial: bool = True
    is_business_customer: bool = False
    customer_id: UUID4 | None = None
    external_customer_id: Line | None = Field(  # type: ignore[pydantic-alias]
        default=None, validation_alias=AliasChoices("external_customer_id", "customer_external_id")
    )
    customer_metadata: Metadata = Field(default_factory=dict)
    metadata: Metadata = Field(default_factory=dict)
    subscription_id: UUID4 | None = None
    expires_in: int | None = Field(default=None, ge=60, le=604_800)
    show_saved_payment_methods: bool = False

    @model_validator(mode="after")
    def _bounds_in_order(self) -> CheckoutCreate:
        for noun in ("seats", "units"):
            wanted, low, high = (getattr(self, f"{part}{noun}") for part in ("", "min_", "max_"))
            if low is not None and high is not None and low > high:
                raise ValueError(f"min_{noun} must be less than or equal to max_{noun}")
            if wanted is not None and low is not None and wanted < low:
                raise ValueError(f"{noun} must be greater than or equal to min_{noun}")
            if wanted is not None and high is not None and wanted > high:
                raise ValueError(f"{noun} must be less than or equal to max_{noun}")
        return self


class CheckoutProductsCreate(CheckoutCreate):
    """The documented form: products to choose from."""

    products: list[UUID4] = Field(min_length=1, max_length=MOST_MEMBERS)

    @field_validator("products")
    @classmethod
    def _unique(cls, value: list[UUID]) -> list[UUID]:
        if len(set(value)) != len(value):
            raise ValueError("Product IDs must be unique.")
        return value


class CheckoutProductCreate(CheckoutCreate):
    """The older form: one product."""

    product_id: UUID4


class CheckoutPriceCreate(CheckoutCreate):
    """The oldest form: one price. Its currency is the session's."""

    product_price_id: UUID4


VARIANTS: tuple[tuple[str, type[CheckoutCreate]], ...] = (
    ("products", CheckoutProductsCreate),
    ("product_id", CheckoutProductCreate),
    ("product_price_id", CheckoutPriceCreate),
)


class CheckoutUpdate(MerchantFields):
    """`PATCH /v1/checkouts/{id}`: absent means unchanged, and so does null where null would mean nothing."""

    product_id: UUID4 | None = None
    product_price_id: UUID4 | None = None
    currency: Currency | None = None
    customer_metadata: Metadata | None = None
    metadata: Metadata = Field(default_factory=dict)


class CheckoutUpdatePublic(CheckoutFields):
    """`PATCH /v1/checkouts/client/{client_secret}`: what a buyer may change."""

    product_id: UUID4 | None = None
    product_price_id: UUID4 | None = None
    payment_method_type: Text = None
    discount_code: Code | None = None
    allow_trial: Literal[False] | None = None


class CheckoutConfirm(CheckoutUpdatePublic):
    """`POST /v1/checkouts/client/{client_secret}/confirm`."""

    confirmation_token_id: str | None = None
