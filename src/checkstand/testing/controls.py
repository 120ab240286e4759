"""The test controls, `/_test/...`: a test organization's clock, its outstanding work, and a buyer without a browser.

Each is opened by a key of that organization, of either dialect; a live organization has none of them. An answer comes after
everything that the call made due is done, so a test can look at the result at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from checkstand.domain import ids
from checkstand.domain.address import InvalidState
from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import CheckstandError, Expired, Invalid, Locked, NotFound, NotOpen
from checkstand.domain.organization import Organization
from checkstand.domain.payment import Attempt
from checkstand.flows.checkout.read_checkout import read_checkout
from checkstand.flows.orders.read_sale import sale_of_payment
from checkstand.http import BadBody, json_response, parse_json, read_body
from checkstand.ops.bounds import LARGEST_ECHO
from checkstand.routing import Routes
from checkstand.services import Services, client_address, count_bad_token, services_of
from checkstand.store import organizations
from checkstand.store.sales.payments import ATTEMPTS
from checkstand.testing import bank_office, buyer, clock

routes = Routes("/_test")
_PURCHASE = TypeAdapter(buyer.Purchase)
_DISPUTE = TypeAdapter(bank_office.DisputeOpening)
_OUTCOME: TypeAdapter[Literal["succeeded", "failed"]] = TypeAdapter(Literal["succeeded", "failed"])
_OUTCOME_OF_PAYMENT: TypeAdapter[Literal["succeeded", "failed", "partially_captured"]] = TypeAdapter(
    Literal["succeeded", "failed", "partially_captured"]
)
_BODY = {
    "too_large": "The body is too large.",
    "not_utf8": "The body is not UTF-8.",
    "too_deep": "The body is nested too deeply.",
    "too_many": "The body has too many values.",
    "long_text": "The body has a text that is too long.",
    "bad_text": "The body has a character that is not allowed.",
    "big_number": "The body has a number that is too large.",
}


class _Answer(Exception):
    """An answer that ends the request early."""

    def __init__(self, status: int, error: str, detail: str) -> None:
        super().__init__(detail)
        self.response = json_response({"error": error, "detail": detail}, status=status)


Control = Callable[[Request, Services, Organization], Awaitable[object]]


async def _answer(request: Request, control: Control) -> Response:
    """Who is calling, what they want, and in which words it is refused."""
    services = services_of(request)
    try:
        organization = await _caller(request, services)
        return json_response(await control(request, services, organization))
    except _Answer as early:
        return early.response
    except clock.ClockError as error:
        return _Answer(422, "InvalidClock", str(error)).response
    except buyer.NoTestBank:
        detail = "This server charges through a real gateway, so there is no test bank to ask."
        return _Answer(422, "NoTestGateway", detail).response
    except InvalidState as error:
        return _Answer(422, "InvalidAddress", f"{error}.").response
    except CheckstandError as error:
        return _refusal(error).response


def _refusal(error: CheckstandError) -> _Answer:
    if isinstance(error, NotFound):
        return _Answer(404, "NotFound", "This organization has nothing with this id.")
    if isinstance(error, Expired):
        return _Answer(410, "Expired", "The checkout has expired.")
    if isinstance(error, NotOpen):
        return _Answer(409, "NotOpen", f"The checkout is not open: it is {error.status}.")
    if isinstance(error, Locked):
        return _Answer(409, "Locked", "Another request is changing this checkout right now. Try again.")
    if isinstance(error, Invalid):
        told = "; ".join(f"{'.'.join(map(str, item.where))}: {item.code.replace('_', ' ')}" for item in error.problems)
        return _Answer(422, "Invalid", f"The checkout cannot be paid like this: {told}.")
    return _Answer(422, type(error).__name__, str(error) or error.code)


async def _caller(request: Request, services: Services) -> Organization:
    """The test organization whose key this is, as it is now. Raises _Answer."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    principal = None
    if scheme.lower() == "bearer":
        address = client_address(request)
        principal = await services.authenticator.principal(services.ports, token.strip(), address=address)
        if principal is None and (window := count_bad_token(request)) is not None and window.retry_after_s:
            raise _Answer(429, "TooManyRequests", f"Too many wrong keys. Try again in {window.retry_after_s} seconds.")
    if principal is None:
        detail = "Send an API key of the organization, of either dialect, as 'Authorization: Bearer ...'."
        raise _Answer(401, "Unauthorized", detail)
    if principal.organization.mode != "test":
        raise _Answer(403, "NotPermitted", "Live organizations have no test controls.")
    if not principal.is_unrestricted:
        detail = "This key may do some things only. The test controls pay and refund: use a key that may do everything."
        raise _Answer(403, "NotPermitted", detail)
    found = await organizations.by_id(services.ports.db, principal.organization.id)
    return found or principal.organization


async def _fields(request: Request) -> dict[str, object]:
    """The body as an object; an absent one is empty. Raises _Answer."""
    try:
        data = parse_json(await read_body(request))
    except BadBody as bad:
        detail = _BODY.get(bad.reason) or f"The body is not JSON: {bad.message} at character {bad.position}."
        raise _Answer(422, "InvalidBody", detail) from bad
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise _Answer(422, "InvalidBody", "The body must be a JSON object.")
    return data


@routes.get("/clock")
async def show_clock(request: Request) -> Response:
    """The organization's time."""
    return await _answer(request, _show_clock)


async def _show_clock(_request: Request, services: Services, organization: Organization) -> object:
    return _clock(services, organization)


def _clock(services: Services, organization: Organization) -> dict[str, object]:
    seconds = organization.clock_offset_us / 1_000_000
    return {"now": services.ports.now(organization), "offset_seconds": seconds}


@routes.post("/clock")
async def move_clock(request: Request) -> Response:
    """Move the organization's time forward, by a duration or to a moment; due work is done before the answer."""
    return await _answer(request, _move_clock)


async def _move_clock(request: Request, services: Services, organization: Organization) -> object:
    given = await _fields(request)
    advance, now = given.get("advance"), given.get("now")
    if isinstance(advance, str) and now is None:
        moved = await clock.advance(services.ports, services.drainer, organization, advance)
    elif isinstance(now, str) and advance is None:
        moved = await clock.move(services.ports, services.drainer, organization, clock.moment(now))
    else:
        detail = 'Send either {"advance": "P14D"} or {"now": "2027-01-01T00:00:00Z"}.'
        raise _Answer(422, "InvalidClock", detail)
    return _clock(services, moved)


@routes.post("/settle")
async def settle(request: Request) -> Response:
    """Wait until no delivery and no job is due."""
    return await _answer(request, _settle)


async def _settle(_request: Request, services: Services, organization: Organization) -> object:
    delivered, failed = await services.drainer.drain(organization)
    return {"deliveries": delivered, "failed": failed}


@routes.post("/checkouts/{checkout_id}/pay")
async def pay(request: Request) -> Response:
    """Buy as a person would: what the body does not say is made up."""
    return await _answer(request, _pay)


async def _pay(request: Request, services: Services, organization: Organization) -> object:
    text = request.path_params["checkout_id"]
    checkout = await read_checkout(services.ports, organization, _identity(text, ids.DodoPrefix.CHECKOUT_SESSION))
    try:
        purchase = _PURCHASE.validate_python(await _fields(request))
    except ValidationError as error:
        raise _Answer(422, "InvalidPurchase", _first(error)) from error
    return _bought(await buyer.pay(services.ports, organization, checkout, purchase))


@routes.post("/payments/{payment_id}/resolve")
async def resolve(request: Request) -> Response:
    """End a payment that waits for the buyer or for time."""
    return await _answer(request, _resolve)


async def _resolve(request: Request, services: Services, organization: Organization) -> object:
    attempt = await _attempt(request, services, organization)
    given = await _fields(request)
    try:
        outcome = _OUTCOME_OF_PAYMENT.validate_python(given.get("outcome"))
    except ValidationError as error:
        detail = "outcome must be 'succeeded', 'failed' or 'partially_captured'."
        raise _Answer(422, "InvalidOutcome", detail) from error
    if outcome == "partially_captured":
        amount = given.get("amount")
        if not isinstance(amount, int) or isinstance(amount, bool):
            raise _Answer(
                422, "InvalidOutcome", "amount must be a whole number: the part that arrives, in minor units."
            )
        return _bought(await buyer.receive(services.ports, attempt, amount))
    code = given.get("code") or "insufficient_funds"
    if not isinstance(code, str):
        raise _Answer(422, "InvalidOutcome", "code must be a text, such as 'insufficient_funds'.")
    return _bought(await buyer.resolve(services.ports, attempt, approved=outcome == "succeeded", code=code))


async def _attempt(request: Request, services: Services, organization: Organization) -> Attempt:
    """The payment by its own id, or by the id that its sale has on the wire (`pay_...`). Raises NotFound."""
    identity = _identity(request.path_params["payment_id"], ids.DodoPrefix.PAYMENT)
    found = await ATTEMPTS.by_id(services.ports.db, organization.id, identity)
    if found is None:
        sale = await sale_of_payment(services.ports, organization, identity)
        found = buyer.undecided(sale.attempts) or (sale.attempts[-1] if sale.attempts else None)
    if found is None:
        raise NotFound
    return found


@routes.post("/payments/{payment_id}/dispute")
async def dispute(request: Request) -> Response:
    """Open a dispute of a payment as its buyer's bank would, and say how it ends."""
    return await _answer(request, _dispute)


async def _dispute(request: Request, services: Services, organization: Organization) -> object:
    attempt = await _attempt(request, services, organization)
    try:
        wanted = _DISPUTE.validate_python(await _fields(request))
    except ValidationError as error:
        raise _Answer(422, "InvalidDispute", _first(error)) from error
    return await bank_office.dispute(services.ports, organization, attempt, wanted)


@routes.post("/refunds/{refund_id}/resolve")
async def resolve_refund(request: Request) -> Response:
    """End a refund that waits for the bank; one that has arrived may come back as failed."""
    return await _answer(request, _resolve_refund)


async def _resolve_refund(request: Request, services: Services, organization: Organization) -> object:
    identity = _identity(request.path_params["refund_id"], ids.DodoPrefix.REFUND)
    try:
        outcome = _OUTCOME.validate_python((await _fields(request)).get("outcome"))
    except ValidationError as error:
        raise _Answer(422, "InvalidOutcome", "outcome must be 'succeeded' or 'failed'.") from error
    return await bank_office.resolve_refund(services.ports, organization, identity, succeeded=outcome == "succeeded")


def _first(error: ValidationError) -> str:
    """The first thing wrong with a body."""
    item = error.errors()[0]
    return f"{'.'.join(map(str, item['loc'])) or 'body'}: {item['msg']}."[:LARGEST_ECHO]


def _identity(text: str, prefix: ids.DodoPrefix) -> UUID:
    """An id in either spelling. Raises NotFound for what is none."""
    try:
        return UUID(text)
    except ValueError:
        found = ids.parse_short_id(prefix, text)
    if found is None:
        raise NotFound
    return found


def _bought(bought: buyer.Bought) -> dict[str, object]:
    payment = bought.payment
    return {
        "outcome": bought.outcome,
        "code": bought.code,
        "message": bought.message,
        "checkout": _shown(bought.checkout),
        "payment": {"id": payment.id, "status": payment.status, "action_url": payment.action_url} if payment else None,
    }


def _shown(checkout: Checkout) -> dict[str, object]:
    return {"id": checkout.id, "status": checkout.status, "order_id": checkout.order_id}
