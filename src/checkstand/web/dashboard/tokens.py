"""Access tokens: made here, shown once, kept as a keyed hash, revoked at once.

The answer to the form is the only place a token ever stands. Going back or reloading sends the same form number again, for which
there is a token already: nothing is shown and nothing is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from checkstand.dialects.api.examples import list_call
from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.organization import AccessToken
from checkstand.domain.profile import all_profiles, profile_of
from checkstand.flows.organizations.authenticate import create_token, revoke_token
from checkstand.routing import Routes
from checkstand.store import organizations
from checkstand.web.dashboard import integrate, token_form, words
from checkstand.web.dashboard.frame import Crumb, DashboardVisit, page, room
from checkstand.web.dashboard.home import sellable
from checkstand.web.dashboard.token_form import TypedToken, Understood

routes = Routes()
_SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One token in the list."""

    id: str
    name: str
    kind: str
    hint: str
    scopes: str
    all_scopes: Sequence[str]
    expires: words.Moment | None
    is_ending: bool
    last_used: words.Moment | None
    address: str | None
    chip: words.Chip
    is_living: bool
    revoked: words.Moment | None
    created: words.Moment


async def rows(visit: DashboardVisit) -> list[TokenRow]:
    """All tokens of the organization, living ones first, newest first."""
    found = await organizations.tokens(visit.ports.db, visit.organization.id)
    return sorted((_row(visit, token) for token in found), key=lambda row: not row.is_living)


def _row(visit: DashboardVisit, token: AccessToken) -> TokenRow:
    now = visit.ports.real_now()
    expired = token.expires_at is not None and token.expires_at <= now
    if token.revoked_at is not None:
        chip = words.Chip("Revoked", "cross", "grey")
    elif expired:
        chip = words.Chip("Expired", "hourglass", "grey")
    else:
        chip = words.Chip("Active", "check", "green")
    return TokenRow(
        id=str(token.id),
        name=token.name,
        kind=f"{profile_of(token.dialect).title} API",
        hint=f"{profile_of(token.dialect).keys.prefix}…{token.hint}",
        scopes=token_form.scopes_text(token.scopes),
        all_scopes=token.scopes,
        expires=words.moment(token.expires_at, now) if token.expires_at else None,
        is_ending=token.expires_at is not None and token.expires_at - now < _SOON,
        last_used=words.moment(token.last_used_at, now) if token.last_used_at else None,
        address=token.last_used_ip,
        chip=chip,
        is_living=token.revoked_at is None and not expired,
        revoked=words.moment(token.revoked_at, now) if token.revoked_at else None,
        created=words.moment(token.created_at, now),
    )


@routes.get("/{org}/settings/tokens")
@room
async def listing(visit: DashboardVisit) -> Response:
    """All tokens, revoked ones included."""
    return page(visit, "tokens.html", title="Access tokens", section="tokens", rows=await rows(visit))


@routes.get("/{org}/settings/tokens/new")
@room
async def new_form(visit: DashboardVisit) -> Response:
    """The form, each time with another number."""
    return _show(visit, token_form.new_form())


@routes.post("/{org}/settings/tokens/new")
@room
async def create(visit: DashboardVisit) -> Response:
    """Make the token and show it, this once."""
    typed = token_form.typed_from(visit.form)
    meant = token_form.understand(typed, now=visit.ports.real_now())
    if not isinstance(meant, Understood):
        return _show(visit, typed, problems=meant)
    try:
        token, secret = await create_token(
            visit.ports,
            visit.services.authenticator,
            visit.organization.id,
            name=meant.name,
            dialect=meant.dialect,
            scopes=meant.scopes,
            expires_at=meant.expires_at,
            token_id=typed.nonce,
        )
    except Invalid:
        return visit.go("/settings/tokens", notice="token-made-already")
    return page(
        visit,
        "token_created.html",
        title="Token created",
        section="tokens",
        crumbs=[Crumb("Access tokens", visit.link("/settings/tokens"))],
        row=_row(visit, token),
        secret=secret,
        keys=profile_of(token.dialect).keys,
        curl=await _curl(visit, token, secret),
    )


async def _curl(visit: DashboardVisit, token: AccessToken, secret: str) -> str | None:
    """A call that this very token may make, on this server, with a product of this organization."""
    base = visit.ports.public_url()
    on_sale = await sellable(visit)
    known = integrate.examples(visit).get(token.dialect)
    if known is None:
        return None
    _, calls = known
    if "checkouts:write" in token.scopes and on_sale:
        return calls.create(base, on_sale[0], secret)
    if "products:read" in token.scopes:
        return list_call(base + calls.products_path, secret)
    return None


@routes.get("/{org}/settings/tokens/{token_id}/revoke")
@room
async def ask_revoke(visit: DashboardVisit) -> Response:
    """Ask for the token's name before it is ended."""
    return _show_revoke(visit, await _token(visit))


@routes.post("/{org}/settings/tokens/{token_id}/revoke")
@room
async def revoke(visit: DashboardVisit) -> Response:
    """End the token at once, if its name was typed."""
    token = await _token(visit)
    if visit.form.text("name") != token.name.strip():
        return _show_revoke(visit, token, problem=f"Type the name exactly: {token.name}")
    await revoke_token(visit.ports, visit.organization.id, token.id)
    return visit.go("/settings/tokens", notice="token-revoked")


async def _token(visit: DashboardVisit) -> AccessToken:
    wanted = str(visit.request.path_params["token_id"])
    for token in await organizations.tokens(visit.ports.db, visit.organization.id):
        if str(token.id) == wanted:
            return token
    raise NotFound


def _show_revoke(visit: DashboardVisit, token: AccessToken, *, problem: str | None = None) -> Response:
    return page(
        visit,
        "token_revoke.html",
        title="Revoke token",
        section="tokens",
        status=422 if problem else 200,
        crumbs=[Crumb("Access tokens", visit.link("/settings/tokens"))],
        row=_row(visit, token),
        typed=visit.form.text("name"),
        problem=problem,
    )


def _show(visit: DashboardVisit, typed: TypedToken, *, problems: Mapping[str, str] | None = None) -> Response:
    return page(
        visit,
        "token_form.html",
        title="New token",
        section="tokens",
        status=422 if problems else 200,
        crumbs=[Crumb("Access tokens", visit.link("/settings/tokens"))],
        typed=typed,
        problems=problems or {},
        kinds=all_profiles(),
        chosen=token_form.kind_of(typed),
        presets=token_form.PRESETS,
        access=token_form.DODO_ACCESS,
        scope_rows=token_form.scope_rows(),
        lifetimes=[str(days) for days in token_form.LIFETIMES_DAYS],
    )
