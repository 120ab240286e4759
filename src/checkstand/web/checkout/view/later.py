"""What is charged after today: which amounts, how often, from which day.

A discount that ends, or a trial, makes more than one price of the same subscription. Each later charge is priced with the discounts
that will still hold then, by the rules and the taxes of the session's own quote; equal charges in a row are one phase.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from checkstand.domain.catalog import Interval, Span
from checkstand.domain.checkout import Checkout, Line
from checkstand.domain.conversion import convert
from checkstand.domain.discount import Discount
from checkstand.domain.pricing import Place, quote
from checkstand.domain.renewal import never_ends
from checkstand.domain.tax import TaxComponent, TaxDecision
from checkstand.domain.trial import add_span

_MOST_CHARGES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of equal later charges: what, how often, since when; `is_single` when only one such charge is made."""

    span: Span
    start: datetime
    amount_minor: int
    is_single: bool = False


def later_charges(checkout: Checkout, now: datetime, *, tax_behavior: str = "location") -> tuple[Phase, ...]:
    """What is charged after today, by interval and then by time. `tax_behavior`: the organization's own."""
    spans = {span: None for line in checkout.lines if (span := _span_of(checkout, line)) is not None}
    phases: list[Phase] = []
    for span in spans:
        phases += _phases(checkout, span, now, tax_behavior)
    return tuple(phases)


def _span_of(checkout: Checkout, line: Line) -> Span | None:
    """How often a line is charged; what belongs to another line is charged with it."""
    root = line if line.part_of is None else checkout.lines[line.part_of]
    return checkout.product(root.product_id).recurrence


def _phases(checkout: Checkout, span: Span, now: datetime, tax_behavior: str) -> list[Phase]:
    """Every charge is counted from the same day (`_charge_day`); without a trial the first was today."""
    anchor, first = (checkout.trial_end, 0) if checkout.trial_end else (now, 1)
    for_ever = tuple(one for one in checkout.discounts if never_ends(one))
    amounts: dict[tuple[UUID, ...], int] = {}
    phases: list[Phase] = []
    for number in range(first, first + _MOST_CHARGES):
        day = _charge_day(anchor, span, number)
        active = tuple(one for one in checkout.discounts if _holds(one, number, day, now))
        key = tuple(one.id for one in active)
        if key not in amounts:
            amounts[key] = _amount(checkout, span, active, tax_behavior)
        amount = amounts[key]
        if phases and phases[-1].amount_minor == amount:
            phases[-1] = replace(phases[-1], is_single=False)
        else:
            phases.append(Phase(span=span, start=day, amount_minor=amount, is_single=True))
        if active == for_ever:
            break
    phases[-1] = replace(phases[-1], is_single=False)
    return phases


def _holds(discount: Discount, number: int, day: datetime, now: datetime) -> bool:
    """Whether a discount still takes something off the charge of this number (0: the first) and day."""
    if discount.cycles is not None:
        return number < discount.cycles
    if discount.duration == "once":
        return number == 0
    if discount.duration == "forever":
        return True
    return day < add_span(now, Span(interval=Interval.MONTH, count=discount.duration_months or 1))


def _charge_day(anchor: datetime, span: Span, number: int) -> datetime:
    """The day of a charge. Counted from the anchor each time: the 31st is the 28th in February and the 31st again in March."""
    return add_span(anchor, Span(interval=span.interval, count=span.count * number)) if number else anchor


def _amount(checkout: Checkout, span: Span, active: tuple[Discount, ...], tax_behavior: str) -> int:
    """One charge of everything that repeats at this interval, in the charged currency."""
    kept = [position for position, line in enumerate(checkout.lines) if _span_of(checkout, line) == span]
    moved = {position: place for place, position in enumerate(kept)}
    lines = [checkout.lines[position] for position in kept]
    lines = [line if line.part_of is None else replace(line, part_of=moved[line.part_of]) for line in lines]
    later = quote(
        lines,
        checkout.products,
        currency=checkout.price_currency,
        place=_place(checkout),
        default_tax_behavior=tax_behavior,
        discounts=active,
    )
    return (convert(later, checkout.exchange) if checkout.exchange else later).total_minor


def _place(checkout: Checkout) -> Place | None:
    """How the session's quote taxed each category, as far as it says."""
    address = checkout.buyer.address
    if address is None or checkout.quote.tax_minor is None:
        return None
    taxes: Mapping[str, TaxDecision] = {
        checkout.product(line.product_id).tax_category: TaxDecision(
            reason=line.tax_reason,
            country=address.country,
            components=tuple(TaxComponent(name=one.name, rate_ppm=one.rate_ppm) for one in line.tax_shares),
        )
        for line in reversed(checkout.quote.lines)
        if line.tax_reason is not None and line.part_of is None
    }
    return Place(country=address.country, taxes=taxes)
