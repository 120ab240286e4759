"""Webhook endpoints of a merchant, and deliveries to them. How one is signed and retried is in `webhooks/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from checkstand.domain.profile import Dialect, WebhookRules, profile_of

EndpointFormat = Literal["raw", "discord", "slack"]
DeliveryStatus = Literal["pending", "delivered", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where events of one dialect are posted. What empty `events` mean its rules say: all, or none."""

    id: UUID
    organization_id: UUID
    dialect: Dialect
    url: str
    name: str | None = None
    description: str | None = None
    secret: str
    events: tuple[str, ...] = ()
    format: EndpointFormat = "raw"
    enabled: bool = True
    api_version: str = "2026-04"
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    rate_limit: int | None = None
    created_at: datetime
    modified_at: datetime | None = None

    @property
    def rules(self) -> WebhookRules:
        """How its API delivers events."""
        return profile_of(self.dialect).webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one endpoint. `payload` is fixed once rendered for Polar; Dodo's is made at each try."""

    id: UUID
    organization_id: UUID
    endpoint_id: UUID
    fact_id: UUID
    sequence: int
    event_type: str
    payload: str | None
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    last_http_code: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """One try at delivering: what the endpoint answered (first 2048 characters) or why it could not be reached."""

    id: UUID
    organization_id: UUID
    delivery_id: UUID
    succeeded: bool
    http_code: int | None
    response: str
    duration_ms: int
    created_at: datetime
