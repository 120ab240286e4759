"""From what a request names to products, a currency and lines, for Polar's checkouts and for Dodo's carts by the same rules.

A refusal lists every problem of the step that found one.

Source: docs/behaviour/polar.md#creating-a-checkout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from checkstand.domain.catalog import (
    Custom,
    Price,
    PriceDefinition,
    Product,
    Visibility,
    amount_params,
    check_composition,
    check_custom_amount,
    choose_currency,
    in_currency,
    off_step_problems,
)
from checkstand.domain.checkout import Line
from checkstand.domain.country_currency import currency_of_country
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.lines import charged_prices, offer_lines
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest, Where
from checkstand.flows.ports import Ports
from checkstand.store.catalogue import products


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenLines:
    """What is offered and what will be charged. `offers` in display order; `products` has add-ons too.

    `listed_prices`: what the catalogue asks for those products that the request prices itself.
    """

    products: tuple[Product, ...]
    listed_prices: tuple[Price, ...] = ()
    offers: tuple[UUID, ...]
    currency: str
    lines: tuple[Line, ...]
    prices: tuple[Price, ...]


async def choose_lines(
    ports: Ports, organization: Organization, request: CheckoutRequest, now: datetime
) -> ChosenLines:
    """Products, currency and lines of a request. Raises Invalid."""
    sold = await _load_products(ports, organization, request)
    offered = _with_ad_hoc_prices(ports, organization, request, sold, now)
    currency = _currency(ports, organization, request, offered)
    if request.choose_one:
        selected = next((one for one in offered if one.id == request.preselected), offered[0])
        prices = charged_prices(_only(in_currency(selected.prices, currency), request.price_id))
        amount = _checked_amount(prices[0], request.amount_minor, ("amount",))
        return ChosenLines(
            products=tuple(offered),
            listed_prices=tuple(
                price for product in sold if product.id in request.ad_hoc for price in product.active_prices
            ),
            offers=tuple(product.id for product in offered),
            currency=currency,
            lines=offer_lines(prices, request.counts, chosen_minor=amount),
            prices=prices,
        )
    addons = await _load_addons(ports, organization, request)
    lines = _cart_lines(request, {product.id: product for product in [*offered, *addons]}, currency)
    return ChosenLines(products=(*offered, *addons), offers=(), currency=currency, lines=lines, prices=())


def _only(prices: Sequence[Price], price_id: UUID | None) -> Sequence[Price]:
    """The oldest form of the API names a price: the amount comes from it alone."""
    return [price for price in prices if price_id is None or price.id == price_id]


async def _load_products(ports: Ports, organization: Organization, request: CheckoutRequest) -> list[Product]:
    """The products in the order asked for, each once. One problem per product that cannot be sold."""
    if request.price_id is not None:
        return [await product_of_price(ports, organization, request.price_id)]
    found = await ports.cache.products(organization.id, [item.product_id for item in request.wanted])
    problems: list[Problem] = []
    chosen: dict[UUID, Product] = {}
    for item in request.wanted:
        product = found.get(item.product_id)
        code = sale_problem(product)
        if code or product is None:
            problems.append(Problem(code or ProblemCode.PRODUCT_UNKNOWN, item.where, str(item.product_id)))
        else:
            chosen[product.id] = product
    if problems:
        raise Invalid(problems)
    return list(chosen.values())


def sale_problem(product: Product | None) -> ProblemCode | None:
    """Why a product cannot be put into a session, or None."""
    if product is None or product.kind == "addon":
        return ProblemCode.PRODUCT_UNKNOWN
    if product.is_archived:
        return ProblemCode.PRODUCT_ARCHIVED
    return ProblemCode.PRODUCT_DRAFT if product.visibility is Visibility.DRAFT else None


async def product_of_price(ports: Ports, organization: Organization, price_id: UUID) -> Product:
    """The product of a price that can be sold (the oldest form of the API)."""
    product = await products.by_price_id(ports.db, organization.id, price_id)
    price = product.price(price_id) if product else None
    if product is None or price is None or product.kind == "addon":
        raise Invalid.single(ProblemCode.PRICE_UNKNOWN, "product_price_id", given=str(price_id))
    if product.is_archived:
        raise Invalid.single(ProblemCode.PRODUCT_ARCHIVED, "product_price_id", given=str(price_id))
    if price.is_archived:
        raise Invalid.single(ProblemCode.PRICE_ARCHIVED, "product_price_id", given=str(price_id))
    return replace(product, prices=product.active_prices)


def _with_ad_hoc_prices(
    ports: Ports, organization: Organization, request: CheckoutRequest, chosen: list[Product], now: datetime
) -> list[Product]:
    """Replace the prices of products that the request prices itself, for this session only."""
    if not request.ad_hoc:
        return chosen
    known = {product.id for product in chosen}
    problems = [
        Problem(ProblemCode.AD_HOC_PRODUCT_NOT_OFFERED, ("prices", str(product_id)), str(product_id))
        for product_id in request.ad_hoc
        if product_id not in known
    ]
    for product_id in (product_id for product_id in request.ad_hoc if product_id in known):
        where = ("prices", str(product_id))
        problems += [problem for problem in request.refused if problem.where[:2] == where]
        default = organization.settings.default_currency
        problems += [
            replace(problem, where=where)
            for problem in [
                *check_composition(request.ad_hoc[product_id], default_currency=default),
                *off_step_problems(request.ad_hoc[product_id]),
            ]
        ]
    if problems:
        raise Invalid(problems)
    return [
        replace(
            product,
            prices=_ad_hoc(ports, product, request.ad_hoc[product.id], now, is_selected=product.id == chosen[0].id),
        )
        if product.id in request.ad_hoc
        else product
        for product in chosen
    ]


def _ad_hoc(
    ports: Ports, product: Product, definitions: Sequence[PriceDefinition], now: datetime, *, is_selected: bool
) -> tuple[Price, ...]:
    """New prices of a product for one session. Choosing a product modifies its prices, in the moment that they are made."""
    return tuple(
        Price(
            id=ports.new_id(),
            product_id=product.id,
            currency=definition.currency,
            terms=definition.terms,
            tax_behavior=definition.tax_behavior,
            discount_percent=definition.discount_percent,
            source="ad_hoc",
            created_at=now,
            modified_at=now if is_selected else None,
        )
        for definition in definitions
    )


def _currency(ports: Ports, organization: Organization, request: CheckoutRequest, chosen: Sequence[Product]) -> str:
    """The prices' currency: the wanted one, else the country's, else the organization's, else (for carts) the first product's."""
    if request.price_id is not None:
        named = chosen[0].price(request.price_id)
        assert named is not None, "the product was found by this price"
        return named.currency
    first = request.wanted[0]
    default = organization.settings.default_currency
    if request.choose_one:
        wanted = [request.currency] if request.currency else [*_local(ports, request), default]
    else:
        wanted = [request.currency or default, default, *(price.currency for price in chosen[0].active_prices)]
    selected = next((one for one in chosen if one.id == request.preselected), chosen[0])
    currency = choose_currency(selected.active_prices, wanted=wanted)
    if currency is None:
        raise Invalid.single(ProblemCode.CURRENCY_UNAVAILABLE, *first.where, given=str(first.product_id))
    if request.choose_one:
        return currency
    by_id = {product.id: product for product in chosen}
    problems = [
        Problem(ProblemCode.CURRENCY_UNAVAILABLE, item.where, str(item.product_id), {"currency": currency})
        for item in request.wanted
        if not in_currency(by_id[item.product_id].prices, currency)
    ]
    if problems:
        raise Invalid(problems)
    return currency


def _local(ports: Ports, request: CheckoutRequest) -> list[str]:
    """The currency of the country that the buyer's network address is in, where that can be told."""
    country = ports.places.country_of(request.buyer.ip_address) if request.buyer.ip_address else None
    currency = currency_of_country(country) if country else None
    return [currency] if currency else []


def _checked_amount(price: Price, amount_minor: int | None, where: Where) -> int | None:
    """The chosen amount where the buyer may choose one; ignored elsewhere."""
    if amount_minor is None or not isinstance(price.terms, Custom):
        return None
    code = check_custom_amount(price.terms, amount_minor, price.currency)
    if code:
        raise Invalid([Problem(code, where, amount_minor, amount_params(price.terms, price.currency))])
    return amount_minor


async def _load_addons(ports: Ports, organization: Organization, request: CheckoutRequest) -> list[Product]:
    """The add-ons of a cart. Raises Invalid for each that its product does not have."""
    wanted = [(item, addon) for item in request.wanted for addon in item.addons]
    if not wanted:
        return []
    ids = {addon.product_id for _, addon in wanted}
    found = await ports.cache.products(organization.id, [*ids, *(item.product_id for item, _ in wanted)])
    problems = [
        Problem(ProblemCode.ADDON_UNKNOWN, addon.where, str(addon.product_id))
        for item, addon in wanted
        if addon.product_id not in found or addon.product_id not in found[item.product_id].addons
    ]
    if problems:
        raise Invalid(problems)
    return [found[product_id] for product_id in dict.fromkeys(addon.product_id for _, addon in wanted)]


def _cart_lines(request: CheckoutRequest, by_id: dict[UUID, Product], currency: str) -> tuple[Line, ...]:
    """Every item of the cart, each followed by its add-ons."""
    lines: list[Line] = []
    for item in request.wanted:
        price = charged_prices(in_currency(by_id[item.product_id].prices, currency))[0]
        root = len(lines)
        lines.append(
            Line(
                product_id=item.product_id,
                price_id=price.id,
                quantity=item.quantity,
                buyer_sets_quantity=item.quantity == 0,
                chosen_minor=_checked_amount(price, item.chosen_minor, (*item.where[:-1], "amount")),
            )
        )
        lines += [_addon_line(request, item, addon_at, by_id, currency, root) for addon_at in range(len(item.addons))]
    return tuple(lines)


def _addon_line(
    request: CheckoutRequest, item: CartItem, addon_at: int, by_id: dict[UUID, Product], currency: str, root: int
) -> Line:
    addon = item.addons[addon_at]
    prices = in_currency(by_id[addon.product_id].prices, currency)
    if not prices:
        raise Invalid.single(
            ProblemCode.CURRENCY_UNAVAILABLE, *addon.where, given=str(addon.product_id), currency=currency
        )
    return Line(
        product_id=addon.product_id,
        price_id=prices[0].id,
        quantity=addon.quantity,
        buyer_sets_quantity=request.options.edit_addons,
        part_of=root,
    )
