"""The form of a new access token: which scopes, for how long, for which API.

Scopes are pairs `noun:read` and `noun:write`; granting to write grants to read. A Dodo API key is the same object with one of two
presets. Lifetimes are counted in real time: a test clock never lets a token expire.

    >>> scopes_of("checkout", [])
    ('checkouts:read', 'checkouts:write', 'products:read')
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID, uuid4

from checkstand.domain.organization import ALL_SCOPES
from checkstand.domain.profile import DEFAULT_API, Dialect, Profile, all_profiles
from checkstand.ops.bounds import in_time
from checkstand.web.dashboard.forms import Form

LONGEST_NAME = 100
LIFETIMES_DAYS: Final = (1, 7, 30, 90, 180, 365)
DEFAULT_LIFETIME = "90"
_READ_ONLY: Final = tuple(scope for scope in ALL_SCOPES if scope.endswith(":read"))
PRESETS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "all": ("Full access", "Read and write everything.", ALL_SCOPES),
    "checkout": (
        "Checkout only",
        "Create and read checkouts, read products. A good fit for your server.",
        ("checkouts:read", "checkouts:write", "products:read"),
    ),
    "read": ("Read only", "Read everything, change nothing.", _READ_ONLY),
}
DODO_ACCESS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "write": ("Read and write", "Every call of the Dodo Payments API.", ALL_SCOPES),
    "read": ("Read only", "Calls that change nothing.", _READ_ONLY),
}


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """One noun of the scope tree; None where there is no such scope."""

    noun: str
    label: str
    read: str | None
    write: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedToken:
    """The whole form, as typed. `nonce` becomes the token's id, so that sending the form twice makes one token."""

    nonce: UUID
    name: str = ""
    kind: Dialect = DEFAULT_API.name
    preset: str = "all"
    scopes: tuple[str, ...] = ()
    access: str = "write"
    lifetime: str = DEFAULT_LIFETIME
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What the form means."""

    name: str
    dialect: Dialect
    scopes: tuple[str, ...]
    expires_at: datetime | None


def scope_rows() -> list[ScopeRow]:
    """All scopes as a tree of nouns with a column for reading and one for writing."""
    nouns = sorted({scope.partition(":")[0] for scope in ALL_SCOPES})
    return [
        ScopeRow(
            noun=noun,
            label=noun.replace("_", " ").capitalize(),
            read=f"{noun}:read" if f"{noun}:read" in ALL_SCOPES else None,
            write=f"{noun}:write" if f"{noun}:write" in ALL_SCOPES else None,
        )
        for noun in nouns
    ]


def scopes_of(preset: str, chosen: Sequence[str]) -> tuple[str, ...]:
    """The scopes of a preset, else the chosen ones, with reading wherever writing is granted."""
    if preset in PRESETS:
        return PRESETS[preset][2]
    granted = {scope for scope in chosen if scope in ALL_SCOPES}
    granted |= {scope.replace(":write", ":read") for scope in granted} & set(ALL_SCOPES)
    return tuple(scope for scope in ALL_SCOPES if scope in granted)


def scopes_text(scopes: Sequence[str]) -> str:
    """Scopes in a few words: 'all', 'read only', 'checkouts:write +2'."""
    granted = set(scopes)
    if granted >= set(ALL_SCOPES):
        return "all"
    if granted == set(_READ_ONLY):
        return "read only"
    if not granted:
        return "none"
    first = next((scope for scope in scopes if scope.endswith(":write")), scopes[0])
    return first if len(granted) == 1 else f"{first} +{len(granted) - 1}"


def new_form() -> TypedToken:
    """An empty form with a number of its own."""
    return TypedToken(nonce=uuid4())


def typed_from(form: Form) -> TypedToken:
    """What a browser sent."""
    try:
        nonce = UUID(form.text("nonce"))
    except ValueError:
        nonce = uuid4()
    return TypedToken(
        nonce=nonce if nonce.version == 4 else uuid4(),
        name=form.text("name"),
        kind=form.text("kind"),
        preset=form.text("preset"),
        scopes=tuple(form.every("scopes")),
        access=form.text("access"),
        lifetime=form.text("lifetime"),
        until=form.text("until")[:20],
    )


def kind_of(typed: TypedToken) -> Profile:
    """The API that was chosen; the first choice where none that exists was."""
    return next((profile for profile in all_profiles() if profile.name == typed.kind), DEFAULT_API)


def understand(typed: TypedToken, *, now: datetime) -> Understood | Mapping[str, str]:
    """What was meant, or the problems by field."""
    problems: dict[str, str] = {}
    if not typed.name:
        problems["name"] = "Enter a name that says what uses the token."
    elif len(typed.name) > LONGEST_NAME:
        problems["name"] = f"Use at most {LONGEST_NAME} characters."
    scopes: tuple[str, ...] = ()
    kind = kind_of(typed)
    if kind.keys.is_all_or_nothing:
        if typed.access not in DODO_ACCESS:
            problems["access"] = "Choose what the key can do."
        else:
            scopes = DODO_ACCESS[typed.access][2]
    else:
        scopes = scopes_of(typed.preset, typed.scopes)
        if not scopes:
            problems["scopes"] = "Choose at least one scope, or a preset."
    expires_at = _expiry(typed, problems, now)
    if problems:
        return problems
    return Understood(
        name=typed.name,
        dialect=kind.name,
        scopes=scopes,
        expires_at=expires_at,
    )


def _expiry(typed: TypedToken, problems: dict[str, str], now: datetime) -> datetime | None:
    """The moment the token ends; None is never. A chosen day counts to its end in UTC."""
    if typed.lifetime == "never":
        return None
    if typed.lifetime in [str(days) for days in LIFETIMES_DAYS]:
        return now + timedelta(days=int(typed.lifetime))
    if typed.lifetime != "custom":
        problems["lifetime"] = "Choose how long the token is valid."
        return None
    try:
        day = date.fromisoformat(typed.until)
        end = in_time(datetime.combine(day, time.max, UTC))
    except ValueError:
        problems["until"] = "Choose a date, like 2030-12-31."
        return None
    if end <= now:
        problems["until"] = "Choose a date in the future."
    return end
