"""Organizations, people and access tokens. The look-up of a token by its hash is one of the few without an organization."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from checkstand.domain.organization import AccessToken, Organization, OrganizationSettings, Principal, User
from checkstand.store.codec import encode
from checkstand.store.executor import Executor, Reader
from checkstand.store.rows import Table, insert_row

ORGANIZATIONS = Table("organizations", Organization)
TOKENS = Table("access_tokens", AccessToken, owned=("token_hash",))
USERS = Table("users", User, owned=("password_hash",))


async def by_id(db: Reader, organization_id: UUID) -> Organization | None:
    statement = f"SELECT {ORGANIZATIONS.columns} FROM organizations WHERE id = $1"
    return await ORGANIZATIONS.one(db, statement, organization_id)


async def by_slug(db: Reader, slug: str) -> Organization | None:
    return await ORGANIZATIONS.one(db, f"SELECT {ORGANIZATIONS.columns} FROM organizations WHERE slug = $1", slug)


async def all_of_them(db: Reader) -> Sequence[Organization]:
    """Every organization, for the worker's rounds."""
    return await ORGANIZATIONS.all(db, f"SELECT {ORGANIZATIONS.columns} FROM organizations ORDER BY created_at")


async def locked(tx: Reader, organization_id: UUID) -> Organization | None:
    """An organization that nobody else changes until the transaction ends."""
    statement = f"SELECT {ORGANIZATIONS.columns} FROM organizations WHERE id = $1 FOR NO KEY UPDATE"
    return await ORGANIZATIONS.one(tx, statement, organization_id)


async def save_settings(db: Executor, organization_id: UUID, settings: OrganizationSettings, *, now: datetime) -> None:
    """Replace what an organization decided about its checkouts."""
    await db.execute(
        """
        UPDATE organizations
        SET settings = $2::json, modified_at = $3
        WHERE id = $1
        """,
        organization_id,
        encode(settings),
        now,
    )


async def save_details(db: Executor, organization: Organization) -> None:
    """Store an organization's name and settings."""
    await db.execute(
        """
        UPDATE organizations
        SET name = $2, settings = $3::json, modified_at = $4
        WHERE id = $1
        """,
        organization.id,
        organization.name,
        encode(organization.settings),
        organization.modified_at,
    )


async def set_clock(db: Executor, organization_id: UUID, offset_us: int) -> int:
    """Move a test organization's clock, forward only; the offset it has now. A live one's is refused by constraint."""
    offset: int = await db.fetchval(
        """
        UPDATE organizations
        SET clock_offset_us = greatest(clock_offset_us, $2)
        WHERE id = $1
        RETURNING clock_offset_us
        """,
        organization_id,
        offset_us,
    )
    return offset


async def add_token(db: Executor, token: AccessToken, token_hash: bytes) -> bool:
    """Store a new token by its keyed hash; False when one with this id exists already."""
    status = await db.execute(
        f"{TOKENS.insertion} ON CONFLICT (organization_id, id) DO NOTHING", token_hash, *TOKENS.arguments(token)
    )
    return status.endswith(" 1")


async def principal_by_hash(db: Reader, token_hash: bytes) -> Principal | None:
    """Look-up by secret: the token with this hash, revoked and expired ones included, and its organization."""
    row = await db.fetchrow(
        f"""
        SELECT {TOKENS.select("t")}, {ORGANIZATIONS.select("o", prefix="o_")}
        FROM access_tokens AS t
        JOIN organizations AS o ON o.id = t.organization_id
        WHERE t.token_hash = $1
        """,
        token_hash,
    )
    return (
        Principal(token=TOKENS.read(row), organization=ORGANIZATIONS.read(row, prefix="o_"))
        if row is not None
        else None
    )


async def tokens(db: Reader, organization_id: UUID) -> Sequence[AccessToken]:
    """All tokens of an organization, newest first."""
    return await TOKENS.all(
        db,
        f"""
        SELECT {TOKENS.select("t")}
        FROM access_tokens AS t
        WHERE t.organization_id = $1
        ORDER BY t.created_at DESC
        """,
        organization_id,
    )


async def revoke_token(db: Executor, organization_id: UUID, token_id: UUID, *, now: datetime) -> bool:
    """End a token; False when there is no such living token."""
    status = await db.execute(
        """
        UPDATE access_tokens
        SET revoked_at = $3
        WHERE organization_id = $1
          AND id = $2
          AND revoked_at IS NULL
        """,
        organization_id,
        token_id,
        now,
    )
    return status.endswith(" 1")


async def note_use(db: Executor, organization_id: UUID, token_id: UUID, *, now: datetime, address: str | None) -> None:
    """Remember when and from where a token was last used."""
    await db.execute(
        """
        UPDATE access_tokens
        SET last_used_at = $3, last_used_ip = $4
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        token_id,
        now,
        address,
    )


async def add_user(db: Executor, user: User, password_hash: str) -> None:
    """Store a new person."""
    await db.execute(USERS.insertion, password_hash, *USERS.arguments(user))


async def add_membership(db: Executor, organization_id: UUID, user_id: UUID, role: str, *, now: datetime) -> None:
    await insert_row(db, "memberships", organization_id=organization_id, user_id=user_id, role=role, created_at=now)


async def user_with_password(db: Reader, email: str) -> tuple[User, str] | None:
    """Look-up at sign-in: the user with this e-mail (without case) and the stored password hash."""
    row = await db.fetchrow(f"SELECT {USERS.columns}, password_hash FROM users WHERE lower(email) = lower($1)", email)
    return (USERS.read(row), row["password_hash"]) if row is not None else None


async def memberships_of(db: Reader, user_id: UUID) -> Sequence[tuple[Organization, str]]:
    """The organizations that a person may act for, each with the person's role there."""
    rows = await db.fetch(
        f"""
        SELECT {ORGANIZATIONS.select("o")}, m.role
        FROM organizations AS o
        JOIN memberships AS m ON m.organization_id = o.id
        WHERE m.user_id = $1
        ORDER BY o.name, o.id
        """,
        user_id,
    )
    return [(ORGANIZATIONS.read(row), row["role"]) for row in rows]


async def add_session(
    db: Executor, token_hash: bytes, user_id: UUID, csrf_token: str, *, now: datetime, expires_at: datetime
) -> None:
    """Remember a signed-in browser by the hash of its cookie."""
    await insert_row(
        db,
        "user_sessions",
        token_hash=token_hash,
        user_id=user_id,
        csrf_token=csrf_token,
        created_at=now,
        expires_at=expires_at,
    )


async def session_user(db: Reader, token_hash: bytes, *, now: datetime) -> tuple[User, str] | None:
    """Look-up by secret: who is signed in with this cookie, and the session's CSRF token."""
    row = await db.fetchrow(
        f"""
        SELECT {USERS.select("u")}, s.csrf_token
        FROM user_sessions AS s
        JOIN users AS u ON u.id = s.user_id
        WHERE s.token_hash = $1
          AND s.expires_at > $2
        """,
        token_hash,
        now,
    )
    return (USERS.read(row), row["csrf_token"]) if row is not None else None


async def end_session(db: Executor, token_hash: bytes) -> None:
    await db.execute("DELETE FROM user_sessions WHERE token_hash = $1", token_hash)


async def keep_session(db: Executor, token_hash: bytes, *, expires_at: datetime, unless_after: datetime) -> None:
    """Let a session that is in use live until `expires_at`; nothing is written while it lives beyond `unless_after` anyway."""
    await db.execute(
        "UPDATE user_sessions SET expires_at = $2 WHERE token_hash = $1 AND expires_at < $3",
        token_hash,
        expires_at,
        unless_after,
    )


async def remove_ended_sessions(db: Executor, user_id: UUID, *, now: datetime) -> None:
    """Forget the sessions of one person whose time has passed."""
    await db.execute("DELETE FROM user_sessions WHERE user_id = $1 AND expires_at <= $2", user_id, now)


async def set_password(db: Executor, user_id: UUID, password_hash: str) -> None:
    """Replace the stored hash of a password."""
    await db.execute("UPDATE users SET password_hash = $2 WHERE id = $1", user_id, password_hash)
