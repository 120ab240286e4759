"""Which network addresses a webhook may be sent to. Judged on the address itself, after every spelling has been resolved.

There are three kinds: **public** ones, the **private** ones of a developer's own machine and network (loopback, RFC 1918, RFC 4193),
and all others (link-local ones, where clouds keep their metadata, carriers' own, multicast, documentation, retired tunnels, what is
not assigned yet). Everybody reaches public ones. A test organization reaches private ones where the server allows it
(`CHECKSTAND_PRIVATE_WEBHOOKS`); nobody reaches the others.

    >>> why_refused("169.254.169.254", allows_private=True)
    '169.254.169.254 is a link-local address.'
    >>> why_refused("::ffff:127.0.0.1", allows_private=False)
    '127.0.0.1 is a loopback address.'
    >>> why_refused("127.0.0.1", allows_private=True), why_refused("1.1.1.1", allows_private=False)
    (None, None)

The ranges are those of IANA's registries of special-purpose addresses. What IPv6 has outside 2000::/3 is no public address, known or
not: so a range that is given a meaning tomorrow is refused today.
"""

from __future__ import annotations

import socket
import unicodedata
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import httpx2

from checkstand.domain.organization import Mode

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(named: Mapping[str, str]) -> tuple[tuple[Network, str], ...]:
    return tuple((ip_network(text), kind) for text, kind in named.items())


# Services that tell a cloud's secrets to whoever asks from inside: Alibaba, Oracle, Azure, and Amazon and Google over IPv6.
_METADATA = frozenset(
    map(ip_address, ("100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"))
)
_PRIVATE = _networks(
    {
        "127.0.0.0/8": "a loopback address",
        "::1/128": "a loopback address",
        "10.0.0.0/8": "a private address",
        "172.16.0.0/12": "a private address",
        "192.168.0.0/16": "a private address",
        "fc00::/7": "a private address",
    }
)
_NEVER = _networks(
    {
        "0.0.0.0/32": "the unspecified address",
        "::/128": "the unspecified address",
        "0.0.0.0/8": "an address that is not public",
        "169.254.0.0/16": "a link-local address",
        "fe80::/10": "a link-local address",
        "224.0.0.0/4": "a multicast address",
        "ff00::/8": "a multicast address",
        "100.64.0.0/10": "an address of a carrier's network",
        "192.0.0.0/24": "an address that is not public",
        "192.0.2.0/24": "an address for documentation",
        "198.18.0.0/15": "an address for benchmarks",
        "198.51.100.0/24": "an address for documentation",
        "203.0.113.0/24": "an address for documentation",
        "192.88.99.0/24": "an address that is not public",
        "240.0.0.0/4": "an address that is not public",
        "2001::/23": "an address that is not public",
        "2001:db8::/32": "an address for documentation",
        "3fff::/20": "an address for documentation",
    }
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_DOTS = str.maketrans("。．｡", "...")
_METADATA_NAMES = ("metadata.google.internal", "metadata.goog", "instance-data.ec2.internal")
_LOCAL_NAMES = ("localhost", "local", "internal", "localdomain", "home.arpa")


def why_refused(text: str, *, allows_private: bool) -> str | None:
    """Why nothing may be sent to this numeric address; None when it may. ValueError for what is no address."""
    address = _innermost(ip_address(text.partition("%")[0]))
    kind = _refused_kind(address, allows_private=allows_private)
    return f"{address} is {kind}." if kind else None


def host_of(url: str) -> str | None:
    r"""The host of a web address that every reader of addresses understands in the same way; None for any other text.

    What one reader takes for the host and the next for a password could be judged here and called there: so no backslash, blank or
    control character, no user in front of the host, no port 0 and no name with an empty part.

    >>> host_of("https://Example.com:8443/hooks?a=b"), host_of("http://[::1]:4000/")
    ('example.com', '::1')
    >>> [host_of(f"https://{odd}/") for odd in ("127.0.0.1\\@example.com", "me:secret@example.com", "a.example:0", ".", "a..b")]
    [None, None, None, None, None]
    """
    if "\\" in url or not url.isprintable() or any(character.isspace() for character in url):
        return None
    try:
        parts, called = urlsplit(url), httpx2.URL(url)
        host, port = parts.hostname or "", parts.port
        is_the_same = called.raw_host.decode() == host or not host.isascii()
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or port == 0 or not is_the_same:
        return None
    return host if ":" in host or all(host.translate(_DOTS).removesuffix(".").split(".")) else None


def refused_host_kind(host: str, *, allows_private: bool) -> str | None:
    """What a URL's host is, when by its spelling alone nothing may be sent to it; None when it may, as far as that tells.

    A local name is private, whatever it leads to; any other name is judged at each delivery by what it leads to then. Addresses may
    be written in any way that the system's resolver understands.

    >>> [refused_host_kind(host, allows_private=False) for host in ("example.com", "1.1.1.1", "LOCALHOST.", "0x7f.1", "[::7f00:1]")]
    [None, None, 'a local name', 'a loopback address', 'an address that is not public']
    >>> [refused_host_kind(host, allows_private=True) for host in ("localhost", "127.1", "0xa9fea9fe", "[64:ff9b::a9fe:a9fe]")]
    [None, None, 'a link-local address', 'a link-local address']
    """
    name = unicodedata.normalize("NFKC", host).translate(_DOTS).strip("[]").rstrip(".").lower()
    address = _spelled(name)
    if address is not None:
        return _refused_kind(_innermost(ip_address(address)), allows_private=allows_private)
    if name in _METADATA_NAMES:
        return "a cloud's metadata service"
    is_local = any(name == local or name.endswith(f".{local}") for local in _LOCAL_NAMES)
    return "a local name" if is_local and not allows_private else None


def is_address(host: str) -> bool:
    """Whether a URL's host is a numeric address, in any spelling, and no name."""
    return _spelled(host.strip("[]")) is not None


def may_reach_private(mode: Mode, *, allowed_here: bool) -> bool:
    """Whether an organization of this mode may have webhooks on private addresses: a test one, where the server allows it."""
    return mode == "test" and allowed_here


def _spelled(host: str) -> str | None:
    """The address that a host spells (127.0.0.1, 127.1, 0x7f000001, ::1); None for a name."""
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host)) if " " not in host else None
    except (OSError, UnicodeError):
        return None


def _innermost(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4, NAT64), else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _refused_kind(address: Address, *, allows_private: bool) -> str | None:
    return _never(address) or (None if allows_private else _kind(address, _PRIVATE))


def _never(address: Address) -> str | None:
    if address in _METADATA:
        return "a cloud's metadata service"
    kind = _kind(address, _NEVER)
    if kind or isinstance(address, IPv4Address) or address in _GLOBAL_UNICAST or _kind(address, _PRIVATE):
        return kind
    return "an address that is not public"


def _kind(address: Address, networks: tuple[tuple[Network, str], ...]) -> str | None:
    return next((kind for network, kind in networks if address in network), None)
