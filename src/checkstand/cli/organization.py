"""`checkstand organization`: a tenant and its first user, so that a production install can begin; and where it collects tax."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from checkstand.cli.organization_checkout import checkout
from checkstand.cli.organization_seller import seller
from checkstand.cli.terminal import Failure, note, own_name

if TYPE_CHECKING:  # loaded when they are needed: `--help` should not wait for the application
    from checkstand.domain.organization import Mode


@click.group("organization")
def command() -> None:
    """Create organizations, say where they collect tax, how their invoices name them and what their buyers may do."""


command.add_command(seller)
command.add_command(checkout)


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
@click.option("--country", metavar="CODE", help="Where it sells from, like DE: for tax and on invoices alike.")
@click.option("--data", metavar="DIR", help="Data folder of the server, if no CHECKSTAND_DATABASE_URL is set.")
def create(
    name: str, email: str, slug: str | None, mode: str, currency: str, country: str | None, data: str | None
) -> None:
    """Create an organization and its owner, and print the owner's password.

    Only the password goes to standard output; it is shown this once. Somebody who has an account already keeps theirs, and
    nothing is printed.
    """
    import asyncio

    from checkstand.domain.address import COUNTRIES
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
    seat = country.strip().upper() if country else None
    if seat is not None and seat not in COUNTRIES:
        raise click.BadParameter(f"'{country}' is no country. Write its code, like DE.", param_hint="--country")
    password = asyncio.run(_create(name.strip(), email, short, cast("Mode", mode), code, seat, data))
    whose = (
        "the password is shown only now" if password else "this account has a password already, which stays as it is"
    )
    note(f"Organization '{short}' ({mode}) is open. Sign in at /dashboard as {email}; {whose}.")
    note(f"A key for its API: {own_name()} token create --name NAME --org {short}")
    if seat is None:
        note(
            "Before it collects tax, say where it sells from: "
            f"{own_name()} organization seller --country CODE --org {short}"
        )
    if password is not None:
        print(password)


async def _create(
    name: str, email: str, slug: str, mode: Mode, currency: str, country: str | None, data: str | None
) -> str | None:
    """The owner's new password; None for an owner who has an account."""
    from dataclasses import replace

    from argon2 import PasswordHasher

    from checkstand.app import PublicUrl, open_services
    from checkstand.cli.database import borrowed, folder_of, key_of
    from checkstand.flows.organizations.create_organization import SlugTaken, create_organization
    from checkstand.ops.settings import from_environment

    settings = from_environment(os.environ)
    folder: Path = folder_of(settings, data)
    password = secrets.token_urlsafe(15)
    with borrowed(settings, folder) as dsn:
        settings = replace(settings, secret_key=key_of(settings, folder))
        async with open_services(settings, dsn, PublicUrl(settings.public_url)) as services:
            try:
                opened = await create_organization(
                    services.ports,
                    slug=slug,
                    name=name,
                    mode=mode,
                    email=email,
                    password_hash=PasswordHasher().hash(password),
                    currency=currency,
                    country=country,
                )
            except SlugTaken as error:
                raise Failure(f"There is an organization '{slug}' already. Choose another name with --slug.") from error
    return password if opened.owner_is_new else None


@command.command("tax")
@click.option("--register", metavar="CODE", multiple=True, help="Collect there, like EU, DE, US-CA, CA-QC or '*'.")
@click.option("--remove", metavar="CODE", multiple=True, help="Collect there no longer.")
@click.option("--org", metavar="SLUG", help="The organization.  [default: the only one, else `demo`]")
@click.option("--data", metavar="DIR", help="Data folder of the server, if no CHECKSTAND_DATABASE_URL is set.")
def tax(register: tuple[str, ...], remove: tuple[str, ...], org: str | None, data: str | None) -> None:
    """Show or change where an organization collects tax.

    Prints the codes of its registrations, one a line. Each option can be given several times.
    """
    import asyncio

    from checkstand.cli.tax_codes import known_codes, written

    added, removed = known_codes(register, "--register"), written(remove)
    both = sorted(set(added) & set(removed))
    if both:
        raise click.BadParameter(f"{', '.join(both)} cannot be registered and removed at once.", param_hint="--remove")
    slug, codes = asyncio.run(_tax(added, removed, org, data))
    if not codes:
        note(f"Organization '{slug}' collects tax nowhere. --register CODE begins; docs/taxes.md has the codes.")
    for code in codes:
        print(code)


async def _tax(
    register: tuple[str, ...], remove: tuple[str, ...], org: str | None, data: str | None
) -> tuple[str, tuple[str, ...]]:
    from dataclasses import replace

    from checkstand.app import PublicUrl, open_services
    from checkstand.cli.choose_organization import choose
    from checkstand.cli.database import borrowed, folder_of, key_of
    from checkstand.flows.organizations.tax_registrations import change_registrations
    from checkstand.ops.settings import from_environment

    settings = from_environment(os.environ)
    folder: Path = folder_of(settings, data)
    with borrowed(settings, folder) as dsn:
        settings = replace(settings, secret_key=key_of(settings, folder))
        async with open_services(settings, dsn, PublicUrl(settings.public_url)) as services:
            organization = await choose(services, org)
            codes = organization.settings.tax_registrations
            strange = [code for code in remove if code not in codes]
            if strange:
                has = ", ".join(codes) or "none"
                raise Failure(f"'{organization.slug}' has no registration {', '.join(strange)}. It has: {has}.")
            if register or remove:
                codes = await change_registrations(services.ports, organization.id, register=register, remove=remove)
            return organization.slug, codes
