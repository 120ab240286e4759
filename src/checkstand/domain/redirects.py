"""Redirect hosts: where a buyer may be sent by an address that needs no key to write, such as a static payment link.

With them go the payment's id and the buyer's e-mail address, so only hosts that the organization lists are followed, and its own
website's. An entry is written as in `embed.py`: a host, `*.` for any subdomain of one, an app's own address in full. What only a
key of the organization can say (a session's `return_url`, a link's `success_url`) is its own word and asks no list.

    >>> tidy_host(" https://Shop.Example/thanks "), tidy_host("*.shop.example"), tidy_host("not a host")
    ('shop.example', '*.shop.example', None)
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from checkstand.domain.embed import embed_origin, may_embed
from checkstand.domain.organization import Organization

MOST_REDIRECT_HOSTS: Final = 100
LONGEST_REDIRECT_HOST: Final = 300
_WILDCARD = "*."


def tidy_host(text: str) -> str | None:
    """An entry as it is kept, from what was typed: a host, an address on it, or an app's address. None for anything else."""
    typed = text.strip()
    if len(typed) > LONGEST_REDIRECT_HOST:
        return None
    is_wild = typed.startswith(_WILDCARD)
    bare = typed.removeprefix(_WILDCARD)
    origin = embed_origin(bare if "://" in bare else f"https://{bare}")
    if origin is None or (is_wild and "://" in bare):
        return None
    scheme, _, host = origin.partition("://")
    if scheme not in ("http", "https"):
        return origin
    return f"{_WILDCARD if is_wild else ''}{host}"


def may_lead_to(organization: Organization, url: str) -> bool:
    """Whether an address that is not known to be the merchant's may send this organization's buyers there.

    A test organization's may also go to this very machine, where its developer's shop is.
    """
    origin = embed_origin(url)
    if origin is None:
        return False
    settings = organization.settings
    if organization.mode == "test" and _is_this_machine(urlsplit(origin).hostname or ""):
        return True
    own = tidy_host(settings.website) if settings.website else None
    return may_embed(origin, (*settings.redirect_hosts, *((own,) if own else ())))


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
