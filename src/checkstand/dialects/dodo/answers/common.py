"""Shapes that several answers share: a page of a list, a billing address, words of closed sets, and the one error body."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

from checkstand.answers import Url, Uuid

# Texts alone, whichever API wrote what (dodo.md 1.9).
Notes = dict[str, str]
# What the original lists and nobody has here.
Empty = Annotated[list[object], Field(max_length=0)]
IntervalName = Literal["Day", "Week", "Month", "Year"]
Item = TypeVar("Item")


class Page(TypedDict, Generic[Item]):
    """A page of a list: nothing but its items."""

    items: list[Item]


class BillingAddress(TypedDict):
    """A billing address. `country` is a code of ISO 3166-1 alpha-2; what is not known is an empty text."""

    city: str
    country: str
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
