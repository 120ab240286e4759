"""A priced cart in another currency: the total is converted once, its parts are made to sum to it, and the tax is taken from it anew.

Rule: what is charged is what counts, so a tax is worked out on what each kind of goods came to in the charged
currency, once for each rate, whether the price contained it or not. On an invoice its rate times its base is its amount.

    29.97 USD with 19 % in it are 27.90 EUR; the tax in these is 4.45, whatever 4.79 USD would come to.

Source: docs/behaviour/dodo.md#currency-and-rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from checkstand.domain.currency import currency as currency_of
from checkstand.domain.exchange import Exchange
from checkstand.domain.money import split
from checkstand.domain.pricing import in_minor, sum_up
from checkstand.domain.quote import Quote, QuoteLine
from checkstand.domain.tax import spread_taxes, taxes_on


def convert(summed: Quote, exchange: Exchange) -> Quote:
    """The quote in the exchange's currency. Like `pricing.quote` it counts in that currency's steps."""
    step = currency_of(exchange.currency).step_minor
    totals = _shares(
        exchange.convert(summed.total_minor) // step,
        [line.total_minor for line in summed.lines],
    )
    discounts = _shares(
        exchange.convert(sum(line.discount_minor for line in summed.lines)) // step,
        [line.discount_minor for line in summed.lines],
    )
    taxes = _taxes_in(totals, summed.lines)
    lines = [
        in_minor(_converted(line, total, discount, taxes_of_line, exchange), step)
        for line, total, discount, taxes_of_line in zip(summed.lines, totals, discounts, taxes, strict=True)
    ]
    plain = sum_up(
        lines, exchange.currency, is_known=summed.tax_minor is not None, behavior=summed.tax_behavior, applied=()
    )
    shares = _shares(plain.discount_minor // step, [one.amount_minor for one in summed.discounts])
    applied = (replace(one, amount_minor=share * step) for one, share in zip(summed.discounts, shares, strict=True))
    return replace(plain, discounts=tuple(applied))


def _shares(amount: int, weights: Sequence[int]) -> Sequence[int]:
    return split(amount, weights) if amount else [0] * len(weights)


def _taxes_in(totals: Sequence[int], lines: Sequence[QuoteLine]) -> list[tuple[int, ...]]:
    """What of each tax is in each line's total: one rounding for all lines of the same taxes that are charged on the same day."""
    found: list[tuple[int, ...]] = [()] * len(lines)
    alike: dict[tuple[object, ...], list[int]] = {}
    for position, line in enumerate(lines):
        key = (line.is_deferred, *((one.name, one.rate_ppm) for one in line.taxes))
        alike.setdefault(key, []).append(position)
    for positions in alike.values():
        amounts = [totals[position] for position in positions]
        rates = [one.rate_ppm for one in lines[positions[0]].taxes]
        spread = spread_taxes(taxes_on(sum(amounts), rates, inclusive=True), amounts, amounts)
        for position, taxes in zip(positions, spread, strict=True):
            found[position] = taxes
    return found


def _converted(line: QuoteLine, total: int, discount: int, taxes: Sequence[int], exchange: Exchange) -> QuoteLine:
    """A line of the base currency with its amounts of the other, in steps."""
    net = total - sum(taxes)
    return replace(
        line,
        unit_minor=exchange.convert(line.unit_minor),
        subtotal_minor=(total if line.tax_inclusive else net) + discount,
        discount_minor=discount,
        net_minor=net,
        tax_minor=sum(taxes),
        total_minor=total,
        taxes=tuple(replace(one, amount_minor=tax) for one, tax in zip(line.taxes, taxes, strict=True)),
    )
