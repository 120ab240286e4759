"""One try at one delivery: render (what is not fixed yet), sign, send, write down what came of it.

The id is the delivery's and stays the same over all tries; time and signature are made anew for each, in real time, because receivers
refuse what is more than five minutes off. A Polar endpoint whose last ten events all failed for good is disabled.

Source: docs/behaviour/polar.md#deliveries.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from checkstand.domain import ids
from checkstand.domain.organization import Organization
from checkstand.domain.profile import Dialect, profile_of
from checkstand.domain.webhook import Delivery, DeliveryAttempt, Endpoint
from checkstand.flows.ports import Ports
from checkstand.flows.webhooks.save_endpoint import disable_endpoint
from checkstand.store import facts
from checkstand.store.delivery import deliveries
from checkstand.store.delivery.deliveries import LeasedDelivery
from checkstand.webhooks.render import Renderer
from checkstand.webhooks.safe_http import Reply, SafeHttp
from checkstand.webhooks.schedule import wait_after
from checkstand.webhooks.sign import signature_header

# Longer than the longest try, so that nobody else takes up what is still under way.
LEASE = timedelta(seconds=20)
FAILURES_TO_DISABLE = 10
# What an endpoint's own headers may not replace.
_OURS = frozenset(
    {
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }
)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What sending needs. `chance` spreads retries; replaced in tests."""

    ports: Ports
    renderers: Mapping[Dialect, Renderer]
    http: SafeHttp
    chance: Callable[[], float] = field(default=random.random)

    async def send(self, organization: Organization, leased: LeasedDelivery) -> None:
        """Try once and write down the result; one whose endpoint is gone is skipped."""
        delivery, endpoint = leased.delivery, leased.endpoint
        if not leased.is_wanted:
            await deliveries.skip(self.ports.db, delivery)
            return
        try:
            body = await self._body(organization, delivery, endpoint)
        except Exception as error:
            log.exception("webhook_not_rendered", delivery_id=str(delivery.id), event_type=delivery.event_type)
            reason = f"The event could not be rendered: {type(error).__name__}."
            await self._record(organization, leased, Reply(status=None, text=reason, duration_ms=0))
            return
        if body is None:
            await deliveries.skip(self.ports.db, delivery)
            return
        headers = message_headers(delivery, endpoint, body, at=self.ports.real_now())
        reply = await self.http.post(
            endpoint.url,
            headers,
            body,
            owner=organization.id,
            mode=organization.mode,
            within_s=endpoint.rules.within_s,
        )
        await self._record(organization, leased, reply)

    async def _body(self, organization: Organization, delivery: Delivery, endpoint: Endpoint) -> bytes | None:
        if delivery.payload is not None:
            return delivery.payload.encode()
        fact = await facts.by_id(self.ports.db, organization.id, delivery.fact_id)
        renderer = self.renderers[endpoint.dialect]
        payload = await renderer.payload(self.ports, organization, fact, delivery.event_type, endpoint)
        return payload.encode() if payload is not None else None

    async def _record(self, organization: Organization, leased: LeasedDelivery, reply: Reply) -> None:
        delivery, endpoint = leased.delivery, leased.endpoint
        now = self.ports.now(await self.ports.cache.organization(organization.id))
        attempt = DeliveryAttempt(
            id=self.ports.new_id(),
            organization_id=organization.id,
            delivery_id=delivery.id,
            succeeded=reply.is_success,
            http_code=reply.status,
            response=reply.text,
            duration_ms=reply.duration_ms,
            created_at=now,
        )
        after = self._after(delivery, endpoint, reply, now=now)
        await deliveries.record_attempt(self.ports.db, after, attempt)
        if after.status == "failed" and endpoint.rules.gives_up_dead_endpoints:
            await self._disable_if_dead(endpoint)

    def _after(self, delivery: Delivery, endpoint: Endpoint, reply: Reply, *, now: datetime) -> Delivery:
        """The delivery after a try: done, waiting for the next one, or given up."""
        tried = replace(delivery, attempts=delivery.attempts + 1, last_http_code=reply.status, next_attempt_at=None)
        if reply.is_success:
            return replace(tried, status="delivered")
        wait = None if reply.is_final else wait_after(endpoint.dialect, tried.attempts, chance=self.chance())
        if wait is None:
            return replace(tried, status="failed")
        return replace(tried, status="pending", next_attempt_at=now + wait)

    async def _disable_if_dead(self, endpoint: Endpoint) -> None:
        db, organization_id = self.ports.db, endpoint.organization_id
        if not await deliveries.last_all_failed(db, organization_id, endpoint.id, count=FAILURES_TO_DISABLE):
            return
        if await disable_endpoint(self.ports, await self.ports.cache.organization(organization_id), endpoint.id):
            log.warning("webhook_endpoint_disabled", endpoint_id=str(endpoint.id), url=endpoint.url)


def message_id(delivery: Delivery, dialect: Dialect) -> str:
    """The id a receiver knows the event by, the same at every try."""
    prefix = profile_of(dialect).webhooks.id_prefix
    return str(delivery.id) if prefix is None else ids.short_id(prefix, delivery.id)


def message_headers(delivery: Delivery, endpoint: Endpoint, body: bytes, *, at: datetime) -> dict[str, str]:
    """The headers of one try, signed at `at` (real time). A Dodo endpoint's own headers are added to ours."""
    name, timestamp = message_id(delivery, endpoint.dialect), int(at.timestamp())
    own = {key.lower(): value for key, value in endpoint.headers.items() if key.lower() not in _OURS}
    return {
        "user-agent": endpoint.rules.user_agent,
        "accept-encoding": "identity",
        **own,
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature_header(endpoint.dialect, endpoint.secret, name, timestamp, body),
    }
