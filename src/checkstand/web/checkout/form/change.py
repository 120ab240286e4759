"""Storing what a form changed, as much of it as is right.

Somebody who mistypes a discount code has not mistyped the address: what the flow refuses is taken out and told, and the rest is saved.
Two changes at the same moment (two tabs, a quick typist) are stored one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from checkstand.code_tries import is_about_code
from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import DiscountLimitReached, Invalid, Locked, Problem
from checkstand.flows.checkout.update_checkout import CheckoutChanges, update_checkout
from checkstand.store import checkouts
from checkstand.web.checkout.form.problems import complaints_of
from checkstand.web.checkout.form.reader import Complaint, complaint
from checkstand.web.checkout.session.visit import CheckoutVisit

TRIES = 4
_CAUSES = {
    "discount_code": ("discount_code",),
    "discount_id": ("discount_code",),
    "customer_tax_id": ("tax_id",),
    "customer_billing_address": ("tax_id",),
    "amount": ("amounts", "counts", "quantities"),
    "quantity": ("quantities",),
    "seats": ("counts",),
    "units": ("counts",),
    "billing_currency": ("currency",),
    "currency": ("currency",),
    "product_id": ("product_id",),
    "custom_field_data": ("answers",),
}
_DEFAULTS = CheckoutChanges()


@dataclass(frozen=True, slots=True)
class Stored:
    """The session after a change, and what was left out of it."""

    visit: CheckoutVisit
    complaints: tuple[Complaint, ...]
    is_code_wrong: bool = False


async def store_changes(visit: CheckoutVisit, changes: CheckoutChanges) -> Stored:
    """Save the changes. Raises Expired, NotOpen, and Locked when others change the session faster than we can read it."""
    complaints: list[Complaint] = []
    is_code_wrong = False
    checkout = visit.checkout
    for attempt in range(TRIES):
        try:
            changed = await update_checkout(
                visit.ports, visit.organization, checkout, changes, by_merchant=False, as_shown=True
            )
            return Stored(visit.after(changed), tuple(complaints), is_code_wrong)
        except DiscountLimitReached as reached:
            complaints.append(complaint("discount_code", "problem.discount.customer_limit", code=reached.discount))
            smaller = without_discount(checkout, changes, reached.discount)
            if smaller == changes:
                break
            changes = smaller
        except Invalid as refused:
            is_code_wrong = is_code_wrong or is_about_code(refused)
            complaints += complaints_of(refused.problems, checkout)
            smaller = without_causes(changes, refused.problems)
            if smaller == changes:
                smaller = without_discount(checkout, changes, refused.problems[0].given)
            if smaller == changes:
                break
            changes = smaller
        except Locked:
            if attempt == TRIES - 1:
                raise
            checkout = await reread(visit, checkout)
    return Stored(visit.after(checkout), tuple(complaints), is_code_wrong)


async def reread(visit: CheckoutVisit, checkout: Checkout) -> Checkout:
    """The session as it is stored now."""
    found = await checkouts.by_id(visit.ports.db, checkout.organization_id, checkout.id)
    assert found is not None, "a session is never removed"
    return found


def without_causes(changes: CheckoutChanges, problems: tuple[Problem, ...]) -> CheckoutChanges:
    """The changes without what the problems are about; the same when none of them can be told apart."""
    names = {name for problem in problems for name in _CAUSES.get(str(problem.where[0]), ()) if name in changes.given}
    defaults = {item.name: getattr(_DEFAULTS, item.name) for item in fields(CheckoutChanges) if item.name in names}
    return replace(changes, **defaults, given=changes.given - names) if names else changes


def without_code(changes: CheckoutChanges) -> CheckoutChanges:
    """The changes without the code that was typed, which is not looked at."""
    return replace(changes, discount_code=None, given=changes.given - {"discount_code"})


def without_discount(checkout: Checkout, changes: CheckoutChanges, named: object) -> CheckoutChanges:
    """The changes without the discount that this buyer may not use: a typed code is dropped, an applied discount removed."""
    text = str(named).upper()
    if (changes.discount_code or "").strip().upper() == text:
        return replace(changes, discount_code=None, given=changes.given - {"discount_code"})
    for one in checkout.discounts:
        if text in (str(one.id).upper(), (one.code or "").upper(), one.name.upper()):
            return replace(changes, removed_discount_id=one.id)
    return changes
