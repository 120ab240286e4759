"""Webhook endpoints as they are answered (docs/behaviour/polar.md#webhook-endpoints). What is posted to them is in `event.py`."""

from __future__ import annotations

from typing_extensions import TypedDict

from checkstand.answers import Moment, Url, Uuid
from checkstand.domain.webhook import EndpointFormat


class WebhookEndpoint(TypedDict):
    """Where events are posted. `secret` signs them; `api_version` is the version of what they carry."""

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    url: Url
    name: str | None
    format: EndpointFormat
    secret: str
    organization_id: Uuid
    events: list[str]
    enabled: bool
    api_version: str
    uses_standard_webhook_signature: bool


class WebhookEvent(TypedDict):
    """An event on its way to one endpoint. `succeeded`: null while it may still be tried; `payload`: the body that is sent."""

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    last_http_code: int | None
    succeeded: bool | None
    skipped: bool
    payload: str | None
    type: str
    is_archived: bool
    api_version: str


class WebhookDelivery(TypedDict):
    """One try. `response`: the beginning of what was answered, or why nothing was."""

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    succeeded: bool
    http_code: int | None
    response: str | None
    webhook_event: WebhookEvent
