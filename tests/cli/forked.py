"""Commands to their end, in processes that come into being with everything imported.

Importing takes most of a short command's time, and the suite runs some two hundred of them. So the standard library's fork server
imports the command line once for each worker; every command is a fork of it, with an environment and standard streams of its own.
Servers (`Place.start`) are processes from the first line, as a person starts them.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from checkstand.cli import COMMANDS, run

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["checkstand.app", "checkstand.cli.production", "checkstand.worker.loop", __name__]
    + [f"checkstand.cli.{name}" for name in COMMANDS]
)


@dataclass(frozen=True, slots=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str


def run_command(arguments: Sequence[str], environment: Mapping[str, str], *, within_s: float) -> Done:
    """Run one command line. Raises TimeoutError, after ending it."""
    with tempfile.TemporaryDirectory(prefix="command-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _FORKS.Process(target=_command, args=(list(arguments), dict(environment), str(out), str(err)))
        process.start()
        process.join(within_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"checkstand {' '.join(arguments)} did not end; it said: {err.read_text()}")
        return Done(process.exitcode, out.read_text(), err.read_text())


def _command(arguments: list[str], environment: dict[str, str], out: str, err: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # it was looked up in another environment
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, out, os.O_WRONLY | os.O_CREAT),
        (2, err, os.O_WRONLY | os.O_CREAT),
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    sys.exit(run(arguments))
