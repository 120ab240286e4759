"""Renew: a fresh session with the content of one that ended unpaid, at today's prices.

Only what the catalogue still sells at its own prices can be renewed: a price that was made for one session was an offer with an
end, and its end is respected. The old secret is never used again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from checkstand.domain.checkout import Checkout, CheckoutStatus, is_over
from checkstand.domain.discount import Discount
from checkstand.domain.errors import NotPermitted
from checkstand.domain.lines import Counts
from checkstand.domain.organization import Organization
from checkstand.flows.checkout.apply_discounts import discount_problem
from checkstand.flows.checkout.checkout_request import CartAddon, CartItem, CheckoutRequest
from checkstand.flows.checkout.confirm_checkout import is_locked
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.ports import Ports
from checkstand.store.catalogue import discounts

RENEWABLE_FOR = timedelta(days=30)


def may_renew(organization: Organization, checkout: Checkout, now: datetime, *, is_locked: bool = False) -> bool:
    """True for a session that ended unpaid less than 30 days ago and whose prices were all the catalogue's, if the merchant allows it.

    `is_locked`: it takes no further payment, which ends it for its buyer.
    """
    ended = (
        is_locked
        or checkout.status in (CheckoutStatus.EXPIRED, CheckoutStatus.FAILED)
        or (checkout.status is CheckoutStatus.OPEN and is_over(checkout, now))
    )
    recent = now < checkout.expires_at + RENEWABLE_FOR
    own_prices = all(price.source == "catalog" for product in checkout.products for price in product.prices)
    return organization.settings.allows_renewal and ended and recent and own_prices


async def renew_checkout(ports: Ports, organization: Organization, ended: Checkout) -> Checkout:
    """The new session. Raises NotPermitted, or Invalid when something in it is no longer sold."""
    now = ports.now(organization)
    if not may_renew(organization, ended, now, is_locked=await is_locked(ports, ended)):
        raise NotPermitted("This session cannot be renewed.")
    return await create_checkout(ports, organization, await _request(ports, ended, now))


async def _request(ports: Ports, ended: Checkout, now: datetime) -> CheckoutRequest:
    chooses = bool(ended.offers)
    if chooses:
        wanted = tuple(CartItem(product_id=offer, where=("products", at)) for at, offer in enumerate(ended.offers))
    else:
        wanted = tuple(_wanted(ended, at) for at, line in enumerate(ended.lines) if line.part_of is None)
    usable = await _still_usable(ports, ended, now)
    return CheckoutRequest(
        dialect=ended.dialect,
        wanted=wanted,
        choose_one=chooses,
        preselected=ended.selected.id if chooses else None,
        currency=ended.price_currency,
        wanted_currency=ended.wanted_currency,
        amount_minor=ended.lines[0].chosen_minor if chooses else None,
        counts=Counts(seats=ended.seats, units=ended.units, bounds=ended.counts) if chooses else Counts(),
        buyer=replace(ended.buyer, customer_id=None, is_named=False, is_new=False),
        customer_id=ended.buyer.customer_id if ended.buyer.is_named else None,
        business_mentioned=True,
        # What the merchant proved, they proved for the session that has ended.
        options=replace(ended.options, show_saved_methods=False),
        trial=ended.trial,
        redirects=ended.redirects,
        metadata=ended.metadata,
        discount_id=usable[0].id if usable and chooses else None,
        discount_codes=() if chooses else tuple(one.code for one in usable if one.code),
        questions=ended.questions,
        answers=ended.custom_field_data,
        lifetime=ended.expires_at - ended.created_at,
        carried=ended.carried,
    )


def _wanted(ended: Checkout, at: int) -> CartItem:
    """A line of the old cart with its add-ons, as it was asked for."""
    line = ended.lines[at]
    addons = [
        CartAddon(product_id=part.product_id, where=("product_cart", at, "addons"), quantity=part.quantity)
        for part in ended.lines
        if part.part_of == at
    ]
    return CartItem(
        product_id=line.product_id,
        where=("product_cart", at, "product_id"),
        quantity=0 if line.buyer_sets_quantity else line.quantity,
        chosen_minor=line.chosen_minor,
        addons=tuple(addons),
    )


async def _still_usable(ports: Ports, ended: Checkout, now: datetime) -> list[Discount]:
    """The old session's discounts that can be used today; the new one is made without the others."""
    found = await discounts.living(ports.db, ended.organization_id, [one.id for one in ended.discounts])
    current = [found[one.id] for one in ended.discounts if one.id in found]
    currency = ended.price_currency
    return [
        one for one in current if not discount_problem(one, ended.lines, ended.products, currency=currency, now=now)
    ]
