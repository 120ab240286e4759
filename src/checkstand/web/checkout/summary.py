"""What the order comes to, in rows, and what that means in words: the button, and the sentence under it.

Each row is there only when it says something (hosted-page.md 1.4 F). What comes later is worked out charge by charge: a discount that
ends, or a trial, makes more than one price of the same subscription, and the buyer reads all of them before paying.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from checkstand.domain.catalog import Interval, Span
from checkstand.domain.checkout import Checkout
from checkstand.domain.discount import Discount, Percentage
from checkstand.domain.trial import add_span
from checkstand.web.checkout.form import total_mark
from checkstand.web.checkout.wording import Wording

RowKind = Literal["line", "plain", "total", "due", "later"]
_MOST_CHARGES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: what, how much, and a small print under the what."""

    kind: RowKind
    label: str
    amount: str
    note: str = ""
    is_pending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of equal later charges: what, how often, since when; `is_single` when only one such charge is made."""

    span: Span
    start: datetime
    amount_minor: int
    is_single: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The order in rows and in words. `mark` is compared with the amount that the buyer saw when they press pay."""

    rows: tuple[Row, ...]
    due: str
    due_label: str
    trial_note: str
    pay_text: str
    legal: str
    mark: str
    announcement: str


def summarize(checkout: Checkout, words: Wording, now: datetime, *, merchant: str, is_test: bool) -> Summary:
    """Everything the page says about the price."""
    phases = later_charges(checkout, now)
    quote, t = checkout.quote, words.texts
    due = words.money(quote.due_minor, checkout.currency)
    text = _pay_text(checkout, words, phases)
    repeats = bool(phases)
    trial = t("summary.trial", date=words.day(checkout.trial_end)) if checkout.trial_end else ""
    return Summary(
        rows=(*_lines(checkout, words), *_totals(checkout, words, phases)),
        due=due,
        due_label=t("summary.due" if repeats else "summary.total"),
        trial_note=trial,
        pay_text=t("pay.test", text=text) if is_test else text,
        legal=_legal(checkout, words, phases, merchant=merchant),
        mark=total_mark(checkout),
        announcement=t("summary.announce", amount=due),
    )


def _lines(checkout: Checkout, words: Wording) -> list[Row]:
    t, currency = words.texts, checkout.currency
    rows = []
    for line, priced in zip(checkout.lines, checkout.quote.lines, strict=True):
        product = checkout.product(line.product_id)
        label, note = priced.label, ""
        if line.quantity > 1:
            label = t("summary.line", quantity=line.quantity, label=priced.label)
            note = t("summary.each", amount=words.money(priced.unit_minor, currency))
        if product.recurrence and len(checkout.lines) > 1:
            note = words.repeating(words.money(priced.unit_minor, currency), product.recurrence)
        rows.append(Row(kind="line", label=label, note=note, amount=words.money(priced.subtotal_minor, currency)))
    return rows


def _totals(checkout: Checkout, words: Wording, phases: Sequence[Phase]) -> list[Row]:
    t, quote, currency = words.texts, checkout.quote, checkout.currency
    rows = []
    if len(checkout.lines) > 1 or quote.discount_minor:
        rows.append(Row(kind="plain", label=t("summary.subtotal"), amount=words.money(quote.subtotal_minor, currency)))
    if checkout.discount and quote.discount_minor:
        label = _discount_label(checkout.discount, words, currency)
        rows.append(Row(kind="plain", label=label, amount=words.money(-quote.discount_minor, currency)))
    if quote.tax_minor:
        key = "summary.tax_included" if quote.tax_behavior == "inclusive" else "summary.tax"
        rows.append(Row(kind="plain", label=t(key), amount=words.money(quote.tax_minor, currency)))
    elif quote.tax_minor is None and checkout.is_payment_form_required:
        rows.append(
            Row(kind="plain", label=t("summary.tax_unknown"), amount=t("summary.tax_placeholder"), is_pending=True)
        )
    rows.append(Row(kind="total", label=t("summary.total"), amount=words.money(quote.total_minor, currency)))
    if phases:
        rows.append(Row(kind="due", label=t("summary.due"), amount=words.money(quote.due_minor, currency)))
    for phase in phases:
        key = "summary.first_charge" if phase.is_single else "summary.then"
        label = t(key, interval=words.every(phase.span), date=words.day(phase.start))
        rows.append(Row(kind="later", label=label, amount=words.money(phase.amount_minor, currency)))
    return rows


def _discount_label(discount: Discount, words: Wording, currency: str) -> str:
    name = discount.code or discount.name
    if isinstance(discount.takes, Percentage):
        whole, part = divmod(discount.takes.basis_points, 100)
        off = f"{whole}.{part:02d}".rstrip("0") + "%" if part else f"{whole}%"
    else:
        off = words.money(discount.takes.amounts.get(currency, 0), currency)
    if discount.duration == "repeating" and discount.duration_months:
        months = words.length(Span(interval=Interval.MONTH, count=discount.duration_months))
        return words.texts("summary.discount_months", name=name, off=off, span=months)
    return words.texts("summary.discount", name=name, off=off)


def later_charges(checkout: Checkout, now: datetime) -> tuple[Phase, ...]:
    """What is charged after today, by interval and then by time."""
    amounts: dict[Span, tuple[int, int]] = {}
    for line, priced in zip(checkout.lines, checkout.quote.lines, strict=True):
        span = checkout.product(line.product_id).recurrence
        if span is not None:
            full, reduced = amounts.get(span, (0, 0))
            amounts[span] = (full + priced.subtotal_minor, reduced + priced.total_minor)
    phases: list[Phase] = []
    for span, (full, reduced) in amounts.items():
        phases += _phases(checkout, span, full, reduced, now)
    return tuple(phases)


def _phases(checkout: Checkout, span: Span, full: int, reduced: int, now: datetime) -> list[Phase]:
    """At most two stretches: while the discount lasts, and after it. Every charge is counted from the same day (`_charge_day`)."""
    anchor, first = (checkout.trial_end, 0) if checkout.trial_end else (now, 1)
    start = _charge_day(anchor, span, first)
    discount = checkout.discount
    if discount is None or full == reduced or discount.duration == "forever":
        return [Phase(span=span, start=start, amount_minor=reduced)]
    if discount.duration == "repeating":
        ends = add_span(now, Span(interval=Interval.MONTH, count=discount.duration_months or 1))
        count = 0
        while count < _MOST_CHARGES and _charge_day(anchor, span, first + count) < ends:
            count += 1
    else:
        count = 1 if checkout.trial_end else 0
    after = Phase(span=span, start=_charge_day(anchor, span, first + count), amount_minor=full)
    if count == 0:
        return [after]
    return [Phase(span=span, start=start, amount_minor=reduced, is_single=count == 1), after]


def _charge_day(anchor: datetime, span: Span, number: int) -> datetime:
    """The day of a charge. Counted from the anchor each time: the 31st is the 28th in February and the 31st again in March."""
    return add_span(anchor, Span(interval=span.interval, count=span.count * number)) if number else anchor


def _pay_text(checkout: Checkout, words: Wording, phases: Sequence[Phase]) -> str:
    t, quote = words.texts, checkout.quote
    due = words.money(quote.due_minor, checkout.currency)
    if checkout.trial_end is not None:
        return t("pay.trial")
    if quote.total_minor == 0:
        return t("pay.subscribe_free" if phases and not checkout.is_free else "pay.free")
    if len(phases) == 1 and phases[0].amount_minor == quote.due_minor:
        return t("pay.subscribe", amount=due, interval=words.per(phases[0].span))
    return t("pay.amount", amount=due)


def _legal(checkout: Checkout, words: Wording, phases: Sequence[Phase], *, merchant: str) -> str:
    t, currency = words.texts, checkout.currency
    due = words.money(checkout.quote.due_minor, currency)
    if not phases:
        key = "legal.once" if checkout.quote.due_minor else "legal.free"
        return t(key, amount=due, merchant=merchant)
    first, last = phases[0], phases[-1]
    if len(phases) == 1:
        key = "legal.trial" if checkout.trial_end else "legal.recurring"
    elif len(phases) == 2 and checkout.trial_end and first.is_single and first.span == last.span:
        key = "legal.trial_then"
    else:
        key = "legal.mixed"
    return t(
        key,
        amount=due,
        zero=due,
        first=words.money(first.amount_minor, currency),
        later=words.money(last.amount_minor, currency),
        interval=words.every(last.span),
        date=words.day(first.start),
        merchant=merchant,
    )
