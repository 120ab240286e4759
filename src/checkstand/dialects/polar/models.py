"""Request models of checkouts: types and limits of polar.md 2.2, in Pydantic's lax mode, as the original."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from babel import Locale, UnknownLocaleError
from pydantic import (
    UUID4,
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    HttpUrl,
    IPvAnyAddress,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from checkstand.domain.address import COUNTRIES, EMBARGOED, InvalidState, normalize_state
from checkstand.domain.catalog import Interval
from checkstand.domain.currency import POLAR_CURRENCIES, currency
from checkstand.domain.money import format_money

SELLABLE_COUNTRIES = tuple(sorted(COUNTRIES - EMBARGOED))
CURRENCY_CODES = tuple(sorted(code.lower() for code in POLAR_CURRENCIES))
INT32 = 2_147_483_647


def _listed(values: tuple[str, ...]) -> str:
    quoted = [f"'{value}'" for value in values]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"


_COUNTRY_TEXT, _CURRENCY_TEXT = _listed(SELLABLE_COUNTRIES), _listed(CURRENCY_CODES)


def _blank_to_none(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip() or None
    return value


def _country(value: Any) -> str:
    text = value.upper() if isinstance(value, str) else value
    if text not in SELLABLE_COUNTRIES:
        raise PydanticCustomError("enum", "Input should be {expected}", {"expected": _COUNTRY_TEXT})
    return str(text)


def _currency(value: Any) -> str:
    if value not in CURRENCY_CODES:
        raise PydanticCustomError("enum", "Input should be {expected}", {"expected": _CURRENCY_TEXT})
    return str(value)


def _locale(value: Any) -> Any:
    """A BCP 47 tag with a real language subtag, normalised: `EN_us` becomes `en-US`."""
    if not isinstance(value, str):
        return value
    try:
        parsed = Locale.parse(value.strip().replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        raise PydanticCustomError("value_error", "Value error, Invalid locale: {given}", {"given": value}) from None
    return str(parsed).replace("_", "-")


BlankToNone = BeforeValidator(_blank_to_none)
Text = Annotated[str | None, BlankToNone]
Name = Annotated[Annotated[str, StringConstraints(max_length=256)] | None, BlankToNone]
Country = Annotated[str, BeforeValidator(_country)]
Currency = Annotated[str, BeforeValidator(_currency)]
LocaleTag = Annotated[str, BeforeValidator(_locale)]
Seats = Annotated[int, Field(ge=1, le=10_000)]
Units = Annotated[int, Field(ge=1, le=INT32)]
MetadataKey = Annotated[str, StringConstraints(min_length=1, max_length=40)]
MetadataText = Annotated[str, StringConstraints(min_length=1, max_length=500, strict=True)]
Metadata = Annotated[
    dict[
        MetadataKey,
        MetadataText
        | Annotated[bool, Field(strict=True)]
        | Annotated[int, Field(strict=True)]
        | Annotated[float, Field(strict=True, allow_inf_nan=False)],
    ],
    Field(max_length=50),
]
FieldValue = (
    Annotated[str, Field(strict=True)]
    | Annotated[bool, Field(strict=True)]
    | Annotated[int, Field(strict=True)]
    | datetime
    | None
)


def _url_text(value: HttpUrl) -> str:
    return str(value).replace("%7BCHECKOUT_ID%7D", "{CHECKOUT_ID}")


Url = Annotated[HttpUrl, AfterValidator(_url_text)]


class Base(BaseModel):
    """Unknown fields are ignored, as the original does."""

    model_config = ConfigDict(extra="ignore", defer_build=True)
    tolerated: ClassVar[tuple[str, ...]] = ()

    def gave(self, name: str) -> bool:
        """True when the caller sent this field, null included."""
        return name in self.model_fields_set


class AddressIn(Base):
    """The address object of polar.md 2.3."""

    line1: Text = None
    line2: Text = None
    postal_code: Text = None
    city: Text = None
    state: Text = None
    country: Country

    @model_validator(mode="after")
    def _known_state(self) -> AddressIn:
        try:
            self.state = normalize_state(self.country, self.state)
        except InvalidState as error:
            raise ValueError(str(error)) from error
        return self


class FixedPriceIn(Base):
    """A set amount: 0, or between the currency's smallest and largest charge."""

    amount_type: Literal["fixed"]
    price_currency: Currency = "usd"
    tax_behavior: Literal["location", "inclusive", "exclusive"] | None = None
    price_amount: int

    @field_validator("price_amount")
    @classmethod
    def _chargeable(cls, value: int, info: ValidationInfo) -> int:
        return check_price(value, info, "Amount must be at least {smallest} or 0 for free pricing")


class CustomPriceIn(Base):
    """The buyer names the amount."""

    amount_type: Literal["custom"]
    price_currency: Currency = "usd"
    tax_behavior: Literal["location", "inclusive", "exclusive"] | None = None
    minimum_amount: int = Field(default=50, ge=0)
    maximum_amount: int | None = Field(default=None, ge=1)
    preset_amount: int | None = Field(default=None, ge=0)

    @field_validator("minimum_amount", "maximum_amount", "preset_amount")
    @classmethod
    def _chargeable(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is None:
            return None
        return check_price(value, info, "Amount must be at least {smallest} or 0 for free pricing")


class FreePriceIn(Base):
    """The old way to say that something costs nothing."""

    amount_type: Literal["free"]
    price_currency: Currency = "usd"
    tax_behavior: Literal["location", "inclusive", "exclusive"] | None = None


class GatedPriceIn(Base):
    """Kinds of price that this organization cannot use: parsed, so that they are refused by their own sentence."""

    model_config = ConfigDict(extra="allow")
    amount_type: Literal["seat_based", "unit_based", "metered_unit"]
    price_currency: Currency = "usd"


def check_price(value: int, info: ValidationInfo, message: str) -> int:
    """A price's amount against its currency's bounds."""
    code = str(info.data.get("price_currency", "usd"))
    known = currency(code)
    if value and value < known.smallest_charge_minor:
        smallest = format_money(known.smallest_charge_minor, code)
        raise PydanticCustomError("minimum_price", message.replace("{smallest}", smallest))
    if value > known.largest_charge_minor:
        largest = format_money(known.largest_charge_minor, code)
        raise PydanticCustomError("maximum_price", "Amount must be at most {largest}", {"largest": largest})
    return value


PriceIn = Annotated[FixedPriceIn | CustomPriceIn | FreePriceIn | GatedPriceIn, Field(discriminator="amount_type")]


class CheckoutFields(Base):
    """What create and both updates share."""

    amount: int | None = Field(default=None, ge=0)
    seats: Seats | None = None
    units: Units | None = None
    is_business_customer: bool | None = None
    customer_name: Name = None
    customer_email: EmailStr | None = None
    customer_billing_name: Text = None
    customer_billing_address: AddressIn | None = None
    customer_tax_id: Text = None
    custom_field_data: dict[str, FieldValue] = Field(default_factory=dict)
    locale: LocaleTag | None = None


class MerchantFields(CheckoutFields):
    """What a merchant may set beside it."""

    discount_id: UUID4 | None = None
    allow_discount_codes: bool | None = None
    require_billing_address: bool | None = None
    allow_trial: bool | None = None
    trial_interval: Interval | None = None
    trial_interval_count: int | None = Field(default=None, ge=1, le=1000)
    customer_ip_address: IPvAnyAddress | None = None
    success_url: Url | None = None
    return_url: Url | None = None
    embed_origin: str | None = None

    @model_validator(mode="after")
    def _whole_trial(self) -> MerchantFields:
        if (self.trial_interval is None) != (self.trial_interval_count is None):
            raise PydanticCustomError("missing", "Both trial_interval and trial_interval_count must be set together.")
        return self


class CheckoutCreate(MerchantFields):
    """`POST /v1/checkouts/` without the key that names what is sold."""

    tolerated: ClassVar[tuple[str, ...]] = ("payment_processor",)
    currency: Currency | None = None
    prices: dict[UUID4, Annotated[list[PriceIn], Field(min_length=1)]] | None = None
    min_seats: Seats | None = None
    max_seats: Seats | None = None
    min_units: Units | None = None
    max_units: Units | None = None
    allow_discount_codes: bool = True
    require_billing_address: bool = False
    allow_trial: bool = True
    customer_id: UUID4 | None = None
    external_customer_id: str | None = Field(  # type: ignore[pydantic-alias]
        default=None, validation_alias=AliasChoices("external_customer_id", "customer_external_id")
    )
    customer_metadata: Metadata = Field(default_factory=dict)
    metadata: Metadata = Field(default_factory=dict)
    subscription_id: UUID4 | None = None
    expires_in: int | None = Field(default=None, ge=60, le=604_800)

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

    products: list[UUID4] = Field(min_length=1)

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
    discount_code: Text = None
    allow_trial: Literal[False] | None = None


class CheckoutConfirm(CheckoutUpdatePublic):
    """`POST /v1/checkouts/client/{client_secret}/confirm`."""

    confirmation_token_id: str | None = None
