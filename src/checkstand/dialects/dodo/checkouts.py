"""`/checkouts`: create a session and read how it stands (dodo.md 2, 3)."""

from __future__ import annotations

from starlette.responses import Response

from checkstand.dialects.dodo import requests, sales
from checkstand.dialects.dodo.call import Api, Call
from checkstand.dialects.dodo.models import CheckoutIn
from checkstand.dialects.dodo.wire import Json, shown
from checkstand.domain.ids import DodoPrefix
from checkstand.flows.create_checkout import create_checkout
from checkstand.flows.read_checkout import read_checkout
from checkstand.flows.read_sale import sales_of_checkouts

api = Api("Dodo: checkout sessions")
READ = ("checkouts:read", "checkouts:write")
WRITE = ("checkouts:write",)


@api.route("POST", "/checkouts", scopes=WRITE, body=CheckoutIn, keyed=True, hot=True)
async def create(call: Call) -> Response:
    """Create a checkout session."""
    body = call.body(CheckoutIn)
    request = await requests.create_request(call.ports, call.organization, body)
    created = await create_checkout(call.ports, call.organization, request)
    answer: Json = {
        "session_id": shown(DodoPrefix.CHECKOUT_SESSION, created.id),
        "checkout_url": sales.session_url(call.ports.public_url(), created),
    }
    if created.order_id is not None:
        answer["payment_id"] = shown(DodoPrefix.PAYMENT, created.order_id)
    return call.json(answer)


@api.route("GET", "/checkouts/{id}", scopes=READ, hot=True)
async def get(call: Call) -> Response:
    """Read how a checkout session stands."""
    checkout_id = call.path_id(DodoPrefix.CHECKOUT_SESSION)
    found = await read_checkout(call.ports, call.organization, checkout_id)
    sale = (await sales_of_checkouts(call.ports, call.organization, [found]))[0]
    return call.json(sales.session(sale))
