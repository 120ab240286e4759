"""What the subscriptions of a session will cost when they are billed again, as far as that can be said today.

One-time lines are left out, and so are discounts that last for one billing only. Where every subscription begins with a trial, the
next billing is the first one: what is taken off the first billing is taken off that.
"""

from __future__ import annotations

from dataclasses import replace

from checkstand.domain.checkout import Checkout, TrialChoice, active_trial
from checkstand.domain.organization import Organization
from checkstand.domain.quote import Quote
from checkstand.domain.renewal import outlasts_one_billing, renewed_lines, subscriptions_in
from checkstand.flows.checkout.price_checkout import reprice
from checkstand.flows.ports import Ports


def subscriptions_of(checkout: Checkout) -> list[int]:
    """The positions of the lines that are billed again, add-ons not counted."""
    return subscriptions_in(checkout.lines, checkout.products)


async def price_renewal(ports: Ports, organization: Organization, checkout: Checkout) -> Quote | None:
    """The next billing of all subscriptions together, its lines in the session's order; None when there are none."""
    roots = subscriptions_of(checkout)
    if not roots:
        return None
    bought = [checkout.product(checkout.lines[position].product_id) for position in roots]
    is_first_billing = all(active_trial(product, checkout.trial) is not None for product in bought)
    renewing = replace(
        checkout,
        lines=renewed_lines(checkout.lines, roots),
        discounts=tuple(one for one in checkout.discounts if is_first_billing or outlasts_one_billing(one)),
        trial=TrialChoice(allow=False),
        wanted_currency=checkout.currency,
    )
    priced = await reprice(ports, organization, renewing, now=checkout.created_at)
    return priced.quote
