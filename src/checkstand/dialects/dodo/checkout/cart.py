"""The cart of `POST /checkouts` against the catalogue: what it names, in which currency, and what may not be together.

Prices are taken in one currency for the whole cart; in which one the buyer pays is the flow's business.

Source: docs/behaviour/dodo.md#cart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from checkstand.dialects.dodo.shown import products as translate
from checkstand.dialects.dodo.wire.models import CartItemIn, CheckoutIn
from checkstand.dialects.dodo.wire.words import named
from checkstand.domain.catalog import Custom, Price, Product, Visibility, in_currency, is_static
from checkstand.domain.country_currency import currency_of_country
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.checkout.checkout_request import CartAddon, CartItem
from checkstand.flows.ports import Ports


@dataclass(frozen=True, slots=True)
class CartLine:
    """An item of the cart with the product it names, if that can be sold, and its add-ons as the product has them."""

    position: int
    item: CartItemIn
    product: Product
    addons: tuple[Product, ...] = ()

    def where(self, *field: str | int) -> tuple[str | int, ...]:
        return ("product_cart", self.position, *field)

    @property
    def is_by_usage(self) -> bool:
        return translate.is_by_usage(self.product)

    @property
    def quantity(self) -> int:
        """What is sold by usage is sold once: there is no number for the buyer to choose."""
        return 1 if self.is_by_usage else self.item.quantity


async def read_cart(ports: Ports, organization: Organization, body: CheckoutIn) -> list[CartLine]:
    """Each item with its product and add-ons. Raises Invalid naming every one that cannot be sold, in the caller's spelling."""
    if not body.product_cart:
        raise Invalid([_empty_cart(body)])
    wanted = [named(DodoPrefix.PRODUCT, item.product_id) for item in body.product_cart]
    known = [product_id for product_id in wanted if product_id]
    found = await ports.cache.products(organization.id, [*known, *_addon_ids(body)])
    lines: list[CartLine] = []
    problems: list[Problem] = []
    for position, (item, product_id) in enumerate(zip(body.product_cart, wanted, strict=True)):
        product = found.get(product_id) if product_id else None
        code = _why_not_sold(product)
        if product is None or code:
            problems.append(
                Problem(code or ProblemCode.PRODUCT_UNKNOWN, ("product_cart", position, "product_id"), item.product_id)
            )
            continue
        line = CartLine(position, item, product, _offered(item, product, found))
        problems += _addon_problems(line)
        lines.append(line)
    if problems:
        raise Invalid(problems)
    return lines


def _empty_cart(body: CheckoutIn) -> Problem:
    if body.product_collection_id is not None:
        return Problem(ProblemCode.COLLECTION_UNKNOWN, ("product_collection_id",), body.product_collection_id)
    return Problem(ProblemCode.CART_EMPTY, ("product_cart",))


def _addon_ids(body: CheckoutIn) -> list[UUID]:
    ids = [named(DodoPrefix.ADDON, addon.addon_id) for item in body.product_cart for addon in item.addons or ()]
    return [addon_id for addon_id in ids if addon_id]


def _why_not_sold(product: Product | None) -> ProblemCode | None:
    if product is None or product.kind != "product":
        return ProblemCode.PRODUCT_UNKNOWN
    if product.is_archived:
        return ProblemCode.PRODUCT_ARCHIVED
    if product.visibility is Visibility.DRAFT:
        return ProblemCode.PRODUCT_DRAFT
    return None if product.active_prices else ProblemCode.PRICE_MISSING


def _offered(item: CartItemIn, product: Product, found: Mapping[UUID, Product]) -> tuple[Product, ...]:
    """The item's add-ons that are the product's own, in the item's order."""
    wanted = [named(DodoPrefix.ADDON, addon.addon_id) for addon in item.addons or ()]
    return tuple(found[one] for one in wanted if one in product.addons and one in found)


def _addon_problems(line: CartLine) -> list[Problem]:
    """Add-ons come with subscriptions that have them, each once."""
    given = [addon.addon_id for addon in line.item.addons or ()]
    if not given:
        return []
    where = line.where("addons")
    if line.product.recurrence is None:
        return [Problem(ProblemCode.ADDON_ON_ONE_TIME, where, line.item.product_id)]
    if line.is_by_usage:
        return [Problem(ProblemCode.ADDON_ON_METERED, where, line.item.product_id)]
    twice = next((addon_id for addon_id in given if given.count(addon_id) > 1), None)
    if twice is not None:
        return [Problem(ProblemCode.ADDON_TWICE, where, twice)]
    offered = {addon.id for addon in line.addons}
    missing = [addon_id for addon_id in given if named(DodoPrefix.ADDON, addon_id) not in offered]
    return [Problem(ProblemCode.ADDON_UNKNOWN, where, ", ".join(missing))] if missing else []


def cart_problems(lines: Sequence[CartLine]) -> list[Problem]:
    """What is wrong with lines that could each be sold."""
    problems = [
        Problem(ProblemCode.QUANTITY_NOT_ONE, line.where("quantity"), line.item.quantity)
        for line in lines
        if line.is_by_usage and line.item.quantity > 1
    ]
    if len({line.product.brand_id for line in lines}) > 1:
        problems.append(Problem(ProblemCode.BRANDS_DIFFER, ("product_cart",)))
    return problems


def price_currency(organization: Organization, body: CheckoutIn, lines: Sequence[CartLine]) -> str:
    """The prices' currency: the one that is charged, where everything has a price in it, so that nothing needs converting; else
    the business's, else the first product's.
    """
    priced = [product for line in lines for product in (line.product, *line.addons)]
    offered = [[price.currency for price in product.active_prices] for product in priced]
    common = set(offered[0]).intersection(*offered)
    wishes = [*charged_currency(organization, body), organization.settings.default_currency, *offered[0]]
    return next((code for code in wishes if code in common), offered[0][0])


def charged_currency(organization: Organization, body: CheckoutIn) -> list[str]:
    """The currency that was asked for, else the buyer's own; none where the business sells in its own alone.

    Source: docs/behaviour/dodo.md#currency-and-rounding.
    """
    if not organization.settings.adaptive_currency:
        return []
    local = currency_of_country(body.billing_address.country) if body.billing_address else None
    return [code for code in (body.billing_currency or local,) if code]


def wanted(line: CartLine) -> CartItem:
    """The line as the flow takes it."""
    given = line.item.addons or ()
    return CartItem(
        product_id=line.product.id,
        where=line.where("product_id"),
        quantity=line.quantity,
        chosen_minor=line.item.amount,
        addons=tuple(
            CartAddon(product_id=addon.id, where=line.where("addons", place, "addon_id"), quantity=one.quantity)
            for place, (addon, one) in enumerate(zip(line.addons, given, strict=True))
        ),
    )


def _price(line: CartLine, currency: str) -> Price | None:
    return next((price for price in in_currency(line.product.prices, currency) if is_static(price)), None)


def lacks_amount(line: CartLine, currency: str) -> bool:
    """True while the buyer still has to say what to pay."""
    price = _price(line, currency)
    return price is not None and isinstance(price.terms, Custom) and line.item.amount is None


def is_decided(line: CartLine, currency: str) -> bool:
    """True when the buyer cannot change what the line costs: only then is a total judged before the buyer has chosen."""
    return line.quantity > 0 and not lacks_amount(line, currency)
