"""`checkstand doctor`: one line a check, with what to do about each that fails. The checks are in `checks.py`."""

from __future__ import annotations

import json
import os
import sys

import click

from checkstand.cli.terminal import mark, note, paint


@click.command("doctor")
@click.option("--data", metavar="DIR", help="Data folder to look at, if no CHECKSTAND_DATABASE_URL is set.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead.")
def command(data: str | None, as_json: bool) -> None:
    """Check settings, database, schema, clock and gateway; say what to do.

    Looks at the production server that the CHECKSTAND_... settings describe; without any, at the development server of
    the data folder. Nothing is changed. Exits with 1 when a check fails.
    """
    from checkstand.cli.checks import examine

    checks = examine(os.environ, data)
    ok = all(check.ok for check in checks)
    if as_json:
        found = [
            {"name": check.name, "ok": check.ok, "detail": check.detail, "advice": check.advice} for check in checks
        ]
        print(json.dumps({"ok": ok, "checks": found}))
    else:
        for check in checks:
            advice = paint(f" {check.advice}", on=sys.stdout, strong=True) if check.advice else ""
            print(f"{mark(check.ok, on=sys.stdout)} {check.name:<11} {check.detail}{advice}")
    if not ok:
        failed = sum(not check.ok for check in checks)
        if not as_json:
            note(f"{failed} of {len(checks)} checks failed; what to do is said above.")
        click.get_current_context().exit(1)
