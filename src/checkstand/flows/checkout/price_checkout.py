"""Price a session: find out how its place is taxed, quote it, and convert the quote where it is charged in another currency.

Everything that asks a price goes through here: creating, changing, confirming and previewing come to the same cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from checkstand.domain.catalog import Product
from checkstand.domain.checkout import Buyer, Checkout, Line, TrialChoice, active_trial, trial_end
from checkstand.domain.conversion import convert
from checkstand.domain.country_currency import currency_of_country
from checkstand.domain.discount import Discount
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.exchange import Exchange
from checkstand.domain.money import format_money
from checkstand.domain.organization import Organization
from checkstand.domain.pricing import Place, above_ceiling, below_floor, quote
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.profile import Dialect, profile_of
from checkstand.domain.quote import Quote
from checkstand.domain.renewal import never_ends, renewed_lines, subscriptions_in
from checkstand.domain.tax import TaxDecision, TaxQuestion
from checkstand.flows import tax_ids
from checkstand.flows.currencies import KeptRate, exchange_to
from checkstand.flows.ports import Ports

# Clients of both APIs read an amount into 32 bits.
LARGEST_ON_THE_WIRE = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """What decides a price. `currency` is that of the prices; `wanted_currency` what the merchant or the buyer chose to charge in.

    `exchange`: the conversion that the session was shown with, whose rate stays.
    """

    dialect: Dialect
    lines: tuple[Line, ...]
    products: Sequence[Product]
    currency: str
    wanted_currency: str | None = None
    exchange: Exchange | None = None
    discounts: tuple[Discount, ...] = ()
    buyer: Buyer
    trial: TrialChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What a basket comes to. `currency` is what is charged."""

    quote: Quote
    currency: str
    exchange: Exchange | None
    base_quote: Quote | None
    trial_end: datetime | None


async def price_basket(ports: Ports, organization: Organization, basket: Basket, *, now: datetime) -> Priced:
    """The basket's price. Raises Invalid when it is too large, or its currency cannot be charged."""
    by_id = {product.id: product for product in basket.products}
    bought = [by_id[line.product_id] for line in basket.lines]
    place = await _place(ports, organization, basket.buyer, bought)
    behavior = organization.settings.default_tax_behavior
    plain = quote(
        basket.lines,
        basket.products,
        currency=basket.currency,
        place=place,
        default_tax_behavior=behavior,
        discounts=basket.discounts,
        in_trial=lambda product: active_trial(product, basket.trial) is not None,
    )
    later = _later(basket, place, behavior)
    exchange = await _exchange(ports, organization, basket, plain)
    charged = convert(plain, exchange) if exchange else plain
    problem = _too_large(plain, charged, later, exchange)
    if exchange and basket.wanted_currency is None and (problem or below_floor(charged.due_minor, charged.currency)):
        # Nobody chose this currency: the price's own is better than none.
        exchange, charged = None, plain
        problem = _too_large(plain, plain, later, None)
    if problem is not None:
        raise Invalid([problem])
    return Priced(
        quote=charged,
        currency=charged.currency,
        exchange=exchange,
        base_quote=plain if exchange else None,
        trial_end=trial_end(bought, basket.trial, now),
    )


def _later(basket: Basket, place: Place | None, behavior: str) -> Quote | None:
    """What the subscriptions will cost when the discounts that end have ended; None when that is no more than today."""
    roots = subscriptions_in(basket.lines, basket.products)
    lasting = [one for one in basket.discounts if never_ends(one)]
    if not roots or len(lasting) == len(basket.discounts):
        return None
    return quote(
        renewed_lines(basket.lines, roots),
        basket.products,
        currency=basket.currency,
        place=place,
        default_tax_behavior=behavior,
        discounts=lasting,
    )


def _too_large(plain: Quote, charged: Quote, later: Quote | None, exchange: Exchange | None) -> Problem | None:
    """Why a price cannot be charged, or not be told: every charge has to fit, and every amount that is shown.

    `charged` is `plain` as it is charged; `later` is in the prices' currency. The problem names which amount it is, and its own limit.
    """
    where = ("billing_currency",) if exchange else ("amount",)
    renewal = None if later is None else convert(later, exchange) if exchange else later
    for code, each in ((ProblemCode.TOTAL_TOO_LARGE, charged), (ProblemCode.RENEWAL_TOO_LARGE, renewal)):
        ceiling = above_ceiling(each.total_minor, each.currency) if each else None
        if each is not None and ceiling is not None:
            return Problem(code, where, each.total_minor, {"maximum": ceiling})
    for each, at in ((plain, ("amount",)), (charged, where), (renewal, where)):
        subtotal = sum(line.subtotal_minor for line in each.lines) if each else 0
        if each is not None and subtotal > LARGEST_ON_THE_WIRE:
            largest = format_money(LARGEST_ON_THE_WIRE, each.currency)
            return Problem(ProblemCode.SUBTOTAL_TOO_LARGE, at, subtotal, {"maximum": largest})
    return None


async def reprice(ports: Ports, organization: Organization, checkout: Checkout, *, now: datetime) -> Checkout:
    """The session with its trial, its currency and its quote worked out again."""
    basket = Basket(
        dialect=checkout.dialect,
        lines=checkout.lines,
        products=checkout.products,
        currency=checkout.price_currency,
        wanted_currency=checkout.wanted_currency,
        exchange=checkout.exchange,
        discounts=checkout.discounts,
        buyer=checkout.buyer,
        trial=checkout.trial,
    )
    priced = await price_basket(ports, organization, basket, now=now)
    return replace(
        checkout,
        quote=priced.quote,
        currency=priced.currency,
        exchange=priced.exchange,
        base_quote=priced.base_quote,
        trial_end=priced.trial_end,
    )


async def _place(ports: Ports, organization: Organization, buyer: Buyer, bought: Sequence[Product]) -> Place | None:
    """How each category is taxed where the buyer is; None while that cannot be said."""
    address, settings = buyer.address, organization.settings
    if address is None:
        return None
    taxes: dict[str, TaxDecision] = {}
    for category in {product.tax_category for product in bought}:
        if not settings.tax_registrations:
            taxes[category] = TaxDecision(reason="not_collecting", country=address.country, state=address.state)
            continue
        question = TaxQuestion(
            seller_country=settings.country,
            registrations=frozenset(settings.tax_registrations),
            country=address.country,
            state=address.state,
            postal_code=address.postal_code,
            tax_id=tax_ids.effective(buyer.tax_id, address.country),
            category=category,
        )
        decision = await ports.taxes.decide(question)
        if decision is None:
            return None
        taxes[category] = decision
    return Place(country=address.country, taxes=taxes)


async def _exchange(ports: Ports, organization: Organization, basket: Basket, plain: Quote) -> Exchange | None:
    """The conversion into what is charged: wanted by name, else the buyer's own currency; never for an API that converts nothing."""
    settings, converts_into = organization.settings, profile_of(basket.dialect).converts_into
    if not converts_into or not settings.adaptive_currency:
        return None
    address = basket.buyer.address
    local = currency_of_country(address.country) if address else None
    currency = basket.wanted_currency or (local if local in converts_into else None)
    if currency is None or currency == basket.currency:
        return None
    found = await exchange_to(
        KeptRate(basket.exchange, ports.rates) if basket.exchange else ports.rates,
        base=basket.currency,
        currency=currency,
        amount_minor=plain.total_minor,
        with_fee=settings.adaptive_fee,
    )
    if found is None and basket.wanted_currency is not None:
        raise Invalid.single(ProblemCode.CURRENCY_NOT_CHARGEABLE, "billing_currency", given=currency)
    return found
