"""Find the organization of a bearer token. Tokens are stored as keyed hashes; a mistyped one never reaches the database."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from checkstand.domain import ids
from checkstand.domain.errors import Invalid
from checkstand.domain.organization import AccessToken, Principal
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.profile import Dialect, all_profiles, profile_of
from checkstand.flows.ports import Ports
from checkstand.store import organizations

USE_NOTED_EVERY = timedelta(minutes=1)
MOST_REMEMBERED = 50_000


@dataclass(slots=True)
class Authenticator:
    """Knows the secret that token hashes are keyed with, and when it last wrote down that a token was used."""

    secret_key: bytes = field(repr=False)
    _noted: dict[UUID, datetime] = field(default_factory=dict, repr=False)

    def hash(self, token: str) -> bytes:
        """HMAC-SHA-256 of a token under the server's secret."""
        return hmac.digest(self.secret_key, token.encode(), "sha256")

    async def principal(self, ports: Ports, token: str, *, address: str | None = None) -> Principal | None:
        """Whom a token opens; None for one that is malformed, unknown, expired or revoked. Either dialect's key is accepted."""
        if not any(ids.is_well_formed_secret(profile.keys.prefix, token) for profile in all_profiles()):
            return None
        found = await ports.cache.principal(self.hash(token))
        if found is None or found.token.revoked_at is not None:
            return None
        real = ports.real_now()
        if found.token.expires_at is not None and found.token.expires_at <= real:
            return None
        await self._note_use(ports, found.token, real, address)
        return found

    async def _note_use(self, ports: Ports, token: AccessToken, now: datetime, address: str | None) -> None:
        last = self._noted.get(token.id)
        if last is not None and now - last < USE_NOTED_EVERY:
            return
        if len(self._noted) > MOST_REMEMBERED:
            self._noted.clear()
        self._noted[token.id] = now
        await organizations.note_use(ports.db, token.organization_id, token.id, now=now, address=address)


async def create_token(
    ports: Ports,
    authenticator: Authenticator,
    organization_id: UUID,
    *,
    name: str,
    dialect: Dialect,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    token_id: UUID | None = None,
) -> tuple[AccessToken, str]:
    """A new token and its secret, which is shown once and kept nowhere. Token times are real time, not the test clock's.

    A form names its `token_id` beforehand, so that sending it twice makes one token. Raises Invalid (`token_exists`).
    """
    secret = ids.secret(profile_of(dialect).keys.prefix, random_bytes=ports.random_bytes)
    token = AccessToken(
        id=token_id or ports.new_id(),
        organization_id=organization_id,
        name=name,
        dialect=dialect,
        hint=secret[-4:],
        scopes=tuple(scopes),
        created_at=ports.real_now(),
        expires_at=expires_at,
    )
    if not await organizations.add_token(ports.db, token, authenticator.hash(secret)):
        raise Invalid.single(ProblemCode.TOKEN_EXISTS, "id", given=str(token.id))
    return token, secret


async def revoke_token(ports: Ports, organization_id: UUID, token_id: UUID) -> bool:
    """End a token at once here, within the cache's life elsewhere. False when there is no such living token."""
    ended = await organizations.revoke_token(ports.db, organization_id, token_id, now=ports.real_now())
    await ports.cache.changed(ports.db, organization_id)
    return ended
