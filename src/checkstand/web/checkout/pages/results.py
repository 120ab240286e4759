"""What a buyer finds after paying, or instead of it: success, processing, the bank's turn, failure, expiry."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from checkstand.domain.catalog import Interval, Span
from checkstand.domain.checkout import Checkout, CheckoutStatus, is_over
from checkstand.domain.methods import Method, MethodKind, kind_of
from checkstand.domain.order import Order
from checkstand.domain.payment import Attempt, AttemptStatus
from checkstand.flows.checkout.renew_checkout import may_renew
from checkstand.flows.orders.document_address import pdf_url
from checkstand.flows.orders.read_sale import sales_of_checkouts
from checkstand.gateways.testbank.methods import DEBIT_DAYS
from checkstand.store.sales.payments import ATTEMPTS
from checkstand.web.checkout.pages.answers import message_page, page, see_other
from checkstand.web.checkout.session.leaving import pending_target, success_target
from checkstand.web.checkout.session.visit import CheckoutVisit
from checkstand.web.checkout.view.later import later_charges
from checkstand.web.checkout.view.methods import method_label
from checkstand.web.checkout.view.rows import bought_words
from checkstand.web.checkout.view.wording import BRANDS, Wording, wording_for

_LONGEST_WAIT_S = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the success page prints: label and value, in order."""

    heading: str
    rows: tuple[tuple[str, str], ...]
    continue_url: str | None
    wait_s: int
    email: str
    contact: str
    invoice_url: str = ""


def is_live(visit: CheckoutVisit) -> bool:
    """True when the buyer may still change and pay this session."""
    return visit.checkout.status is CheckoutStatus.OPEN and not is_over(visit.checkout, visit.now)


def elsewhere(visit: CheckoutVisit) -> Response:
    """Where a session that is no longer open belongs."""
    checkout = visit.checkout
    if checkout.status is CheckoutStatus.SUCCEEDED:
        return see_other(success_target(visit) or visit.url("/confirmation"))
    if checkout.status in (CheckoutStatus.CONFIRMED, CheckoutStatus.FAILED):
        return see_other(visit.url("/confirmation"))
    return expired_page(visit)


def expired_page(visit: CheckoutVisit) -> Response:
    """410, with a way on: a fresh session with the same content where that is possible, and the way back."""
    t, checkout = visit.texts, visit.checkout
    again = visit.url("/renew") if may_renew(visit.organization, checkout, visit.now) else ""
    return message_page(
        visit,
        "title.expired",
        t("expired.heading"),
        t("expired.text", span=_lifetime(checkout, wording_for(visit))),
        status=410,
        form_url=again,
        form_label=t("expired.again"),
    )


def _lifetime(checkout: Checkout, words: Wording) -> str:
    minutes = max(1, round((checkout.expires_at - checkout.created_at).total_seconds() / 60))
    if minutes % 1440 == 0:
        return words.length(Span(interval=Interval.DAY, count=minutes // 1440))
    if minutes % 60 == 0:
        return words.texts.count("span.hour", minutes // 60)
    return words.texts.count("span.minute", minutes)


def failed_page(visit: CheckoutVisit) -> Response:
    """The final failure: nothing was charged, and a fresh start where that is possible."""
    t = visit.texts
    again = visit.url("/renew") if may_renew(visit.organization, visit.checkout, visit.now) else ""
    return message_page(
        visit,
        "title.failed",
        t("failed.heading"),
        t("failed.text", reference=str(visit.checkout.id)[:8]),
        status=200,
        form_url=again,
        form_label=t("expired.again"),
    )


def gone_page(visit: CheckoutVisit) -> Response:
    """410: what this session is for is not sold any more, and nothing took its place. No form, but whom to ask, and the way back."""
    t, checkout = visit.texts, visit.checkout
    text = t("gone.text", product=checkout.selected.name, merchant=visit.organization.name)
    return message_page(visit, "title.gone", t("title.gone"), text, status=410)


def locked_page(visit: CheckoutVisit) -> Response:
    """Too many payments were declined here: no form any more, but what to do, and a fresh start where that is possible."""
    t, merchant = visit.texts, visit.organization.name
    may_start_again = may_renew(visit.organization, visit.checkout, visit.now, is_locked=True)
    return message_page(
        visit,
        "title.locked",
        t("locked.heading"),
        t("locked.start_again" if may_start_again else "locked.text", merchant=merchant),
        status=200,
        form_url=visit.url("/renew") if may_start_again else "",
        form_label=t("expired.again"),
    )


async def waiting_page(visit: CheckoutVisit, *, note: str = "") -> Response:
    """Confirmed and undecided: the bank's turn when the buyer has to go there; days to wait for; else patience.

    `note`: what the buyer asked for and did not get.
    """
    payment = visit.checkout.payment
    attempt = await ATTEMPTS.by_id(visit.ports.db, visit.organization.id, payment.attempt_id) if payment else None
    pending = (AttemptStatus.PROCESSING, AttemptStatus.PARTIALLY_CAPTURED)
    if attempt is not None and attempt.status in pending and attempt.instrument is not None:
        kind = kind_of(attempt.instrument.method)
        if kind in (MethodKind.DEBIT, MethodKind.VOUCHER) or attempt.captured_minor:
            return _pending_page(visit, attempt, kind)
    action_url = payment.action_url if payment and payment.intent_status == "requires_action" else None
    return page(
        visit,
        "waiting.html",
        "title.processing",
        action_url=action_url,
        status_url=visit.url("/status"),
        own_url=visit.url("/confirmation"),
        stop_url=visit.url("/stop") if action_url else "",
        note=note,
    )


def _pending_page(visit: CheckoutVisit, attempt: Attempt, kind: MethodKind | None) -> Response:
    """Order received, the money still to come: what happens next, and what the buyer has to do for it."""
    t, words, voucher = visit.texts, wording_for(visit), attempt.voucher
    rows = [(t("pending.amount"), words.money(attempt.amount_minor, attempt.currency))]
    if voucher is not None:
        entity, number = (t("pending.entity"), voucher.entity), (t("pending.reference"), voucher.reference)
        rows = [entity, number, *rows, (t("pending.until"), words.moment(voucher.expires_at))]
    elif attempt.instrument is not None:
        rows.append((t("success.method"), _method(visit, attempt)))
    if attempt.captured_minor:
        left = attempt.amount_minor - attempt.captured_minor
        rows.append((t("pending.received"), words.money(attempt.captured_minor, attempt.currency)))
        rows.append((t("pending.left"), words.money(left, attempt.currency)))
    text = t("pending.voucher") if voucher else t("pending.debit_open")
    if kind is MethodKind.DEBIT and attempt.decided_by is not None and attempt.instrument is not None:
        days = DEBIT_DAYS[Method(attempt.instrument.method)]
        text = t("pending.debit", days=days, date=words.day(attempt.decided_by))
    if attempt.captured_minor:
        text = t("pending.part")
    return page(
        visit,
        "pending.html",
        "title.pending",
        text=text,
        rows=tuple(rows),
        status_url=visit.url("/status"),
        decide_url=f"/bank/{attempt.gateway_reference}" if visit.bank and attempt.gateway_reference else "",
        continue_url=pending_target(visit),
        leaves_at_once=visit.checkout.options.redirect_immediately and voucher is None,
    )


async def success_page(visit: CheckoutVisit) -> Response:
    """Thank you, with what a receipt says, and on to the merchant."""
    return page(visit, "success.html", "title.success", receipt=await _receipt(visit))


async def _receipt(visit: CheckoutVisit) -> Receipt:
    t, checkout, words = visit.texts, visit.checkout, wording_for(visit)
    sale = (await sales_of_checkouts(visit.ports, visit.organization, [checkout]))[0]
    paid = next((attempt for attempt in sale.attempts if attempt.status is AttemptStatus.SUCCEEDED), None)
    rows = []
    if sale.order is not None:
        rows.append((t("success.order"), t("success.number", number=str(sale.order.number))))
        rows.append((t("success.date"), words.day(sale.order.created_at)))
    rows.append((t("success.bought"), bought_words(checkout, words)))
    rows.append((t("success.paid"), words.money(checkout.quote.due_minor, checkout.currency)))
    if paid is not None and paid.instrument is not None:
        rows.append((t("success.method"), _method(visit, paid)))
    paid_at = sale.order.created_at if sale.order else visit.now
    for phase in later_charges(checkout, paid_at, tax_behavior=visit.organization.settings.default_tax_behavior)[:1]:
        amount = words.money(phase.amount_minor, checkout.currency)
        rows.append((t("success.next"), t("success.next_value", amount=amount, date=words.day(phase.start))))
    target = success_target(visit)
    return Receipt(
        heading=t("success.trial_heading" if checkout.trial_end else "success.heading"),
        rows=tuple(rows),
        continue_url=target,
        wait_s=0 if checkout.options.redirect_immediately else _LONGEST_WAIT_S,
        email=checkout.buyer.email or "",
        contact=visit.organization.settings.email or "",
        invoice_url=_invoice_url(visit, sale.order) if sale.order else "",
    )


def _invoice_url(visit: CheckoutVisit, order: Order) -> str:
    key = visit.services.settings.secret_key.encode()
    return pdf_url(visit.ports, order.organization_id, "invoice", order.id, key)


def _method(visit: CheckoutVisit, paid: Attempt) -> str:
    instrument, t = paid.instrument, visit.texts
    if instrument is None or instrument.method == "none":
        return t("success.method_none")
    kind = kind_of(instrument.method)
    if kind is not MethodKind.CARD and kind is not None:
        label = method_label(t, instrument.method)
        ending = kind is MethodKind.DEBIT and instrument.last_four
        return t("success.method_ending", method=label, last_four=instrument.last_four) if ending else label
    if instrument.last_four is None:
        return t("success.method_none")
    brand = BRANDS.get(instrument.brand or "", t("card.legend"))
    return t("success.method_card", brand=brand, last_four=instrument.last_four)
