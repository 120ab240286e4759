"""`checkstand organization checkout`: what an organization's buyers may do: where links may send them, and starting again."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import click

from checkstand.cli.terminal import Failure, note
from checkstand.domain.problem_codes import ProblemCode


@click.command("checkout")
@click.option("--allow-redirect", metavar="HOST", multiple=True, help="Links may send buyers there, like shop.example.")
@click.option("--remove-redirect", metavar="HOST", multiple=True, help="They may no longer.")
@click.option("--start-again/--no-start-again", default=None, help="Offer a new session when one ended unpaid.")
@click.option("--org", metavar="SLUG", help="The organization.  [default: the only one, else `demo`]")
@click.option("--data", metavar="DIR", help="Data folder of the server, if no CHECKSTAND_DATABASE_URL is set.")
def checkout(
    allow_redirect: tuple[str, ...],
    remove_redirect: tuple[str, ...],
    start_again: bool | None,
    org: str | None,
    data: str | None,
) -> None:
    """Show or change what an organization's buyers may do.

    Prints the hosts that `redirect_url` of a static payment link may lead to, one a line: HOST, *.HOST for its subdomains, or an
    app's address like myapp://done. Buyers of other links end on this server's own page. Each option can be given several times.
    """
    slug, hosts, renews = asyncio.run(_checkout(allow_redirect, remove_redirect, start_again, org, data))
    note(f"Buyers of '{slug}' {'may' if renews else 'may not'} start again when a session ended without a payment.")
    if not hosts:
        note("Its links lead to no other host than its own website. --allow-redirect HOST adds one.")
    for host in hosts:
        print(host)


async def _checkout(
    allow: tuple[str, ...], remove: tuple[str, ...], start_again: bool | None, org: str | None, data: str | None
) -> tuple[str, tuple[str, ...], bool]:
    from dataclasses import replace

    from checkstand.app import PublicUrl, open_services
    from checkstand.cli.choose_organization import choose
    from checkstand.cli.database import borrowed, folder_of, key_of
    from checkstand.domain.errors import Invalid
    from checkstand.domain.redirects import MOST_REDIRECT_HOSTS
    from checkstand.flows.organizations.change_redirects import change_redirects
    from checkstand.ops.settings import from_environment

    settings = from_environment(os.environ)
    folder: Path = folder_of(settings, data)
    with borrowed(settings, folder) as dsn:
        settings = replace(settings, secret_key=key_of(settings, folder))
        async with open_services(settings, dsn, PublicUrl(settings.public_url)) as services:
            organization = await choose(services, org)
            try:
                after = await change_redirects(
                    services.ports, organization.id, allow=allow, remove=remove, allows_renewal=start_again
                )
            except Invalid as refused:
                problem = refused.problems[0]
                if problem.code is ProblemCode.REDIRECT_HOSTS_TOO_MANY:
                    raise Failure(f"At most {MOST_REDIRECT_HOSTS} hosts can be listed.") from refused
                raise Failure(f"'{problem.given}' is no host. Write it like shop.example.") from refused
    return organization.slug, after.redirect_hosts, after.allows_renewal
