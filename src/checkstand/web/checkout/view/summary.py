"""What the order comes to, and what that means in words: the button, and the sentence under it.

The rows are in `rows.py`; what is charged after today is worked out in `later.py`, and the buyer reads all of it before paying.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from checkstand.domain.catalog import is_free as is_free_price
from checkstand.domain.checkout import Checkout, active_trial
from checkstand.domain.consent import total_of
from checkstand.domain.organization import OrganizationSettings
from checkstand.web.checkout.view.later import Phase, later_charges
from checkstand.web.checkout.view.rows import SummaryRow, order_rows
from checkstand.web.checkout.view.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """What is paid now, large: `amount`, a `note` beside it (`per month`, `due today`), and beneath it what comes `later`."""

    amount: str
    note: str
    later: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The order in rows and in words. `mark` is compared with the amount that the buyer saw when they press pay."""

    rows: tuple[SummaryRow, ...]
    headline: Headline
    due: str
    due_label: str
    trial_note: str
    pay_text: str
    legal: str
    mark: str
    announcement: str
    exchange: str = ""


def summarize(
    checkout: Checkout,
    words: Wording,
    now: datetime,
    *,
    merchant: str,
    is_test: bool,
    settings: OrganizationSettings,
) -> Summary:
    """Everything the page says about the price. `settings`: the merchant's."""
    phases = later_charges(checkout, now, tax_behavior=settings.default_tax_behavior)
    quote, t = checkout.quote, words.texts
    due = words.money(quote.due_minor, checkout.currency)
    text = _pay_text(checkout, words, phases)
    repeats = bool(phases)
    trial = t("summary.trial", date=words.day(checkout.trial_end)) if checkout.trial_end else ""
    return Summary(
        rows=order_rows(checkout, words, phases, collects_tax=bool(settings.tax_registrations)),
        headline=_headline(checkout, words, phases),
        due=due,
        due_label=t("summary.due" if repeats else "summary.total"),
        trial_note=trial,
        pay_text=t("pay.test", text=text) if is_test else text,
        legal=_legal(checkout, words, phases, merchant=merchant),
        mark=total_of(checkout.quote).mark,
        announcement=t("summary.announce", amount=due),
        exchange=exchange_note(checkout, words),
    )


def unsettled(summary: Summary, words: Wording, *, headline: Headline, is_test: bool) -> Summary:
    """The order while a number in it is not right yet: no total is said of it. `headline`: the price alone."""
    t, unknown = words.texts, words.texts("price.unsettled")
    return replace(
        summary,
        rows=tuple(replace(row, amount=unknown, note="", is_pending=True) for row in summary.rows),
        headline=headline,
        due=unknown,
        pay_text=t("pay.test", text=t("pay.unsettled")) if is_test else t("pay.unsettled"),
        legal=t("legal.unsettled"),
        announcement="",
        exchange="",
    )


def _headline(checkout: Checkout, words: Wording, phases: Sequence[Phase]) -> Headline:
    """The same amount again and again is said in one line; else today's amount, and then each later one."""
    t, due_minor = words.texts, checkout.quote.due_minor
    first = phases[0] if phases else None
    is_steady = first is not None and not checkout.trial_end and first.amount_minor == due_minor and not first.is_single
    repeats_alone = is_steady and len({phase.span for phase in phases}) == 1
    note = words.per(first.span) if first and repeats_alone else t("price.today") if first else ""
    later = [_then(phase, checkout, words, is_next=phase is first) for phase in phases[1 if repeats_alone else 0 :]]
    span = active_trial(checkout.selected, checkout.trial) if checkout.trial_end else None
    if span is not None and later:
        later[0] = t("trial.line", span=words.length(span), then=later[0])
    is_free = is_free_price(checkout.selected_price) and len(checkout.lines) == 1
    amount = t("price.free") if is_free else words.money(due_minor, checkout.currency)
    return Headline(amount=amount, note=note if not is_free else "", later=tuple(later) if not is_free else ())


def _then(phase: Phase, checkout: Checkout, words: Wording, *, is_next: bool) -> str:
    """One later charge, or a row of equal ones: `then $20.00 per month`."""
    amount = words.money(phase.amount_minor, checkout.currency)
    key = "price.then_once" if phase.is_single else "price.then" if is_next else "price.then_from"
    return words.texts(key, amount=amount, interval=words.per(phase.span), date=words.day(phase.start))


def exchange_note(checkout: Checkout, words: Wording) -> str:
    """How the price became another currency's amount: both, the rate, and what the conversion costs. Empty without one."""
    exchange, base = checkout.exchange, checkout.base_quote
    if exchange is None or base is None:
        return ""
    return words.texts(
        "exchange.note_fee" if exchange.fee_ppm else "exchange.note",
        amount=words.money(checkout.quote.total_minor, checkout.currency),
        base=words.money(base.total_minor, base.currency),
        from_code=exchange.base,
        to_code=exchange.currency,
        rate=words.plain_rate(exchange.rate),
        fee=words.percent(exchange.fee_ppm),
    )


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
