"""`checkstand audit`: prove that the books balance: ledger, orders, payments, refunds, redemptions, and the gateway's own books."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from checkstand.cli.terminal import mark, note, paint

if TYPE_CHECKING:  # loaded when they are needed: `--help` should not wait for the application
    from checkstand.flows.recovery.audit import Check

Found = Mapping[str, "Sequence[Check]"]


@click.command("audit")
@click.option("--org", metavar="SLUG", help="Look at this organization alone.  [default: all of them]")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead.")
@click.option("--data", metavar="DIR", help="Data folder of the server, if no CHECKSTAND_DATABASE_URL is set.")
def command(org: str | None, as_json: bool, data: str | None) -> None:
    """Prove that the books balance, and tell every difference in a sentence.

    Debits equal credits, orders equal what was captured, refunds never exceed it, redemptions equal orders, and all of it agrees
    with the gateway's own books. Nothing is changed. Works on a running server's database and on a stopped one. Exits with 1 when
    something differs.
    """
    import asyncio

    found = asyncio.run(_audit(org, data))
    ok = not any(check.problems for checks in found.values() for check in checks)
    print(json.dumps({"ok": ok, "organizations": _plain(found)}) if as_json else _table(found))
    if not ok:
        if not as_json:
            problems = [problem for checks in found.values() for check in checks for problem in check.problems]
            note(f"{len(problems)} {'difference' if len(problems) == 1 else 'differences'} found; each is told above.")
        click.get_current_context().exit(1)


async def _audit(org: str | None, data: str | None) -> dict[str, Sequence[Check]]:
    from dataclasses import replace

    from checkstand.app import PublicUrl, open_services
    from checkstand.cli.choose_organization import choose
    from checkstand.cli.database import borrowed, folder_of, key_of
    from checkstand.flows.recovery.audit import audit_books
    from checkstand.ops.settings import from_environment
    from checkstand.store import organizations

    settings = from_environment(os.environ)
    folder = folder_of(settings, data)
    with borrowed(settings, folder) as dsn:
        settings = replace(settings, secret_key=key_of(settings, folder))
        public_url = PublicUrl(settings.public_url)
        async with open_services(settings, dsn, public_url, statement_within_s=None) as services:
            wanted = [await choose(services, org)] if org else await organizations.all_of_them(services.ports.db)
            return {found.slug: await audit_books(services.ports, found) for found in wanted}


def _plain(found: Found) -> dict[str, object]:
    return {
        slug: [{"name": check.name, "compared": check.compared, "problems": list(check.problems)} for check in checks]
        for slug, checks in found.items()
    }


def _table(found: Found) -> str:
    """A block for each organization: the rule, how many were compared, and what differs."""
    lines = []
    for slug, checks in found.items():
        lines.append(paint(slug, on=sys.stdout, strong=True))
        width = max(len(check.name) for check in checks)
        for check in checks:
            sums = f"  {check.note}" if check.note else ""
            count = f"{check.compared:>7} compared"
            lines.append(f"{mark(not check.problems, on=sys.stdout)} {check.name:<{width}} {count}{sums}")
            lines += [f"    {problem}" for problem in check.problems]
        lines.append("")
    return "\n".join(lines).rstrip() or "This database has no organization yet."
