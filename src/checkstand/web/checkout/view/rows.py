"""The order's rows: lines with what belongs to them, discounts, taxes by name, totals, and what is charged later.

Each row is there only when it says something: no tax row where nothing is collected, none for an add-on that
was not chosen. Amounts are the quote's own; nothing is added up here but equal taxes of several lines.

Source: docs/behaviour/checkout-page.md#rows-and-fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from checkstand.domain.catalog import Interval, Span
from checkstand.domain.checkout import Checkout, Line
from checkstand.domain.discount import Discount, Percentage, cap_of
from checkstand.domain.image import image_path
from checkstand.domain.quote import QuoteLine, is_mixed, tax_sums
from checkstand.domain.terms import Metered, SeatBased, UnitBased, is_averaged
from checkstand.web.checkout.form.goods import counted
from checkstand.web.checkout.view.later import Phase
from checkstand.web.checkout.view.wording import Wording

RowKind = Literal["line", "part", "plain", "total", "due", "later"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A product's picture: where it is, how large, what it shows. Sides in pixels."""

    url: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRow:
    """One row: what, how much, and a small print under the what. `kind` part: it belongs to the line above it."""

    kind: RowKind
    label: str
    amount: str
    note: str = ""
    is_pending: bool = False
    picture: Picture | None = None


def picture_of(checkout: Checkout, line: Line) -> Picture | None:
    """The first picture of a line's product, with its own sides, so that nothing moves when it arrives."""
    product = checkout.product(line.product_id)
    if not product.images:
        return None
    image = product.images[0]
    return Picture(
        url=image_path(product.organization_id, image),
        width=image.width or 64,
        height=image.height or 64,
        alt=product.name,
    )


def order_rows(
    checkout: Checkout, words: Wording, phases: Sequence[Phase], *, collects_tax: bool
) -> tuple[SummaryRow, ...]:
    """All of them, in order."""
    return (
        *_lines(checkout, words),
        *_meters(checkout, words),
        *_discounts(checkout, words),
        *_taxes(checkout, words, collects_tax=collects_tax),
        *_totals(checkout, words, phases),
    )


def _lines(checkout: Checkout, words: Wording) -> Iterator[SummaryRow]:
    shows_pictures = sum(line.part_of is None for line in checkout.lines) > 1
    for line, priced in zip(checkout.lines, checkout.quote.lines, strict=True):
        if line.part_of is not None and not line.quantity:
            continue
        label, note = _line_words(checkout, line, priced, words)
        if priced.tax_rate_ppm and is_mixed(checkout.quote.lines):
            kind_of_price = words.texts("summary.with_tax" if priced.tax_inclusive else "summary.without_tax")
            note = f"{note} · {kind_of_price}" if note else kind_of_price
        amount = words.money(priced.subtotal_minor, checkout.currency)
        if isinstance(checkout.price_of(line).terms, Metered):
            amount = words.texts("summary.metered_amount")
        kind: RowKind = "line" if line.part_of is None else "part"
        picture = picture_of(checkout, line) if shows_pictures and kind == "line" else None
        yield SummaryRow(kind=kind, label=label, note=note, amount=amount, picture=picture)


def _line_words(checkout: Checkout, line: Line, priced: QuoteLine, words: Wording) -> tuple[str, str]:
    """What a line is called, and its small print: how many at which price, how often."""
    t, terms = words.texts, checkout.price_of(line).terms
    product = checkout.product(line.product_id)
    if isinstance(terms, SeatBased | UnitBased):
        many = words.counted(terms, line.quantity)
        amount = "" if is_averaged(terms, line.quantity) else words.each(priced, checkout.currency)
        if line.part_of is not None:  # another price of the product above
            return many, t("summary.each", amount=amount) if amount else ""
        return priced.label, t("summary.counted", counted=many, amount=amount) if amount else many
    label = (
        priced.label
        if line.quantity <= 1
        else t("summary.line", quantity=words.number(line.quantity), label=priced.label)
    )
    each = words.each(priced, checkout.currency)
    if product.recurrence and len(checkout.lines) > 1 and not checkout.offers:
        return label, words.repeating(each, product.recurrence)
    return label, t("summary.each", amount=each) if line.quantity > 1 else ""


def bought_words(checkout: Checkout, words: Wording) -> str:
    """All that is bought, in one sentence's part: `Studio (5 seats), 2 × Storage`."""
    counts = {
        position: words.counted(terms, checkout.lines[position].quantity) for position, _, terms in counted(checkout)
    }
    parts: list[str] = []
    for position, (line, priced) in enumerate(zip(checkout.lines, checkout.quote.lines, strict=True)):
        if not line.quantity:
            continue
        if position in counts and line.part_of is not None:
            parts[-1] = f"{parts[-1]} ({counts[position]})"
        elif position in counts:
            parts.append(f"{priced.label} ({counts[position]})")
        elif line.quantity > 1:
            parts.append(words.texts("summary.line", quantity=words.number(line.quantity), label=priced.label))
        else:
            parts.append(priced.label)
    return ", ".join(parts)


def _meters(checkout: Checkout, words: Wording) -> Iterator[SummaryRow]:
    """What will be billed by use, at which price: nothing of it is charged now."""
    if not checkout.offers:
        return
    product = checkout.selected
    for price in checkout.prices_of(product):
        if isinstance(price.terms, Metered):
            name = price.terms.label or price.terms.meter_name
            unit = price.terms.unit or words.texts("price.unit")
            amount = words.rate(price.terms.unit_amount, price.currency)
            note = words.texts("summary.metered", amount=amount, unit=unit)
            yield SummaryRow(kind="part", label=name, note=note, amount=words.texts("summary.metered_amount"))


def _discounts(checkout: Checkout, words: Wording) -> Iterator[SummaryRow]:
    quote, t = checkout.quote, words.texts
    shown = sum(bool(line.quantity) for line in checkout.lines)
    if shown > 1 or quote.discount_minor:
        label = t("summary.subtotal_net" if is_mixed(quote.lines) else "summary.subtotal")
        yield SummaryRow(kind="plain", label=label, amount=words.money(quote.subtotal_minor, quote.currency))
    by_id = {discount.id: discount for discount in checkout.discounts}
    for applied in quote.discounts:
        if applied.amount_minor:
            discount = by_id[applied.discount_id]
            cap = cap_of(discount.takes, currency=checkout.price_currency)
            notes = [] if cap is None else [t("summary.discount_cap", most=words.money(cap, checkout.price_currency))]
            if is_mixed(quote.lines):
                notes.append(t("summary.discount_net"))
            yield SummaryRow(
                kind="plain",
                label=discount_label(discount, words, checkout.price_currency),
                note=" · ".join(notes),
                amount=words.money(-applied.amount_minor, quote.currency),
            )


def discount_label(discount: Discount, words: Wording, currency: str) -> str:
    """`SPRING20 (20% off for 3 months)`"""
    name = discount.code or discount.name
    if isinstance(discount.takes, Percentage):
        off = words.percent(discount.takes.basis_points * 100)
    else:
        off = words.money(discount.takes.amounts.get(currency, 0), currency)
    if discount.duration == "repeating" and discount.duration_months:
        months = words.length(Span(interval=Interval.MONTH, count=discount.duration_months))
        return words.texts("summary.discount_months", name=name, off=off, span=months)
    return words.texts("summary.discount", name=name, off=off)


def _taxes(checkout: Checkout, words: Wording, *, collects_tax: bool) -> Iterator[SummaryRow]:
    """One row per tax, by its own name and rate; a word on who accounts for it where the buyer does."""
    t, quote = words.texts, checkout.quote
    if quote.tax_minor is None:
        if collects_tax and checkout.is_payment_form_required:
            yield SummaryRow(
                kind="plain", label=t("summary.tax_unknown"), amount=t("summary.tax_placeholder"), is_pending=True
            )
        return
    taxes: dict[tuple[str, int, bool], int] = {}
    for tax, amount in tax_sums(quote.lines).items():
        # Where only some prices contain their tax, the subtotal above does not: all of it is added.
        key = (tax.name or t("summary.tax_name"), tax.rate_ppm, tax.is_inclusive and not is_mixed(quote.lines))
        taxes[key] = taxes.get(key, 0) + amount
    for (name, rate, inclusive), amount in taxes.items():
        if amount:
            text = t("summary.tax_included" if inclusive else "summary.tax", name=name, rate=words.percent(rate))
            yield SummaryRow(kind="plain", label=text, amount=words.money(amount, quote.currency))
    reversed_lines = [line for line in quote.lines if line.tax_reason == "reverse_charge"]
    if reversed_lines:
        keeps_price = all(line.tax_inclusive for line in reversed_lines)
        yield SummaryRow(
            kind="plain",
            label=t("summary.tax_reversed"),
            note=t("summary.tax_reversed_kept" if keeps_price else "summary.tax_reversed_note"),
            amount=words.money(0, quote.currency),
        )


def _totals(checkout: Checkout, words: Wording, phases: Sequence[Phase]) -> Iterator[SummaryRow]:
    t, quote, currency = words.texts, checkout.quote, checkout.currency
    total = "summary.total_after_trial" if quote.due_minor != quote.total_minor else "summary.total"
    yield SummaryRow(kind="total", label=t(total), amount=words.money(quote.total_minor, currency))
    if phases:
        yield SummaryRow(kind="due", label=t("summary.due"), amount=words.money(quote.due_minor, currency))
    for phase in phases:
        key = "summary.first_charge" if phase.is_single else "summary.then"
        label = t(key, interval=words.every(phase.span), date=words.day(phase.start))
        yield SummaryRow(kind="later", label=label, amount=words.money(phase.amount_minor, currency))
