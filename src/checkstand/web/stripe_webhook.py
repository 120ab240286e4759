"""`POST /gateway/stripe/webhook`: where Stripe tells that something happened. To be registered in Stripe's dashboard.

400 for what Stripe did not sign, or signed more than five minutes ago; 200 for what was handled or is none of our business; 503 when
Stripe's API could not be asked for the state, so that Stripe tells again. The event's own content is not believed further than which
payment, refund or dispute it is about (`flows/recovery/handle_payment_event.py`, `handle_refund_event.py`, `handle_dispute_event.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from checkstand.flows.ports import Ports
from checkstand.flows.recovery.handle_dispute_event import handle_dispute_event
from checkstand.flows.recovery.handle_payment_event import EventOutcome, handle_payment_event
from checkstand.flows.recovery.handle_refund_event import handle_refund_event
from checkstand.gateways.stripe.signature import is_genuine
from checkstand.http import BadBody, json_response, parse_json, read_body
from checkstand.ops.bounds import LARGEST_REPORT
from checkstand.routing import Routes
from checkstand.services import services_of

routes = Routes()
PATH = "/gateway/stripe/webhook"
INTENT_EVENTS = frozenset(
    f"{kind}.{what}"
    for kind, failed in (("payment_intent", "payment_failed"), ("setup_intent", "setup_failed"))
    for what in ("succeeded", "processing", "requires_action", "canceled", failed)
)
# Told once Stripe knows what it keeps of a payment.
CHARGE_EVENTS = frozenset({"charge.updated"})
REFUND_EVENTS = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})
DISPUTE_EVENTS = frozenset(
    f"charge.dispute.{what}" for what in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
)
EVENTS = INTENT_EVENTS | CHARGE_EVENTS | REFUND_EVENTS | DISPUTE_EVENTS
Thing = Mapping[object, object]


async def receive(request: Request) -> Response:
    """Handle one event and tell Stripe whether to send it again."""
    services = services_of(request)
    if services.settings.gateway != "stripe":
        return json_response({"detail": "This server does not charge through Stripe."}, status=404)
    try:
        body = await read_body(request, most=LARGEST_REPORT)
        header, secret = request.headers.get("stripe-signature", ""), services.settings.stripe_webhook_secret
        if not is_genuine(header, body, secret=secret, now=services.ports.real_now()):
            return json_response({"detail": "The signature is not right."}, status=400)
        event = parse_json(body)
    except BadBody as bad:
        return json_response({"detail": f"The body cannot be used: {bad.reason}."}, status=400)
    outcome = await _handle(services.ports, event)
    if outcome is EventOutcome.NOT_OURS:
        return json_response({"received": True, "used": False})
    if outcome is EventOutcome.TRY_AGAIN:
        return json_response({"detail": "The state is not known yet; tell again."}, status=503)
    return json_response({"received": True, "used": True})


async def _handle(ports: Ports, event: object) -> EventOutcome:
    """What became of the event."""
    data = event.get("data") if isinstance(event, Mapping) else None
    thing = data.get("object") if isinstance(data, Mapping) else None
    if not isinstance(event, Mapping) or not isinstance(thing, Mapping):
        return EventOutcome.NOT_OURS
    kind, reference = event.get("type"), thing.get("id")
    if kind not in EVENTS or not isinstance(reference, str):
        return EventOutcome.NOT_OURS
    if kind in REFUND_EVENTS:
        return await handle_refund_event(ports, reference)
    if kind in DISPUTE_EVENTS:
        return await handle_dispute_event(ports, reference)
    concerns = _payment(thing, thing.get("payment_intent") if kind in CHARGE_EVENTS else reference)
    return await handle_payment_event(ports, *concerns) if concerns else EventOutcome.NOT_OURS


def _payment(thing: Thing, intent: object) -> tuple[UUID, UUID, str] | None:
    """Organization, attempt and intent that an event is about."""
    metadata = thing.get("metadata")
    if not isinstance(metadata, Mapping) or not isinstance(intent, str):
        return None
    try:
        return UUID(str(metadata.get("organization"))), UUID(str(metadata.get("attempt"))), intent
    except ValueError:
        return None


routes.add(PATH, receive, "POST")
