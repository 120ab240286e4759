"""Create and change products. A price is never edited: it is kept, archived, or a new one is added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from checkstand.domain.catalog import Price, PriceDefinition, Product, ProductKind, check_composition, off_step_problems
from checkstand.domain.errors import CheckstandError, Invalid, NotFound, Problem
from checkstand.domain.facts import FactType
from checkstand.domain.organization import Organization
from checkstand.domain.profile import profile_of
from checkstand.flows.ports import Ports, fact_writer
from checkstand.store import checkout_links
from checkstand.store import facts as fact_store
from checkstand.store.catalogue import products


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """The prices a product shall have: existing ones to keep, and new ones. `refused`: what is wrong with others that were given."""

    keep: tuple[UUID, ...] = ()
    add: tuple[PriceDefinition, ...] = ()
    refused: tuple[Problem, ...] = ()


class ProductChanged(CheckstandError):
    """The product is not any more what a change was worked out from: read it again, then decide again."""

    code = "product_changed"


async def create_product(
    ports: Ports,
    organization: Organization,
    draft: Product,
    definitions: Sequence[PriceDefinition],
    *,
    refused: Sequence[Problem] = (),
) -> Product:
    """A new product with its prices. `draft` comes without prices; `refused`: what else is wrong. Raises Invalid with all of it."""
    problems = [*refused, *off_step_problems(definitions)]
    if not _combines_freely(draft):
        problems += check_composition(definitions, default_currency=organization.settings.default_currency)
    if problems:
        raise Invalid(problems)
    now = ports.now(organization)
    product = replace(draft, prices=_prices(ports, draft.id, definitions, now), created_at=now)
    await _store(ports, product, FactType.PRODUCT_CREATED, now, is_new=True)
    return product


def _combines_freely(product: Product) -> bool:
    """Whether the API that the product was made by lets its prices be of any kind together."""
    made_by = product.extras.get("dialect")
    return isinstance(made_by, str) and profile_of(made_by).combines_prices_freely


async def change_product(
    ports: Ports,
    organization: Organization,
    changed: Product,
    prices: PriceList | None,
    *,
    unless_changed_from: Product | None = None,
) -> Product:
    """A changed product. Prices that are not listed are archived; None leaves them alone. Raises Invalid, NotFound.

    `unless_changed_from`: the product as it was read; raises ProductChanged, and changes nothing, when it is another one by now.
    """
    now = ports.now(organization)
    product = replace(changed, modified_at=now)
    if prices is not None:
        product = replace(product, prices=_with_list(ports, organization, product, prices, now))
    await _store(ports, product, FactType.PRODUCT_UPDATED, now, is_new=False, expected=unless_changed_from)
    return product


async def read_product(
    ports: Ports, organization: Organization, product_id: UUID, *, kind: ProductKind = "product"
) -> Product:
    """A product (or add-on) of this organization, archived ones included. Raises NotFound."""
    found = (await products.by_ids(ports.db, organization.id, [product_id])).get(product_id)
    if found is None or found.kind != kind:
        raise NotFound
    return found


def _with_list(
    ports: Ports, organization: Organization, product: Product, wanted: PriceList, now: datetime
) -> tuple[Price, ...]:
    known = {price.id for price in product.active_prices}
    problems = [*wanted.refused, *off_step_problems(wanted.add)]
    problems += [
        Problem("price_unknown", ("prices", position), str(price_id))
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


async def _store(
    ports: Ports, product: Product, kind: FactType, now: datetime, *, is_new: bool, expected: Product | None = None
) -> None:
    tell = await fact_writer(ports, product.organization_id, now)
    # Events tell of products that can be bought by themselves.
    facts = [tell(kind, product.id, shows=product)] if product.kind == "product" else []
    async with ports.db.transaction() as tx:
        if is_new:
            await products.add(tx, product)
        else:
            if expected is not None and await products.locked(tx, product.organization_id, product.id) != expected:
                raise ProductChanged
            await products.save(tx, product)
        if product.is_archived:
            # Nobody may be led to what is no longer sold (polar.md 5.6).
            await checkout_links.without_product(tx, product.organization_id, product.id, now=now)
        await fact_store.record(tx, product.organization_id, facts)
        await ports.cache.changed(tx, product.organization_id)
    ports.cache.forget(product.organization_id)
    ports.wake()
