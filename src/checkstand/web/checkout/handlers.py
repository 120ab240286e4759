"""The addresses of a session's pages. Polar's and Dodo's sessions have the same handlers under two prefixes.

Every step works without a script: forms post here and are answered with a page, or with 303 to one. A script that sends
`X-Fragment: 1` with an update gets only the parts of the page that may have changed.

Paying: what was typed is checked all at once and saved; the price is compared with the one that was shown; the card becomes a token;
then the flow confirms. A decline reopens the session, so the answer is the checkout page again, with everything but the card in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from checkstand.domain.address import Address
from checkstand.domain.checkout import Checkout, CheckoutStatus
from checkstand.domain.errors import (
    CustomerDeleted,
    DiscountLimitReached,
    Expired,
    ExternalIdTaken,
    Invalid,
    Locked,
    NotFound,
    NotOpen,
    NotPermitted,
    PaymentDeclined,
    PaymentNotReady,
    TotalChanged,
)
from checkstand.domain.payment import Declined, NeedsAction
from checkstand.domain.saved_method import SavedMethod
from checkstand.flows.choose_method import PayWith
from checkstand.flows.confirm_checkout import confirm_checkout, is_locked, what_is_missing
from checkstand.flows.refresh_payment import refresh_payment
from checkstand.flows.renew_checkout import renew_checkout
from checkstand.flows.update_checkout import CheckoutChanges, apply_changes
from checkstand.http import json_response
from checkstand.services import client_address
from checkstand.web.checkout import pages, places, results
from checkstand.web.checkout.change import reread, store_changes, without_discount
from checkstand.web.checkout.form import (
    may_be_chosen,
    read_changes,
    shown_total,
)
from checkstand.web.checkout.limits import wait_for_code, wait_to_pay
from checkstand.web.checkout.messages import Input
from checkstand.web.checkout.methods import Paid, read_method, token_for
from checkstand.web.checkout.problems import complaints_of, last_refusal, once, refusal_of
from checkstand.web.checkout.reader import Complaint, complaint
from checkstand.web.checkout.saved import PREFIX
from checkstand.web.checkout.session import Visit, may_post, open_visit, read_form
from checkstand.web.checkout.view import guessed_country


async def show(request: Request) -> Response:
    """The checkout page, or where the session has got to (hosted-page.md 1.2)."""
    try:
        visit = await open_visit(request)
    except NotFound:
        return pages.unknown_page(request)
    if not results.is_live(visit):
        return results.elsewhere(visit)
    locked = await is_locked(visit.ports, visit.checkout)
    return await _page(visit, Input(refusal=None if locked else last_refusal(visit.checkout), is_locked=locked))


async def _page(visit: Visit, given: Input, *, status: int = 200) -> Response:
    return pages.checkout_page(await _as_shown(visit, given.typed), given, status=status)


async def _as_shown(visit: Visit, typed: Mapping[str, str]) -> Visit:
    """The visit with the session priced for what the page preselects: a country, one of each. Nothing is stored by looking."""
    checkout = visit.checkout
    changes = CheckoutChanges()
    country = guessed_country(checkout.buyer.locale, visit.accepted_languages)
    if checkout.buyer.address is None and "country" not in typed and country and may_be_chosen(checkout, country):
        changes = replace(changes, address=Address(country=country))
    unchosen = {
        position: 1 for position, line in enumerate(checkout.lines) if line.quantity == 0 and line.part_of is None
    }
    if changes.address is None and not unchosen:
        return visit
    try:
        preview = replace(changes, quantities=unchosen)
        shown = await apply_changes(visit.ports, visit.organization, checkout, preview, now=visit.now, as_shown=True)
        return visit.after(shown)
    except Invalid:
        return visit


async def confirmation(request: Request) -> Response:
    """The result page, which asks the gateway first where it still waits for a word."""
    try:
        visit = await open_visit(request)
    except NotFound:
        return pages.unknown_page(request)
    visit = visit.after(await refresh_payment(visit.ports, visit.checkout))
    status = visit.checkout.status
    if results.is_live(visit):
        return pages.see_other(visit.url(fragment="problems" if visit.checkout.last_decline else ""))
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
        return refused or pages.unknown_page(request)
    wants_parts = request.headers.get("x-fragment") == "1"
    reading = read_changes(visit.checkout, form)
    before = visit.checkout
    wait_s = wait_for_code(request, visit) if reading.changes.discount_code else 0
    if wait_s:
        given = Input(typed=form, wait_s=wait_s)
        answer = pages.checkout_parts(visit, given) if wants_parts else await _page(visit, given, status=429)
        return _later(answer, wait_s)
    try:
        stored = await store_changes(visit, reading.changes)
    except (Expired, NotOpen):
        return results.elsewhere(visit.after(await reread(visit, visit.checkout)))
    except Locked:
        return await _page(visit, Input(typed=form, complaints=(complaint("form", "problem.busy"),)), status=409)
    visit = stored.visit
    given = Input(
        typed=_kept(form, before, visit.checkout),
        complaints=(*reading.complaints, *stored.complaints),
        dropped_code=_dropped(before, visit.checkout, form),
    )
    if wants_parts:
        return pages.checkout_parts(await _as_shown(visit, given.typed), given)
    if given.complaints or given.dropped_code:
        return await _page(visit, given, status=422 if given.complaints else 200)
    return pages.see_other(visit.url(fragment="order"))


def _kept(form: Mapping[str, str], before: Checkout, after: Checkout) -> dict[str, str]:
    """What was typed, less what the change made meaningless: another plan's amount, a code that is applied."""
    gone = set()
    if before.selected.id != after.selected.id:
        gone |= {name for name in form if name.startswith(("amount_", "quantity_")) or name in ("seats", "units")}
    if after.discount is not None or form.get("do", "").startswith("remove"):
        gone.add("discount_code")
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


async def pay(request: Request) -> Response:
    """The pay button."""
    visit, form, refused = await posted(request)
    if refused is not None or visit is None:
        return refused or pages.unknown_page(request)
    reading = read_changes(visit.checkout, form)
    changes = _with_address_of(request, visit, reading.changes)
    complaints = list(reading.complaints)
    try:
        preview = await apply_changes(
            visit.ports, visit.organization, visit.checkout, changes, now=visit.now, as_shown=True
        )
    except Invalid as wrong:
        complaints += complaints_of(wrong.problems, visit.checkout)
        return await _again(visit, form, changes, Input(complaints=once(complaints)), status=422)
    except DiscountLimitReached as reached:
        return await _over_limit(visit, form, changes, reached)
    complaints += _what_is_missing(preview, form)
    details: Paid | None = None
    if preview.is_payment_form_required:
        method, read = read_method(visit, preview, form)
        changes = replace(changes, payment_method=method or None, given=changes.given | {"payment_method"})
        if isinstance(read, Paid):
            details = read
        else:
            complaints += read
    if complaints:
        return await _again(visit, form, changes, Input(complaints=once(complaints)), status=422)
    wait_s = wait_to_pay(request, visit)
    if wait_s:
        return _later(await _again(visit, form, changes, Input(wait_s=wait_s), status=429), wait_s)
    return await _charge(request, visit, form, changes, details)


def _later(answer: Response, wait_s: int) -> Response:
    answer.headers["Retry-After"] = str(wait_s)
    return answer


def _with_address_of(request: Request, visit: Visit, changes: CheckoutChanges) -> CheckoutChanges:
    """The changes with the buyer's network address in them, when the merchant did not name one."""
    if visit.checkout.buyer.ip_address is not None:
        return changes
    return replace(changes, ip_address=client_address(request), given=changes.given | {"ip_address"})


def _what_is_missing(preview: Checkout, form: Mapping[str, str]) -> list[Complaint]:
    missing = complaints_of(what_is_missing(preview, confirmation_token="typed below"), preview)  # noqa: S106
    uses_saved = form.get("method", "").startswith(PREFIX)
    if preview.is_payment_form_required and "name" in form and not form["name"] and not uses_saved:
        missing.append(complaint("name", "problem.name.required"))
    address = preview.buyer.address
    if address is not None and "state" in form and not address.state and places.has_needed_states(address.country):
        missing.append(complaint("state", "problem.field.required"))
    options = preview.options
    needs_tax_id = preview.is_payment_form_required and options.require_tax_id and options.allow_tax_id
    if needs_tax_id and not preview.buyer.tax_id:
        missing.append(complaint("tax_id", "problem.tax_id.required"))
    for position, line in enumerate(preview.lines):
        if line.buyer_sets_quantity and line.part_of is None and not form.get(f"quantity_{position}", "1"):
            missing.append(complaint(f"quantity_{position}", "problem.quantity.required"))
    return missing


async def _charge(
    request: Request, visit: Visit, form: Mapping[str, str], changes: CheckoutChanges, details: Paid | None
) -> Response:
    """Everything is there: a token for the card or account, then confirm."""
    token = await token_for(visit, details)
    if isinstance(token, Declined):
        refusal = refusal_of(token, method=changes.payment_method or "card")
        return await _again(visit, form, changes, Input(refusal=refusal), status=422)
    saved = details if isinstance(details, SavedMethod) else None
    if token is None and details is not None and saved is None:
        return await _again(visit, form, changes, Input(), status=409)
    back = visit.absolute_url("/confirmation")
    try:
        done = await confirm_checkout(
            visit.ports,
            visit.organization,
            visit.checkout,
            changes,
            confirmation_token=token,
            return_url=back,
            pay_with=PayWith(method_id=saved.id if saved else None, keep="keep" in form),
            agreed=shown_total(form),
        )
    except PaymentDeclined:
        return pages.see_other(visit.url(fragment="problems"))
    except (NotOpen, Expired):
        return results.elsewhere(visit.after(await reread(visit, visit.checkout)))
    except Locked:
        current = visit.after(await reread(visit, visit.checkout))
        if not results.is_live(current):
            return results.elsewhere(current)
        return await _page(current, Input(typed=form, complaints=(complaint("form", "problem.busy"),)), status=409)
    except Invalid as wrong:
        return await _not_charged(visit, form, changes, wrong)
    except ExternalIdTaken:
        wrong_email = complaint("email", "problem.email.other_customer")
        return await _again(visit, form, changes, Input(complaints=(wrong_email,)), status=422)
    except (CustomerDeleted, PaymentNotReady) as refused:
        # That payments are paused is said by the page itself.
        gone = (complaint("form", "problem.customer.deleted"),) if isinstance(refused, CustomerDeleted) else ()
        return await _page(visit, Input(typed=form, complaints=gone), status=409)
    if isinstance(done.verdict, NeedsAction):
        return pages.leave_for(request, done.verdict.url, theme=visit.theme)
    return pages.see_other(visit.url("/confirmation"))


async def _not_charged(visit: Visit, form: Mapping[str, str], changes: CheckoutChanges, wrong: Invalid) -> Response:
    """Nothing was charged, and the page says why; what has another total now shows it before anything is."""
    if isinstance(wrong, TotalChanged):
        return await _again(visit, form, changes, Input(has_changed=True), status=409)
    if isinstance(wrong, DiscountLimitReached):
        return await _over_limit(visit, form, changes, wrong)
    told = Input(complaints=once(complaints_of(wrong.problems, visit.checkout)))
    spent = [one.given for one in wrong.problems if one.code == "discount_no_longer_redeemable"]
    if not spent:
        return await _again(visit, form, changes, told, status=422)
    return await _again(visit, form, without_discount(visit.checkout, changes, spent[0]), told, status=409)


async def _over_limit(
    visit: Visit, form: Mapping[str, str], changes: CheckoutChanges, reached: DiscountLimitReached
) -> Response:
    """This customer used the discount as often as one may: it is taken away, and the new total shown before anything is charged."""
    told = complaint("discount_code", "problem.discount.customer_limit", code=str(reached))
    smaller = without_discount(visit.checkout, changes, str(reached))
    return await _again(visit, form, smaller, Input(complaints=(told,)), status=409)


async def _again(
    visit: Visit, form: Mapping[str, str], changes: CheckoutChanges, given: Input, *, status: int
) -> Response:
    """The page again, with what was typed stored as far as it is right."""
    try:
        stored = await store_changes(visit, changes)
    except (Expired, NotOpen):
        return results.elsewhere(visit.after(await reread(visit, visit.checkout)))
    except Locked:
        stored = None
    after = stored.visit if stored else visit
    typed = _kept(form, visit.checkout, after.checkout)
    return await _page(after, replace(given, typed=typed), status=status)


async def renew(request: Request) -> Response:
    """Start again: a fresh session with the content of this one, when it ended unpaid."""
    try:
        visit = await open_visit(request)
    except NotFound:
        return pages.unknown_page(request)
    form = await read_form(request)
    if not may_post(request, form, visit.token):
        return _refused(visit)
    if results.is_live(visit):
        return pages.see_other(visit.url())
    t = visit.texts
    try:
        fresh = await renew_checkout(visit.ports, visit.organization, visit.checkout)
    except (NotPermitted, Invalid):
        text = t("expired.gone", merchant=visit.organization.name)
        return pages.message_page(visit, "title.expired", t("expired.heading"), text, status=410)
    return pages.see_other(visit.at(fresh).url())


async def to_the_page(request: Request) -> Response:
    """Where a form was posted to and somebody looks: a bookmark, an address typed again. The page is what they mean."""
    try:
        visit = await open_visit(request)
    except NotFound:
        return pages.unknown_page(request)
    return pages.see_other(visit.url())


async def posted(request: Request) -> tuple[Visit | None, dict[str, str], Response | None]:
    """A form posted to a session that is open; or the answer for one that is not, or may not be."""
    try:
        visit = await open_visit(request)
    except NotFound:
        return None, {}, pages.unknown_page(request)
    form = await read_form(request)
    if not may_post(request, form, visit.token):
        return visit, form, _refused(visit)
    if not results.is_live(visit):
        return visit, form, results.elsewhere(visit)
    return visit, form, None


def _refused(visit: Visit) -> Response:
    """403: the post did not come from our own page."""
    t = visit.texts
    return pages.message_page(
        visit,
        "title.refused",
        t("refused.heading"),
        t("refused.text"),
        status=403,
        link_url=visit.url(),
        link_label=t("refused.again"),
    )
