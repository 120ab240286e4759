"""Places: in which country an IP address is, to offer a currency and to fill in the country.

`PlaceFinder` is the port; `OfflinePlaces` answers it offline from what the five internet registries say each block was handed
out for (package `iptocc`). That is right for some 95 of 100 buyers and says nothing about VPNs: a hint, never a proof of residence.

Which currency a country has is in `domain/country_currency.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Protocol

from checkstand.domain.address import COUNTRIES


class PlaceFinder(Protocol):
    """The port that finds an address's country."""

    def country_of(self, address: str) -> str | None:
        """ISO 3166-1 alpha-2 of an IPv4 or IPv6 address, or None. Called while a request waits: it must not leave the process."""
        ...


class OfflinePlaces:
    """The registries' tables as they were when the installed `iptocc` was released; loaded at the first question."""

    def country_of(self, address: str) -> str | None:
        """None for what is no address, for private and reserved ones, and where a registry names no single country ('EU')."""
        public = _public(address)
        if public is None:
            return None
        country = _lookup()(str(public))
        return country if country in COUNTRIES else None


def _public(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address)
    except ValueError:
        return None  # what a proxy passes on may be anything, 'unknown' for one
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped  # how a socket that listens on both families names IPv4 callers
    return found if found.is_global and not found.is_multicast else None


@cache
def _lookup() -> Callable[[str], str | None]:
    from iptocc import country_code  # a library of 1.8 MB: only a server that looks places up maps it

    return country_code
