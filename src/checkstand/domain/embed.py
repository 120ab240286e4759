"""Embed origins: which site may show a checkout in a frame.

An organization lists hosts. A host without a port means the default one, `*.` stands for any subdomain and not for the domain
itself, and a site is served over https unless it is a local one. An app's own origin is listed in full.

    >>> embed_origin("https://Example.com:443/shop"), embed_origin("*")
    ('https://example.com', None)
    >>> may_embed("https://shop.example.com", ("*.example.com",)), may_embed("https://example.com", ("*.example.com",))
    (True, False)

Source: docs/behaviour/polar.md#checkout-links and docs/behaviour/checkout-page.md#frames-and-tries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_HOST = re.compile(r"[^\s\x00-\x20\x7f/?#@\\<>\"'%|^`{}*]+")
_LONGEST = 2_083


def embed_origin(given: str | None) -> str | None:
    """The origin in an address: scheme, host and a port that is not the default one. None where there is no origin in it."""
    if given is None or len(given) > _LONGEST:
        return None
    try:
        parts = urlsplit(given.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if not host or not _SCHEME.fullmatch(scheme) or not _HOST.fullmatch(host):
        return None
    shown_host = f"[{host}]" if ":" in host else host
    shown_port = "" if port is None or port == _DEFAULT_PORTS.get(scheme) else f":{port}"
    return f"{scheme}://{shown_host}{shown_port}"


def may_embed(origin: str, hosts: Iterable[str]) -> bool:
    """Whether an origin, as `embed_origin` gives it, is one of those that the organization lists."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if parts.scheme not in _DEFAULT_PORTS:
        return any(origin == entry.strip().lower() for entry in hosts)
    if parts.scheme == "http" and not _is_local(host):
        return False
    default = _DEFAULT_PORTS[parts.scheme]
    return any(_fits(entry, host, parts.port or default, default) for entry in hosts)


def _fits(entry: str, host: str, port: int, default: int) -> bool:
    """Whether a host and its port are what one entry of the list means."""
    try:
        parts = urlsplit(f"//{entry.strip().lower()}")
        listed, listed_port = parts.hostname or "", parts.port or default
    except ValueError:
        return False
    if listed_port != port:
        return False
    if listed.startswith("*."):
        return host.endswith(listed[1:]) and host != listed[1:]
    return host == listed


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local")):
        return True
    try:
        found = ip_address(host)
    except ValueError:
        return False
    return found.is_loopback or found.is_private
