"""`checkstand serve`: the production web process; what it does is in `production.py`."""

from __future__ import annotations

import os

import click


@click.command("serve")
@click.option(
    "--socket-fd", type=int, hidden=True, help="A bound socket handed down by the parent of several processes."
)
@click.option("--parent-pid", type=int, hidden=True, help="That parent, without which this process ends.")
def command(socket_fd: int | None, parent_pid: int | None) -> None:
    """Run the production web process.

    Settings come from CHECKSTAND_... variables, or from a file that CHECKSTAND_ENV_FILE names; docs/settings.md lists
    them. It refuses to start on a missing or bad one, and on a schema that is not current (`checkstand migrate`).

    Run `checkstand worker` beside it: it delivers webhooks and closes expired checkouts. With CHECKSTAND_WORKERS above 1
    this process starts that many web processes on one port and replaces those that end.
    """
    from checkstand.cli.production import Parent, run_web
    from checkstand.ops.settings import from_environment

    parent = None if socket_fd is None or parent_pid is None else Parent(socket_fd=socket_fd, pid=parent_pid)
    run_web(from_environment(os.environ), parent)
