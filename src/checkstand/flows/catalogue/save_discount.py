"""Create, change and delete discounts. A deleted one stays for the orders that name it, and its code is free again.

A change is worked out under the discount's lock, so that it sees how often it was redeemed and nobody redeems it meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from checkstand.domain.changes import dated
from checkstand.domain.discount import Discount, Percentage
from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.facts import FactType
from checkstand.domain.money import step_missed
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.ports import Ports, fact_writer
from checkstand.store import facts as fact_store
from checkstand.store.catalogue import discounts
from checkstand.store.catalogue.discounts import DISCOUNTS
from checkstand.store.catalogue.products import PRODUCTS


async def create_discount(ports: Ports, organization: Organization, draft: Discount) -> Discount:
    """A new discount. Raises Invalid when its code is taken, or an amount of it could not be charged."""
    _check_amounts(draft)
    now = ports.now(organization)
    discount = replace(draft, created_at=now)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        if not await discounts.add(tx, discount):
            raise _code_taken(discount)
        await fact_store.record(tx, organization.id, [tell(FactType.DISCOUNT_CREATED, discount.id, shows=discount)])
    ports.wake()
    return discount


async def change_discount(
    ports: Ports, organization: Organization, discount_id: UUID, change: Callable[[Discount], Discount]
) -> Discount:
    """A changed discount. `change` gets it as it is now and raises Invalid for what cannot be. Raises NotFound, Invalid."""
    now = ports.now(organization)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        found = await discounts.locked(tx, organization.id, discount_id)
        if found is None:
            raise NotFound
        changed = dated(found, change(found), now)
        if changed.takes != found.takes:
            _check_amounts(changed)
        if not await discounts.save(tx, changed):
            raise _code_taken(changed)
        await fact_store.record(tx, organization.id, [tell(FactType.DISCOUNT_UPDATED, discount_id, shows=changed)])
        await ports.cache.changed(tx, organization.id)
    ports.cache.forget(organization.id)
    ports.wake()
    return changed


async def delete_discount(ports: Ports, organization: Organization, discount_id: UUID) -> None:
    """Take a discount out of use. Raises NotFound."""
    now = ports.now(organization)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        found = await discounts.locked(tx, organization.id, discount_id)
        if found is None:
            raise NotFound
        await discounts.delete(tx, organization.id, discount_id, now=now)
        await fact_store.record(tx, organization.id, [tell(FactType.DISCOUNT_DELETED, discount_id, shows=found)])
        await ports.cache.changed(tx, organization.id)
    ports.cache.forget(organization.id)
    ports.wake()


async def read_discount(ports: Ports, organization: Organization, discount_id: UUID) -> Discount:
    """A living discount of this organization. Raises NotFound."""
    found = await DISCOUNTS.living(ports.db, organization.id, discount_id)
    if found is None:
        raise NotFound
    return found


async def read_discount_by_code(ports: Ports, organization: Organization, code: str) -> Discount:
    """The living discount with this code, in any case. Raises NotFound."""
    # No code has a NUL in it, and PostgreSQL would not even look for one.
    found = None if "\0" in code else await discounts.by_code(ports.db, organization.id, code)
    if found is None:
        raise NotFound
    return found


async def missing_products(ports: Ports, organization: Organization, product_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of the ids that are no product of this organization; archived ones may be named."""
    known = await PRODUCTS.by_ids(ports.db, organization.id, product_ids) if product_ids else {}
    return frozenset(product_ids) - frozenset(known)


def _check_amounts(discount: Discount) -> None:
    """Raises Invalid for an amount off that is no multiple of its currency's step."""
    takes = discount.takes
    for code, amount in (takes.caps if isinstance(takes, Percentage) else takes.amounts).items():
        if step := step_missed(amount, code):
            raise Invalid.single(ProblemCode.AMOUNT_OFF_STEP, "amount", given=amount, step=step, currency=code)


def _code_taken(discount: Discount) -> Invalid:
    return Invalid.single(ProblemCode.DISCOUNT_CODE_TAKEN, "code", given=discount.code)
