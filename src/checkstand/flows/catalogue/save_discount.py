"""Create, change and delete discounts. A deleted one stays for the orders that name it, and its code is free again.

A change is worked out under the discount's lock, so that it sees how often it was redeemed and nobody redeems it meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from checkstand.domain.changes import Given, dated, made_of, with_given
from checkstand.domain.discount import AmountOff, Discount, Percentage
from checkstand.domain.discount_worth import WorthParts
from checkstand.domain.errors import Invalid, NotFound, Problem
from checkstand.domain.facts import FactType
from checkstand.domain.money import step_missed
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.profile import DiscountRules
from checkstand.flows.ports import Ports, fact_writer
from checkstand.store import facts as fact_store
from checkstand.store.catalogue import discounts
from checkstand.store.catalogue.discounts import DISCOUNTS
from checkstand.store.catalogue.products import PRODUCTS

WORTH: Final = "worth"
DEFAULT_RULES: Final = DiscountRules()


async def create_discount(
    ports: Ports, organization: Organization, given: Given, *, rules: DiscountRules = DEFAULT_RULES
) -> Discount:
    """A new discount of the fields that were given, `worth` being parts of what it takes off (WorthParts).

    `rules`: those of the API that it is made through. Raises Invalid when its code is taken, its fields do not go together, or an
    amount of it could not be charged.
    """
    now = ports.now(organization)
    own = {"id": ports.new_id(), "organization_id": organization.id, "created_at": now}
    blank = made_of(Discount, {"name": "", "code": None, "takes": AmountOff(amounts={})}, **own)
    discount = _with_given(blank, given, organization, rules)
    if problems := _rule_problems(discount, given, rules):
        raise Invalid(problems)
    _check_amounts(discount)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        if not await discounts.add(tx, discount):
            raise _code_taken(discount)
        await fact_store.record(tx, organization.id, [tell(FactType.DISCOUNT_CREATED, discount.id, shows=discount)])
    ports.wake()
    return discount


async def change_discount(
    ports: Ports,
    organization: Organization,
    discount_id: UUID,
    given: Given,
    *,
    rules: DiscountRules = DEFAULT_RULES,
    refused: Sequence[Problem] = (),
) -> Discount:
    """The discount with the fields that were given, `worth` being parts of what it takes off (WorthParts).

    `rules`: those of the API that it is changed through. `refused`: what else is wrong. Raises NotFound; Invalid.
    """
    now = ports.now(organization)
    tell = await fact_writer(ports, organization.id, now)
    async with ports.db.transaction() as tx:
        found = await discounts.locked(tx, organization.id, discount_id)
        if found is None:
            raise NotFound
        kept = _kept_problems(found, given, organization) if rules.keeps_worth else []
        changed = with_given(found, _plain(given)) if kept else _with_given(found, given, organization, rules)
        if problems := [*kept, *refused, *_rule_problems(changed, given, rules)]:
            raise Invalid(problems)
        changed = dated(found, changed, now)
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
        deleted = replace(found, modified_at=now)
        await fact_store.record(tx, organization.id, [tell(FactType.DISCOUNT_DELETED, discount_id, shows=deleted)])
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


def _plain(given: Given) -> Given:
    """The given fields without the parts of the worth, which no single field of a discount has."""
    return {name: value for name, value in given.items() if name != WORTH}


def _with_given(discount: Discount, given: Given, organization: Organization, rules: DiscountRules) -> Discount:
    """The discount with what was given over it. Raises Invalid for parts that make no worth."""
    changed = with_given(discount, _plain(given))
    worth = given.get(WORTH)
    if isinstance(worth, WorthParts):
        changed = worth.over(changed, rules, own_currency=organization.settings.default_currency)
    if rules.names_by_code and changed.extras.get("unnamed") and changed.code:
        return replace(changed, name=changed.code)
    return changed


def _kept_problems(found: Discount, given: Given, organization: Organization) -> list[Problem]:
    """What was given of a worth that is kept."""
    worth = given.get(WORTH)
    if not isinstance(worth, WorthParts):
        return []
    return worth.refused(found, own_currency=organization.settings.default_currency)


def _rule_problems(discount: Discount, given: Given, rules: DiscountRules) -> list[Problem]:
    """Fields that do not go together."""
    problems = []
    starts_at, ends_at = discount.starts_at, discount.ends_at
    if not rules.takes_any_dates and starts_at and ends_at and starts_at >= ends_at:
        name = "starts_at" if "starts_at" in given else "ends_at"
        problems.append(Problem(ProblemCode.DISCOUNT_DATES_ORDER, (name,), str(given.get(name))))
    each, most = discount.max_per_customer, discount.max_redemptions
    if rules.compares_limits and each and most and each > most:
        problems.append(Problem(ProblemCode.DISCOUNT_LIMITS_ORDER, ("max_per_customer",), each))
    return problems


def _check_amounts(discount: Discount) -> None:
    """Raises Invalid for an amount off that is no multiple of its currency's step."""
    takes = discount.takes
    for code, amount in (takes.caps if isinstance(takes, Percentage) else takes.amounts).items():
        if step := step_missed(amount, code):
            raise Invalid.single(ProblemCode.AMOUNT_OFF_STEP, "amount", given=amount, step=step, currency=code)


def _code_taken(discount: Discount) -> Invalid:
    return Invalid.single(ProblemCode.DISCOUNT_CODE_TAKEN, "code", given=discount.code)
