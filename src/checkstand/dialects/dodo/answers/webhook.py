"""Webhook endpoints as they are answered (docs/behaviour/dodo.md#webhook-endpoints)."""

from __future__ import annotations

from typing_extensions import TypedDict

from checkstand.answers import Moment, Url
from checkstand.dialects.dodo.answers.common import Notes


class Webhook(TypedDict):
    """Where events are posted. No `filter_types` means every event; `rate_limit` is the most deliveries in a second."""

    id: str
    url: Url
    description: str
    disabled: bool
    filter_types: list[str] | None
    metadata: Notes
    rate_limit: int | None
    created_at: Moment
    updated_at: Moment


class WebhookPage(TypedDict):
    """A page of webhook endpoints, newest first. `iterator` asks for the next page, `prev_iterator` for the one before."""

    data: list[Webhook]
    iterator: str | None
    prev_iterator: str | None
    done: bool


class WebhookSecret(TypedDict):
    """What an endpoint's events are signed with."""

    secret: str


class WebhookHeaders(TypedDict):
    """The headers sent with every event. Those that hold secrets are named in `sensitive` and not shown."""

    headers: dict[str, str]
    sensitive: list[str]
