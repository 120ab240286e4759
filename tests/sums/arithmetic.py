"""What a sale comes to, and what a refund of it, worked out with fractions from the rules as they are written down.

Nothing of the server is used here, so that two programs have to agree and not one with itself. Amounts are whole minor units; rates
are fractions of one. A line's *group* is the cart line that it belongs to: percentages and taxes are rounded once per group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import floor

Taxes = tuple[tuple[str, Fraction], ...]


def rounded(value: Fraction, step: int = 1) -> int:
    """The nearest multiple of a step, halves upwards; nothing here is negative."""
    return floor(value / step + Fraction(1, 2)) * step


def shared(amount: int, weights: Sequence[int], step: int = 1) -> list[int]:
    """An amount by weights: to each the whole steps of its share, then one more to the largest remainders, the first first."""
    steps, whole = amount // step, sum(weights)
    if not whole:
        weights, whole = [1] * len(weights), len(weights)
    exact = [Fraction(steps * weight, whole) for weight in weights]
    parts = [floor(share) for share in exact]
    order = sorted(range(len(parts)), key=lambda place: (floor(exact[place]) - exact[place], place))
    for place in order[: steps - sum(parts)]:
        parts[place] += 1
    return [part * step for part in parts]


@dataclass(frozen=True)
class Item:
    """One line of a cart as it is ordered. `codes_apply`: numbers of the codes that may take something off it."""

    product: str
    unit: int
    quantity: int
    group: int
    is_inclusive: bool
    taxes: Taxes
    codes_apply: frozenset[int]
    is_deferred: bool = False


@dataclass(frozen=True)
class Code:
    """A percentage (in basis points, with the most it takes) or an amount off."""

    points: int = 0
    most: int | None = None
    amount: int = 0


@dataclass(frozen=True)
class Line:
    """What an item comes to. `tax` is the sum of its taxes."""

    item: Item
    subtotal: int
    discount: int
    net: int
    tax: int

    @property
    def total(self) -> int:
        return self.net + self.tax

    @property
    def off_net(self) -> Fraction:
        """The discount without tax, not rounded."""
        if not self.item.is_inclusive:
            return Fraction(self.discount)
        return self.discount / (1 + sum(rate for _, rate in self.item.taxes))


@dataclass(frozen=True)
class Sale:
    """A priced cart. `taxes`: what each named tax comes to over all lines."""

    lines: tuple[Line, ...]
    taxes: dict[tuple[str, Fraction], int]
    step: int

    @property
    def total(self) -> int:
        return sum(line.total for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def due(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if not line.item.is_deferred)

    def is_mixed(self) -> bool:
        return len({line.item.is_inclusive for line in self.lines if any(rate for _, rate in line.item.taxes)}) > 1

    def sums(self, lines: Sequence[Line] | None = None, *, without_tax: bool | None = None) -> tuple[int, int]:
        """(subtotal, discount): without tax where that is asked for, or where the prices are of two kinds."""
        lines = self.lines if lines is None else lines
        if self.is_mixed() if without_tax is None else without_tax:
            off = sum(rounded(line.off_net, self.step) for line in lines)
            return sum(line.net for line in lines) + off, off
        return sum(line.subtotal for line in lines), sum(line.discount for line in lines)


def tax_of(amount: int, taxes: Taxes, *, is_inclusive: bool, step: int) -> list[int]:
    """Each tax on an amount, or in it. What is in it is what is left beside the rounded rest."""
    if not is_inclusive:
        return [rounded(amount * rate, step) for _, rate in taxes]
    whole = 1 + sum(rate for _, rate in taxes)
    return [amount - rounded(amount * (whole - rate) / whole, step) for _, rate in taxes]


def groups_of(items: Sequence[Item]) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    for place, item in enumerate(items):
        found.setdefault(item.group, []).append(place)
    return list(found.values())


def priced(items: Sequence[Item], codes: Sequence[Code], step: int = 1) -> Sale:
    """A cart in the currency of its prices."""
    left = [item.unit * item.quantity for item in items]
    for number, code in enumerate(codes):
        touched = [amount if number in item.codes_apply else 0 for amount, item in zip(left, items, strict=True)]
        taken = [0] * len(items)
        if code.points:
            for group in groups_of(items):
                weights = [touched[place] for place in group]
                off = rounded(Fraction(sum(weights) * code.points, 10_000), step)
                for place, part in zip(group, shared(off, weights, step), strict=True):
                    taken[place] = part
            if code.most is not None and sum(taken) > code.most:
                taken = shared(code.most, taken, step)
        elif any(touched):
            taken = shared(min(code.amount, sum(touched)), touched, step)
        left = [amount - off for amount, off in zip(left, taken, strict=True)]
    taxes: dict[tuple[str, Fraction], int] = {}
    tax = [0] * len(items)
    for group in groups_of(items):
        root = items[group[0]]
        amounts = [left[place] for place in group]
        each = tax_of(sum(amounts), root.taxes, is_inclusive=root.is_inclusive, step=step)
        for named, amount in zip(root.taxes, each, strict=True):
            taxes[named] = taxes.get(named, 0) + amount
        for place, part in zip(group, shared(sum(each), amounts, step), strict=True):
            tax[place] = part
    lines = tuple(
        Line(
            item=item,
            subtotal=item.unit * item.quantity,
            discount=item.unit * item.quantity - left[place],
            net=left[place] - (tax[place] if item.is_inclusive else 0),
            tax=tax[place],
        )
        for place, item in enumerate(items)
    )
    return Sale(lines=lines, taxes=taxes, step=step)


def converted(sale: Sale, factor: Fraction, step: int) -> Sale:
    """The sale in another currency: the total converted once, then each tax taken from it once for all lines of the same kind."""
    totals = shared(rounded(sale.total * factor, step), [line.total for line in sale.lines], step)
    off = sum(line.discount for line in sale.lines)
    discounts = (
        shared(rounded(off * factor, step), [line.discount for line in sale.lines], step) if off else [0] * len(totals)
    )
    alike: dict[tuple[object, ...], list[int]] = {}
    for place, line in enumerate(sale.lines):
        alike.setdefault((line.item.taxes, line.item.is_deferred), []).append(place)
    taxes: dict[tuple[str, Fraction], int] = {}
    tax = [0] * len(totals)
    for places in alike.values():
        amounts, named = [totals[place] for place in places], sale.lines[places[0]].item.taxes
        each = tax_of(sum(amounts), named, is_inclusive=True, step=step)
        for one, amount in zip(named, each, strict=True):
            taxes[one] = taxes.get(one, 0) + amount
        for place, part in zip(places, shared(sum(each), amounts, step), strict=True):
            tax[place] = part
    lines = tuple(
        replace(
            line,
            subtotal=totals[place] - (0 if line.item.is_inclusive else tax[place]) + discounts[place],
            discount=discounts[place],
            net=totals[place] - tax[place],
            tax=tax[place],
        )
        for place, line in enumerate(sale.lines)
    )
    return Sale(lines=lines, taxes=taxes, step=step)


@dataclass
class Left:
    """What an item of an order was sold for, and what of it has gone back: (net, tax)."""

    taxes: Taxes
    sold: tuple[int, int]
    gone: tuple[int, int] = (0, 0)

    @property
    def net(self) -> int:
        return self.sold[0] - self.gone[0]

    @property
    def tax(self) -> int:
        return self.sold[1] - self.gone[1]


@dataclass
class Account:
    """An order that is given back bit by bit."""

    items: list[Left]
    step: int = 1
    returned: list[tuple[int, int]] = field(default_factory=list)

    def all_of(self, places: Sequence[int] | None = None) -> tuple[int, int]:
        """Everything that is left of some items."""
        return self._book({place: (self.items[place].net, self.items[place].tax) for place in self._places(places)})

    def by_net(self, amount: int) -> tuple[int, int]:
        """So much net from all items by what is left of them; each kind of tax at its own share of its own net."""
        if amount == sum(item.net for item in self.items):
            return self.all_of()
        kinds, parts = self._kinds(range(len(self.items))), {}
        for places, share in zip(
            kinds, shared(amount, [self._sum(each, "net") for each in kinds], self.step), strict=True
        ):
            net, tax = self._sold(places)
            left = self._sum(places, "tax")
            due = (
                left
                if share == self._sum(places, "net")
                else min(left, rounded(Fraction(share * tax, net or 1), self.step))
            )
            parts.update(self._spread(places, share, due if share else 0))
        return self._book(parts)

    def by_total(self, amount: int, places: Sequence[int] | None = None) -> tuple[int, int]:
        """So much with its tax; the tax of all that has gone back so far is the rounded share of it."""
        places = self._places(places)
        if amount == sum(self.items[place].net + self.items[place].tax for place in places):
            return self.all_of(places)
        kinds, parts = self._kinds(places), {}
        lefts = [self._sum(each, "net") + self._sum(each, "tax") for each in kinds]
        for each, share in zip(kinds, shared(amount, lefts, self.step), strict=True):
            (net, tax), gone = self._sold(each), [sum(self.items[place].gone[at] for place in each) for at in (0, 1)]
            due = rounded(Fraction((sum(gone) + share) * tax, net + tax or 1), self.step) - gone[1]
            due = min(max(due, share - self._sum(each, "net"), 0), self._sum(each, "tax"), share)
            parts.update(self._spread(each, share - due, due))
        return self._book(parts)

    def _places(self, places: Sequence[int] | None) -> Sequence[int]:
        return range(len(self.items)) if places is None else places

    def _kinds(self, places: Sequence[int]) -> list[list[int]]:
        found: dict[Taxes, list[int]] = {}
        for place in places:
            found.setdefault(self.items[place].taxes, []).append(place)
        return list(found.values())

    def _sold(self, places: Sequence[int]) -> tuple[int, int]:
        return sum(self.items[place].sold[0] for place in places), sum(self.items[place].sold[1] for place in places)

    def _sum(self, places: Sequence[int], what: str) -> int:
        return sum(getattr(self.items[place], what) for place in places)

    def _spread(self, places: Sequence[int], net: int, tax: int) -> dict[int, tuple[int, int]]:
        nets = shared(net, [self.items[place].net for place in places], self.step)
        taxes = shared(tax, [self.items[place].tax for place in places], self.step)
        return dict(zip(places, zip(nets, taxes, strict=True), strict=True))

    def _book(self, parts: dict[int, tuple[int, int]]) -> tuple[int, int]:
        for place, (net, tax) in parts.items():
            item = self.items[place]
            item.gone = (item.gone[0] + net, item.gone[1] + tax)
        back = sum(net for net, _ in parts.values()), sum(tax for _, tax in parts.values())
        self.returned.append(back)
        return back
