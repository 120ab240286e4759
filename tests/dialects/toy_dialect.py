"""Toy: a third API in one file. It sells one product at a time and rings a bell when it is paid; nothing else knows that it exists."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel
from starlette.responses import JSONResponse, Response
from typing_extensions import TypedDict

from checkstand.dialects import api
from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import NotFound
from checkstand.domain.facts import Fact, FactType
from checkstand.domain.organization import Organization
from checkstand.domain.profile import KeyRules, PageRules, Profile, WebhookRules, register
from checkstand.domain.retries import FixedWaits
from checkstand.domain.webhook import Endpoint
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.checkout.read_checkout import read_checkout
from checkstand.flows.ports import Ports
from checkstand.flows.webhooks.save_endpoint import create_endpoint
from checkstand.openapi import Described
from checkstand.store import checkouts

PROFILE = register(
    Profile(
        name="toy",
        title="Toy",
        keys=KeyRules(prefix="toy_key_", title="Toy key", hint="toy_key_… for /toy/…", variable="TOY_KEY"),
        page=PageRules(secret_prefix="toy_sale_"),
        webhooks=WebhookRules(
            user_agent="Toy/1", within_s=5.0, retries=FixedWaits.of_seconds(1), hears_all_by_default=True
        ),
    )
)


class Sale(TypedDict):
    sale: str
    state: str
    pence: int
    pay_at: str


class SaleIn(BaseModel):
    product: UUID


class BellIn(BaseModel):
    url: str


def _trouble(status: int, what: str) -> Response:
    return JSONResponse({"trouble": what}, status)


# Satisfies `api.Errors`: every error is a few words.
ERRORS = SimpleNamespace(
    unauthorized=lambda: _trouble(401, "who are you"),
    forbidden=lambda scopes: _trouble(403, f"needs {scopes[0]}"),
    bad_body=lambda error: _trouble(400, error.reason),
    from_validation=lambda error: _trouble(400, error.errors()[0]["msg"]),
    of=lambda error: _trouble(404 if isinstance(error, NotFound) else 409, error.code),
    key_too_long=lambda key: _trouble(400, f"{len(key)} letters"),
    key_reused=lambda: _trouble(409, "another request"),
    key_busy=lambda: _trouble(409, "busy"),
    unrouted=lambda status, _detail, hint: _trouble(status, hint),
    unavailable=lambda reference: _trouble(503, reference),
    fault=lambda reference: _trouble(500, reference),
)


@dataclass(slots=True)
class Call(api.Call):
    errors: ClassVar[api.Errors] = ERRORS

    def sale(self, checkout: Checkout, status: int = 200) -> Response:
        pay_at = f"{self.public_url}{checkout.page_path}"
        shown = Sale(sale=str(checkout.id), state=checkout.status, pence=checkout.quote.due_minor, pay_at=pay_at)
        return self.json(shown, status)


class Api(api.Api[Call]):
    calls = Call


toys = Api("Toy")


@toys.route("POST", "/toy/sales", scopes=["checkouts:write"], body=SaleIn, status=201, answers=Sale, keyed=True)
async def sell(call: Call) -> Response:
    """Sell a product."""
    wanted = CartItem(product_id=call.body(SaleIn).product, where=("product",))
    request = CheckoutRequest(dialect=PROFILE.name, wanted=(wanted,), choose_one=False)
    return call.sale(await create_checkout(call.ports, call.organization, request), 201)


@toys.route("GET", "/toy/sales/{id}", scopes=["checkouts:read"], answers=Sale)
async def read(call: Call) -> Response:
    """Read a sale."""
    return call.sale(await read_checkout(call.ports, call.organization, UUID(call.request.path_params["id"])))


@toys.route("POST", "/toy/bells", scopes=["webhooks:write"], body=BellIn, status=201, answers=dict[str, str])
async def hang_bell(call: Call) -> Response:
    """Hear of sales."""
    made = await create_endpoint(call.ports, call.organization, PROFILE.name, {"url": call.body(BellIn).url})
    return call.json({"secret": made.secret}, 201)


class Events:
    """Satisfies `webhooks.render.Renderer`: the bell rings once, when a toy's sale is paid."""

    fixes_payload = False

    def event_types(self, fact_type: FactType) -> tuple[str, ...]:
        return ("ding",) if fact_type is FactType.ORDER_PAID else ()

    async def payload(
        self, ports: Ports, organization: Organization, fact: Fact, event_type: str, endpoint: Endpoint
    ) -> str | None:
        sold = await checkouts.by_order_id(ports.db, organization.id, fact.subject_id)
        return json.dumps({event_type: str(sold.id), "pence": sold.quote.due_minor}) if sold else None


PARTS = api.DialectParts(
    profile=PROFILE,
    paths=("/toy/",),
    routes=toys.routes,
    errors=ERRORS,
    events=Events(),
    described=Described(
        name="toy",
        title="Toy API",
        about="Sells toys.",
        operations=toys.operations,
        errors={"Error": dict[str, str]},
        refusals=lambda _operation: {401: "Error", 403: "Error", 404: "Error"},
        path_schema=lambda _operation, _name: {"type": "string", "format": "uuid"},
        headers=lambda _operation: [],
    ),
)
