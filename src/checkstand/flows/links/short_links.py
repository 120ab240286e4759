"""Short addresses: for a product's static link under a name of the merchant's, or for one session under a random code.

Who knows a session's code can open its page, so it is as hard to guess as limits on asking make sensible: 12 characters, 71 bits.
"""

from __future__ import annotations

from uuid import UUID

from checkstand.domain.errors import NotFound
from checkstand.domain.ids import BASE62
from checkstand.domain.link import ShortLink
from checkstand.domain.organization import Organization
from checkstand.flows.ports import Ports
from checkstand.store import short_links

CODE_LENGTH = 12
# The bytes from here on would favour the first characters.
_UNBIASED_BELOW = 248


async def create_short_link(
    ports: Ports, organization: Organization, target: str, *, product_id: UUID | None = None, slug: str | None = None
) -> ShortLink | None:
    """A short link to a path on this server; None when the slug is taken. Without a slug a code is drawn that is free."""
    while True:
        link = ShortLink(
            id=slug or _code(ports),
            organization_id=organization.id,
            product_id=product_id,
            target=target,
            created_at=ports.now(organization),
        )
        if await short_links.add(ports.db, link):
            return link
        if slug is not None:
            return None


async def find_short_link(ports: Ports, code: str) -> ShortLink:
    """What a short address stands for. Raises NotFound."""
    found = await short_links.by_code(ports.db, code) if code.isascii() and code.isprintable() else None
    if found is None:
        raise NotFound
    return found


def _code(ports: Ports) -> str:
    drawn = ""
    while len(drawn) < CODE_LENGTH:
        drawn += "".join(BASE62[byte % 62] for byte in ports.random_bytes(CODE_LENGTH) if byte < _UNBIASED_BELOW)
    return drawn[:CODE_LENGTH]
