"""Checkout links on Polar's wire: what create and update accept (docs/behaviour/polar.md#checkout-links).

The oldest two forms of create name one product or one price. What a server of the original fails on (a product twice, null for a
switch) is refused or taken as 'unchanged' here.
"""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import UUID4, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from checkstand.dialects.polar.wire.models import Base, Line, Metadata, Seats, SuccessUrl, Units, Url
from checkstand.domain.catalog import Interval, Span
from checkstand.ops.bounds import MOST_MEMBERS


class LinkFields(Base):
    """What create and update share."""

    renamed: ClassVar = {"products": "product_ids", "product_price_id": "price_id", "return_url": "back_url"}
    lasting = frozenset({"products", "allow_discount_codes", "require_billing_address"})
    apart = frozenset({"payment_processor", "product_id", "trial_interval", "trial_interval_count"})
    label: Line | None = None
    discount_id: UUID4 | None = None
    seats: Seats | None = None
    units: Units | None = None
    success_url: SuccessUrl | None = None
    return_url: Url | None = None
    trial_interval: Interval | None = None
    trial_interval_count: int | None = Field(default=None, ge=1, le=1000)
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole_trial(self) -> LinkFields:
        if (self.trial_interval is None) != (self.trial_interval_count is None):
            raise PydanticCustomError("missing", "Both trial_interval and trial_interval_count must be set together.")
        return self

    def given(self) -> dict[str, object]:
        """The link's fields; its trial is made of two."""
        given = super().given()
        if self.gave("trial_interval"):
            given["trial"] = self._trial()
        return given

    def _trial(self) -> Span | None:
        if self.trial_interval is None or self.trial_interval_count is None:
            return None
        return Span(interval=self.trial_interval, count=self.trial_interval_count)


class LinkCreate(LinkFields):
    """`POST /v1/checkout-links/` without the key that names what is sold."""

    payment_processor: Literal["stripe"]
    allow_discount_codes: bool = True
    require_billing_address: bool = False


class LinkProductsCreate(LinkCreate):
    """The documented form: products to choose from."""

    products: list[UUID4] = Field(min_length=1, max_length=MOST_MEMBERS)

    @field_validator("products")
    @classmethod
    def _unique(cls, value: list[UUID]) -> list[UUID]:
        return unique(value)


class LinkProductCreate(LinkCreate):
    """The older form: one product."""

    product_id: UUID4

    def given(self) -> dict[str, object]:
        return {**super().given(), "product_ids": [self.product_id]}


class LinkPriceCreate(LinkCreate):
    """The oldest form: one price."""

    product_price_id: UUID4


VARIANTS: tuple[tuple[str, type[LinkCreate]], ...] = (
    ("products", LinkProductsCreate),
    ("product_id", LinkProductCreate),
    ("product_price_id", LinkPriceCreate),
)


class LinkUpdate(LinkFields):
    """`PATCH /v1/checkout-links/{id}`: absent means unchanged, and so does null for what a link cannot be without."""

    products: list[UUID4] | None = Field(default=None, min_length=1, max_length=MOST_MEMBERS)
    allow_discount_codes: bool | None = None
    require_billing_address: bool | None = None

    @field_validator("products")
    @classmethod
    def _unique(cls, value: list[UUID] | None) -> list[UUID] | None:
        return None if value is None else unique(value)


def unique(value: list[UUID]) -> list[UUID]:
    """The ids, each there once. Raises ValueError."""
    if len(set(value)) != len(value):
        raise ValueError("Product IDs must be unique.")
    return value
