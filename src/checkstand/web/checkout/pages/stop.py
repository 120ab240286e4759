"""'Pay another way': the buyer is back from the bank, and what waits there is called off before anything else can be paid."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from checkstand.domain.checkout import CheckoutStatus
from checkstand.domain.errors import NotFound
from checkstand.flows.payments.cancel_payment import cancel_payment
from checkstand.web.checkout.pages import answers, results
from checkstand.web.checkout.session.visit import may_post, open_visit, read_form


async def stop(request: Request) -> Response:
    """Back to the form; to the result where the payment was made after all; or the same page, which says why it still waits."""
    try:
        visit = await open_visit(request)
    except NotFound:
        return answers.unknown_page(request)
    form = await read_form(request)
    if not may_post(request, form, visit.token):
        return answers.refused_page(visit)
    visit = visit.after(await cancel_payment(visit.ports, visit.checkout))
    if results.is_live(visit):
        return answers.see_other(visit.url(fragment="problems"))
    if visit.checkout.status is CheckoutStatus.CONFIRMED:
        return await results.waiting_page(visit, note=visit.texts("action.not_stopped"))
    return results.elsewhere(visit)
