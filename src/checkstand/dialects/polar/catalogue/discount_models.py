"""Discounts on Polar's wire: what create and update accept (docs/behaviour/polar.md#discounts).

Times without a zone are taken as UTC; a blank code is none; keys of the other kind are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import UUID4, AfterValidator, BaseModel, Field, RootModel, StringConstraints, model_validator

from checkstand.dialects.polar.wire.models import (
    INT32,
    Base,
    BlankToNone,
    Currency,
    Many,
    Metadata,
    Moment,
)
from checkstand.domain.discount_worth import WorthParts
from checkstand.ops.bounds import LONGEST_LINE, MOST_MEMBERS

LARGEST_AMOUNT = 999_999_999_999


class Duration(StrEnum):
    """How long a discount lasts for a subscription."""

    ONCE = "once"
    FOREVER = "forever"
    REPEATING = "repeating"


class Kind(StrEnum):
    """What a discount takes off."""

    FIXED = "fixed"
    PERCENTAGE = "percentage"


def _code(value: str) -> str:
    if not value.isalnum():
        raise ValueError("Code must contain only alphanumeric characters.")
    if not 3 <= len(value) <= 256:
        raise ValueError("Code must be between 3 and 256 characters long.")
    return value


Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_LINE)]
Code = Annotated[Annotated[str, AfterValidator(_code)] | None, BlankToNone]
Limit = Annotated[int, Field(ge=1, le=INT32)]
Months = Annotated[int, Field(ge=1, le=999)]
Amount = Annotated[int, Field(ge=0, le=LARGEST_AMOUNT)]
Amounts = Annotated[dict[Currency, Amount], Field(min_length=1, max_length=MOST_MEMBERS)]
BasisPoints = Annotated[int, Field(ge=1, le=10_000)]


# The domain's names, and what is told of the worth in one part.
RENAMED = {"max_redemptions_per_customer": "max_per_customer", "products": "product_ids"}
WORTH = frozenset({"type", "basis_points", "amount", "currency", "amounts", "duration", "duration_in_months"})


class DiscountFields(Base):
    """What both kinds share."""

    renamed = RENAMED
    lasting = frozenset({"products"})
    apart = WORTH | {"organization_id"}

    name: Name
    duration: Duration
    duration_in_months: Months | None = None
    code: Code = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    max_redemptions: Limit | None = None
    max_redemptions_per_customer: Limit | None = None
    products: Annotated[list[UUID4], Many] | None = None
    metadata: Metadata = Field(default_factory=dict)
    organization_id: UUID4 | None = None

    @model_validator(mode="after")
    def _consistent(self) -> DiscountFields:
        check_order(self.starts_at, self.ends_at)
        is_repeating = self.duration is Duration.REPEATING
        if is_repeating and self.duration_in_months is None:
            raise ValueError("duration_in_months is required when duration is repeating.")
        if not is_repeating and self.duration_in_months is not None:
            raise ValueError("duration_in_months can only be set when duration is repeating.")
        return self

    def worth(self) -> WorthParts:
        """What it takes off, and how long."""
        return WorthParts(duration=self.duration.value, months=self.duration_in_months)

    def given(self) -> dict[str, object]:
        return _given(super().given(), self.worth())


def check_order(starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Raises ValueError when a discount would end before it starts."""
    if starts_at is not None and ends_at is not None and starts_at >= ends_at:
        raise ValueError("starts_at must be before ends_at")


def _given(fields: dict[str, object], worth: WorthParts) -> dict[str, object]:
    if isinstance(product_ids := fields.get("product_ids"), tuple):
        fields["product_ids"] = tuple(dict.fromkeys(product_ids))
    return {**fields, "worth": worth}


def _upper(amounts: Mapping[str, int]) -> dict[str, int]:
    return {code.upper(): amount for code, amount in amounts.items()}


class DiscountFixedCreate(DiscountFields):
    """An amount off. `amount` with `currency` is the old way to say `amounts`."""

    type: Literal["fixed"]
    amount: Amount | None = None
    currency: Currency | None = "usd"
    amounts: Amounts | None = None

    @model_validator(mode="after")
    def _one_way(self) -> DiscountFixedCreate:
        if self.amount is not None and self.amounts is not None:
            raise ValueError("Cannot specify both `amount` and `amounts`.")
        if self.amount is None and self.amounts is None:
            raise ValueError("Must specify either `amount` or `amounts`.")
        return self

    def worth(self) -> WorthParts:
        amounts = self.amounts if self.amounts is not None else {self.currency or "usd": self.amount or 0}
        return replace(super().worth(), kind="fixed", amounts=_upper(amounts))


class DiscountPercentageCreate(DiscountFields):
    """A share off."""

    type: Literal["percentage"]
    basis_points: BasisPoints

    def worth(self) -> WorthParts:
        return replace(super().worth(), kind="percentage", basis_points=self.basis_points)


class DiscountCreate(RootModel[Annotated[DiscountFixedCreate | DiscountPercentageCreate, Field(discriminator="type")]]):
    """Either kind, told by `type`."""


class DiscountUpdate(Base):
    """Absent means unchanged; null takes away what may be empty, and means unchanged elsewhere."""

    renamed = RENAMED
    lasting = frozenset({"name", "products"})
    apart = WORTH

    name: Name | None = None
    code: Code = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    max_redemptions: Limit | None = None
    max_redemptions_per_customer: Limit | None = None
    duration: Duration | None = None
    duration_in_months: Months | None = None
    type: Kind | None = None
    amount: Amount | None = None
    currency: Currency | None = None
    amounts: Amounts | None = None
    basis_points: BasisPoints | None = None
    products: Annotated[list[UUID4], Many] | None = None
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> DiscountUpdate:
        check_order(self.starts_at, self.ends_at)
        if self.amount is not None and self.amounts is not None:
            raise ValueError("Cannot specify both `amount` and `amounts`.")
        return self

    def worth(self) -> WorthParts:
        """Those parts of what it takes off, and of how long, that were sent."""
        return WorthParts(
            kind=self.type.value if self.type else None,
            basis_points=self.basis_points,
            amount=self.amount,
            currency=self.currency.upper() if self.currency else None,
            amounts=_upper(self.amounts) if self.amounts is not None else None,
            duration=self.duration.value if self.duration else None,
            months=self.duration_in_months,
        )

    def given(self) -> dict[str, object]:
        return _given(super().given(), self.worth())


def fields_of(model: type[BaseModel]) -> frozenset[str]:
    """Every key that one of the kinds reads: the other kind's keys are no unknown ones."""
    if issubclass(model, DiscountFields):
        return frozenset(DiscountFixedCreate.model_fields) | frozenset(DiscountPercentageCreate.model_fields)
    return frozenset(model.model_fields)
