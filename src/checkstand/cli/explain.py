"""`checkstand explain ID`: how a checkout's total came about: which price, which rule, which rate, which rounding."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

import click

from checkstand.cli.terminal import Failure, paint

if TYPE_CHECKING:  # loaded when they are needed: `--help` should not wait for the application
    from checkstand.domain.checkout import Checkout
    from checkstand.flows.checkout.explain_checkout import Account
    from checkstand.services import Services

_NAME = "checkout, like 0f4e…, cks_…, polar_c_… or the address of its page"


@click.command("explain")
@click.argument("checkout", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@click.option("--data", metavar="DIR", help="Data folder of the server, if no CHECKSTAND_DATABASE_URL is set.")
def command(checkout: str, as_json: bool, data: str | None) -> None:
    """Tell how a checkout's total came about, step by step.

    ID is a checkout's id in either API's spelling, its client secret, or the address of its page. Works on a running server's
    database (also of a running `checkstand dev`) and on a stopped one.
    """
    import asyncio

    account = asyncio.run(_account(checkout, data))
    print(json.dumps(account) if as_json else _table(account))


async def _account(text: str, data: str | None) -> Account:
    from dataclasses import replace

    from checkstand.app import PublicUrl, open_services
    from checkstand.cli.database import borrowed, folder_of, key_of
    from checkstand.flows.checkout.explain_checkout import explain_checkout
    from checkstand.ops.settings import from_environment

    settings = from_environment(os.environ)
    folder = folder_of(settings, data)
    with borrowed(settings, folder) as dsn:
        settings = replace(settings, secret_key=key_of(settings, folder))
        async with open_services(settings, dsn, PublicUrl(settings.public_url)) as services:
            found = await _find(services, text)
            organization = await services.ports.cache.organization(found.organization_id)
            return explain_checkout(found, organization, shown_id=text)


async def _find(services: Services, text: str) -> Checkout:
    from checkstand.domain.ids import DodoPrefix, parse_short_id
    from checkstand.domain.profile import all_profiles
    from checkstand.store import checkouts, organizations

    name, pages = text.rstrip("/"), [profile.page for profile in all_profiles()]
    if "://" in name:
        keys = tuple(prefix for page in pages for prefix in page.key_prefixes)
        name = next((part for part in reversed(urlsplit(name).path.split("/")) if part.startswith(keys)), name)
    db = services.ports.db
    found = None
    if name.startswith(tuple(page.secret_prefix for page in pages)):
        found = await checkouts.by_client_secret(db, name)
    else:
        checkout_id = parse_short_id(DodoPrefix.CHECKOUT_SESSION, name) or _uuid(name)
        if checkout_id is None:
            raise click.BadParameter(f"'{text}' names no {_NAME}.", param_hint="ID")
        for organization in await organizations.all_of_them(db):
            found = found or await checkouts.by_id(db, organization.id, checkout_id)
    if found is None:
        raise Failure(f"There is no checkout '{text}' in this database. Is --data the folder of the right server?")
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _table(account: Account) -> str:
    """Steps with their amounts in one column; sums stand out."""
    shown = [(step["text"], step["amount"] or "—", step["kind"]) for step in account["steps"]]
    width = max(len(amount) for _, amount, _ in shown)
    lines = []
    for text, amount, kind in shown:
        line = f"{amount:>{width}}  {text}"
        lines.append(paint(line, on=sys.stdout, strong=kind in ("total", "due"), faint=kind == "subtotal"))
    return "\n".join([*lines, "", paint(account["rounding"], on=sys.stdout, faint=True)])
