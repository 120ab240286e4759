"""Create, change and delete checkout links (polar.md 5.6).

A refusal lists every problem of the step that found one: products, then the discount, then locked numbers. What a change of products
makes meaningless (the trial, a locked number, the one price) goes without a word unless the same request asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from checkstand.domain import ids
from checkstand.domain.catalog import Metadata, Product, Span
from checkstand.domain.errors import Invalid, NotFound, Problem
from checkstand.domain.link import CheckoutLink, fits_all, lock_problem, usable_trial
from checkstand.domain.organization import Organization
from checkstand.flows.checkout_request import Where
from checkstand.flows.choose_lines import product_of_price, why_not_sold
from checkstand.flows.ports import Ports
from checkstand.store import checkout_links, discounts, products
from checkstand.store.database import Executor

NamedBy = Literal["products", "product_id", "product_price_id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDraft:
    """A link as asked for; with a price there are no products."""

    named_by: NamedBy
    product_ids: tuple[UUID, ...] = ()
    price_id: UUID | None = None
    label: str | None = None
    discount_id: UUID | None = None
    seats: int | None = None
    units: int | None = None
    allow_discount_codes: bool = True
    require_billing_address: bool = False
    success_url: str | None = None
    back_url: str | None = None
    trial: Span | None = None
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChanges:
    """What shall become of a link. `given` names the fields that were sent, so that None can take something away."""

    given: frozenset[str]
    product_ids: tuple[UUID, ...] | None = None
    label: str | None = None
    discount_id: UUID | None = None
    seats: int | None = None
    units: int | None = None
    allow_discount_codes: bool | None = None
    require_billing_address: bool | None = None
    success_url: str | None = None
    back_url: str | None = None
    trial: Span | None = None
    metadata: Metadata | None = None

    def gives(self, name: str) -> bool:
        return name in self.given


async def create_link(ports: Ports, organization: Organization, draft: LinkDraft) -> CheckoutLink:
    """A new link. Raises Invalid."""
    if draft.price_id is not None:
        sold = [await product_of_price(ports, organization, draft.price_id)]
    else:
        sold = await _sold(ports.db, organization.id, draft.product_ids, draft.named_by)
    await _check_discount(ports.db, organization.id, draft.discount_id, sold)
    _check_locks(sold, seats=draft.seats, units=draft.units)
    link = CheckoutLink(
        id=ports.new_id(),
        organization_id=organization.id,
        client_secret=ids.secret(ids.SecretPrefix.CHECKOUT_LINK, random_bytes=ports.random_bytes),
        label=draft.label,
        product_ids=tuple(product.id for product in sold),
        price_id=draft.price_id,
        discount_id=draft.discount_id,
        seats=draft.seats,
        units=draft.units,
        allow_discount_codes=draft.allow_discount_codes,
        require_billing_address=draft.require_billing_address,
        success_url=draft.success_url,
        back_url=draft.back_url,
        trial=usable_trial(draft.trial, sold),
        metadata=draft.metadata,
        created_at=ports.now(organization),
    )
    await checkout_links.add(ports.db, link)
    return link


async def change_link(ports: Ports, organization: Organization, link_id: UUID, changes: LinkChanges) -> CheckoutLink:
    """A changed link. Raises NotFound, Invalid."""
    async with ports.db.transaction() as tx:
        found = await checkout_links.locked(tx, organization.id, link_id)
        if found is None:
            raise NotFound
        if changes.product_ids is not None:
            sold = await _sold(tx, organization.id, changes.product_ids, "products")
        else:
            known = await products.by_ids(tx, organization.id, found.product_ids)
            sold = [known[product_id] for product_id in found.product_ids]
        if changes.gives("discount_id"):
            await _check_discount(tx, organization.id, changes.discount_id, sold)
        _check_locks(sold, seats=changes.seats, units=changes.units)
        changed = replace(_changed(found, changes, sold), modified_at=ports.now(organization))
        await checkout_links.save(tx, changed)
    return changed


def _changed(found: CheckoutLink, changes: LinkChanges, sold: Sequence[Product]) -> CheckoutLink:
    product_ids = found.product_ids if changes.product_ids is None else changes.product_ids
    seats = changes.seats if changes.gives("seats") else found.seats
    units = changes.units if changes.gives("units") else found.units
    codes, address = changes.allow_discount_codes, changes.require_billing_address
    return replace(
        found,
        product_ids=product_ids,
        price_id=found.price_id if product_ids == found.product_ids else None,
        label=changes.label if changes.gives("label") else found.label,
        discount_id=changes.discount_id if changes.gives("discount_id") else found.discount_id,
        seats=None if lock_problem(sold, "seats", seats) else seats,
        units=None if lock_problem(sold, "units", units) else units,
        allow_discount_codes=found.allow_discount_codes if codes is None else codes,
        require_billing_address=found.require_billing_address if address is None else address,
        success_url=changes.success_url if changes.gives("success_url") else found.success_url,
        back_url=changes.back_url if changes.gives("back_url") else found.back_url,
        trial=usable_trial(changes.trial if changes.gives("trial") else found.trial, sold),
        metadata=found.metadata if changes.metadata is None else changes.metadata,
    )


async def read_link(ports: Ports, organization: Organization, link_id: UUID) -> CheckoutLink:
    """A link of this organization. Raises NotFound."""
    found = await checkout_links.by_id(ports.db, organization.id, link_id)
    if found is None:
        raise NotFound
    return found


async def delete_link(ports: Ports, organization: Organization, link_id: UUID) -> None:
    """Take a link away: whoever opens it finds nothing. Sessions that it made stay. Raises NotFound."""
    if not await checkout_links.remove(ports.db, organization.id, link_id):
        raise NotFound


async def _sold(db: Executor, organization_id: UUID, product_ids: Sequence[UUID], named_by: NamedBy) -> list[Product]:
    """The products in their order. Raises Invalid with a problem for each that cannot be sold."""
    known = await products.by_ids(db, organization_id, product_ids)
    sold: list[Product] = []
    problems: list[Problem] = []
    for position, product_id in enumerate(product_ids):
        product = known.get(product_id)
        code = why_not_sold(product)
        if product is not None and code is None:
            sold.append(product)
        else:
            where: Where = ("products", position) if named_by == "products" else (named_by,)
            problems.append(Problem(code or "product_unknown", where, str(product_id)))
    if problems:
        raise Invalid(problems)
    return sold


async def _check_discount(
    db: Executor, organization_id: UUID, discount_id: UUID | None, sold: Sequence[Product]
) -> None:
    if discount_id is None:
        return
    if not fits_all(await discounts.by_id(db, organization_id, discount_id), sold):
        raise Invalid.single("link_discount_unfit", "discount_id", given=str(discount_id))


def _check_locks(sold: Sequence[Product], *, seats: int | None, units: int | None) -> None:
    found = [lock_problem(sold, "seats", seats), lock_problem(sold, "units", units)]
    problems = [problem for problem in found if problem is not None]
    if problems:
        raise Invalid(problems)
