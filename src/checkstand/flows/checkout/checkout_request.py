"""A session as it is asked for, neutral between the APIs: what `create_checkout` and `preview_checkout` are handed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from checkstand.domain.catalog import Metadata, PriceDefinition
from checkstand.domain.checkout import Buyer, Options, Redirects, TrialChoice
from checkstand.domain.errors import Problem
from checkstand.domain.fields import AttachedField
from checkstand.domain.lines import Counts
from checkstand.domain.profile import Dialect

Where = tuple[str | int, ...]
DEFAULT_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAddon:
    """An add-on of a cart line; 0 of it is offered and not billed."""

    product_id: UUID
    where: Where
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A product the request names, where it names it, and how much of it."""

    product_id: UUID
    where: Where
    quantity: int = 1
    chosen_minor: int | None = None
    addons: tuple[WantedAddon, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest:
    """A session as asked for. `choose_one`: the products are alternatives (Polar), else all are bought (Dodo).

    `currency` picks among the prices' own currencies, `wanted_currency` is charged by conversion. `discount_codes` are stacked in
    order. `refused`: what is wrong with prices that `ad_hoc` therefore lacks. `reserves_order`: everything is final, so the order's id
    is known before the first confirm (Dodo's `confirm: true`).
    """

    dialect: Dialect
    wanted: tuple[Wanted, ...]
    choose_one: bool
    preselected: UUID | None = None
    price_id: UUID | None = None
    ad_hoc: Mapping[UUID, tuple[PriceDefinition, ...]] = field(default_factory=dict)
    refused: tuple[Problem, ...] = ()
    currency: str | None = None
    wanted_currency: str | None = None
    amount_minor: int | None = None
    counts: Counts = field(default_factory=Counts)
    buyer: Buyer = field(default_factory=Buyer)
    customer_id: UUID | None = None
    business_mentioned: bool = False
    options: Options = field(default_factory=Options)
    trial: TrialChoice = field(default_factory=TrialChoice)
    redirects: Redirects = field(default_factory=Redirects)
    metadata: Metadata = field(default_factory=dict)
    discount_id: UUID | None = None
    discount_codes: tuple[str, ...] = ()
    subscription_id: UUID | None = None
    questions: tuple[AttachedField, ...] = ()
    answers: Mapping[str, object] = field(default_factory=dict)
    enforce_floor: bool = False
    reserves_order: bool = False
    lifetime: timedelta = DEFAULT_LIFETIME
    carried: Mapping[str, object] = field(default_factory=dict)
