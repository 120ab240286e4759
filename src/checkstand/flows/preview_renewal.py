"""What the subscriptions of a session will cost when they are billed again, as far as that can be said today.

One-time lines are left out, and so are discounts that last for one billing only. Where every subscription begins with a trial, the
next billing is the first one: what is taken off the first billing is taken off that.
"""

from __future__ import annotations

from dataclasses import replace

from checkstand.domain.checkout import Checkout, Line, Quote, TrialChoice, active_trial
from checkstand.domain.discount import Discount
from checkstand.domain.organization import Organization
from checkstand.flows.ports import Ports
from checkstand.flows.price_checkout import reprice


def subscriptions_of(checkout: Checkout) -> list[int]:
    """The positions of the lines that are billed again, add-ons not counted."""
    return [
        position
        for position, line in enumerate(checkout.lines)
        if line.part_of is None and checkout.product(line.product_id).recurrence is not None
    ]


async def price_renewal(ports: Ports, organization: Organization, checkout: Checkout) -> Quote | None:
    """The next billing of all subscriptions together, its lines in the session's order; None when there are none."""
    roots = subscriptions_of(checkout)
    if not roots:
        return None
    bought = [checkout.product(checkout.lines[position].product_id) for position in roots]
    is_first_billing = all(active_trial(product, checkout.trial) is not None for product in bought)
    renewing = replace(
        checkout,
        lines=_only(checkout.lines, roots),
        discounts=tuple(one for one in checkout.discounts if is_first_billing or _outlasts_one_billing(one)),
        trial=TrialChoice(allow=False),
    )
    priced = await reprice(ports, organization, renewing, now=checkout.created_at)
    return priced.quote


def _only(lines: tuple[Line, ...], roots: list[int]) -> tuple[Line, ...]:
    """These lines and what belongs to them, under their new positions."""
    kept: list[Line] = []
    new_position: dict[int, int] = {}
    for position, line in enumerate(lines):
        if position in roots:
            new_position[position] = len(kept)
            kept.append(line)
        elif line.part_of in new_position:
            kept.append(replace(line, part_of=new_position[line.part_of]))
    return tuple(kept)


def _outlasts_one_billing(discount: Discount) -> bool:
    return discount.duration != "once" if discount.cycles is None else discount.cycles > 1
