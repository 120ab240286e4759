"""Running the real command in processes of its own: no part of it is replaced.

A place is a temporary folder that also stands in for the user's data folder and for /tmp, so whatever a command leaves
behind is found there. A server that a test leaves running is ended with the place.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

import checkstand
from tests.cli.forked import Done, RunningCommand, run_command
from tests.store.embedded_place import place

__all__ = ["Dev", "Done", "Place", "create_checkout", "open_place"]

_DONE_WITHIN_S = 90.0
_END_WITHIN_S = 30.0


@dataclass(slots=True)
class Place:
    """Where commands run."""

    folder: Path
    started: list[RunningCommand | subprocess.Popen[str]] = field(default_factory=list)

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """What a command sees: nothing of Checkstand's that the test did not give."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CHECKSTAND_")}
        source = str(Path(checkstand.__file__).parent.parent)
        own = {"PYTHONPATH": source, "XDG_DATA_HOME": str(self.folder / "share"), "TMPDIR": str(self.temporary)}
        return {**kept, **own, **extra}

    def run(self, *arguments: str, **settings: str) -> Done:
        """One command to its end."""
        return run_command(arguments, self.environment(settings), within_s=_DONE_WITHIN_S)

    def start(self, *arguments: str, **settings: str) -> RunningCommand:
        """A command that goes on. What it says is read from its `stdout` and `stderr`."""
        process = RunningCommand(arguments, self.environment(settings))
        self.started.append(process)
        return process

    def start_from_the_first_line(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """The same as a person's shell starts it: a new interpreter, which imports everything first."""
        process = subprocess.Popen(
            [sys.executable, "-m", "checkstand", *arguments],
            env=self.environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def dev(self, *arguments: str, **settings: str) -> Dev:
        """A development server that is ready."""
        process = self.start("dev", "--port", "0", "--json", *arguments, **settings)
        return Dev(process, json.loads(_first_line(process)))


@dataclass(frozen=True, slots=True)
class Dev:
    """A running `checkstand dev --json` and its line."""

    process: RunningCommand
    line: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.line["url"])

    def product(self, label: str) -> str:
        return str(self.line["products"][label]["polar_id"])

    def stop(self, number: int = signal.SIGTERM) -> Done:
        """Send a signal and wait for the end; `out` is what came after the line."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=_END_WITHIN_S)
        return Done(self.process.wait(), out, err)


def create_checkout(dev: Dev, *labels: str, **fields: object) -> str:
    """A new session over the API; the address of its page."""
    answer = httpx2.post(
        f"{dev.url}/v1/checkouts/",
        headers={"Authorization": f"Bearer {dev.line['polar']['access_token']}"},
        json={"products": [dev.product(label) for label in labels], **fields},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["url"])


@contextlib.contextmanager
def open_place() -> Iterator[Place]:
    with place() as folder:
        made = Place(folder)
        made.temporary.mkdir()
        made.temporary.chmod(0o777)
        try:
            yield made
        finally:
            for process in made.started:
                if process.poll() is None:
                    process.terminate()
                    process.communicate(timeout=_END_WITHIN_S)


def _first_line(process: RunningCommand) -> str:
    """The line that says it is ready; fails with what was said instead."""
    line = process.stdout.readline()
    if not line:
        out, err = process.communicate(timeout=_END_WITHIN_S)
        raise AssertionError(f"The server ended with {process.returncode}: {out}{err}")
    return line
