"""What request handlers share in one process. Made in `app.py`, found again through the request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from starlette.requests import HTTPConnection

from checkstand.domain.organization import Organization
from checkstand.flows.authenticate import Authenticator
from checkstand.flows.ports import Ports
from checkstand.http import Rendered
from checkstand.ops.limiter import Limiter, Window
from checkstand.ops.settings import Settings

BAD_TOKENS = (RateLimitItemPerMinute(60),)
LINK_VISITS = (RateLimitItemPerMinute(30), RateLimitItemPerHour(300))


class Drainer:
    """Runs an organization's due work to its end: what the test controls wait for. The worker replaces this in `app.py`."""

    async def drain(self, organization: Organization) -> tuple[int, int]:
        """(deliveries made, deliveries failed) until nothing more is due."""
        raise RuntimeError("no worker is wired")

    async def run(self) -> None:
        """Work until cancelled."""
        raise RuntimeError("no worker is wired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Ports for flows, who may call, the settings, and the worker's ear."""

    ports: Ports
    authenticator: Authenticator
    settings: Settings
    drainer: Drainer = field(default_factory=Drainer)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    rendered: Rendered = field(default_factory=Rendered)
    limiter: Limiter = field(default_factory=lambda: Limiter(enabled=False))


def services_of(connection: HTTPConnection) -> Services:
    """The services of the app that serves this request."""
    found: Services = connection.app.state.services
    return found


def client_address(connection: HTTPConnection) -> str | None:
    """The caller's address: the socket's, or X-Forwarded-For's last untrusted hop when the socket is a trusted proxy."""
    peer = connection.client.host if connection.client else None
    trusted = services_of(connection).settings.trusted_proxies
    if peer is None or peer not in trusted:
        return peer
    for hop in reversed([part.strip() for part in connection.headers.get("x-forwarded-for", "").split(",")]):
        if hop and hop not in trusted:
            return hop
    return peer


def count_bad_token(connection: HTTPConnection) -> Window | None:
    """Count a token that opens nothing, by the address that tried it; None when nothing is limited."""
    return services_of(connection).limiter.hit(f"bad token from {client_address(connection)}", BAD_TOKENS)


def count_link_visit(connection: HTTPConnection) -> Window | None:
    """Count a visit to an address that makes a session for whoever opens it; None when nothing is limited."""
    return services_of(connection).limiter.hit(f"link address {client_address(connection)}", LINK_VISITS)
