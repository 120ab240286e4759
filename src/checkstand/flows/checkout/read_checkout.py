"""Read a session: by the merchant's key, or by the secret in a page's address."""

from __future__ import annotations

from uuid import UUID

from checkstand.domain import ids
from checkstand.domain.checkout import Checkout, is_over
from checkstand.domain.errors import Expired, NotFound
from checkstand.domain.organization import Organization
from checkstand.domain.profile import all_profiles
from checkstand.flows.ports import Ports
from checkstand.store import checkouts


async def read_checkout(ports: Ports, organization: Organization, checkout_id: UUID) -> Checkout:
    """A session of this organization. Raises NotFound."""
    found = await checkouts.by_id(ports.db, organization.id, checkout_id)
    if found is None:
        raise NotFound
    return found


async def find_by_secret(ports: Ports, secret: str) -> tuple[Organization, Checkout]:
    """The session that a page's address names, by its client secret or by its id as the API has it. Raises NotFound.

    A mistyped client secret fails its checksum before the database is asked.
    """
    found: Checkout | None = None
    pages = [profile.page for profile in all_profiles()]
    if any(ids.is_well_formed_secret(page.secret_prefix, secret) for page in pages):
        found = await checkouts.by_client_secret(ports.db, secret)
    else:
        prefixes = {page.id_prefix for page in pages if page.id_prefix is not None}
        checkout_id = next(filter(None, (ids.parse_short_id(prefix, secret) for prefix in prefixes)), None)
        found = await checkouts.by_page_id(ports.db, checkout_id) if checkout_id else None
    if found is None:
        raise NotFound
    return await ports.cache.organization(found.organization_id), found


async def read_for_buyer(ports: Ports, secret: str) -> tuple[Organization, Checkout]:
    """The session as a buyer's client may see it. Raises NotFound, or Expired once its time is over, also where it was paid.

    Our own page goes on showing what came of it.
    """
    organization, found = await find_by_secret(ports, secret)
    require_in_time(ports, organization, found)
    return organization, found


def require_in_time(ports: Ports, organization: Organization, checkout: Checkout) -> None:
    """Raises Expired when the session's time is over, whatever became of it."""
    if is_over(checkout, ports.now(organization)):
        raise Expired
