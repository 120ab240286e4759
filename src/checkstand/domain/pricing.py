"""How a total comes about: lines, then the discount, then tax; the parts always sum to the total.

Each line is `unit x quantity`. The discount is worked out once on the sum of the lines it may touch and spread over them so
that not a cent is lost. Tax is collected only where an organization says it is registered; until registrations exist that
is nowhere, and the tax of a session whose place is unknown stays None rather than 0.

    >>> part = [300, 700]
    >>> sum(part)
    1000
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from checkstand.domain.catalog import Price, Product, is_free, unit_amount
from checkstand.domain.checkout import Line, Quote, QuoteLine
from checkstand.domain.currency import currency as currency_of
from checkstand.domain.discount import Discount, takes_off
from checkstand.domain.errors import Invalid
from checkstand.domain.money import format_money, split

EXCLUSIVE_COUNTRIES = frozenset({"US", "CA", "IN"})
LARGEST_TOTAL_MINOR = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A line together with the product and price it names."""

    line: Line
    product: Product
    price: Price


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


def tax_behavior_for(price: Price, *, default: str, country: str | None) -> Literal["inclusive", "exclusive"] | None:
    """Whether prices contain the tax: the price's own word, else the organization's, else by place (polar.md 8.2)."""
    chosen = price.tax_behavior or default
    if chosen == "inclusive" or chosen == "exclusive":
        return "inclusive" if chosen == "inclusive" else "exclusive"
    if country is None:
        return None
    return "exclusive" if country in EXCLUSIVE_COUNTRIES else "inclusive"


def quote(
    lines: Sequence[Line],
    products: Sequence[Product],
    *,
    currency: str,
    country: str | None,
    default_tax_behavior: str = "location",
    discount: Discount | None = None,
    in_trial: bool = False,
) -> Quote:
    """Price a cart in minor units of `currency`. Raises Invalid when the total leaves 32 bits."""
    priced = resolve(lines, products)
    subtotals = [_subtotal(item) for item in priced]
    touched = [amount if _is_touched(item, discount) else 0 for item, amount in zip(priced, subtotals, strict=True)]
    taken = takes_off(discount.takes, subtotal_minor=sum(touched), currency=currency) if discount else 0
    discounts = split(taken, touched) if taken else tuple(0 for _ in priced)
    subtotal = sum(subtotals)
    if subtotal > LARGEST_TOTAL_MINOR:
        raise Invalid.single("total_too_large", "amount", given=subtotal, maximum=format_money(2**31 - 1, currency))
    net = subtotal - taken
    behavior = tax_behavior_for(priced[0].price, default=default_tax_behavior, country=country)
    known = behavior is not None or net == 0
    return Quote(
        currency=currency,
        lines=tuple(map(_quote_line, priced, subtotals, discounts)),
        subtotal_minor=subtotal,
        discount_minor=taken,
        net_minor=net,
        tax_minor=0 if known else None,
        tax_behavior=behavior,
        total_minor=net,
        due_minor=0 if in_trial else net,
    )


def _subtotal(item: PricedLine) -> int:
    return unit_amount(item.price, chosen_minor=item.line.chosen_minor) * item.line.quantity


def _is_touched(item: PricedLine, discount: Discount | None) -> bool:
    """Whether a discount may take from a line: free ones and products that it is not for are left alone."""
    only = discount.product_ids if discount else ()
    return not is_free(item.price) and (not only or item.product.id in only)


def _quote_line(item: PricedLine, subtotal: int, discount: int) -> QuoteLine:
    return QuoteLine(
        product_id=item.product.id,
        price_id=item.price.id,
        label=item.product.name,
        quantity=item.line.quantity,
        unit_minor=unit_amount(item.price, chosen_minor=item.line.chosen_minor),
        subtotal_minor=subtotal,
        discount_minor=discount,
        net_minor=subtotal - discount,
        tax_minor=0,
        total_minor=subtotal - discount,
    )


def below_floor(total_minor: int, code: str) -> str | None:
    """The smallest charge, formatted, when a total is above zero but below what a processor takes; else None."""
    floor = currency_of(code).smallest_charge_minor
    return format_money(floor, code) if 0 < total_minor < floor else None
