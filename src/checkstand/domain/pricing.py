"""How a total comes about: lines, then discounts, then tax, then another currency; the parts always sum to the total.

A *group* is a cart line with everything that belongs to it: its add-ons, or the other prices of the same product. A discount and a
tax are worked out once per group, rounded half away from zero, and spread over its lines so that not a cent is lost (polar.md 7.4
and 8, dodo.md 2.3.8). An amount off is taken once from all groups it may touch. Tax is None, not 0, while the place is unknown.

    >>> split(253, [300, 700])
    (76, 177)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from checkstand.domain.catalog import Price, Product, is_free, line_amount, unit_amount
from checkstand.domain.checkout import AppliedDiscount, Line, Quote, QuoteLine
from checkstand.domain.currency import currency as currency_of
from checkstand.domain.discount import AmountOff, Discount, cap_of, takes_off
from checkstand.domain.errors import Invalid
from checkstand.domain.exchange import Exchange
from checkstand.domain.money import format_money, split
from checkstand.domain.tax import TaxDecision

EXCLUSIVE_COUNTRIES = frozenset({"US", "CA", "IN"})
LARGEST_TOTAL_MINOR = 2**31 - 1
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
    """Whether prices contain the tax: the price's own word, else the organization's, else by place (polar.md 8.2)."""
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
    exchange: Exchange | None = None,
    in_trial: Callable[[Product], bool] = lambda product: False,
) -> Quote:
    """Price a cart in minor units of `currency`, then convert it. Raises Invalid when a total leaves 32 bits."""
    priced = resolve(lines, products)
    subtotals = [
        line_amount(item.price, quantity=item.line.quantity, chosen_minor=item.line.chosen_minor) for item in priced
    ]
    _check_size(sum(subtotals), currency)
    groups = _groups(priced)
    left = list(subtotals)
    applied = []
    for discount in discounts:
        taken = _take_off(discount, priced, groups, left, currency)
        left = [amount - off for amount, off in zip(left, taken, strict=True)]
        applied.append(AppliedDiscount(discount_id=discount.id, amount_minor=sum(taken)))
    quoted: dict[int, QuoteLine] = {}
    for group in groups:
        product = priced[group[0]].product
        taxed = _tax_group(priced[group[0]], [left[position] for position in group], place, default_tax_behavior)
        for position, tax in zip(group, taxed.parts, strict=True):
            quoted[position] = _quote_line(
                priced[position], subtotals[position], left[position], tax, taxed, is_deferred=in_trial(product)
            )
    is_known = place is not None or sum(left) == 0
    behavior = tax_behavior_for(priced[0].price, default=default_tax_behavior, country=place.country) if place else None
    summed = _summed(
        [quoted[position] for position in range(len(priced))],
        currency,
        is_known=is_known,
        behavior=behavior,
        applied=applied,
    )
    if exchange is None:
        return summed
    converted = convert(summed, exchange)
    _check_size(converted.total_minor, exchange.currency)
    return converted


def _check_size(amount_minor: int, currency: str) -> None:
    if amount_minor > LARGEST_TOTAL_MINOR:
        largest = format_money(LARGEST_TOTAL_MINOR, currency)
        raise Invalid.single("total_too_large", "amount", given=amount_minor, maximum=largest)


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
    """What a discount takes from each line, given what earlier ones left of it."""
    touched = [left[position] if _is_touched(priced, position, discount) else 0 for position in range(len(priced))]
    if isinstance(discount.takes, AmountOff):
        off = takes_off(discount.takes, subtotal_minor=sum(touched), currency=currency)
        return list(split(off, touched)) if off else [0] * len(priced)
    taken = [0] * len(priced)
    for group in groups:
        weights = [touched[position] for position in group]
        off = takes_off(discount.takes, subtotal_minor=sum(weights), currency=currency)
        for position, part in zip(group, split(off, weights), strict=True) if off else ():
            taken[position] = part
    most = cap_of(discount.takes, currency=currency)
    return taken if most is None or sum(taken) <= most else list(split(most, taken))


def _is_touched(priced: Sequence[PricedLine], position: int, discount: Discount) -> bool:
    """Whether a discount may take from a line: free ones and products that it is not for are left alone, add-ons follow."""
    only = discount.product_ids
    root = priced[_root(priced, position)]
    return not is_free(priced[position].price) and (not only or root.product.id in only)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTax:
    """How a group is taxed, and what falls on each of its lines."""

    parts: Sequence[int]
    inclusive: bool
    decision: TaxDecision | None


def _tax_group(root: PricedLine, amounts: Sequence[int], place: Place | None, default: str) -> GroupTax:
    """One rounding per group, by the behaviour and the category of the line that the others belong to."""
    decision = place.taxes.get(root.product.tax_category) if place else None
    if place is None or decision is None:
        return GroupTax(parts=[0] * len(amounts), inclusive=False, decision=None)
    inclusive = tax_behavior_for(root.price, default=default, country=place.country) == "inclusive"
    tax = decision.tax_on(sum(amounts), inclusive=inclusive)
    return GroupTax(parts=split(tax, amounts) if tax else [0] * len(amounts), inclusive=inclusive, decision=decision)


def _quote_line(
    item: PricedLine, subtotal: int, amount: int, tax: int, taxed: GroupTax, *, is_deferred: bool
) -> QuoteLine:
    """One line; `amount` is what the discounts left of its subtotal."""
    decision = taxed.decision
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
        is_deferred=is_deferred,
    )


def _summed(
    lines: Sequence[QuoteLine],
    currency: str,
    *,
    is_known: bool,
    behavior: Behavior | None,
    applied: Sequence[AppliedDiscount],
) -> Quote:
    tax = sum(line.tax_minor for line in lines)
    total = sum(line.total_minor for line in lines)
    _check_size(total, currency)
    return Quote(
        currency=currency,
        lines=tuple(lines),
        subtotal_minor=sum(line.subtotal_minor for line in lines),
        discount_minor=sum(line.discount_minor for line in lines),
        net_minor=sum(line.net_minor for line in lines),
        tax_minor=tax if is_known else None,
        tax_behavior=behavior,
        total_minor=total,
        due_minor=sum(line.total_minor for line in lines if not line.is_deferred),
        discounts=tuple(applied),
    )


def convert(summed: Quote, exchange: Exchange) -> Quote:
    """A priced cart in another currency: total, tax and discount are converted once each, and their parts made to sum to them."""
    total = exchange.convert(summed.total_minor)
    tax = min(total, exchange.convert(summed.tax_minor or 0))
    discount = exchange.convert(summed.discount_minor)
    totals = split(total, [line.total_minor for line in summed.lines]) if total else [0] * len(summed.lines)
    taxes = _within(tax, [line.tax_minor for line in summed.lines], totals)
    discounts = split(discount, [line.discount_minor for line in summed.lines]) if discount else [0] * len(summed.lines)
    lines = []
    for line, line_total, line_tax, line_discount in zip(summed.lines, totals, taxes, discounts, strict=True):
        net = line_total - line_tax
        before = (line_total if line.tax_inclusive else net) + line_discount
        lines.append(
            replace(
                line,
                unit_minor=exchange.convert(line.unit_minor),
                subtotal_minor=before,
                discount_minor=line_discount,
                net_minor=net,
                tax_minor=line_tax,
                total_minor=line_total,
            )
        )
    shares = (
        split(discount, [one.amount_minor for one in summed.discounts]) if discount else [0] * len(summed.discounts)
    )
    applied = [replace(one, amount_minor=share) for one, share in zip(summed.discounts, shares, strict=True)]
    return _summed(
        lines,
        exchange.currency,
        is_known=summed.tax_minor is not None,
        behavior=summed.tax_behavior,
        applied=applied,
    )


def _within(amount: int, weights: Sequence[int], most: Sequence[int]) -> list[int]:
    """Split an amount so that no part exceeds its bound; what does not fit goes to the lines that still have room."""
    parts = list(split(amount, weights)) if amount else [0] * len(weights)
    over = 0
    for place, bound in enumerate(most):
        over += max(0, parts[place] - bound)
        parts[place] = min(parts[place], bound)
    for place, bound in enumerate(most):
        more = min(over, bound - parts[place])
        parts[place] += more
        over -= more
    return parts


def below_floor(total_minor: int, code: str) -> str | None:
    """The smallest charge, formatted, when a total is above zero but below what a processor takes; else None."""
    floor = currency_of(code).smallest_charge_minor
    return format_money(floor, code) if 0 < total_minor < floor else None
