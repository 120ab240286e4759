"""`checkstand dev`: what it accepts. What it does is in `dev_server.py`, what it says in `greeting.py`."""

from __future__ import annotations

import click


@click.command("dev")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 picks a free one.  [default: 8080]")
@click.option("--host", help="Address to listen on; 0.0.0.0 for all of this machine's.  [default: 127.0.0.1]")
@click.option(
    "--data", metavar="DIR", help="Folder for the database and the keys.  [default: ~/.local/share/checkstand]"
)
@click.option("--ephemeral", is_flag=True, help="Keep nothing: data in a temporary folder, removed at exit.")
@click.option("--json", "as_json", is_flag=True, help="When ready, print one line of JSON instead of a greeting.")
@click.option("--rate-limits", is_flag=True, help="Limit request rates as `serve` does.")
@click.option("--tax-everywhere", is_flag=True, help="Let the demo shop collect tax everywhere; kept in its settings.")
@click.option("--worlds", is_flag=True, help="Let each unknown test key open an organization of its own.")
def command(
    port: int | None,
    host: str | None,
    data: str | None,
    ephemeral: bool,
    as_json: bool,
    rate_limits: bool,
    tax_everywhere: bool,
    worlds: bool,
) -> None:
    """Start everything on this machine: database, demo shop, web and worker.

    Needs no settings. The first start makes a test shop with five products and its keys; later starts find the same
    ones. When it is ready it prints the keys, what to open, and a line that you can paste. Ctrl-C stops it.

    With --json, standard output gets exactly one line when the server is ready, and logs go to standard error.
    """
    if ephemeral and data:
        raise click.UsageError("--ephemeral keeps its data in a temporary folder: leave --data away.")
    from checkstand.cli.dev_server import DevOptions, run

    run(
        DevOptions(
            host=host,
            port=port,
            data=data,
            ephemeral=ephemeral,
            as_json=as_json,
            rate_limits=rate_limits,
            tax_everywhere=tax_everywhere,
            worlds=worlds,
        )
    )
