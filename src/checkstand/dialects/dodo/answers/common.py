"""Shapes that several answers share: a page of a list, a billing address, words of closed sets, and the one error body."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

from checkstand.answers import Url, Uuid

# Texts alone, whichever API wrote what (docs/behaviour/dodo.md#metadata).
Notes = dict[str, str]
CurrencyCode = Annotated[str, Field(description="A code of ISO 4217 in upper case.")]
CountryCode = Annotated[str, Field(description="A code of ISO 3166-1 alpha-2.")]
BasisPoints = Annotated[int, Field(description="In hundredths of a percent.")]
# What a unit costs may be a fraction of the smallest unit; as text it keeps every digit.
UnitAmount = Annotated[str, Field(description="In the currency's smallest unit, as a decimal number.")]
IntervalName = Literal["Day", "Week", "Month", "Year"]
Item = TypeVar("Item")


class Page(TypedDict, Generic[Item]):
    """A page of a list: nothing but its items."""

    items: list[Item]


class BillingAddress(TypedDict):
    """A billing address. What is not known is an empty text."""

    city: str
    country: CountryCode
    state: str
    street: str
    zipcode: str


class ImageUpload(TypedDict):
    """Where to send an image. It shows once it was sent."""

    url: Url
    image_id: Uuid


class Error(TypedDict):
    """Why a request was refused: a stable code, and what to do next in plain words."""

    code: str
    message: str
