"""What request handlers share in one process. Made in `app.py`, found again through the request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from starlette.requests import HTTPConnection

from checkstand.domain.organization import Organization
from checkstand.flows.organizations.authenticate import Authenticator
from checkstand.flows.ports import Ports
from checkstand.http import Rendered
from checkstand.ops.limiter import Limiter, LimitWindow
from checkstand.ops.settings import Network, Settings

Address = IPv4Address | IPv6Address
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
    found: Services = connection.scope["app"].services
    return found


def client_address(connection: HTTPConnection) -> str | None:
    """The caller's address: the socket's, or X-Forwarded-For's last untrusted hop when the socket is a trusted proxy's.

    A hop that is no address ends the search: what stands before it was written by nobody we know.
    """
    peer = connection.client.host if connection.client else None
    trusted = services_of(connection).settings.trusted_proxies
    nearest = _address(peer or "") if trusted else None
    if nearest is None or not _is_among(nearest, trusted):
        return peer
    for hop in reversed(connection.headers.get("x-forwarded-for", "").split(",")):
        address = _address(hop.strip())
        if address is None:
            break
        nearest = address
        if not _is_among(address, trusted):
            break
    return str(nearest)


def limited_address(connection: HTTPConnection) -> str:
    """What a limit for an address counts by: of IPv6 the network of 64 bits, for whoever has one address of it has all."""
    told = client_address(connection) or "unknown"
    address = _address(told)
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else told


def visitor_address(connection: HTTPConnection) -> str | None:
    """The caller's address as a session keeps it: a trusted proxy may name it in True-Client-IP, as the original's network does.

    Nothing is limited by this address. Where X-Forwarded-For is sent as well, that is believed: a proxy that writes the one may pass
    on the other as it came.
    """
    peer = _address(connection.client.host) if connection.client else None
    named = _address(connection.headers.get("true-client-ip", "").strip())
    if named is None or peer is None or "x-forwarded-for" in connection.headers:
        return client_address(connection)
    return (
        str(named) if _is_among(peer, services_of(connection).settings.trusted_proxies) else client_address(connection)
    )


@lru_cache(maxsize=4096)
def _address(text: str) -> Address | None:
    """An address as proxies write it: also in brackets, and with a port behind it, without the zone of an IPv6 one. None for
    anything else.
    """
    bare = re.sub(r"^\[(.*)\](:\d+)?$|^([^:]+):\d+$", r"\1\3", text)
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_among(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def count_bad_token(connection: HTTPConnection) -> LimitWindow | None:
    """Count an unknown token, by the address that tried it; None when nothing is limited."""
    return services_of(connection).limiter.hit(f"bad token from {limited_address(connection)}", BAD_TOKENS)


def count_link_visit(connection: HTTPConnection) -> LimitWindow | None:
    """Count a visit to an address that makes a session for each visitor; None when nothing is limited."""
    return services_of(connection).limiter.hit(f"link address {limited_address(connection)}", LINK_VISITS)
