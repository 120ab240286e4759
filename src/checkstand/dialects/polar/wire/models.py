"""Types that request models share: limits of docs/behaviour/polar.md#reading-requests, in Pydantic's lax mode, as the original."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from babel import Locale, UnknownLocaleError
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    HttpUrl,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from checkstand.dialects.given import GivingModel
from checkstand.domain.address import COUNTRIES, EMBARGOED, Address, InvalidState, normalize_state
from checkstand.domain.currency import POLAR_CURRENCIES
from checkstand.ops.bounds import INT64, LONGEST_LINE, LONGEST_TEXT, MOST_MEMBERS, in_time

SELLABLE_COUNTRIES = tuple(sorted(COUNTRIES - EMBARGOED))
CURRENCY_CODES = tuple(sorted(code.lower() for code in POLAR_CURRENCIES))
INT32 = 2_147_483_647


def listed(values: tuple[str, ...]) -> str:
    """The words as a refusal lists them: 'a', 'b' or 'c'."""
    quoted = [f"'{value}'" for value in values]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"


_COUNTRY_TEXT, _CURRENCY_TEXT = listed(SELLABLE_COUNTRIES), listed(CURRENCY_CODES)


def _blank_to_none(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip() or None
    return value


def _in_capitals(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _country(value: Any) -> str:
    if value not in SELLABLE_COUNTRIES:
        raise PydanticCustomError("enum", "Input should be {expected}", {"expected": _COUNTRY_TEXT})
    return str(value)


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
        raise ValueError("Invalid IETF BCP 47 language tag") from None
    return str(parsed).replace("_", "-")


def _in_64_bits(value: Any) -> Any:
    """Refuse a number that is stored as it is and that readers of JSON would round."""
    if isinstance(value, int | float) and not -INT64 <= value < INT64:
        raise ValueError("This number does not fit into 64 bits")
    return value


BlankToNone = BeforeValidator(_blank_to_none)
Prose = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]
Line = Annotated[str, StringConstraints(max_length=LONGEST_LINE)]
Text = Annotated[Line | None, BlankToNone]
Code = Annotated[Line, StringConstraints(strip_whitespace=True)]  # a blank one is a code that nobody has
Name = Annotated[Annotated[str, StringConstraints(max_length=256)] | None, BlankToNone]
Country = Annotated[
    str,
    BeforeValidator(_country),
    BeforeValidator(_in_capitals),  # comes first, so that a refusal tells what was looked for
    Field(json_schema_extra={"enum": [*SELLABLE_COUNTRIES]}),
]
Currency = Annotated[str, BeforeValidator(_currency), Field(json_schema_extra={"enum": [*CURRENCY_CODES]})]
LocaleTag = Annotated[str, BeforeValidator(_locale)]
Seats = Annotated[int, Field(ge=1, le=10_000)]
Units = Annotated[int, Field(ge=1, le=INT32)]
MetadataKey = Annotated[str, StringConstraints(min_length=1, max_length=40)]
MetadataText = Annotated[str, StringConstraints(min_length=1, max_length=500)]
# The order is that in which a refusal tells what a value could have been; a value keeps the type that it came with.
MetadataValue = Annotated[MetadataText | int | FiniteFloat | bool, AfterValidator(_in_64_bits)]
Metadata = Annotated[dict[MetadataKey, MetadataValue], Field(max_length=50)]
Many = Field(max_length=MOST_MEMBERS)
Moment = Annotated[datetime, AfterValidator(in_time)]
# Lax: 2.0 is 2, and a fraction can only be a Unix time. Anything else is refused once per kind.
# Source: docs/behaviour/polar.md#answers-to-custom-fields.
FieldValue = Annotated[str | int | bool | datetime | None, AfterValidator(_in_64_bits)]


def _url_text(value: HttpUrl) -> str:
    return str(value)


def _with_place_for_id(value: HttpUrl) -> str:
    """The address with its placeholder as it was written: reading it encodes the braces."""
    return str(value).replace("%7BCHECKOUT_ID%7D", "{CHECKOUT_ID}")


Url = Annotated[HttpUrl, AfterValidator(_url_text)]
SuccessUrl = Annotated[HttpUrl, AfterValidator(_with_place_for_id)]


class Base(GivingModel):
    """Unknown fields are ignored, as the original does, and what is no object is told in its words (`from_attributes`)."""

    model_config = ConfigDict(extra="ignore", defer_build=True, from_attributes=True)
    tolerated: ClassVar[tuple[str, ...]] = ()


class AddressIn(Base):
    """The address object of docs/behaviour/polar.md#billing-address."""

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

    def meant(self) -> Address:
        """The address as the domain has it."""
        return Address(**self.model_dump())
