"""Create, change and delete checkout links (docs/behaviour/polar.md#checkout-links).

A refusal lists every problem of the step that found one: products, then the discount, then locked numbers. What a change of products
makes meaningless (the trial, a locked number, the one price) goes without a word unless the same request asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from checkstand.domain import ids
from checkstand.domain.catalog import Product
from checkstand.domain.changes import Given, dated, made_of, with_given
from checkstand.domain.errors import Invalid, NotFound, Problem
from checkstand.domain.link import CheckoutLink, fits_all, lock_problem, usable_trial
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.checkout.choose_lines import product_of_price, sale_problem
from checkstand.flows.ports import Ports
from checkstand.store import checkout_links
from checkstand.store.catalogue.discounts import DISCOUNTS
from checkstand.store.catalogue.products import PRODUCTS
from checkstand.store.checkout_links import LINKS
from checkstand.store.executor import Executor


async def create_link(ports: Ports, organization: Organization, given: Given) -> CheckoutLink:
    """A new link with the fields that were given: `price_id`, or `product_ids`. Raises Invalid."""
    secret = ids.secret(ids.SecretPrefix.CHECKOUT_LINK, random_bytes=ports.random_bytes)
    link = made_of(
        CheckoutLink,
        {"product_ids": (), **given},
        id=ports.new_id(),
        organization_id=organization.id,
        client_secret=secret,
        created_at=ports.now(organization),
    )
    if link.price_id is not None:
        sold = [await product_of_price(ports, organization, link.price_id)]
    else:
        sold = await _sold(ports.db, organization.id, link.product_ids)
    await _check_discount(ports.db, link, sold)
    _check_locks(sold, link, given)
    link = _selling(link, sold)
    await LINKS.insert(ports.db, link)
    return link


async def change_link(ports: Ports, organization: Organization, link_id: UUID, given: Given) -> CheckoutLink:
    """The link with the fields that were given. Raises NotFound, Invalid."""
    async with ports.db.transaction() as tx:
        found = await LINKS.by_id(tx, organization.id, link_id, hold=True)
        if found is None:
            raise NotFound
        changed = with_given(found, given)
        if "product_ids" in given:
            sold = await _sold(tx, organization.id, changed.product_ids)
        else:
            known = await PRODUCTS.by_ids(tx, organization.id, found.product_ids)
            sold = [known[product_id] for product_id in found.product_ids]
        if "discount_id" in given:
            await _check_discount(tx, changed, sold)
        _check_locks(sold, changed, given)
        changed = _selling(changed, sold)
        if changed.product_ids != found.product_ids:
            trial = changed.trial if "trial" in given else usable_trial(changed.trial, sold)
            changed = replace(changed, price_id=None, trial=trial)
        changed = dated(found, changed, ports.now(organization))
        await LINKS.update(tx, changed)
    return changed


def _selling(link: CheckoutLink, sold: Sequence[Product]) -> CheckoutLink:
    """The link for these products, without what means nothing for them."""
    return replace(
        link,
        product_ids=tuple(product.id for product in sold),
        seats=None if lock_problem(sold, "seats", link.seats) else link.seats,
        units=None if lock_problem(sold, "units", link.units) else link.units,
    )


async def read_link(ports: Ports, organization: Organization, link_id: UUID) -> CheckoutLink:
    """A link of this organization. Raises NotFound."""
    found = await LINKS.by_id(ports.db, organization.id, link_id)
    if found is None:
        raise NotFound
    return found


async def delete_link(ports: Ports, organization: Organization, link_id: UUID) -> None:
    """Delete a link: its address is unknown from then on. Sessions that it made stay. Raises NotFound."""
    if not await checkout_links.remove(ports.db, organization.id, link_id):
        raise NotFound


async def _sold(db: Executor, organization_id: UUID, product_ids: Sequence[UUID]) -> list[Product]:
    """The products in their order. Raises Invalid with a problem for each that cannot be sold, also for the only one."""
    known = await PRODUCTS.by_ids(db, organization_id, product_ids)
    sold: list[Product] = []
    problems: list[Problem] = []
    for position, product_id in enumerate(product_ids):
        product = known.get(product_id)
        code = sale_problem(product)
        if product is not None and code is None:
            sold.append(product)
        else:
            where = ("products", position)
            problems.append(Problem(code or ProblemCode.PRODUCT_UNKNOWN, where, str(product_id)))
    if problems:
        raise Invalid(problems)
    return sold


async def _check_discount(db: Executor, link: CheckoutLink, sold: Sequence[Product]) -> None:
    if link.discount_id is None:
        return
    if not fits_all(await DISCOUNTS.living(db, link.organization_id, link.discount_id), sold):
        raise Invalid.single(ProblemCode.LINK_DISCOUNT_UNFIT, "discount_id", given=str(link.discount_id))


def _check_locks(sold: Sequence[Product], link: CheckoutLink, given: Given) -> None:
    """Refuse the numbers that were given and cannot be locked; one that was there before goes without a word."""
    found = [
        lock_problem(sold, "seats", link.seats) if "seats" in given else None,
        lock_problem(sold, "units", link.units) if "units" in given else None,
    ]
    problems = [problem for problem in found if problem is not None]
    if problems:
        raise Invalid(problems)
