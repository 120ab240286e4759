"""Create a customer session, and find whose a token is."""

from __future__ import annotations

from uuid import UUID

from checkstand.domain import ids
from checkstand.domain.checkout import Buyer
from checkstand.domain.customer_session import LIFETIME, CustomerSession
from checkstand.domain.organization import Organization
from checkstand.flows.organizations.authenticate import Authenticator
from checkstand.flows.ports import Ports
from checkstand.store.people import customer_sessions


async def create_customer_session(
    ports: Ports, authenticator: Authenticator, organization: Organization, customer_id: UUID
) -> tuple[CustomerSession, str]:
    """A new session and its token, which is told once and kept nowhere."""
    now = ports.now(organization)
    token = ids.secret(ids.SecretPrefix.CUSTOMER_SESSION, random_bytes=ports.random_bytes)
    session = CustomerSession(
        id=ports.new_id(),
        organization_id=organization.id,
        customer_id=customer_id,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    await customer_sessions.add(ports.db, session, authenticator.hash(token))
    return session, token


async def session_after_purchase(
    ports: Ports, authenticator: Authenticator, organization: Organization, buyer: Buyer
) -> str | None:
    """The token that a confirmed checkout hands its buyer (docs/behaviour/polar.md#customer-of-a-purchase), or None.

    Whoever types the e-mail address of a known customer has not proved to be that customer: no token for them.
    """
    if buyer.customer_id is None or not (buyer.is_named or buyer.is_new):
        return None
    _, token = await create_customer_session(ports, authenticator, organization, buyer.customer_id)
    return token
