"""Create and change products. A price is never edited: it is kept, archived, or a new one is added."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

from checkstand.domain.catalog import Price, PriceDefinition, Product, ProductKind, check_composition, off_step_problems
from checkstand.domain.changes import Given, dated, made_of, with_given
from checkstand.domain.errors import CheckstandError, Invalid, NotFound, Problem
from checkstand.domain.facts import FactType
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.profile import profile_of
from checkstand.flows.ports import FactWriter, Ports, fact_writer
from checkstand.store import checkout_links
from checkstand.store import facts as fact_store
from checkstand.store.catalogue import products
from checkstand.store.catalogue.products import PRODUCTS
from checkstand.store.database import Transaction

Parameters = ParamSpec("Parameters")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """The prices a product shall have: existing ones to keep, and new ones."""

    keep: tuple[UUID, ...] = ()
    add: tuple[PriceDefinition, ...] = ()


class ProductChanged(CheckstandError):
    """The product is not any more what a change was worked out from: read it again, then decide again."""

    code = "product_changed"


def retry_on_conflict(change: Callable[Parameters, Awaitable[T]]) -> Callable[Parameters, Awaitable[T]]:
    """The change, worked out from the beginning again whenever the product was changed meanwhile (ProductChanged)."""

    @wraps(change)
    async def again(*args: Parameters.args, **kwargs: Parameters.kwargs) -> T:
        while True:
            try:
                return await change(*args, **kwargs)
            except ProductChanged:
                continue

    return again


async def create_product(
    ports: Ports,
    organization: Organization,
    given: Given,
    definitions: Sequence[PriceDefinition],
    *,
    refused: Sequence[Problem] = (),
) -> Product:
    """A new product with the fields that were given, and with its prices. `refused`: what else is wrong with it.
    Raises Invalid with all of it.
    """
    now = ports.now(organization)
    own = {"id": ports.new_id(), "organization_id": organization.id, "prices": (), "created_at": now}
    blank = made_of(Product, given, **own)
    problems = [*refused, *off_step_problems(definitions)]
    if not _combines_freely(blank):
        problems += check_composition(definitions, default_currency=organization.settings.default_currency)
    if problems:
        raise Invalid(problems)
    product = replace(blank, prices=_prices(ports, blank.id, definitions, now))
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        await products.add(tx, product)
        await _settle(ports, tx, tell, FactType.PRODUCT_CREATED, product)
    _tell(ports, product)
    return product


def _combines_freely(product: Product) -> bool:
    """Whether the API that the product was made by lets its prices be of any kind together."""
    made_by = product.extras.get("dialect")
    return isinstance(made_by, str) and profile_of(made_by).combines_prices_freely


async def change_product(
    ports: Ports,
    organization: Organization,
    product_id: UUID,
    given: Given,
    prices: PriceList | None = None,
    *,
    refused: Sequence[Problem] = (),
    unless_changed_from: Product | None = None,
) -> Product:
    """The product with the fields that were given. Prices that are not listed are archived; None leaves them alone.

    `refused`: what else is wrong. `unless_changed_from`: the product as it was read, where what is given follows from that.
    Raises NotFound; Invalid; ProductChanged, and changes nothing, when it is another one by now (see `retry_on_conflict`).
    """
    now = ports.now(organization)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        found = await products.locked(tx, organization.id, product_id)
        if found is None:
            raise NotFound
        if unless_changed_from is not None and found != unless_changed_from:
            raise ProductChanged
        product = with_given(found, given)
        if prices is not None:
            product = replace(product, prices=_with_list(ports, organization, product, prices, refused, now))
        elif refused:
            raise Invalid(refused)
        product = dated(found, product, now) if _dates_change(found, product) else product
        await products.save(tx, product)
        await _settle(ports, tx, tell, FactType.PRODUCT_UPDATED, product)
    _tell(ports, product)
    return product


def _dates_change(found: Product, changed: Product) -> bool:
    """Whether a change is one of the product itself: other prices, pictures and questions are only where it is dated whole."""
    made_by = found.extras.get("dialect")
    if isinstance(made_by, str) and profile_of(made_by).dates_products_whole:
        return True
    return replace(changed, prices=found.prices, images=found.images, fields=found.fields) != found


async def read_product(
    ports: Ports, organization: Organization, product_id: UUID, *, kind: ProductKind = "product"
) -> Product:
    """A product (or add-on) of this organization, archived ones included. Raises NotFound."""
    found = await PRODUCTS.by_id(ports.db, organization.id, product_id)
    if found is None or found.kind != kind:
        raise NotFound
    return found


def _with_list(
    ports: Ports,
    organization: Organization,
    product: Product,
    wanted: PriceList,
    refused: Sequence[Problem],
    now: datetime,
) -> tuple[Price, ...]:
    known = {price.id for price in product.active_prices}
    problems = [*refused, *off_step_problems(wanted.add)]
    problems += [
        Problem(ProblemCode.PRICE_UNKNOWN, ("prices", position), str(price_id))
        for position, price_id in enumerate(wanted.keep)
        if price_id not in known
    ]
    kept = [price for price in product.active_prices if price.id in wanted.keep]
    as_definitions = [
        PriceDefinition(currency=price.currency, terms=price.terms, tax_behavior=price.tax_behavior) for price in kept
    ]
    composition = check_composition(
        [*as_definitions, *wanted.add], default_currency=organization.settings.default_currency
    )
    if not _combines_freely(product):
        problems += composition
    if problems:
        raise Invalid(problems)
    old = tuple(
        price if price.id in wanted.keep or price.is_archived else replace(price, is_archived=True, modified_at=now)
        for price in product.prices
    )
    return old + _prices(ports, product.id, wanted.add, now)


def _prices(ports: Ports, product_id: UUID, definitions: Sequence[PriceDefinition], now: datetime) -> tuple[Price, ...]:
    return tuple(
        Price(
            id=ports.new_id(),
            product_id=product_id,
            currency=definition.currency,
            terms=definition.terms,
            tax_behavior=definition.tax_behavior,
            discount_percent=definition.discount_percent,
            created_at=now,
        )
        for definition in definitions
    )


async def _settle(ports: Ports, tx: Transaction, tell: FactWriter, kind: FactType, product: Product) -> None:
    """Write what follows from a stored product, in its transaction: links without it, the fact, the word to other processes."""
    if product.is_archived:
        # Nobody may be led to what is no longer sold (docs/behaviour/polar.md#checkout-links).
        await checkout_links.without_product(tx, product.organization_id, product.id)
    # Events tell of products that can be bought by themselves.
    facts = [tell(kind, product.id, shows=product)] if product.kind == "product" else []
    await fact_store.record(tx, product.organization_id, facts)
    await ports.cache.changed(tx, product.organization_id)


def _tell(ports: Ports, product: Product) -> None:
    """Forget what this process remembers of the catalogue, and wake the worker."""
    ports.cache.forget(product.organization_id)
    ports.wake()
