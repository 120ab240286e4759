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
