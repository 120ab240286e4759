"""The only file that wires everything: ports, routes, worker. A newcomer sees here which parts there are."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from starlette.routing import Route
from starlette.types import ASGIApp

from checkstand.application import Application
from checkstand.dialects import dodo, polar
from checkstand.dialects.api import DialectParts
from checkstand.flows.organizations.authenticate import Authenticator
from checkstand.flows.ports import Ports
from checkstand.gateways.base import Gateway
from checkstand.gateways.testbank.gateway import TestGateway
from checkstand.ops.limiter import Limiter
from checkstand.ops.settings import Settings, require_gateway
from checkstand.routing import Routes
from checkstand.services import Services
from checkstand.store.cache import Cache
from checkstand.store.database import STATEMENT_WITHIN_S, Database
from checkstand.testing import controls
from checkstand.web import api_docs, bank, dashboard, health, stripe_webhook
from checkstand.web import checkout as checkout_pages
from checkstand.web.checkout.pages import links as link_pages
from checkstand.web.compression import Compressed
from checkstand.web.documents import document_routes
from checkstand.web.files import file_routes
from checkstand.web.images import image_routes
from checkstand.web.static_files import static_routes
from checkstand.worker.loop import Worker

# The APIs that are spoken: another one is a folder under `dialects/`, a profile (`domain/profile.py`) and its name here.
DIALECTS = (polar.PARTS, dodo.PARTS)


@dataclass(slots=True)
class PublicUrl:
    """The server's own address: from the settings, or known only once the port is bound."""

    value: str

    def __call__(self) -> str:
        return self.value


@contextlib.asynccontextmanager
async def open_services(
    settings: Settings,
    dsn: str,
    public_url: PublicUrl,
    *,
    statement_within_s: float | None = STATEMENT_WITHIN_S,
    dialects: Sequence[DialectParts] = DIALECTS,
) -> AsyncIterator[Services]:
    """Connect everything a process needs, and close it at the end. `statement_within_s`: None for commands that read everything."""
    closing = contextlib.AsyncExitStack()
    db = await Database.connect(
        dsn,
        max_size=settings.database_pool,
        statement_cache=settings.statement_cache,
        statement_within_s=statement_within_s,
    )
    cache = Cache(db)
    try:
        await cache.listen()
        woken = asyncio.Event()
        gateway = await closing.enter_async_context(_gateway(settings, db, public_url))
        ports = Ports(
            db=db,
            cache=cache,
            gateway=gateway,
            public_url=public_url,
            private_webhooks=settings.private_webhooks,
            wake=woken.set,
        )
        worker = Worker(ports, {dialect.profile.name: dialect.events for dialect in dialects}, woken)
        try:
            yield Services(
                ports=ports,
                authenticator=Authenticator(settings.secret_key.encode()),
                settings=settings,
                drainer=worker,
                woken=woken,
                limiter=Limiter(enabled=settings.rate_limits),
            )
        finally:
            await worker.aclose()
    finally:
        await closing.aclose()
        await cache.close()
        await db.close()


@contextlib.asynccontextmanager
async def _gateway(settings: Settings, db: Database, public_url: PublicUrl) -> AsyncIterator[Gateway]:
    """The gateway that the settings name, closed at the end. Raises SettingsError for one without its keys."""
    if settings.gateway != "stripe":
        yield TestGateway(db=db, public_url=public_url, random_bytes=os.urandom)
        return
    require_gateway(settings)
    from checkstand.gateways.stripe.gateway import StripeGateway  # half a second that other servers need not wait

    stripe = StripeGateway(
        secret_key=settings.stripe_secret_key,
        publishable_key=settings.stripe_publishable_key,
        api_base=settings.stripe_api_base,
    )
    try:
        yield stripe
    finally:
        await stripe.aclose()


def create_app(services: Services, dialects: Sequence[DialectParts] = DIALECTS) -> Application:
    """All APIs, the pages, the dashboard and the test controls on one origin. Serve it through `front`."""
    own = {"Health": health.routes, "Test controls": controls.routes}
    documents = api_docs.Documents([dialect.described for dialect in dialects], own)
    return Application(_routes(dialects), services=services, dialects=dialects, documents=documents)


def _routes(dialects: Sequence[DialectParts]) -> Sequence[Route]:
    """Everything that is served, in the order in which it is asked."""
    found = Routes()
    found.all += [*static_routes(), *image_routes(), *file_routes(), *document_routes()]
    for part in (
        health.routes,
        health.front_door,
        *(dialect.routes for dialect in dialects),
        controls.routes,
        api_docs.routes,
        checkout_pages.routes,
        link_pages.routes_at_root(dialects),
        bank.routes,
        stripe_webhook.routes,
        dashboard.routes,
        *(dialect.last_routes for dialect in dialects),
    ):
        found.include(part)
    return found.all


def front(app: Application) -> ASGIApp:
    """What the HTTP server calls: the application, and around it what concerns every request."""
    whole: ASGIApp = app
    for dialect in app.dialects:
        whole = dialect.around(whole)
    return Compressed(whole)
