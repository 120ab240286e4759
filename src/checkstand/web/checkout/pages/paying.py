"""The pay button: what was typed is checked all at once and saved; the price is compared with the one that was shown; the card
becomes a token; then the flow confirms.

A decline reopens the session, so the answer is the checkout page again. A script gets its parts and keeps the card that was typed;
on a page that is drawn anew the card is gone, and the page says so. A script that may go on is told where to: `{"url": "..."}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from checkstand.code_tries import trying_code
from checkstand.domain.errors import (
    CustomerDeleted,
    DiscountLimitReached,
    Expired,
    ExternalIdTaken,
    Invalid,
    Locked,
    NotOpen,
    PaymentDeclined,
    PaymentNotReady,
    TooManyCodes,
    TotalChanged,
)
from checkstand.domain.payment import Declined, NeedsAction
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.saved_method import SavedMethod
from checkstand.flows.checkout.choose_method import PaymentChoice
from checkstand.flows.checkout.confirm_checkout import (
    PreparedConfirmation,
    confirm_prepared,
    is_locked,
    prepare_confirmation,
)
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.services import client_address
from checkstand.web.checkout.form.change import TRIES, reread, store_changes, without_code, without_discount
from checkstand.web.checkout.form.posted import read_changes, shown_total, types_a_card
from checkstand.web.checkout.form.problems import complaints_of, last_refusal, once, refusal_of
from checkstand.web.checkout.form.reader import complaint
from checkstand.web.checkout.pages import answers, results
from checkstand.web.checkout.pages.handlers import draw, kept, later, posted
from checkstand.web.checkout.pages.missing import missing_complaints
from checkstand.web.checkout.session.limits import wait_to_pay, was_taken
from checkstand.web.checkout.session.visit import CheckoutVisit
from checkstand.web.checkout.view.messages import Input
from checkstand.web.checkout.view.methods import Paid, read_method, token_for


async def pay(request: Request) -> Response:
    """The pay button. Where a change is stored at the same moment (a field that was just left), this is tried again after it."""
    visit, form, refused = await posted(request)
    if refused is not None or visit is None:
        return refused or answers.unknown_page(request)
    for attempt in range(TRIES):
        try:
            return await _pay(request, visit, form, is_first=attempt == 0)
        except Locked:
            visit = visit.after(await reread(visit, visit.checkout))
            if not results.is_live(visit):
                return results.elsewhere(visit)
    return await _refused(visit, form, Input(complaints=(complaint("form", "problem.busy"),)), status=409)


async def _pay(request: Request, visit: CheckoutVisit, form: Mapping[str, str], *, is_first: bool) -> Response:
    """Check all of it, then charge. Raises Locked when the session was changed or taken meanwhile."""
    reading = read_changes(visit.checkout, form)
    changes = replace(_with_address_of(request, visit, reading.changes), at_current_prices=True)
    complaints = list(reading.complaints)
    try:
        with trying_code(request, visit.checkout.id, changes.discount_code):
            prepared = await prepare_confirmation(visit.ports, visit.organization, visit.checkout, changes)
    except TooManyCodes as many:
        told = await _again(visit, form, without_code(changes), Input(wait_s=many.wait_s), status=429)
        return later(told, many.wait_s)
    except (NotOpen, Expired):
        return results.elsewhere(visit.after(await reread(visit, visit.checkout)))
    except PaymentDeclined:
        return await _declined(visit, form)
    except DiscountLimitReached as reached:
        return await _over_limit(visit, form, changes, reached)
    except Invalid as wrong:
        complaints += complaints_of(wrong.problems, visit.checkout)
        return await _again(visit, form, changes, Input(complaints=once(complaints)), status=422)
    complaints += missing_complaints(visit.organization, prepared.changed, form)
    details: Paid | None = None
    if prepared.changed.is_payment_form_required:
        method, read = read_method(visit, prepared.changed, form)
        changes = replace(changes, payment_method=method or None, given=changes.given | {"payment_method"})
        prepared = replace(prepared, changed=replace(prepared.changed, payment_method=method or None))
        if isinstance(read, Paid):
            details = read
        else:
            complaints += read
    # A number that no bank knows is a try as well: somebody may be looking for one that is known.
    is_try = not complaints or any(one.key == "problem.told" for one in complaints)
    wait_s = wait_to_pay(request, visit) if is_first and is_try else 0
    if complaints and not wait_s:
        return await _again(visit, form, changes, Input(complaints=once(complaints)), status=422)
    if wait_s:
        return later(await _again(visit, form, changes, Input(wait_s=wait_s), status=429), wait_s)
    return await _charge(request, visit, form, changes, prepared, details)


def _with_address_of(request: Request, visit: CheckoutVisit, changes: CheckoutChanges) -> CheckoutChanges:
    """The changes with the buyer's network address in them, when the merchant did not name one."""
    if visit.checkout.buyer.ip_address is not None:
        return changes
    return replace(changes, ip_address=client_address(request), given=changes.given | {"ip_address"})


async def _charge(
    request: Request,
    visit: CheckoutVisit,
    form: Mapping[str, str],
    changes: CheckoutChanges,
    prepared: PreparedConfirmation,
    details: Paid | None,
) -> Response:
    """Everything is there: a token for the card or account, then confirm."""
    token = await token_for(visit, details)
    if isinstance(token, Declined):
        refusal = refusal_of(token, method=changes.payment_method or "card")
        return await _again(visit, form, changes, Input(refusal=refusal), status=422)
    saved = details if isinstance(details, SavedMethod) else None
    if token is None and details is not None and saved is None:
        return await _again(visit, form, changes, Input(), status=409)
    try:
        done = await confirm_prepared(
            visit.ports,
            visit.organization,
            prepared,
            confirmation_token=token,
            return_url=visit.absolute_url("/confirmation"),
            pay_with=PaymentChoice(method_id=saved.id if saved else None, saves_method="keep" in form),
            agreed=shown_total(form),
            by_page=True,
        )
    except PaymentDeclined:
        return await _declined(visit, form)
    except (NotOpen, Expired):
        return results.elsewhere(visit.after(await reread(visit, visit.checkout)))
    except Invalid as wrong:
        return await _not_charged(visit, form, changes, wrong)
    except ExternalIdTaken:
        wrong_email = complaint("email", "problem.email.other_customer")
        return await _again(visit, form, changes, Input(complaints=(wrong_email,)), status=422)
    except (CustomerDeleted, PaymentNotReady) as refused:
        # That payments are paused is said by the page itself.
        gone = (complaint("form", "problem.customer.deleted"),) if isinstance(refused, CustomerDeleted) else ()
        return await _refused(visit, form, Input(complaints=gone), status=409)
    was_taken(request)
    if isinstance(done.verdict, NeedsAction):
        return answers.leave_for(request, done.verdict.url, theme=visit.theme, wants_url=visit.wants_parts)
    return answers.go_on(visit, visit.url("/confirmation"))


async def _declined(visit: CheckoutVisit, form: Mapping[str, str]) -> Response:
    """The bank said no: the session is open again. A page is asked for anew, so that loading it again sends no form."""
    if not visit.wants_parts:
        return answers.see_other(visit.url(fragment="problems"))
    visit = visit.after(await reread(visit, visit.checkout))
    if await is_locked(visit.ports, visit.checkout):
        return answers.go_on(visit, visit.url())  # which has no form any more
    return await _refused(visit, form, Input(refusal=last_refusal(visit.checkout)), status=422)


async def _not_charged(
    visit: CheckoutVisit, form: Mapping[str, str], changes: CheckoutChanges, wrong: Invalid
) -> Response:
    """Nothing was charged, and the page says why; what has another total now shows it before anything is."""
    if isinstance(wrong, TotalChanged):
        return await _again(visit, form, changes, Input(), status=409)
    if isinstance(wrong, DiscountLimitReached):
        return await _over_limit(visit, form, changes, wrong)
    told = Input(complaints=once(complaints_of(wrong.problems, visit.checkout)))
    spent = [one.given for one in wrong.problems if one.code is ProblemCode.DISCOUNT_NO_LONGER_REDEEMABLE]
    if not spent:
        return await _again(visit, form, changes, told, status=422)
    return await _again(visit, form, without_discount(visit.checkout, changes, spent[0]), told, status=409)


async def _over_limit(
    visit: CheckoutVisit, form: Mapping[str, str], changes: CheckoutChanges, reached: DiscountLimitReached
) -> Response:
    """This customer used the discount as often as one may: it is taken away, and the new total shown before anything is charged."""
    told = complaint("discount_code", "problem.discount.customer_limit", code=reached.discount)
    smaller = without_discount(visit.checkout, changes, reached.discount)
    return await _again(visit, form, smaller, Input(complaints=(told,)), status=409)


async def _again(
    visit: CheckoutVisit, form: Mapping[str, str], changes: CheckoutChanges, given: Input, *, status: int
) -> Response:
    """The page again, with what was typed stored as far as it is right."""
    try:
        stored = await store_changes(visit, changes)
    except (Expired, NotOpen):
        return results.elsewhere(visit.after(await reread(visit, visit.checkout)))
    except Locked:
        stored = None
    after = stored.visit if stored else visit
    return await _refused(after, kept(form, visit.checkout, after.checkout), given, status=status, before=visit)


async def _refused(
    visit: CheckoutVisit, typed: Mapping[str, str], given: Input, *, status: int, before: CheckoutVisit | None = None
) -> Response:
    """The page again, with what was typed in it. On a page that is drawn anew, the card has to be entered again.

    `before`: the visit that the form found, where it is not `visit` itself.
    """
    is_card_gone = not visit.wants_parts and types_a_card(typed)
    given = replace(given, typed=typed, was_pressed=True, is_card_gone=is_card_gone)
    return await draw(visit, given, status=status, before=before or visit)
