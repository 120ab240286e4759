"""Whether this customer may use the session's discounts: limits per customer, and codes that are for some customers only.

Asked when the buyer changes something, without a card, and when they confirm, with it. To be exact at confirm it must run in the
transaction that has reserved: the discounts' rows are locked then, so two payments of one customer are counted one after the other.
"""

from __future__ import annotations

from uuid import UUID

from checkstand.domain.checkout import Checkout
from checkstand.domain.discount import Discount, customer_problem
from checkstand.domain.errors import DiscountLimitReached, Invalid
from checkstand.domain.problem_codes import ProblemCode
from checkstand.store.catalogue import discounts
from checkstand.store.executor import Executor
from checkstand.store.people import customers


async def check_customer_limits(db: Executor, checkout: Checkout, *, fingerprint: str | None) -> None:
    """Raises DiscountLimitReached, or Invalid for a code that is for others. Nothing is refused to a buyer who is not known yet."""
    buyer, organization_id = checkout.buyer, checkout.organization_id
    if not checkout.discounts or (buyer.customer_id is None and not buyer.email):
        return
    current = await discounts.living(db, organization_id, [discount.id for discount in checkout.discounts])
    for applied in checkout.discounts:
        # The merchant may have changed the limit since; a deleted discount keeps the one that the session saw.
        discount = current.get(applied.id, applied)
        if discount.max_per_customer is not None or discount.eligibility != "any":
            await _check(db, checkout, discount, fingerprint)


async def _check(db: Executor, checkout: Checkout, discount: Discount, fingerprint: str | None) -> None:
    buyer, organization_id = checkout.buyer, checkout.organization_id
    uses = await discounts.uses_by_customer(
        db,
        organization_id,
        discount.id,
        customer_id=buyer.customer_id,
        email=buyer.email,
        fingerprint=fingerprint,
        besides_checkout_id=checkout.id,
    )
    has_bought = discount.eligibility in ("first_time", "existing") and await discounts.has_bought(
        db, organization_id, customer_id=buyer.customer_id, email=buyer.email
    )
    customer_id = await _customer_id(db, checkout) if discount.eligibility == "specific" else buyer.customer_id
    reason = customer_problem(discount, uses=uses, has_bought=has_bought, customer_id=customer_id)
    by_code = checkout.profile.names_discounts_by_code
    field, given = ("discount_code", discount.code) if by_code else ("discount_id", str(discount.id))
    if reason is ProblemCode.DISCOUNT_CUSTOMER_LIMIT:
        raise DiscountLimitReached(field, given, discount.code or discount.name)
    if reason is not None:
        raise Invalid.single(reason, field, given=given)


async def _customer_id(db: Executor, checkout: Checkout) -> UUID | None:
    """The customer that this purchase will be of, as far as that is known before it is paid."""
    buyer = checkout.buyer
    if buyer.customer_id is not None or buyer.email is None or checkout.options.always_create_customer:
        return buyer.customer_id
    known = await customers.newest_by_email(db, checkout.organization_id, buyer.email)
    return known.id if known is not None else None
