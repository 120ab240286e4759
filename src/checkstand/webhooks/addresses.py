"""Which network addresses a webhook may be sent to. Judged on the address itself, after every spelling has been resolved.

A live organization reaches public addresses alone. A test organization also reaches the developer's own machine and
network. Nobody reaches link-local addresses (where clouds keep their metadata), multicast or the unspecified address.

    >>> why_refused("169.254.169.254", "test")
    '169.254.169.254 is a link-local address.'
    >>> why_refused("::ffff:127.0.0.1", "live")
    '127.0.0.1 is a loopback address.'
    >>> why_refused("127.0.0.1", "test"), why_refused("1.1.1.1", "live")
    (None, None)
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from checkstand.domain.organization import Mode

Address = IPv4Address | IPv6Address
# Metadata services of clouds that are not link-local: Alibaba's, and Amazon's over IPv6.
_METADATA = frozenset({ip_address("100.100.100.200"), ip_address("fd00:ec2::254")})
_NAT64 = IPv6Network("64:ff9b::/96")


def why_refused(text: str, mode: Mode) -> str | None:
    """Why nothing may be sent to this numeric address; None when it may. ValueError for what is no address."""
    address = _innermost(ip_address(text.partition("%")[0]))
    kind = _never(address) or (_not_public(address) if mode == "live" else None)
    return f"{address} is {kind}." if kind else None


def _innermost(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4, NAT64), else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _never(address: Address) -> str | None:
    if address in _METADATA:
        return "a cloud's metadata service"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    if address.is_unspecified:
        return "the unspecified address"
    return None


def _not_public(address: Address) -> str | None:
    if address.is_loopback:
        return "a loopback address"
    return None if address.is_global else "not a public address"
