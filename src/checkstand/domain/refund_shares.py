"""To which items of an order, and to which of their taxes, an amount belongs that goes back.

Rule: an amount without items is taken from all of them in proportion to what is left of each, and brings the tax of each at that
item's own rate. So of an order with 20 % on one item and none on the other, 50.00 net after the untaxed item has gone back are 60.00.
An item names a product: two lines of the same product are given back as one (docs/behaviour/dodo.md#cart).

Where the buyer paid in another currency than the price's, an item may be asked for in the price's: all that is left of it there is
all that is left of it here, whatever the pieces before came to.

Everything is counted in the currency's steps (`currency.py`). How one amount divides into net and tax is in `refund.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from checkstand.domain.checkout import Checkout
from checkstand.domain.currency import currency as currency_of
from checkstand.domain.errors import Invalid
from checkstand.domain.money import divide_half_away, format_money, split
from checkstand.domain.order import Order, OrderItem
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.refund import (
    AskedItem,
    Refund,
    RefundBalance,
    RefundItem,
    RefundRequest,
    by_net,
    by_total,
    spread,
    together,
)

Kind = Literal["net", "total"]
Share = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """What one item has given back so far: net, tax, its taxes one by one, and net and tax in the price's own currency."""

    net: int = 0
    tax: int = 0
    taxes: tuple[int, ...] = ()
    settled: Share = (0, 0)


@dataclass(slots=True, kw_only=True)
class _Plan:
    """An order's items as they stand, in steps, and what is taken from each (net, tax); `settled` in the price's currency."""

    order: Order
    parts: Sequence[RefundBalance]
    step: int
    settled_parts: Sequence[RefundBalance] | None
    shares: list[Share] = field(default_factory=list)
    settled: dict[int, Share] = field(default_factory=dict)


def step_of(order: Order) -> int:
    """What the amounts of an order are multiples of: its currency's step, or 1 where it was sold before there were steps."""
    step = currency_of(order.currency).step_minor
    is_kept = all(item.net_minor % step == 0 and item.tax_minor % step == 0 for item in order.items)
    return step if is_kept else 1


def whole(order: Order) -> RefundBalance:
    """The order as one part; what is on its way counts as given back."""
    return RefundBalance(
        net_minor=order.net_minor,
        tax_minor=order.tax_minor,
        refunded_net_minor=order.refunded_minor - order.refunded_tax_minor,
        refunded_tax_minor=order.refunded_tax_minor,
    )


def settled_items(order: Order, checkout: Checkout) -> dict[UUID, RefundBalance]:
    """What each item of an order came to in the currency of the prices; empty where that is the one that was paid."""
    if checkout.base_quote is None:
        return {}
    lines = [line for line in checkout.base_quote.lines if line.quantity]
    return {
        item.id: RefundBalance(net_minor=0, tax_minor=0)
        if line.is_deferred
        else RefundBalance(net_minor=line.net_minor, tax_minor=line.tax_minor)
        for item, line in zip(order.items, lines, strict=True)
    }


def parts_of(order: Order, refunds: Sequence[Refund]) -> list[RefundBalance]:
    """Each item of an order with what its refunds took of it; failed ones took nothing."""
    taken = _taken(order, refunds, {})
    return [_part(item, taken[item.id]) for item in order.items]


def _part(item: OrderItem, taken: _Taken, step: int = 1) -> RefundBalance:
    return RefundBalance(
        net_minor=item.net_minor // step,
        tax_minor=item.tax_minor // step,
        refunded_net_minor=taken.net // step,
        refunded_tax_minor=taken.tax // step,
    )


def _taken(order: Order, refunds: Sequence[Refund], settled: Mapping[UUID, RefundBalance]) -> dict[UUID, _Taken]:
    found = {item.id: _Taken(taxes=(0,) * len(item.taxes)) for item in order.items}
    bought = {item.id: item for item in order.items}
    for one in (one for refund in refunds if refund.status != "failed" for one in refund.items):
        item, before = bought[one.order_item_id], found[one.order_item_id]
        taxes = tuple(each.amount_minor for each in one.taxes)
        if len(taxes) != len(item.taxes):  # from before they were kept apart
            taxes = split(one.tax_minor, [each.amount_minor for each in item.taxes]) if item.taxes else ()
        again = _settled_of(one, item, settled.get(item.id))
        found[item.id] = _Taken(
            net=before.net + one.net_minor,
            tax=before.tax + one.tax_minor,
            taxes=tuple(a + b for a, b in zip(before.taxes, taxes, strict=True)),
            settled=(before.settled[0] + again[0], before.settled[1] + again[1]),
        )
    return found


def _settled_of(one: RefundItem, item: OrderItem, settled: RefundBalance | None) -> Share:
    """What an earlier refund was in the price's currency: as it was asked for, else in proportion."""
    if one.settled_net_minor is not None and one.settled_tax_minor is not None:
        return one.settled_net_minor, one.settled_tax_minor
    if settled is None:
        return 0, 0
    total = item.net_minor + item.tax_minor
    gone = divide_half_away(one.total_minor * settled.left, total) if total else 0
    return by_total(settled, gone) if gone else (0, 0)


def plan(
    order: Order,
    earlier: Sequence[Refund],
    asked: RefundRequest,
    *,
    settled: Mapping[UUID, RefundBalance] = MappingProxyType({}),
    step: int = 1,
) -> list[RefundItem]:
    """What is taken from each item. Raises Invalid when there is not so much left, or it is no multiple of `step`.

    `settled`: what each item came to in the price's currency, where something is asked for in that one.
    """
    taken = _taken(order, earlier, settled)
    planned = _Plan(
        order=order,
        parts=[_part(item, taken[item.id], step) for item in order.items],
        step=step,
        settled_parts=_settled_parts(order, taken, settled) if settled else None,
        shares=[(0, 0)] * len(order.items),
    )
    everything, left = list(range(len(order.items))), whole(order)
    if asked.items:
        _take_items(planned, asked.items)
    elif asked.net_minor is not None:
        _require(asked.net_minor <= left.net_left, ProblemCode.REFUND_EXCEEDS, asked.net_minor)
        _take(planned, everything, _in_steps(planned, asked.net_minor, "amount"), "net")
    elif asked.total_minor is not None:
        _require(asked.total_minor <= left.left, ProblemCode.REFUND_EXCEEDS, asked.total_minor)
        _take(planned, everything, _in_steps(planned, asked.total_minor, "amount"), "total")
    else:
        _take_all(planned, everything)
    return [_item(planned, place, taken[item.id]) for place, item in enumerate(order.items)]


def _settled_parts(
    order: Order, taken: Mapping[UUID, _Taken], settled: Mapping[UUID, RefundBalance]
) -> list[RefundBalance]:
    parts = []
    for item in order.items:
        net, tax = taken[item.id].settled
        parts.append(replace(settled[item.id], refunded_net_minor=net, refunded_tax_minor=tax))
    return parts


def _in_steps(planned: _Plan, amount_minor: int, *where: str | int) -> int:
    if amount_minor % planned.step:
        step = format_money(planned.step, planned.order.currency)
        raise Invalid.single(
            ProblemCode.AMOUNT_OFF_STEP, *where, given=amount_minor, step=step, currency=planned.order.currency
        )
    return amount_minor // planned.step


def _require(is_so: bool, code: ProblemCode, amount_minor: int) -> None:
    if not is_so:
        raise Invalid.single(code, "amount", given=amount_minor)


def _item(planned: _Plan, place: int, taken: _Taken) -> RefundItem:
    bought, step = planned.order.items[place], planned.step
    net, tax = planned.shares[place]
    left = [(each.amount_minor - gone) // step for each, gone in zip(bought.taxes, taken.taxes, strict=True)]
    settled = planned.settled.get(place)
    return RefundItem(
        order_item_id=bought.id,
        net_minor=net * step,
        tax_minor=tax * step,
        taxes=tuple(
            replace(each, amount_minor=part * step)
            for each, part in zip(bought.taxes, split(tax, left) if left else (), strict=True)
        ),
        settled_net_minor=settled[0] if settled else None,
        settled_tax_minor=settled[1] if settled else None,
    )


def _take_all(planned: _Plan, places: Sequence[int]) -> None:
    for place in places:
        planned.shares[place] = (planned.parts[place].net_left, planned.parts[place].tax_left)
        if planned.settled_parts is not None:
            part = planned.settled_parts[place]
            planned.settled[place] = (part.net_left, part.tax_left)


def _take(planned: _Plan, places: Sequence[int], amount: int, kind: Kind) -> None:
    """Take an amount from these items, those of the same taxes together: each brings the tax of its own rate, rounded once."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for place in places:
        taxes = planned.order.items[place].taxes
        alike.setdefault(tuple((each.name, each.rate_ppm) for each in taxes), []).append(place)
    groups = [(group, [planned.parts[place] for place in group]) for group in alike.values()]
    wholes = [together(parts) for _, parts in groups]
    lefts = [part.net_left if kind == "net" else part.left for part in wholes]
    if amount == sum(lefts):
        _take_all(planned, places)
        return
    for (group, parts), one, share in zip(groups, wholes, split(amount, lefts), strict=True):
        if share:
            divided = by_net(one, share) if kind == "net" else by_total(one, share)
            for place, part in zip(group, spread(*divided, parts), strict=True):
                planned.shares[place] = part


def _take_items(planned: _Plan, asked: Sequence[AskedItem]) -> None:
    if len({item.product_id for item in asked}) < len(asked):
        raise Invalid.single(ProblemCode.REFUND_ITEM_TWICE, "items")
    wanted = sum(item.amount_minor or 0 for item in asked)
    left = together(planned.settled_parts).left if planned.settled_parts else whole(planned.order).left
    if wanted > left:
        raise Invalid.single(ProblemCode.REFUND_EXCEEDS, "items", given=wanted)
    for number, item in enumerate(asked):
        places = [place for place, bought in enumerate(planned.order.items) if bought.product_id == item.product_id]
        if not places:
            raise Invalid.single(
                ProblemCode.REFUND_ITEM_UNKNOWN, "items", number, "item_id", given=str(item.product_id)
            )
        _take_item(planned, places, item, number)


def _take_item(planned: _Plan, places: Sequence[int], asked: AskedItem, number: int) -> None:
    one, amount, where = together([planned.parts[place] for place in places]), asked.amount_minor, ("items", number)
    if one.left == 0:
        raise Invalid.single(ProblemCode.REFUND_ITEM_REFUNDED, *where, "item_id", given=str(asked.product_id))
    if amount is None:
        _take_all(planned, places)
        return
    if amount < 1:
        raise Invalid.single(ProblemCode.REFUND_ITEM_TOO_LOW, *where, "amount", given=amount)
    if planned.settled_parts is not None and asked.is_settled:
        _take_settled(planned, places, asked, number)
        return
    steps = _in_steps(planned, amount, *where, "amount")
    if steps > (one.left if asked.tax_inclusive else one.net_left):
        raise Invalid.single(ProblemCode.REFUND_ITEM_TOO_HIGH, *where, "amount", given=amount)
    _take(planned, places, steps, "total" if asked.tax_inclusive else "net")


def _take_settled(planned: _Plan, places: Sequence[int], asked: AskedItem, number: int) -> None:
    """Take what an amount of the price's currency came to, so that the pieces of an item never differ from the whole of it."""
    assert planned.settled_parts is not None
    assert asked.amount_minor is not None
    parts, amount = [planned.settled_parts[place] for place in places], asked.amount_minor
    price, paid = together(parts), together([planned.parts[place] for place in places])
    if amount > (price.left if asked.tax_inclusive else price.net_left):
        raise Invalid.single(ProblemCode.REFUND_ITEM_TOO_HIGH, "items", number, "amount", given=amount)
    divided = by_total(price, amount) if asked.tax_inclusive else by_net(price, amount)
    if sum(divided) == price.left:
        _take_all(planned, places)
        return
    gone = price.refunded_net_minor + price.refunded_tax_minor + sum(divided)
    due = divide_half_away(gone * (paid.net_minor + paid.tax_minor), price.net_minor + price.tax_minor)
    share = min(max(1, due - paid.refunded_net_minor - paid.refunded_tax_minor), paid.left)
    _take(planned, places, share, "total")
    for place, part in zip(places, spread(*divided, parts), strict=True):
        planned.settled[place] = part
