"""`/v1/webhooks/deliveries`: what was tried and what was answered; and `/v1/webhooks/events/{id}/redeliver`.

Source: docs/behaviour/polar.md#deliveries.
"""

from __future__ import annotations

from types import NoneType

from starlette.responses import Response

from checkstand.dialects.polar.answers import common
from checkstand.dialects.polar.answers.webhook import WebhookDelivery, WebhookEvent
from checkstand.dialects.polar.webhooks.webhooks import READ, TOLD_NAMES, WRITE
from checkstand.dialects.polar.wire import paging
from checkstand.dialects.polar.wire.call import Api, Call
from checkstand.dialects.polar.wire.words import moment
from checkstand.domain.webhook import Delivery
from checkstand.flows.webhooks.send_again import send_again
from checkstand.store.delivery import delivery_log
from checkstand.store.delivery.delivery_log import LoggedAttempt

api = Api("Polar: webhooks")
HTTP_CODE_CLASSES = ("2xx", "3xx", "4xx", "5xx")


class DeliveryListQuery(paging.UnsortedQuery):
    endpoint_id = paging.ids()
    start_timestamp = paging.moment()
    end_timestamp = paging.moment()
    succeeded = paging.flag()
    query = paging.word()
    http_code_class = paging.word_of(HTTP_CODE_CLASSES)
    event_type = paging.words_of(TOLD_NAMES, "WebhookEventType")


@api.route("GET", "/webhooks/deliveries", scopes=READ, query=DeliveryListQuery, answers=common.Page[WebhookDelivery])
async def search(call: Call) -> Response:
    """List every try to deliver an event, newest first."""
    asked = DeliveryListQuery(call)
    window = asked.window()
    wanted = delivery_log.LogFilter(
        dialect="polar",
        endpoint_ids=asked.endpoint_id,
        event_types=asked.event_type,
        succeeded=asked.succeeded,
        http_code_classes=tuple(int(text[0]) for text in asked.http_code_class),
        text=asked.query,
        not_before=asked.start_timestamp,
        not_after=asked.end_timestamp,
    )
    page = await asked.found(window, delivery_log.search, wanted)
    return call.json(paging.envelope([shown(item) for item in page.items], page, window.limit))


@api.route("POST", "/webhooks/events/{id}/redeliver", scopes=WRITE, status=202, answers=NoneType)
async def redeliver(call: Call) -> Response:
    """Send an event again, under its own id.

    404 ResourceNotFound: no such event.
    """
    await send_again(call.ports, call.organization, "polar", call.path_id())
    return call.json(None, status=202)


def shown(logged: LoggedAttempt) -> WebhookDelivery:
    """One try, and its event as it stands now."""
    attempt = logged.attempt
    return {
        "id": str(attempt.id),
        "created_at": moment(attempt.created_at),
        "modified_at": None,
        "succeeded": attempt.succeeded,
        "http_code": attempt.http_code,
        "response": attempt.response,
        "webhook_event": _event(logged.delivery, logged.api_version),
    }


def _event(delivery: Delivery, api_version: str) -> WebhookEvent:
    """`succeeded` is null until the event was delivered or given up."""
    return {
        "id": str(delivery.id),
        "created_at": moment(delivery.created_at),
        "modified_at": None,
        "last_http_code": delivery.last_http_code,
        "succeeded": {"delivered": True, "failed": False}.get(delivery.status),
        "skipped": delivery.status == "skipped",
        "payload": delivery.payload,
        "type": delivery.event_type,
        "is_archived": False,
        "api_version": api_version,
    }
