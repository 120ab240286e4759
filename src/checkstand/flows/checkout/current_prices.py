"""Prices of a session that are no longer sold: which they are, and the prices of today in their place.

A price is never changed, only archived and followed by another. Whoever shows a total to a buyer shows what they can pay, so it takes
up the price that followed; the buyer agrees to the new total (`domain.consent`) or leaves. A price made for one session stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from checkstand.domain.catalog import Custom, Price, Product, check_custom_amount, in_currency
from checkstand.domain.checkout import Checkout, CountBounds, Line
from checkstand.domain.errors import Problem
from checkstand.domain.lines import Counts, charged_prices, count_problems, offer_lines
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.checkout.choose_lines import sale_problem
from checkstand.flows.ports import Ports


async def archived_price_problems(ports: Ports, checkout: Checkout) -> list[Problem]:
    """Catalogue prices that were archived since the session was made can no longer be bought."""
    current = await _products_now(ports, checkout)
    return [
        Problem(ProblemCode.PRICE_ARCHIVED, ("product_price_id",), str(line.price_id))
        for line in checkout.lines
        if _is_archived(checkout.price_of(line), current)
    ]


async def at_current_prices(ports: Ports, checkout: Checkout) -> Checkout:
    """The session with today's prices wherever one that it offers was archived; not priced yet. What is not sold any more stays."""
    current = await _products_now(ports, checkout)
    products = tuple(_renewed(product, current, checkout) for product in checkout.products)
    if products == checkout.products:
        return checkout
    renewed = replace(checkout, products=products)
    gone = [line for line in checkout.lines if renewed.product(line.product_id).price(line.price_id) is None]
    if not gone:
        return renewed
    return replace(renewed, lines=_offer(checkout, renewed) if checkout.offers else _cart(renewed))


def with_products_now(checkout: Checkout, known: Mapping[UUID, Product]) -> Checkout:
    """The session with its products as the catalogue has them now (`known`), for showing: its lines and amounts stay as they are.

    Prices that were made for the session stay, beside those that the catalogue lists now.
    """
    products = tuple(_as_now(product, known.get(product.id)) for product in checkout.products)
    if not checkout.listed_prices:
        return replace(checkout, products=products)
    own = {price.product_id for price in checkout.listed_prices}
    listed = tuple(price for product in known.values() if product.id in own for price in product.active_prices)
    return replace(checkout, products=products, listed_prices=listed)


def _as_now(kept: Product, now: Product | None) -> Product:
    if now is None:
        return kept
    if any(price.source != "catalog" for price in kept.prices):
        return replace(now, prices=kept.prices)
    return now  # the very same object as long as it is remembered: it is rendered once for all sessions


async def is_gone(ports: Ports, checkout: Checkout) -> bool:
    """Whether the session cannot be bought any more: its price is not sold, none followed, and there is nothing else to choose."""
    current = await _products_now(ports, checkout)
    if not any(_is_archived(checkout.price_of(line), current) for line in checkout.lines):
        return False
    renewed = await at_current_prices(ports, checkout)
    if not any(_is_archived(renewed.price_of(line), current) for line in renewed.lines):
        return False
    others = (renewed.product(offer) for offer in renewed.offers if offer != renewed.selected.id)
    return not any(_may_be_chosen(product, current) for product in others)


def bounds_that_fit(prices: Sequence[Price], bounds: CountBounds) -> CountBounds:
    """The session's bounds as far as these prices are sold by what they bound, and allow them."""
    wrong = {problem.where[0] for problem in count_problems(prices, Counts(bounds=bounds))}
    kept = {name: None if name in wrong else getattr(bounds, name) for name in CountBounds.__slots__}
    return CountBounds(**kept)


async def _products_now(ports: Ports, checkout: Checkout) -> Mapping[UUID, Product]:
    return await ports.cache.products(checkout.organization_id, [product.id for product in checkout.products])


def _is_archived(price: Price, current: Mapping[UUID, Product]) -> bool:
    if price.source != "catalog":
        return False
    product = current.get(price.product_id)
    now = product.price(price.id) if product else None
    return now is None or now.is_archived


def _may_be_chosen(product: Product, current: Mapping[UUID, Product]) -> bool:
    now = current.get(product.id)
    is_sold = now is not None and not now.is_archived
    return is_sold and any(not _is_archived(price, current) for price in product.active_prices)


def _renewed(product: Product, current: Mapping[UUID, Product], checkout: Checkout) -> Product:
    """The session's copy of a product; with today's prices where one of its own was archived and others are in its currency."""
    if not any(_is_archived(price, current) for price in product.active_prices):
        return product
    now = current.get(product.id)
    is_sold = now is not None and (now.kind == "addon" or sale_problem(now) is None) and not now.is_archived
    if now is None or not is_sold or not in_currency(now.active_prices, checkout.price_currency):
        return product
    return replace(product, prices=now.active_prices)


def _offer(before: Checkout, renewed: Checkout) -> tuple[Line, ...]:
    """The lines of the chosen product at its new prices; as many seats and as large an amount as before where that still fits."""
    prices = charged_prices(in_currency(renewed.selected.prices, before.price_currency))
    counts = Counts(seats=before.seats, units=before.units, bounds=bounds_that_fit(prices, before.counts))
    if count_problems(prices, counts):
        counts = replace(counts, seats=None, units=None)
    return offer_lines(prices, counts, chosen_minor=_fitting_amount(prices[0], before.lines[0].chosen_minor))


def _cart(checkout: Checkout) -> tuple[Line, ...]:
    """The cart's lines, each at a price that its product has."""
    lines = []
    for line in checkout.lines:
        product = checkout.product(line.product_id)
        if product.price(line.price_id) is None:
            price = charged_prices(in_currency(product.prices, checkout.price_currency))[0]
            line = replace(line, price_id=price.id, chosen_minor=_fitting_amount(price, line.chosen_minor))
        lines.append(line)
    return tuple(lines)


def _fitting_amount(price: Price, chosen_minor: int | None) -> int | None:
    """The amount that the buyer chose, where this price still allows it; else None for the price's own."""
    if chosen_minor is None or not isinstance(price.terms, Custom):
        return None
    return None if check_custom_amount(price.terms, chosen_minor, price.currency) else chosen_minor
