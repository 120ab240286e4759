"""What the answers of several nouns share: a list's envelope, the address, metadata."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

Item = TypeVar("Item")
CurrencyCode = Annotated[str, Field(description="A code of ISO 4217 in lower case.")]
Metadata = dict[str, str | int | float | bool]


class Pagination(TypedDict):
    """How much there is in all. `max_page` is the number of the last page; 0 when nothing matches."""

    total_count: int
    max_page: int


class Page(TypedDict, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    pagination: Pagination


class Address(TypedDict):
    """A postal address. States of the US and Canada carry their country's prefix, as `US-NY`; `country` is ISO 3166-1 alpha-2."""

    line1: str | None
    line2: str | None
    postal_code: str | None
    city: str | None
    state: str | None
    country: str
