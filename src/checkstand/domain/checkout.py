"""The checkout session: what is offered, what will be charged, who buys, and which moves are allowed.

A session has offers (products the buyer may choose from) and lines (what will be charged). Choosing an offer rewrites the
lines; everything after that sees lines only. Products and prices are copied in as they were when the session was priced.

    >>> sorted(map(str, ALLOWED_MOVES[CheckoutStatus.CONFIRMED]))
    ['failed', 'open', 'succeeded']

How a total comes about is in `pricing.py`; who pays how, in `payment.py`.

Source: docs/behaviour/polar.md#checkout-object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from checkstand.domain.address import Address, AddressFields, fields_for, least_fields_for, minimal_fields_for
from checkstand.domain.catalog import Metadata, Price, Product, Span, in_currency, is_free, is_static
from checkstand.domain.discount import Discount, Percentage
from checkstand.domain.errors import Expired, IllegalMove, NotOpen
from checkstand.domain.exchange import Exchange
from checkstand.domain.fields import Answers, AttachedField
from checkstand.domain.ids import short_id
from checkstand.domain.profile import Dialect, Profile, profile_of
from checkstand.domain.quote import Quote
from checkstand.domain.tax import reverse_charge_note
from checkstand.domain.terms import SeatBased, UnitBased
from checkstand.domain.trial import add_span

Theme = Literal["light", "dark", "system"]


class CheckoutStatus(StrEnum):
    """`expired`, `succeeded` and `failed` are final."""

    OPEN = "open"
    EXPIRED = "expired"
    CONFIRMED = "confirmed"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


ALLOWED_MOVES: Mapping[CheckoutStatus, frozenset[CheckoutStatus]] = {
    CheckoutStatus.OPEN: frozenset({CheckoutStatus.CONFIRMED, CheckoutStatus.EXPIRED}),
    CheckoutStatus.CONFIRMED: frozenset({CheckoutStatus.OPEN, CheckoutStatus.SUCCEEDED, CheckoutStatus.FAILED}),
    CheckoutStatus.EXPIRED: frozenset(),
    CheckoutStatus.SUCCEEDED: frozenset(),
    CheckoutStatus.FAILED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that will be charged. Quantity 0 means the buyer still has to choose one, and then may change it again.

    `part_of`: the position of the line that this one belongs to (an add-on's subscription, the first price of the same product).
    An add-on may stay at 0: then it is offered, and not billed.
    """

    product_id: UUID
    price_id: UUID
    quantity: int = 1
    buyer_sets_quantity: bool = False
    chosen_minor: int | None = None
    part_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountBounds:
    """What the merchant narrows the buyer's choice of seats and units to."""

    min_seats: int | None = None
    max_seats: int | None = None
    min_units: int | None = None
    max_units: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """What is known of who pays. `is_named`: the merchant named the customer, so nobody else may buy with this session.

    `is_new`: the customer was made by this very session.
    """

    customer_id: UUID | None = None
    is_named: bool = False
    is_new: bool = False
    external_id: str | None = None
    email: str | None = None
    name: str | None = None
    billing_name: str | None = None
    address: Address | None = None
    tax_id: str | None = None
    phone: str | None = None
    ip_address: str | None = None
    locale: str | None = None
    is_business: bool = False
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the merchant decided for this session: what is asked, what is allowed, how it looks."""

    allow_discount_codes: bool = True
    require_billing_address: bool = False
    allow_currency_selection: bool = True
    allow_phone_number: bool = False
    require_phone_number: bool = False
    allow_tax_id: bool = True
    require_tax_id: bool = False
    edit_addons: bool = False
    minimal_address: bool = False
    require_name: bool = False
    show_saved_methods: bool = False
    always_create_customer: bool = False
    redirect_immediately: bool = False
    theme: Theme | None = None
    show_order_details: bool = True
    allowed_methods: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialChoice:
    """The session's word on trials: None leaves it to the product."""

    allow: bool | None = True
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirects:
    """Where the buyer goes afterwards (`success_url`) and with the back button (`back_url`)."""

    success_url: str | None = None
    back_url: str | None = None
    embed_origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentState:
    """The attempt that a confirmed session waits for, or the one that paid it.

    `modified_before`: when the session was last changed by anything but this attempt, for the case that it comes to nothing at once.
    """

    attempt_id: UUID
    intent_secret: str
    intent_status: str
    action_url: str | None = None
    modified_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """One session, whole. `version` guards updates; `order_id` is reserved by the first confirm and never changes.

    `listed_prices`: what the catalogue asked for products that the session prices itself.
    `ignored_external_id`: the merchant's own id for the buyer, where their customer, found by e-mail, did not get it.
    Where it is charged in another currency than its prices', `exchange` says how and `base_quote` keeps the amounts before.

    Source: docs/behaviour/polar.md#customer-of-a-purchase.
    """

    id: UUID
    organization_id: UUID
    dialect: Dialect
    status: CheckoutStatus
    client_secret: str
    version: int = 1
    created_at: datetime
    modified_at: datetime | None = None
    expires_at: datetime
    products: tuple[Product, ...]
    listed_prices: tuple[Price, ...] = ()
    offers: tuple[UUID, ...] = ()
    lines: tuple[Line, ...]
    currency: str
    quote: Quote
    buyer: Buyer
    options: Options
    trial: TrialChoice = field(default_factory=TrialChoice)
    trial_end: datetime | None = None
    redirects: Redirects
    metadata: Metadata = field(default_factory=dict)
    questions: tuple[AttachedField, ...] = ()
    custom_field_data: Answers = field(default_factory=dict)
    discounts: tuple[Discount, ...] = ()
    counts: CountBounds = field(default_factory=CountBounds)
    exchange: Exchange | None = None
    wanted_currency: str | None = None
    base_quote: Quote | None = None
    payment_method: str | None = None
    payment: PaymentState | None = None
    order_id: UUID | None = None
    last_decline: str | None = None
    ignored_external_id: str | None = None
    carried: Mapping[str, object] = field(default_factory=dict)

    @property
    def profile(self) -> Profile:
        """What the API wants that the session was made by."""
        return profile_of(self.dialect)

    @property
    def page_path(self) -> str:
        """The path of its page, as its API spells it. It is a secret: it opens the page."""
        page = self.profile.page
        key = self.client_secret if page.id_prefix is None else short_id(page.id_prefix, self.id)
        return f"{page.path}/{key}"

    @property
    def discount(self) -> Discount | None:
        """The discount that is applied, if any; the first of several."""
        return self.discounts[0] if self.discounts else None

    @property
    def discount_id(self) -> UUID | None:
        """The id of the discount that is applied, if any."""
        return self.discounts[0].id if self.discounts else None

    @property
    def price_currency(self) -> str:
        """The currency of the prices, which may be charged in another one."""
        return self.exchange.base if self.exchange else self.currency

    @property
    def selected(self) -> Product:
        """The chosen product: the first line's."""
        return self.product(self.lines[0].product_id)

    @property
    def selected_price(self) -> Price:
        """The price of the first line."""
        return self.price_of(self.lines[0])

    @property
    def fields(self) -> tuple[AttachedField, ...]:
        """The questions that are asked: the session's own (Dodo), else the chosen product's."""
        return self.questions or self.selected.fields

    def price_of(self, line: Line) -> Price:
        """The price that a line names."""
        found = self.product(line.product_id).price(line.price_id)
        assert found is not None, "a line always names a price of its product"
        return found

    @property
    def seats(self) -> int | None:
        """How many seats are bought, where the chosen product is sold by the seat."""
        return next((line.quantity for line in self.lines if isinstance(self.price_of(line).terms, SeatBased)), None)

    @property
    def units(self) -> int | None:
        """How many units are bought, where the chosen product is sold by the unit."""
        return next((line.quantity for line in self.lines if isinstance(self.price_of(line).terms, UnitBased)), None)

    def product(self, product_id: UUID) -> Product:
        """A product of this session, as it was when the session was priced. Raises KeyError."""
        for product in self.products:
            if product.id == product_id:
                return product
        raise KeyError(product_id)

    @property
    def is_recurring(self) -> bool:
        """True when any line is billed again later."""
        return any(self.product(line.product_id).recurrence for line in self.lines)

    @property
    def is_free(self) -> bool:
        """True when every price of every chosen product is free; pay-what-you-want never is."""
        return all(is_free(price) for line in self.lines for price in self.product(line.product_id).active_prices)

    @property
    def is_payment_required(self) -> bool:
        """Something is taken today."""
        return self.quote.due_minor > 0

    @property
    def is_payment_setup_required(self) -> bool:
        """A payment method must be kept for later charges."""
        if not self.is_recurring or self.is_free:
            return False
        if self.quote.subtotal_minor == 0 and not self._has_meter:
            return False
        return not any(_takes_all_forever(discount) for discount in self.discounts)

    @property
    def _has_meter(self) -> bool:
        products = [self.product(line.product_id) for line in self.lines]
        return any(not is_static(price) for product in products for price in self.prices_of(product))

    @property
    def is_payment_form_required(self) -> bool:
        """The buyer has to say how to pay."""
        return self.is_payment_required or self.is_payment_setup_required

    @property
    def is_email_locked(self) -> bool:
        """The e-mail cannot be edited: the merchant named the customer. After a try that failed a mistyped one can be corrected."""
        return self.buyer.customer_id is not None and self.buyer.is_named

    @property
    def address_fields(self) -> AddressFields:
        """Which parts of the billing address are asked (docs/behaviour/polar.md#billing-address)."""
        return self.address_fields_in(self.buyer.address.country if self.buyer.address else None)

    def address_fields_in(self, country: str | None, *, is_business: bool | None = None) -> AddressFields:
        """The same for another country or kind of buyer: what a form that is being filled in has to show."""
        full = self._needs_full_address(is_business)
        if self.options.minimal_address and not full:
            return minimal_fields_for(country)
        return fields_for(country, full=full)

    def page_fields_in(
        self, country: str | None, *, collects_tax: bool, is_business: bool | None = None
    ) -> AddressFields:
        """What our own page asks, which is less where neither the merchant nor a tax needs more.

        Source: docs/behaviour/checkout-page.md#rows-and-fields.
        """
        if collects_tax or self.options.minimal_address or self._needs_full_address(is_business):
            return self.address_fields_in(country, is_business=is_business)
        return least_fields_for(country)

    def _needs_full_address(self, is_business: bool | None) -> bool:
        business = self.buyer.is_business if is_business is None else is_business
        upi = self.profile.asks_address_for_upi and (self.payment_method or "").startswith("upi")
        return self.options.require_billing_address or business or upi

    @property
    def reverse_charge_note(self) -> str | None:
        """The sentence that says so where the buyer, a business, accounts for the tax itself; None elsewhere."""
        if all(line.tax_reason != "reverse_charge" for line in self.quote.lines):
            return None
        return reverse_charge_note(self.buyer.address.country if self.buyer.address else None)

    def prices_of(self, product: Product) -> tuple[Price, ...]:
        """A product's prices in the session's currency."""
        return in_currency(product.prices, self.price_currency)


def _takes_all_forever(discount: Discount) -> bool:
    takes = discount.takes
    whole = isinstance(takes, Percentage) and takes.basis_points == 10_000 and not takes.caps
    return whole and discount.duration == "forever"


def active_trial(checkout_product: Product, choice: TrialChoice) -> Span | None:
    """The trial that applies: the session's own, else the product's; none for one-time products or when not allowed."""
    if choice.allow is not True or checkout_product.recurrence is None:
        return None
    return choice.span or checkout_product.trial


def trial_end(products: Iterable[Product], choice: TrialChoice, now: datetime) -> datetime | None:
    """When the first trial among the bought products ends if it began now; it slides with the clock."""
    spans = [span for span in (active_trial(product, choice) for product in products) if span is not None]
    return min((add_span(now, span) for span in spans), default=None)


def move(checkout: Checkout, to: CheckoutStatus, *, now: datetime) -> Checkout:
    """The session in its next status. Raises IllegalMove for a step that the state machine does not know."""
    if to not in ALLOWED_MOVES[checkout.status]:
        raise IllegalMove(f"{checkout.status} -> {to}")
    return replace(checkout, status=to, modified_at=now)


def is_over(checkout: Checkout, now: datetime) -> bool:
    """True when the session's time has passed, whatever its status."""
    return now >= checkout.expires_at


def require_open(checkout: Checkout, now: datetime) -> None:
    """Raises Expired (by the clock, tested first) or NotOpen."""
    if is_over(checkout, now) and checkout.status is not CheckoutStatus.SUCCEEDED:
        raise Expired
    if checkout.status is not CheckoutStatus.OPEN:
        raise NotOpen(checkout.id, checkout.status)
