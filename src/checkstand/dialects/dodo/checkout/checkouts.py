"""`/checkouts`: create a session, ask beforehand what it would cost, and read how it stands.

Source: docs/behaviour/dodo.md#creating-a-session and docs/behaviour/dodo.md#reading-a-session.
"""

from __future__ import annotations

import contextlib
from uuid import UUID

from starlette.responses import Response

from checkstand.dialects.dodo.answers.preview import Preview
from checkstand.dialects.dodo.answers.session import CreatedSession, SessionStatus
from checkstand.dialects.dodo.checkout import preview, requests, short_links
from checkstand.dialects.dodo.shown import sales
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.models import CheckoutIn
from checkstand.dialects.dodo.wire.words import shown, shown_or_none
from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import PaymentDeclined
from checkstand.domain.ids import DodoPrefix
from checkstand.flows.checkout.choose_method import PaymentChoice
from checkstand.flows.checkout.confirm_checkout import confirm_checkout
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.checkout.explain_checkout import Account, explain_checkout
from checkstand.flows.checkout.read_checkout import read_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.flows.orders.read_sale import sales_of_checkouts

api = Api("Dodo: checkout sessions")
READ = ("checkouts:read", "checkouts:write")
WRITE = ("checkouts:write",)


@api.route("POST", "/checkouts", scopes=WRITE, body=CheckoutIn, answers=CreatedSession, keyed=True)
async def create(call: Call) -> Response:
    """Create a checkout session."""
    body = call.body(CheckoutIn)
    request = await requests.create_request(call.ports, call.organization, body)
    created = await create_checkout(call.ports, call.organization, request)
    method_id = requests.method_id_of(body)
    if method_id is not None:
        return call.json(await _charged(call, created, method_id))
    answer: CreatedSession = {
        "session_id": shown(DodoPrefix.CHECKOUT_SESSION, created.id),
        "checkout_url": await short_links.checkout_url(call.ports, call.organization, created),
    }
    if created.order_id is not None:
        answer["payment_id"] = shown(DodoPrefix.PAYMENT, created.order_id)
    return call.json(answer)


async def _charged(call: Call, created: Checkout, method_id: UUID) -> CreatedSession:
    """A saved method is charged now; there is no page to go to. How it ended is told by the payment, a decline as well."""
    back = f"{sales.session_url(call.ports.public_url(), created)}/confirmation"
    with contextlib.suppress(PaymentDeclined):
        await confirm_checkout(
            call.ports,
            call.organization,
            created,
            CheckoutChanges(),
            confirmation_token=None,
            return_url=back,
            pay_with=PaymentChoice(method_id=method_id),
        )
    return {
        "session_id": shown(DodoPrefix.CHECKOUT_SESSION, created.id),
        "checkout_url": None,
        "payment_id": shown_or_none(DodoPrefix.PAYMENT, created.order_id),
    }


@api.route("POST", "/checkouts/preview", scopes=READ, body=CheckoutIn, answers=Preview)
async def preview_checkout(call: Call) -> Response:
    """See what a checkout session would cost. Nothing is stored. There are no translations, so `locale` changes nothing."""
    return call.json(await preview.document(call, call.body(CheckoutIn)))


@api.route("GET", "/checkouts/{id}", scopes=READ, answers=SessionStatus)
async def get(call: Call) -> Response:
    """Read how a checkout session stands."""
    checkout_id = call.path_id(DodoPrefix.CHECKOUT_SESSION)
    found = await read_checkout(call.ports, call.organization, checkout_id)
    sale = (await sales_of_checkouts(call.ports, call.organization, [found]))[0]
    return call.json(sales.session(sale))


@api.route("GET", "/checkouts/{id}/explain", scopes=READ, answers=Account)
async def explain(call: Call) -> Response:
    """How a session's total came about, step by step. Ours; the original has no such endpoint."""
    checkout_id = call.path_id(DodoPrefix.CHECKOUT_SESSION)
    found = await read_checkout(call.ports, call.organization, checkout_id)
    return call.json(explain_checkout(found, call.organization, shown_id=shown(DodoPrefix.CHECKOUT_SESSION, found.id)))
