"""The addresses of a session's pages. Polar's and Dodo's sessions have the same handlers under two prefixes.

Every step works without a script: forms post here and are answered with a page, or with 303 to one. A script that sends
`X-Fragment: 1` gets only the parts of the page that may have changed. The pay button is in `paying.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from checkstand.code_tries import trying_code
from checkstand.domain.checkout import Checkout, CheckoutStatus
from checkstand.domain.errors import (
    Expired,
    Invalid,
    Locked,
    NotFound,
    NotOpen,
    NotPermitted,
    TooManyCodes,
)
from checkstand.flows.checkout.confirm_checkout import is_locked
from checkstand.flows.checkout.current_prices import is_gone
from checkstand.flows.checkout.renew_checkout import renew_checkout
from checkstand.flows.payments.refresh_payment import refresh_payment
from checkstand.http import json_response
from checkstand.web.checkout.form.change import reread, store_changes
from checkstand.web.checkout.form.posted import (
    USE_SUGGESTION,
    read_changes,
)
from checkstand.web.checkout.form.problems import last_refusal, once
from checkstand.web.checkout.form.reader import complaint
from checkstand.web.checkout.pages import answers, results
from checkstand.web.checkout.pages.missing import missing_complaints
from checkstand.web.checkout.session.visit import CheckoutVisit, may_post, open_visit, read_form
from checkstand.web.checkout.view.messages import Input
from checkstand.web.checkout.view.methods import CARD
from checkstand.web.checkout.view.totals import as_drawn, what_changed


async def show(request: Request) -> Response:
    """The checkout page, or where the session has got to (docs/behaviour/checkout-page.md#which-page-shows)."""
    try:
        visit = await open_visit(request)
    except NotFound:
        return answers.unknown_page(request)
    if not results.is_live(visit):
        return results.elsewhere(visit)
    if await is_locked(visit.ports, visit.checkout):
        return results.locked_page(visit)
    if await is_gone(visit.ports, visit.checkout):
        return results.gone_page(visit)
    refusal = last_refusal(visit.checkout)
    typed_a_card = visit.bank is not None and not visit.saved and visit.checkout.payment_method in (None, CARD)
    is_card_gone = refusal is not None and typed_a_card and not visit.wants_parts
    # A script that draws the page anew tells what it showed: an answer that was lost may have changed the total.
    shown = {name: request.headers[f"x-{name}"] for name in ("shown", "told") if f"x-{name}" in request.headers}
    given = Input(refusal=refusal, is_card_gone=is_card_gone)
    return await draw(visit, replace(given, typed=shown), before=visit)


async def draw(
    visit: CheckoutVisit, given: Input, *, status: int = 200, before: CheckoutVisit | None = None
) -> Response:
    """The checkout page as it is for what was typed; for a script that asked, its parts.

    `before`: the visit as a form found it, so that a total which changed by itself is told.
    """
    drawn = await as_drawn(visit, given.typed)
    if before is not None:
        changed = await what_changed(before, drawn.checkout, given.typed, was_pressed=given.was_pressed)
        given = replace(given, changed=changed)
    return answers.checkout_page(drawn, given, status=status)


async def confirmation(request: Request) -> Response:
    """The result page, which asks the gateway first where it still waits for a word."""
    try:
        visit = await open_visit(request)
    except NotFound:
        return answers.unknown_page(request)
    visit = visit.after(await refresh_payment(visit.ports, visit.checkout))
    status = visit.checkout.status
    if results.is_live(visit):
        return answers.see_other(visit.url(fragment="problems" if visit.checkout.last_decline else ""))
    if status is CheckoutStatus.SUCCEEDED:
        return await results.success_page(visit)
    if status is CheckoutStatus.CONFIRMED:
        return await results.waiting_page(visit)
    if status is CheckoutStatus.FAILED:
        return results.failed_page(visit)
    return results.expired_page(visit)


async def status(request: Request) -> Response:
    """`{"status", "url"}` for the waiting page's script: where to go when the status is no longer `confirmed`."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex"}
    try:
        visit = await open_visit(request)
    except NotFound:
        return json_response({"status": "unknown", "url": None}, status=404, headers=headers)
    checkout = await refresh_payment(visit.ports, visit.checkout)
    waits_at_bank = bool(checkout.payment and checkout.payment.intent_status == "requires_action")
    data = {
        "status": str(checkout.status),
        "requires_action": checkout.status is CheckoutStatus.CONFIRMED and waits_at_bank,
        "url": visit.url("/confirmation"),
    }
    return json_response(data, headers=headers)


async def update(request: Request) -> Response:
    """Store what was changed on the page and price it again; nothing is charged here."""
    visit, form, refused = await posted(request)
    if refused is not None or visit is None:
        return refused or answers.unknown_page(request)
    reading = read_changes(visit.checkout, form)
    before = visit.checkout
    found = visit
    try:
        with trying_code(request, before.id, reading.changes.discount_code) as tried:
            stored = await store_changes(visit, replace(reading.changes, at_current_prices=True))
            tried.is_wrong = stored.is_code_wrong
    except TooManyCodes as many:
        return later(await draw(visit, Input(typed=form, wait_s=many.wait_s), status=429, before=visit), many.wait_s)
    except (Expired, NotOpen):
        return results.elsewhere(visit.after(await reread(visit, visit.checkout)))
    except Locked:
        return await draw(
            visit, Input(typed=form, complaints=(complaint("form", "problem.busy"),)), status=409, before=visit
        )
    visit = stored.visit
    # What was marked as missing when the button was pressed is marked until it is there.
    marked = form.get("marked", "").split()
    missing = (
        [one for one in missing_complaints(visit.organization, visit.checkout, form) if one.field in marked]
        if marked
        else []
    )
    given = Input(
        typed=kept(form, before, visit.checkout),
        complaints=once([*reading.complaints, *stored.complaints, *missing]),
        is_quiet=visit.wants_parts and "listed" not in form,
        dropped_code=_dropped(before, visit.checkout, form),
    )
    changed = await what_changed(found, visit.checkout, given.typed, was_pressed=False)
    if visit.wants_parts or given.complaints or given.dropped_code or changed is not None:
        return await draw(visit, given, status=422 if given.complaints else 200, before=found)
    return answers.see_other(visit.url(fragment="order"))


def kept(form: Mapping[str, str], before: Checkout, after: Checkout) -> dict[str, str]:
    """What was typed, less what the change made meaningless: another plan's amount, a code that is applied."""
    gone = set()
    if before.selected.id != after.selected.id:
        gone |= {name for name in form if name.startswith(("amount_", "quantity_")) or name in ("seats", "units")}
    if after.discount is not None or form.get("do", "").startswith("remove"):
        gone.add("discount_code")
    if form.get("do") == USE_SUGGESTION:
        gone.add("email")
    if before.currency != after.currency:
        gone.add("currency")
    if before.price_currency != after.price_currency:
        gone |= {name for name in form if name.startswith("amount_")}
    return {name: value for name, value in form.items() if name not in gone}


def _dropped(before: Checkout, after: Checkout, form: Mapping[str, str]) -> str:
    """The discounts that a change silently took away; empty when none was, or when that was the wish."""
    if form.get("do", "").startswith("remove"):
        return ""
    kept = {one.id for one in after.discounts}
    gone = [one.code or one.name for one in before.discounts if one.id not in kept]
    return "" if form.get("discount_code") and after.discounts else ", ".join(gone)


def later(answer: Response, wait_s: int) -> Response:
    """The answer with the time in it after which to try again."""
    answer.headers["Retry-After"] = str(wait_s)
    return answer


async def renew(request: Request) -> Response:
    """Start again: a fresh session with the content of this one, when it ended unpaid."""
    try:
        visit = await open_visit(request)
    except NotFound:
        return answers.unknown_page(request)
    form = await read_form(request)
    if not may_post(request, form, visit.token):
        return answers.refused_page(visit)
    if results.is_live(visit) and not await is_locked(visit.ports, visit.checkout):
        return answers.see_other(visit.url())
    t = visit.texts
    try:
        fresh = await renew_checkout(visit.ports, visit.organization, visit.checkout)
    except (NotPermitted, Invalid):
        text = t("expired.gone", merchant=visit.organization.name)
        return answers.message_page(visit, "title.expired", t("expired.heading"), text, status=410)
    return answers.see_other(visit.at(fresh).url())


async def to_the_page(request: Request) -> Response:
    """Redirect to the page from an address that forms are posted to: a bookmark, or an address typed again."""
    try:
        visit = await open_visit(request)
    except NotFound:
        return answers.unknown_page(request)
    return answers.see_other(visit.url())


async def posted(request: Request) -> tuple[CheckoutVisit | None, dict[str, str], Response | None]:
    """A form posted to a session that is open; or the answer for one that is not, or may not be."""
    try:
        visit = await open_visit(request)
    except NotFound:
        return None, {}, answers.unknown_page(request)
    form = await read_form(request)
    if not may_post(request, form, visit.token):
        return visit, form, answers.refused_page(visit)
    if not results.is_live(visit):
        return visit, form, results.elsewhere(visit)
    if await is_gone(visit.ports, visit.checkout):
        return visit, form, results.gone_page(visit)
    return visit, form, None
