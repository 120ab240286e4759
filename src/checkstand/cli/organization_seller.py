"""`checkstand organization seller`: how an organization's invoices name it. Documents that were issued keep what they say."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import click

from checkstand.cli.terminal import Failure, note


@click.command("seller")
@click.option("--legal-name", metavar="NAME", help="Who sells, as a register has it.")
@click.option("--tax-id", metavar="ID", help="Its tax number, like DE136695976.")
@click.option("--line1", metavar="TEXT", help="Street and number.")
@click.option("--line2", metavar="TEXT", help="What else the address needs.")
@click.option("--postal-code", metavar="CODE", help="Postal code.")
@click.option("--city", metavar="NAME", help="City.")
@click.option("--state", metavar="CODE", help="State or region, like US-NY.")
@click.option("--country", metavar="CODE", help="Country, like DE.  [default: the organization's]")
@click.option("--org", metavar="SLUG", help="The organization.  [default: the only one, else `demo`]")
@click.option("--data", metavar="DIR", help="Data folder of the server, if no CHECKSTAND_DATABASE_URL is set.")
def seller(org: str | None, data: str | None, **given: str | None) -> None:
    """Show or change how an organization's invoices name it.

    An empty value takes one away. Prints what the next invoice will say, line by line.
    """
    slug, lines = asyncio.run(
        _seller({name: text.strip() for name, text in given.items() if text is not None}, org, data)
    )
    note(f"Invoices of '{slug}' from now on are from:")
    for line in lines:
        print(line)


async def _seller(given: dict[str, str], org: str | None, data: str | None) -> tuple[str, list[str]]:
    from dataclasses import replace

    from checkstand.app import PublicUrl, open_services
    from checkstand.cli.choose_organization import choose
    from checkstand.cli.database import borrowed, folder_of, key_of
    from checkstand.domain.address import COUNTRIES, Address
    from checkstand.domain.document import seller_of
    from checkstand.domain.organization import OrganizationSettings
    from checkstand.flows.change_settings import change_settings
    from checkstand.ops.settings import from_environment

    def changed(before: OrganizationSettings) -> OrganizationSettings:
        own = {name: given[name] or None for name in ("legal_name", "tax_id") if name in given}
        parts = {name: text or None for name, text in given.items() if name not in ("legal_name", "tax_id")}
        after = replace(
            before, legal_name=own.get("legal_name", before.legal_name), tax_id=own.get("tax_id", before.tax_id)
        )
        if not parts:
            return after
        address = before.legal_address
        country = parts.pop("country", None) or (address.country if address else before.country)
        if country is None or country.upper() not in COUNTRIES:
            raise Failure("An address needs a country. Give one with --country, like DE.")
        known = address or Address(country=country.upper())
        kept = {name: getattr(known, name) for name in ("line1", "line2", "postal_code", "city", "state")}
        return replace(after, legal_address=Address(country=country.upper(), **{**kept, **parts}))

    settings = from_environment(os.environ)
    folder: Path = folder_of(settings, data)
    with borrowed(settings, folder) as dsn:
        settings = replace(settings, secret_key=key_of(settings, folder))
        async with open_services(settings, dsn, PublicUrl(settings.public_url)) as services:
            organization = await choose(services, org)
            after = organization.settings
            if given:
                after = await change_settings(services.ports, organization.id, changed)
            party = seller_of(replace(organization, settings=after))
    address = party.address
    place = (
        [address.line1, address.line2, address.postal_code, address.city, address.state, address.country]
        if address
        else []
    )
    return organization.slug, [line for line in (party.name, party.contact, *place, party.tax_id) if line]
