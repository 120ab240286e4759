"""What of a cart is billed again: its subscriptions and what belongs to them, less the discounts that have ended by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from checkstand.domain.catalog import Product
from checkstand.domain.checkout import Line
from checkstand.domain.discount import Discount


def subscriptions_in(lines: Sequence[Line], products: Sequence[Product]) -> list[int]:
    """The positions of the lines that are billed again, what belongs to them not counted."""
    recurring = {product.id for product in products if product.recurrence is not None}
    return [place for place, line in enumerate(lines) if line.part_of is None and line.product_id in recurring]


def renewed_lines(lines: Sequence[Line], roots: Sequence[int]) -> tuple[Line, ...]:
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


def outlasts_one_billing(discount: Discount) -> bool:
    """True when it is taken off the second billing too."""
    return discount.duration != "once" if discount.cycles is None else discount.cycles > 1


def never_ends(discount: Discount) -> bool:
    """True when it is taken off every billing."""
    return discount.duration == "forever" and discount.cycles is None
