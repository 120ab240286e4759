"""Commands in processes that come into being with everything imported.

Importing takes most of a short command's time and seconds of a server's, and the suite runs some two hundred of them. So the standard
library's fork server imports the command line once for each worker; every command is a fork of it, with an environment and standard
streams of its own. What a person pastes or installs is started as they start it (`test_pasted_commands.py`, the greeting's lines).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from subprocess import TimeoutExpired
from typing import TextIO

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
        process = _FORKS.Process(
            target=_command_into_files, args=(list(arguments), dict(environment), str(out), str(err))
        )
        process.start()
        process.join(within_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"checkstand {' '.join(arguments)} did not end; it said: {err.read_text()}")
        return Done(process.exitcode, out.read_text(), err.read_text())


class RunningCommand:
    """A command that goes on, to be used as a `subprocess.Popen` with pipes is."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        (out, out_end), (err, err_end) = _FORKS.Pipe(duplex=False), _FORKS.Pipe(duplex=False)
        self.arguments = list(arguments)
        self._process = _FORKS.Process(
            target=_command_into_pipes, args=(self.arguments, dict(environment), out_end, err_end)
        )
        self._process.start()
        out_end.close()
        err_end.close()
        self.stdout, self.stderr = _stream(out), _stream(err)
        out.close()
        err.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Minus the signal's number where one ended it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises TimeoutExpired."""
        self._process.join(timeout)
        if self.returncode is None:
            raise TimeoutExpired(self.arguments, timeout or 0)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it still says on both streams until it ends. Raises TimeoutExpired."""
        readers = ThreadPoolExecutor(2)
        said = [readers.submit(stream.read) for stream in (self.stdout, self.stderr)]
        readers.shutdown(wait=False)
        self.wait(timeout)
        out, err = (one.result(timeout) for one in said)
        return out, err


def _stream(end: Connection) -> TextIO:
    return os.fdopen(os.dup(end.fileno()), encoding="utf-8", errors="replace")


def _command_into_files(arguments: list[str], environment: dict[str, str], out: str, err: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT
    _command(arguments, environment, os.open(out, flags, 0o600), os.open(err, flags, 0o600))


def _command_into_pipes(arguments: list[str], environment: dict[str, str], out: Connection, err: Connection) -> None:
    ends = os.dup(out.fileno()), os.dup(err.fileno())
    out.close()
    err.close()
    _command(arguments, environment, *ends)


def _command(arguments: list[str], environment: dict[str, str], out: int, err: int) -> None:
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # it was looked up in another environment
    for number, opened in ((0, os.open(os.devnull, os.O_RDONLY)), (1, out), (2, err)):
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    sys.exit(run(arguments))
