"""`checkstand organization seller`: where an organization sells from, and how its invoices name it.

Documents that were issued keep what they say.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import get_args

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
@click.option("--country", metavar="CODE", help="Where it sells from, like DE: for tax and on invoices alike.")
@click.option("--org", metavar="SLUG", help="The organization.  [default: the only one, else `demo`]")
@click.option("--data", metavar="DIR", help="Data folder of the server, if no CHECKSTAND_DATABASE_URL is set.")
def seller(org: str | None, data: str | None, **given: str | None) -> None:
    """Show or change where an organization sells from and how its invoices name it.

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
    from checkstand.domain.document import seller_of
    from checkstand.flows.organizations.change_seller import SellerField, SellerProblem, SellerRefused, change_seller
    from checkstand.ops.settings import from_environment
    from checkstand.providers.postal import address_lines

    refusals = {
        SellerProblem.COUNTRY_UNKNOWN: "'{given}' is no country. Write its code of two letters, like DE.",
        SellerProblem.COUNTRY_NEEDED: "An address needs a country. Give one with --country, like DE.",
        SellerProblem.STATE_UNKNOWN: "'{given}' is no state of that country. Write its code, like US-NY.",
        SellerProblem.TOO_LONG: "That is too long for an invoice: {given}",
    }
    settings = from_environment(os.environ)
    folder: Path = folder_of(settings, data)
    with borrowed(settings, folder) as dsn:
        settings = replace(settings, secret_key=key_of(settings, folder))
        async with open_services(settings, dsn, PublicUrl(settings.public_url)) as services:
            organization = await choose(services, org)
            after = organization.settings
            if given:
                changes = {name: given[name] for name in get_args(SellerField) if name in given}
                try:
                    after = await change_seller(services.ports, organization.id, changes)
                except SellerRefused as refused:
                    raise Failure(refusals[refused.problem].format(given=given.get(refused.field, ""))) from refused
            party = seller_of(replace(organization, settings=after))
    place = address_lines(party.address) if party.address else []
    return organization.slug, [line for line in (party.name, party.contact, *place, party.tax_id) if line]
