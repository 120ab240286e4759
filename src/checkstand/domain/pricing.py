"""How a total comes about: lines, then discounts, then tax; the parts always sum to the total.

A *group* is a cart line with everything that belongs to it: its add-ons, or the other prices of the same product. A percentage and
each tax are worked out once per group, rounded half away from zero, and spread over its lines so that not a cent is lost. An
amount off, and the most that a percentage takes off, go once over all groups. Tax is None, not 0, while the place is unknown.

    >>> split(253, [300, 700])
    (76, 177)

Everything is counted in steps, the least that a currency's charges differ by (`currency.py`): 1 minor unit mostly, a whole krona for
ISK. Another currency than the price's is the business of `conversion.py`.

Source: docs/behaviour/polar.md#discounts and docs/behaviour/polar.md#taxes and docs/behaviour/dodo.md#currency-and-rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from checkstand.domain.catalog import Price, Product, is_free, line_amount, unit_amount
from checkstand.domain.checkout import Line
from checkstand.domain.currency import currency as currency_of
from checkstand.domain.discount import AmountOff, Discount, cap_of
from checkstand.domain.money import divide_half_away, format_money, percentage_of, split
from checkstand.domain.quote import AppliedDiscount, Quote, QuoteLine, is_mixed, net_discount, subtotal_and_discount
from checkstand.domain.tax import TaxDecision, TaxShare, spread_taxes, taxes_on

EXCLUSIVE_COUNTRIES = frozenset({"US", "CA", "IN"})
Behavior = Literal["inclusive", "exclusive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A line together with the product and price it names."""

    line: Line
    product: Product
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the buyer is, and how each category of goods is taxed there."""

    country: str
    taxes: Mapping[str, TaxDecision]


def resolve(lines: Sequence[Line], products: Sequence[Product]) -> tuple[PricedLine, ...]:
    """Each line with its product and price. Raises KeyError when a line names something that is not there."""
    by_id = {product.id: product for product in products}
    resolved = []
    for line in lines:
        product = by_id[line.product_id]
        price = product.price(line.price_id)
        if price is None:
            raise KeyError(line.price_id)
        resolved.append(PricedLine(line=line, product=product, price=price))
    return tuple(resolved)


def tax_behavior_for(price: Price, *, default: str, country: str) -> Behavior:
    """Whether prices contain the tax: the price's own word, else the organization's, else by place."""
    chosen = price.tax_behavior or default
    if chosen == "inclusive" or chosen == "exclusive":
        return "inclusive" if chosen == "inclusive" else "exclusive"
    return "exclusive" if country in EXCLUSIVE_COUNTRIES else "inclusive"


def quote(
    lines: Sequence[Line],
    products: Sequence[Product],
    *,
    currency: str,
    place: Place | None,
    default_tax_behavior: str = "location",
    discounts: Sequence[Discount] = (),
    in_trial: Callable[[Product], bool] = lambda product: False,
) -> Quote:
    """Price a cart in minor units of `currency`. How large it may be is not asked here: `above_ceiling`."""
    priced = resolve(lines, products)
    step = currency_of(currency).step_minor
    subtotals = [
        divide_half_away(
            line_amount(item.price, quantity=item.line.quantity, chosen_minor=item.line.chosen_minor), step
        )
        for item in priced
    ]
    groups = _groups(priced)
    left, taken = list(subtotals), list[list[int]]()
    for discount in discounts:
        taken.append(_take_off(discount, priced, groups, left, currency))
        left = [amount - off for amount, off in zip(left, taken[-1], strict=True)]
    quoted: dict[int, QuoteLine] = {}
    for group in groups:
        product = priced[group[0]].product
        taxed = _tax_group(priced[group[0]], [left[position] for position in group], place, default_tax_behavior)
        for position, taxes in zip(group, taxed.parts, strict=True):
            line = _quote_line(
                priced[position], subtotals[position], left[position], taxes, taxed, is_deferred=in_trial(product)
            )
            quoted[position] = in_minor(line, step)
    whole = [quoted[position] for position in range(len(priced))]
    behavior = tax_behavior_for(priced[0].price, default=default_tax_behavior, country=place.country) if place else None
    return sum_up(
        whole,
        currency,
        is_known=place is not None or sum(left) == 0,
        behavior=behavior,
        applied=_applied(discounts, taken, whole, currency),
    )


def _root(priced: Sequence[PricedLine], position: int) -> int:
    """The line that this one belongs to, else itself."""
    belongs_to = priced[position].line.part_of
    return position if belongs_to is None else belongs_to


def _groups(priced: Sequence[PricedLine]) -> list[list[int]]:
    """Positions of lines that are rounded together."""
    groups: dict[int, list[int]] = {}
    for position in range(len(priced)):
        groups.setdefault(_root(priced, position), []).append(position)
    return list(groups.values())


def _take_off(
    discount: Discount,
    priced: Sequence[PricedLine],
    groups: Sequence[Sequence[int]],
    left: Sequence[int],
    currency: str,
) -> list[int]:
    """What a discount takes from each line, in steps, given what earlier ones left of it."""
    step = currency_of(currency).step_minor
    touched = [left[position] if _is_touched(priced, position, discount) else 0 for position in range(len(priced))]
    if isinstance(discount.takes, AmountOff):
        off = min(discount.takes.amounts.get(currency, 0) // step, sum(touched))
        return list(split(off, touched)) if off else [0] * len(priced)
    taken = [0] * len(priced)
    for group in groups:
        weights = [touched[position] for position in group]
        off = percentage_of(sum(weights), discount.takes.basis_points)
        for position, part in zip(group, split(off, weights), strict=True) if off else ():
            taken[position] = part
    most = cap_of(discount.takes, currency=currency)
    return taken if most is None or sum(taken) <= most // step else list(split(most // step, taken))


def _is_touched(priced: Sequence[PricedLine], position: int, discount: Discount) -> bool:
    """Whether a discount may take from a line: free ones and products that it is not for are left alone, add-ons follow."""
    only = discount.product_ids
    root = priced[_root(priced, position)]
    return not is_free(priced[position].price) and (not only or root.product.id in only)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTax:
    """How a group is taxed, and what of each tax falls on each of its lines, in steps."""

    parts: Sequence[tuple[int, ...]]
    inclusive: bool
    decision: TaxDecision | None


def _tax_group(root: PricedLine, amounts: Sequence[int], place: Place | None, default: str) -> GroupTax:
    """One rounding per tax, by the behaviour and the category of the line that the others belong to."""
    decision = place.taxes.get(root.product.tax_category) if place else None
    if place is None or decision is None:
        return GroupTax(parts=[()] * len(amounts), inclusive=False, decision=None)
    inclusive = tax_behavior_for(root.price, default=default, country=place.country) == "inclusive"
    taxes = taxes_on(sum(amounts), [one.rate_ppm for one in decision.components], inclusive=inclusive)
    most = amounts if inclusive else [sum(taxes)] * len(amounts)
    return GroupTax(parts=spread_taxes(taxes, amounts, most), inclusive=inclusive, decision=decision)


def _quote_line(
    item: PricedLine, subtotal: int, amount: int, taxes: Sequence[int], taxed: GroupTax, *, is_deferred: bool
) -> QuoteLine:
    """One line in steps; `amount` is what the discounts left of its subtotal. Only the unit's price is in minor units."""
    decision, tax = taxed.decision, sum(taxes)
    components = decision.components if decision else ()
    return QuoteLine(
        product_id=item.product.id,
        price_id=item.price.id,
        label=item.product.name,
        quantity=item.line.quantity,
        part_of=item.line.part_of,
        unit_minor=unit_amount(item.price, chosen_minor=item.line.chosen_minor),
        subtotal_minor=subtotal,
        discount_minor=subtotal - amount,
        net_minor=amount - tax if taxed.inclusive else amount,
        tax_minor=tax,
        total_minor=amount if taxed.inclusive else amount + tax,
        tax_inclusive=taxed.inclusive,
        tax_rate_ppm=decision.rate_ppm if decision else 0,
        tax_reason=decision.reason if decision else None,
        tax_name=decision.name if decision else None,
        taxes=tuple(
            TaxShare(name=one.name, rate_ppm=one.rate_ppm, amount_minor=part)
            for one, part in zip(components, taxes, strict=True)
        ),
        is_deferred=is_deferred,
    )


def in_minor(line: QuoteLine, step: int) -> QuoteLine:
    """A line that was counted in steps, in minor units."""
    if step == 1:
        return line
    return replace(
        line,
        subtotal_minor=line.subtotal_minor * step,
        discount_minor=line.discount_minor * step,
        net_minor=line.net_minor * step,
        tax_minor=line.tax_minor * step,
        total_minor=line.total_minor * step,
        taxes=tuple(replace(one, amount_minor=one.amount_minor * step) for one in line.taxes),
    )


def _applied(
    discounts: Sequence[Discount], taken: Sequence[Sequence[int]], lines: Sequence[QuoteLine], currency: str
) -> list[AppliedDiscount]:
    """What each discount takes off all lines together; without tax where that is how the cart is summed up.

    `taken`: for each discount what it takes from each line, in steps.
    """
    step = currency_of(currency).step_minor
    if taken and is_mixed(lines):
        by_line = zip(*taken, strict=True)
        shares = [split(net_discount(line, currency) // step, each) for line, each in zip(lines, by_line, strict=True)]
        taken = list(zip(*shares, strict=True))
    return [
        AppliedDiscount(discount_id=one.id, amount_minor=sum(from_lines) * step)
        for one, from_lines in zip(discounts, taken, strict=True)
    ]


def sum_up(
    lines: Sequence[QuoteLine],
    currency: str,
    *,
    is_known: bool,
    behavior: Behavior | None,
    applied: Sequence[AppliedDiscount],
) -> Quote:
    """The quote of these lines. `behavior`: that of the first line; `is_known`: the tax is."""
    subtotal, discount = subtotal_and_discount(lines, currency)
    return Quote(
        currency=currency,
        lines=tuple(lines),
        subtotal_minor=subtotal,
        discount_minor=discount,
        net_minor=sum(line.net_minor for line in lines),
        tax_minor=sum(line.tax_minor for line in lines) if is_known else None,
        tax_behavior="exclusive" if is_mixed(lines) else behavior,
        total_minor=sum(line.total_minor for line in lines),
        due_minor=sum(line.total_minor for line in lines if not line.is_deferred),
        discounts=tuple(applied),
    )


def below_floor(total_minor: int, code: str) -> str | None:
    """The smallest charge, formatted, when a total is above zero but below what a processor takes; else None."""
    floor = currency_of(code).smallest_charge_minor
    return format_money(floor, code) if 0 < total_minor < floor else None


def above_ceiling(total_minor: int, code: str) -> str | None:
    """The largest charge, formatted, when a total is above it; else None."""
    ceiling = currency_of(code).largest_charge_minor
    return format_money(ceiling, code) if total_minor > ceiling else None
