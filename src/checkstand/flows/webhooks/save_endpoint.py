"""Create, change and delete webhook endpoints, for every dialect alike.

An endpoint is changed from what is stored at that moment, with its row held: of two callers who change two fields both keep their
change. Where it may point is judged when it is named and when it is switched on again; what its name means is judged at each delivery.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from checkstand.domain import ids
from checkstand.domain.changes import Given, dated, made_of, with_given
from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.profile import Dialect
from checkstand.domain.webhook import Endpoint
from checkstand.flows.ports import Ports
from checkstand.ops.addresses import host_of, may_reach_private, refused_host_kind
from checkstand.store.database import Transaction
from checkstand.store.delivery import webhooks
from checkstand.store.delivery.webhooks import ENDPOINTS


async def create_endpoint(ports: Ports, organization: Organization, dialect: Dialect, given: Given) -> Endpoint:
    """A new endpoint of the fields that were given, with a secret of our making unless one is. Raises Invalid for where it must not
    point.
    """
    endpoint = made_of(
        Endpoint,
        {"secret": _new_secret(ports), **given},
        id=ports.new_id(),
        organization_id=organization.id,
        dialect=dialect,
        created_at=ports.now(organization),
    )
    _check_url(ports, organization, endpoint.url, "url")
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
    given: Given,
    *,
    switch: str = "enabled",
) -> Endpoint:
    """The endpoint with the fields that were given; what waits for one that was switched off is given up. Raises NotFound, Invalid.

    `switch`: the field that callers switch it on with, named when its address is no longer allowed.
    """
    async with ports.db.transaction() as tx:
        before = await _held(tx, organization, dialect, endpoint_id)
        after = await _save(ports, tx, organization, before, given, switch)
    ports.cache.forget(organization.id)
    return after


async def add_headers(
    ports: Ports,
    organization: Organization,
    dialect: Dialect,
    endpoint_id: UUID,
    headers: Mapping[str, str],
    *,
    most: int,
) -> Endpoint:
    """The endpoint with these headers beside or instead of those it has, at most `most`. Raises NotFound, Invalid."""
    async with ports.db.transaction() as tx:
        before = await _held(tx, organization, dialect, endpoint_id)
        merged = {**before.headers, **headers}
        if len(merged) > most:
            raise Invalid.single(ProblemCode.TOO_MANY_HEADERS, "headers", given=len(merged), most=most)
        after = await _save(ports, tx, organization, before, {"headers": merged}, "enabled")
    ports.cache.forget(organization.id)
    return after


async def rotate_secret(ports: Ports, organization: Organization, dialect: Dialect, endpoint_id: UUID) -> Endpoint:
    """The endpoint with a new secret. Raises NotFound."""
    given = {"secret": _new_secret(ports)}
    return await change_endpoint(ports, organization, dialect, endpoint_id, given)


async def _save(
    ports: Ports, tx: Transaction, organization: Organization, before: Endpoint, given: Given, switch: str
) -> Endpoint:
    after = dated(before, with_given(before, given), ports.now(organization))
    if after.url != before.url:
        _check_url(ports, organization, after.url, "url")
    elif after.enabled and not before.enabled:
        _check_url(ports, organization, after.url, switch)
    await ENDPOINTS.update(tx, after)
    if before.enabled and not after.enabled:
        await webhooks.skip_pending(tx, organization.id, after.id)
    await ports.cache.changed(tx, organization.id)
    return after


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
        raise Invalid.single(ProblemCode.WEBHOOK_URL_NOT_HTTPS, field, given=url)
    host = host_of(url)
    if host is None:
        raise Invalid.single(ProblemCode.WEBHOOK_URL_ODD, field, given=url)
    allows_private = may_reach_private(organization.mode, allowed_here=ports.private_webhooks)
    kind = refused_host_kind(host, allows_private=allows_private)
    if kind and allows_private:
        raise Invalid.single(ProblemCode.WEBHOOK_URL_RESERVED, field, given=url, kind=kind)
    if kind:
        raise Invalid.single(ProblemCode.WEBHOOK_URL_NOT_PUBLIC, field, given=url)
