"""`checkstand organization create`: a tenant and its first user, so that a production install can begin."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from checkstand.cli.terminal import Failure, note

if TYPE_CHECKING:  # loaded when they are needed: `--help` should not wait for the application
    from checkstand.domain.organization import Mode


@click.group("organization")
def command() -> None:
    """Create organizations."""


@command.command("create")
@click.option("--name", required=True, help="What buyers read, like 'Acme Inc'.")
@click.option("--email", required=True, help="Who signs in to its dashboard, and where buyers write to.")
@click.option("--slug", help="Its short name in addresses.  [default: made from the name]")
@click.option(
    "--mode", type=click.Choice(["test", "live"]), default="test", show_default=True, help="Test moves no money."
)
@click.option(
    "--currency", default="USD", show_default=True, help="What its products are priced in unless they say otherwise."
)
@click.option("--data", metavar="DIR", help="Data folder of the server, if no CHECKSTAND_DATABASE_URL is set.")
def create(name: str, email: str, slug: str | None, mode: str, currency: str, data: str | None) -> None:
    """Create an organization and its owner, and print the owner's password.

    Only the password goes to standard output; it is shown this once. Somebody who has an account already keeps theirs.
    """
    import asyncio

    from checkstand.domain.currency import UnknownCurrency
    from checkstand.domain.currency import currency as known_currency

    short = slug or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64]
    if not re.fullmatch(r"[a-z0-9-]{1,64}", short):
        raise click.BadParameter("Use small letters, digits and dashes, at most 64.", param_hint="--slug")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise click.BadParameter(f"'{email}' is no e-mail address.", param_hint="--email")
    try:
        code = known_currency(currency).code
    except UnknownCurrency as error:
        raise click.BadParameter(f"'{currency}' is no currency. Write it like USD.", param_hint="--currency") from error
    password = asyncio.run(_create(name.strip(), email, short, cast("Mode", mode), code, data))
    note(f"Organization '{short}' ({mode}) is open. Sign in at /dashboard as {email}; the password is shown only now.")
    note(f"A key for its API: checkstand token create --name NAME --org {short}")
    print(password)


async def _create(name: str, email: str, slug: str, mode: Mode, currency: str, data: str | None) -> str:
    from dataclasses import replace

    from argon2 import PasswordHasher

    from checkstand.app import PublicUrl, open_services
    from checkstand.cli.database import borrowed, folder_of, key_of
    from checkstand.flows.open_organization import SlugTaken, open_organization
    from checkstand.ops.settings import from_environment

    settings = from_environment(os.environ)
    folder: Path = folder_of(settings, data)
    password = secrets.token_urlsafe(15)
    with borrowed(settings, folder) as dsn:
        settings = replace(settings, secret_key=key_of(settings, folder))
        async with open_services(settings, dsn, PublicUrl(settings.public_url)) as services:
            try:
                await open_organization(
                    services.ports,
                    slug=slug,
                    name=name,
                    mode=mode,
                    email=email,
                    password_hash=PasswordHasher().hash(password),
                    currency=currency,
                )
            except SlugTaken as error:
                raise Failure(f"There is an organization '{slug}' already. Choose another name with --slug.") from error
    return password
