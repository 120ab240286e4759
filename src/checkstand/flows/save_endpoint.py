"""Create, change and delete webhook endpoints, for every dialect alike.

An endpoint is changed from what is stored at that moment, with its row held: of two callers who change two fields both keep their
change. Where it may point is judged when it is named and when it is switched on again; what its name means is judged at each delivery.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from checkstand.domain import ids
from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.organization import Dialect, Organization
from checkstand.domain.webhook import Endpoint
from checkstand.flows.ports import Ports
from checkstand.store import webhooks
from checkstand.store.database import Transaction
from checkstand.store.webhooks import ENDPOINTS
from checkstand.webhooks.addresses import host_of, may_reach_private, refused_host_kind


async def create_endpoint(ports: Ports, organization: Organization, draft: Endpoint) -> Endpoint:
    """A new endpoint, with a secret of our making when the draft's is empty. Raises Invalid for where it must not point."""
    _check_url(ports, organization, draft.url, "url")
    endpoint = replace(draft, secret=draft.secret or _new_secret(ports), created_at=ports.now(organization))
    async with ports.db.transaction() as tx:
        await ENDPOINTS.insert(tx, endpoint)
        await ports.cache.changed(tx, organization.id)
    ports.cache.forget(organization.id)  # somebody may have asked who listens while the transaction was open
    return endpoint


async def read_endpoint(ports: Ports, organization: Organization, dialect: Dialect, endpoint_id: UUID) -> Endpoint:
    """An endpoint of this organization and dialect. Raises NotFound."""
    found = await webhooks.endpoint_by_id(ports.db, organization.id, endpoint_id)
    if found is None or found.dialect != dialect:
        raise NotFound
    return found


async def change_endpoint(
    ports: Ports,
    organization: Organization,
    dialect: Dialect,
    endpoint_id: UUID,
    change: Callable[[Endpoint], Endpoint],
    *,
    switch: str = "enabled",
) -> Endpoint:
    """The endpoint after the change; what waits for one that was switched off is given up. Raises NotFound, Invalid.

    `switch`: the field that callers switch it on with, named when its address is no longer allowed.
    """
    async with ports.db.transaction() as tx:
        before = await _held(tx, organization, dialect, endpoint_id)
        after = replace(change(before), modified_at=ports.now(organization))
        if after.url != before.url:
            _check_url(ports, organization, after.url, "url")
        elif after.enabled and not before.enabled:
            _check_url(ports, organization, after.url, switch)
        await ENDPOINTS.update(tx, after)
        if before.enabled and not after.enabled:
            await webhooks.skip_pending(tx, organization.id, after.id)
        await ports.cache.changed(tx, organization.id)
    ports.cache.forget(organization.id)
    return after


async def rotate_secret(ports: Ports, organization: Organization, dialect: Dialect, endpoint_id: UUID) -> Endpoint:
    """The endpoint with a new secret. Raises NotFound."""
    secret = _new_secret(ports)
    return await change_endpoint(
        ports, organization, dialect, endpoint_id, lambda endpoint: replace(endpoint, secret=secret)
    )


async def delete_endpoint(ports: Ports, organization: Organization, dialect: Dialect, endpoint_id: UUID) -> None:
    """Remove an endpoint; what is still under way to it is given up. Raises NotFound."""
    async with ports.db.transaction() as tx:
        endpoint = await _held(tx, organization, dialect, endpoint_id)
        await webhooks.delete_endpoint(tx, organization.id, endpoint.id, now=ports.now(organization))
        await ports.cache.changed(tx, organization.id)
    ports.cache.forget(organization.id)


async def disable_endpoint(ports: Ports, organization: Organization, endpoint_id: UUID) -> bool:
    """Stop sending to an endpoint, and give up what still waits for it. False when it was switched off or removed already."""
    async with ports.db.transaction() as tx:
        done = await webhooks.disable_endpoint(tx, organization.id, endpoint_id, now=ports.now(organization))
        if done:
            await ports.cache.changed(tx, organization.id)
    if done:
        ports.cache.forget(organization.id)
    return done


async def _held(tx: Transaction, organization: Organization, dialect: Dialect, endpoint_id: UUID) -> Endpoint:
    found = await webhooks.endpoint_by_id(tx, organization.id, endpoint_id, hold=True)
    if found is None or found.dialect != dialect:
        raise NotFound
    return found


def _new_secret(ports: Ports) -> str:
    return ids.webhook_secret(random_bytes=ports.random_bytes)


def _check_url(ports: Ports, organization: Organization, url: str, field: str) -> None:
    """Live webhooks go over https. Only test organizations name a private host, where this server allows it; nobody one of those
    that are neither private nor public, nor an address that can be read in two ways.
    """
    if organization.mode == "live" and not url.lower().startswith("https://"):
        raise Invalid.single("webhook_url_not_https", field, given=url)
    host = host_of(url)
    if host is None:
        raise Invalid.single("webhook_url_odd", field, given=url)
    allows_private = may_reach_private(organization.mode, allowed_here=ports.private_webhooks)
    kind = refused_host_kind(host, allows_private=allows_private)
    if kind and allows_private:
        raise Invalid.single("webhook_url_reserved", field, given=url, kind=kind)
    if kind:
        raise Invalid.single("webhook_url_not_public", field, given=url)
