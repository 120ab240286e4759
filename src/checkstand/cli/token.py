"""`checkstand token create`: an access token for an organization, printed once and kept nowhere."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path

import click

from checkstand.cli.terminal import note
from checkstand.domain.profile import DEFAULT_API, Dialect, all_profiles

_DAYS_MAX = 36_500


@click.group("token")
def command() -> None:
    """Create access tokens."""


@command.command("create")
@click.option("--name", required=True, help="What the token is for; shown in the dashboard.")
@click.option(
    "--scopes", help="What it may do, separated by commas, like products:read,checkouts:write.  [default: all]"
)
@click.option("--org", metavar="SLUG", help="Its organization.  [default: the only one, else `demo`]")
@click.option(
    "--dialect",
    type=click.Choice([profile.name for profile in all_profiles()]),
    default=DEFAULT_API.name,
    show_default=True,
    help="Whose SDK uses it.",
)
@click.option("--expires", metavar="DAYS", help="When it ends by itself, like 90d.  [default: never]")
@click.option("--data", metavar="DIR", help="Data folder of the server, if no CHECKSTAND_DATABASE_URL is set.")
def create(name: str, scopes: str | None, org: str | None, dialect: str, expires: str | None, data: str | None) -> None:
    """Create an access token and print it.

    Only the token goes to standard output; it is shown this once. Works on a running server's database (also of a
    running `checkstand dev`) and on a stopped one.
    """
    import asyncio

    expires_at = None if expires is None else datetime.now(UTC) + _lifetime(expires)
    wanted = _scopes(scopes)
    if not name.strip():
        raise click.BadParameter("A token needs a name that tells what it is for.", param_hint="--name")
    token, slug = asyncio.run(_create(name.strip(), wanted, org, dialect, expires_at, data))
    until = f"until {expires_at:%Y-%m-%d}" if expires_at else "until it is revoked"
    note(f"Token '{name.strip()}' of organization '{slug}', valid {until}. It is shown only now: keep it safe.")
    print(token)


async def _create(
    name: str, scopes: tuple[str, ...], org: str | None, dialect: Dialect, expires_at: datetime | None, data: str | None
) -> tuple[str, str]:
    from dataclasses import replace

    from checkstand.app import PublicUrl, open_services
    from checkstand.cli.choose_organization import choose
    from checkstand.cli.database import borrowed, folder_of, key_of
    from checkstand.flows.organizations.authenticate import create_token
    from checkstand.ops.settings import from_environment

    settings = from_environment(os.environ)
    folder: Path = folder_of(settings, data)
    with borrowed(settings, folder) as dsn:
        settings = replace(settings, secret_key=key_of(settings, folder))
        async with open_services(settings, dsn, PublicUrl(settings.public_url)) as services:
            organization = await choose(services, org)
            _token, secret = await create_token(
                services.ports,
                services.authenticator,
                organization.id,
                name=name,
                dialect=dialect,
                scopes=scopes,
                expires_at=expires_at,
            )
            return secret, organization.slug


def _scopes(given: str | None) -> tuple[str, ...]:
    from checkstand.domain.organization import ALL_SCOPES

    if given is None:
        return ALL_SCOPES
    wanted = tuple(dict.fromkeys(part.strip() for part in given.split(",") if part.strip()))
    for scope in wanted:
        if scope not in ALL_SCOPES:
            near = get_close_matches(scope, ALL_SCOPES, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(ALL_SCOPES)}."
            raise click.BadParameter(f"'{scope}' is no scope. {hint}", param_hint="--scopes")
    if not wanted:
        raise click.BadParameter("Name at least one scope, or leave the option away for all.", param_hint="--scopes")
    return wanted


def _lifetime(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})\s*d?", text.strip())
    if not found or not 1 <= int(found[1]) <= _DAYS_MAX:
        raise click.BadParameter(f"'{text}' is no number of days. Write it like 90d.", param_hint="--expires")
    return timedelta(days=int(found[1]))
