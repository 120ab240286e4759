"""`POST /gateway/stripe/webhook`: where Stripe tells that something happened. To be registered in Stripe's dashboard.

400 for what Stripe did not sign, or signed more than five minutes ago; 200 for what was heard or is none of our business; 503 when
Stripe's API could not be asked for the payment's state, so that Stripe tells again. The event's own content is not believed further
than which payment it is about (`flows/hear_gateway.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from checkstand.flows.hear_gateway import hear_gateway
from checkstand.gateways.stripe_signature import is_genuine
from checkstand.http import BadBody, json_response, parse_json, read_body
from checkstand.services import services_of

router = APIRouter(include_in_schema=False)
PATH = "/gateway/stripe/webhook"
EVENTS = frozenset(
    f"{kind}.{what}"
    for kind, failed in (("payment_intent", "payment_failed"), ("setup_intent", "setup_failed"))
    for what in ("succeeded", "processing", "requires_action", "canceled", failed)
)


async def hear(request: Request) -> Response:
    """One event."""
    services = services_of(request)
    if services.settings.gateway != "stripe":
        return json_response({"detail": "This server does not charge through Stripe."}, status=404)
    try:
        body = await read_body(request)
        header, secret = request.headers.get("stripe-signature", ""), services.settings.stripe_webhook_secret
        if not is_genuine(header, body, secret=secret, now=services.ports.real_now()):
            return json_response({"detail": "The signature is not right."}, status=400)
        event = parse_json(body)
    except BadBody as bad:
        return json_response({"detail": f"The body cannot be used: {bad.reason}."}, status=400)
    concerns = _concerns(event)
    if concerns is None:
        return json_response({"received": True, "used": False})
    heard = await hear_gateway(services.ports, *concerns)
    if not heard:
        return json_response({"detail": "The payment's state is not known yet; tell again."}, status=503)
    return json_response({"received": True, "used": True})


def _concerns(event: object) -> tuple[UUID, UUID, str] | None:
    """Organization, attempt and intent that an event is about; None when it is about nothing of ours."""
    if not isinstance(event, Mapping) or event.get("type") not in EVENTS:
        return None
    data = event.get("data")
    thing = data.get("object") if isinstance(data, Mapping) else None
    metadata = thing.get("metadata") if isinstance(thing, Mapping) else None
    if not isinstance(thing, Mapping) or not isinstance(metadata, Mapping) or not isinstance(thing.get("id"), str):
        return None
    try:
        return UUID(str(metadata.get("organization"))), UUID(str(metadata.get("attempt"))), str(thing["id"])
    except ValueError:
        return None


router.add_api_route(PATH, hear, methods=["POST"])
