"""From Polar's wire to the domain: what a request asks for, neutral."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

from checkstand.dialects.polar.checkout.checkout_models import (
    CheckoutConfirm,
    CheckoutCreate,
    CheckoutPriceCreate,
    CheckoutProductCreate,
    CheckoutProductsCreate,
    CheckoutUpdate,
    CheckoutUpdatePublic,
)
from checkstand.dialects.polar.wire.models import (
    AddressIn,
)
from checkstand.dialects.polar.wire.prices import AnyPrice, price_definitions
from checkstand.domain.address import Address
from checkstand.domain.catalog import PriceDefinition, Product, Span
from checkstand.domain.changes import made_of
from checkstand.domain.checkout import Buyer, CountBounds, Options, Redirects, TrialChoice
from checkstand.domain.errors import Problem
from checkstand.domain.lines import Counts
from checkstand.domain.meter import Meter
from checkstand.domain.organization import OrganizationSettings
from checkstand.flows.checkout.checkout_request import DEFAULT_LIFETIME, CartItem, CheckoutRequest
from checkstand.flows.checkout.update_checkout import CheckoutChanges

LOCALE = "en"  # docs/behaviour/polar.md#buyers-of-new-checkouts: overwritten unless the organization has the localization feature on


def address(value: AddressIn | None) -> Address | None:
    return value.meant() if value is not None else None


def _ip_text(value: IPv4Address | IPv6Address | None) -> str | None:
    """An address as it is kept and shown: an IPv4 address within IPv6 keeps its points, as in `::ffff:203.0.113.9`, and a zone, which
    means something on one machine alone, is left out.
    """
    mapped = value.ipv4_mapped if isinstance(value, IPv6Address) else None
    return f"::ffff:{mapped}" if mapped else str(value).partition("%")[0] if value else None


def create_request(
    body: CheckoutCreate, settings: OrganizationSettings, *, known: Mapping[UUID, Product], meters: dict[UUID, Meter]
) -> CheckoutRequest:
    """A session as asked for. `known`: the products that it prices itself, `meters`: those that such prices name."""
    wanted: tuple[CartItem, ...] = ()
    price_id: UUID | None = None
    if isinstance(body, CheckoutProductsCreate):
        wanted = tuple(
            CartItem(product_id=product_id, where=("products", position))
            for position, product_id in enumerate(body.products)
        )
    elif isinstance(body, CheckoutProductCreate):
        wanted = (CartItem(product_id=body.product_id, where=("product_id",)),)
    elif isinstance(body, CheckoutPriceCreate):
        price_id = body.product_price_id
    counts = Counts(
        seats=body.seats,
        units=body.units,
        bounds=CountBounds(
            min_seats=body.min_seats, max_seats=body.max_seats, min_units=body.min_units, max_units=body.max_units
        ),
    )
    ad_hoc, refused = _ad_hoc(body.prices, settings, known, meters)
    return CheckoutRequest(
        dialect="polar",
        wanted=wanted,
        choose_one=True,
        price_id=price_id,
        ad_hoc=ad_hoc,
        refused=refused,
        currency=body.currency.upper() if body.currency and price_id is None else None,
        amount_minor=body.amount,
        counts=counts,
        buyer=_buyer(body),
        customer_id=body.customer_id,
        business_mentioned=body.gave("is_business_customer"),
        options=made_of(Options, body.given_of(Options)),
        trial=TrialChoice(allow=body.allow_trial, span=_span(body)),
        redirects=made_of(Redirects, body.given_of(Redirects)),
        metadata=body.metadata,
        discount_id=body.discount_id,
        subscription_id=body.subscription_id,
        answers=body.custom_field_data,
        lifetime=timedelta(seconds=body.expires_in) if body.expires_in else DEFAULT_LIFETIME,
    )


def _buyer(body: CheckoutCreate) -> Buyer:
    return Buyer(
        external_id=body.external_customer_id,
        email=body.customer_email,
        name=body.customer_name,
        billing_name=body.customer_billing_name,
        address=address(body.customer_billing_address),
        tax_id=body.customer_tax_id,
        ip_address=_ip_text(body.customer_ip_address),
        locale=LOCALE,
        is_business=bool(body.is_business_customer),
        metadata=body.customer_metadata,
    )


def _span(body: CheckoutCreate | CheckoutUpdate) -> Span | None:
    if body.trial_interval is None or body.trial_interval_count is None:
        return None
    return Span(interval=body.trial_interval, count=body.trial_interval_count)


def _ad_hoc(
    prices: Mapping[UUID, Sequence[AnyPrice]] | None,
    settings: OrganizationSettings,
    known: Mapping[UUID, Product],
    meters: dict[UUID, Meter],
) -> tuple[dict[UUID, tuple[PriceDefinition, ...]], tuple[Problem, ...]]:
    """The prices that can be sold for each product, and what is wrong with the others."""
    found: dict[UUID, tuple[PriceDefinition, ...]] = {}
    problems: list[Problem] = []
    for product_id, listed in (prices or {}).items():
        where = ("prices", str(product_id))
        product = known.get(product_id)
        recurring = product is None or product.recurrence is not None
        found[product_id], more = price_definitions(
            listed, where=where, recurring=recurring, settings=settings, meters=meters
        )
        problems += more
    return found, tuple(problems)


def merchant_changes(body: CheckoutUpdate) -> CheckoutChanges:
    """What a merchant's PATCH asks for."""
    return CheckoutChanges(
        given=_given(body),
        product_id=body.product_id,
        price_id=body.product_price_id,
        currency=body.currency.upper() if body.currency else None,
        amount_minor=body.amount,
        counts=Counts(seats=body.seats, units=body.units),
        discount_id=body.discount_id,
        options=body.given_of(Options),
        allow_trial=body.allow_trial,
        trial=TrialChoice(span=_span(body)) if body.gave("trial_interval") else None,
        is_business=body.is_business_customer,
        name=body.customer_name,
        email=body.customer_email,
        ip_address=_ip_text(body.customer_ip_address),
        billing_name=body.customer_billing_name,
        address=address(body.customer_billing_address),
        tax_id=body.customer_tax_id,
        customer_metadata=body.customer_metadata,
        metadata=body.metadata if body.gave("metadata") else None,
        redirects=body.given_of(Redirects),
        answers=body.custom_field_data if body.gave("custom_field_data") else None,
    )


def confirm_changes(body: CheckoutConfirm) -> CheckoutChanges:
    """What a buyer's confirm asks for: its answers replace those that are stored, and there being none is an answer.

    Source: docs/behaviour/polar.md#confirming.
    """
    return replace(buyer_changes(body), answers=body.custom_field_data, replaces_answers=True)


def buyer_changes(body: CheckoutUpdatePublic) -> CheckoutChanges:
    """What a buyer's PATCH asks for."""
    return CheckoutChanges(
        given=_given(body),
        product_id=body.product_id,
        price_id=body.product_price_id,
        amount_minor=body.amount,
        counts=Counts(seats=body.seats, units=body.units),
        discount_code=body.discount_code,
        allow_trial=body.allow_trial,
        is_business=body.is_business_customer,
        name=body.customer_name,
        email=body.customer_email,
        billing_name=body.customer_billing_name,
        address=address(body.customer_billing_address),
        tax_id=body.customer_tax_id,
        payment_method=body.payment_method_type,
        answers=body.custom_field_data if body.gave("custom_field_data") else None,
    )


def _given(body: CheckoutUpdate | CheckoutUpdatePublic) -> frozenset[str]:
    return frozenset(body.renamed.get(name, name) for name in body.model_fields_set)
