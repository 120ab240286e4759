"""The `checkstand` command: which subcommands there are, and how a failure is told.

A subcommand is a module here with a click command named `command`; it is imported only when it is asked for, so that
`checkstand --help` needs click alone. A mistake of the user ends with one sentence on standard error, never a
traceback (`CHECKSTAND_DEBUG=1` shows one). Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted; docs/cli.md.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from checkstand import __version__

COMMANDS: dict[str, str] = {
    "dev": "Start everything on this machine: database, demo shop, web and worker.",
    "buy": "Complete a checkout as a browser without JavaScript would.",
    "clock": "Show or move the test organization's clock.",
    "organization": "Create organizations and their owners; say where they collect tax.",
    "token": "Create access tokens.",
    "serve": "Run the production web process.",
    "worker": "Run deliveries, expiry and reconciliation for `serve`.",
    "migrate": "Bring the database's schema up to date.",
    "explain": "Tell how a checkout's total came about, step by step.",
    "audit": "Prove that the books balance, also with the gateway's own.",
    "doctor": "Check settings, database, schema, clock and gateway; say what to do.",
}
INTERRUPTED = 130


class _Commands(click.Group):
    """Finds a subcommand's module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"checkstand.cli.{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="checkstand")
def commands() -> None:
    """An open checkout server that speaks the Polar and the Dodo Payments checkout APIs.

    New here? `checkstand dev` needs no settings: it starts a shop with products, keys and a hosted checkout page, and
    prints a line that you can paste.
    """


def main() -> None:
    """The entry point of the installed script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code."""
    try:
        code = commands.main(list(arguments), prog_name="checkstand", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has left
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("CHECKSTAND_DEBUG"):
            raise
        from checkstand.cli.failures import sentence

        click.echo(f"Error: {sentence(error)}", err=True)
        return 1
