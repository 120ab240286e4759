"""Which discounts a session gets: found by id or code, judged against what is bought, kept or dropped when that changes.

Source: docs/behaviour/polar.md#discounts and docs/behaviour/polar.md#changing-a-checkout.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from checkstand.domain.catalog import Product, is_free, line_amount
from checkstand.domain.checkout import Line
from checkstand.domain.discount import Discount, redemption_problem
from checkstand.domain.errors import Invalid
from checkstand.domain.pricing import resolve
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.checkout.checkout_request import Where
from checkstand.flows.ports import Ports
from checkstand.store.catalogue.discounts import DISCOUNTS
from checkstand.store.executor import Executor

# A discount that no longer fits what is bought is dropped without a word.
DROPPED_SILENTLY = frozenset(
    {ProblemCode.DISCOUNT_OTHER_PRODUCT, ProblemCode.DISCOUNT_OTHER_CURRENCY, ProblemCode.DISCOUNT_MINIMUM_SUBTOTAL}
)


async def find_discounts(
    ports: Ports,
    organization_id: UUID,
    *,
    discount_id: UUID | None,
    codes: Sequence[str],
    lines: Sequence[Line],
    products: Sequence[Product],
    currency: str,
    now: datetime,
) -> tuple[Discount, ...]:
    """The discounts asked for, in order, each usable now. `currency` is the prices'. Raises Invalid with the first reason."""
    wanted: list[tuple[Where, str, Discount | None]] = []
    if discount_id is not None:
        wanted.append(
            (("discount_id",), str(discount_id), await DISCOUNTS.living(ports.db, organization_id, discount_id))
        )
    for position, code in enumerate(codes):
        where: Where = ("discount_codes", position) if len(codes) > 1 else ("discount_code",)
        wanted.append((where, code, await ports.cache.discount_by_code(organization_id, code)))
    found: list[Discount] = []
    for where, given, discount in wanted:
        reason = discount_problem(discount, lines, products, currency=currency, now=now)
        if discount is not None and any(other.id == discount.id for other in found):
            reason = ProblemCode.DISCOUNT_TWICE
        if reason or discount is None:
            raise Invalid.single(reason or ProblemCode.DISCOUNT_UNKNOWN, *where, given=given)
        found.append(discount)
    return tuple(found)


async def current_discounts(db: Executor, applied: Sequence[Discount]) -> tuple[Discount, ...]:
    """The discounts of a session as the merchant has them today; one that was deleted is as it was last."""
    if not applied:
        return ()
    found = await DISCOUNTS.by_ids(db, applied[0].organization_id, [one.id for one in applied])
    return tuple(found.get(one.id, one) for one in applied)


def fitting_discounts(
    applied: Sequence[Discount], *, lines: Sequence[Line], products: Sequence[Product], currency: str, now: datetime
) -> tuple[Discount, ...]:
    """Those of a session's discounts that still fit what is bought. Whether they are still redeemable is asked at confirm."""

    def fits(one: Discount) -> bool:
        reason = discount_problem(one, lines, products, currency=currency, now=now, even_if_free=True)
        return reason not in DROPPED_SILENTLY

    return tuple(one for one in applied if fits(one))


async def is_redeemable(db: Executor, discount: Discount, *, now: datetime) -> bool:
    """Whether it can still be redeemed: it is there, within its dates, and not used up."""
    current = await DISCOUNTS.living(db, discount.organization_id, discount.id)
    spent = (ProblemCode.DISCOUNT_NOT_STARTED, ProblemCode.DISCOUNT_ENDED, ProblemCode.DISCOUNT_USED_UP)
    return (
        current is not None and redemption_problem(current, product_ids=frozenset(), currency="", now=now) not in spent
    )


def discount_problem(
    discount: Discount | None,
    lines: Sequence[Line],
    products: Sequence[Product],
    *,
    currency: str,
    now: datetime,
    even_if_free: bool = False,
) -> ProblemCode | None:
    """Why a discount cannot be taken from these lines, or None. Order as docs/behaviour/polar.md#discounts.

    `even_if_free`: a discount that is there already stays on a free product, where it takes nothing.
    """
    by_id = {product.id: product for product in products}
    bought = [by_id[line.product_id] for line in lines if line.part_of is None]
    if not even_if_free and all(is_free(price) for line in lines for price in by_id[line.product_id].active_prices):
        return ProblemCode.DISCOUNT_ON_FREE_PRODUCT
    if discount is None:
        return ProblemCode.DISCOUNT_UNKNOWN
    subtotal = sum(
        line_amount(item.price, quantity=item.line.quantity, chosen_minor=item.line.chosen_minor)
        for item in resolve(lines, products)
    )
    ids = frozenset(product.id for product in bought)
    return redemption_problem(discount, product_ids=ids, currency=currency, now=now, subtotal_minor=subtotal)
