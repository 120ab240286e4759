"""Taking a saved method away: asked first, on a page of its own, so that it works without a script."""

from __future__ import annotations

import contextlib

from starlette.requests import Request
from starlette.responses import Response

from checkstand.domain.errors import Expired, Locked, NotFound, NotOpen
from checkstand.flows.payments.remove_method import remove_method
from checkstand.web.checkout.form.change import reread, store_changes
from checkstand.web.checkout.form.posted import read_changes
from checkstand.web.checkout.pages import answers, results
from checkstand.web.checkout.pages.handlers import posted
from checkstand.web.checkout.view.saved import shown_name


async def forget(request: Request) -> Response:
    """The button beside a saved method asks whether it shall go; the button on that page removes it."""
    visit, form, refused = await posted(request)
    if refused is not None or visit is None:
        return refused or answers.unknown_page(request)
    back = visit.url(fragment="payment-part")
    method = next((one for one in visit.saved if str(one.id) == form.get("forget")), None)
    if method is None:  # removed in another tab, or nobody's
        return answers.see_other(back)
    if "sure" not in form:
        try:
            # What was typed is there again afterwards; the question is asked even where others change the session meanwhile.
            with contextlib.suppress(Locked):
                visit = (await store_changes(visit, read_changes(visit.checkout, form).changes)).visit
        except (Expired, NotOpen):
            return results.elsewhere(visit.after(await reread(visit, visit.checkout)))
        name = shown_name(visit.texts, method.instrument)
        return answers.page(visit, "forget.html", "title.forget", method=method, name=name, back=back)
    with contextlib.suppress(NotFound):  # another tab was faster
        await remove_method(visit.ports, visit.organization, method.customer_id, method.id)
    return answers.see_other(back)
