"""`checkstand worker`: deliveries, expiry and reconciliation beside `serve`, until a signal ends it."""

from __future__ import annotations

import os

import click


@click.command("worker")
def command() -> None:
    """Run deliveries, expiry and reconciliation for `serve`.

    Takes the same settings as `serve`. Run one or more beside it, on any machine that reaches the database: they share
    the work. With an embedded database (CHECKSTAND_DATA_DIR) start `serve` first, which owns it.
    """
    from checkstand.cli.production import run_worker
    from checkstand.ops.settings import from_environment

    run_worker(from_environment(os.environ))
