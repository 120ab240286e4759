"""Words for people: a failure's sentence, remarks, colours.

Colours appear only where a terminal shows them and NO_COLOR does not forbid them (no-color.org).
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TextIO

import click

_NAME = "checkstand"


class Failure(click.ClickException):
    """A command cannot do what was asked; the message says what to do next. Exit code 1 unless given."""

    def __init__(self, message: str, *, code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]  # click declares it for the class, and reads it from here


def own_name(program: str = "", *, path: str | None = None) -> str:
    """How this command is called from the folder where it was started: by its name where that finds it, else by its path.

    `make run` installs it into `.venv/bin`, which no terminal looks into by itself. `program` and `path` are those of this process,
    unless given.
    """
    called = Path(program or sys.argv[0])
    if called.name != _NAME:
        return f"{shlex.quote(sys.executable)} -m {_NAME}"
    found = shutil.which(_NAME, path=path)
    if found and Path(found).resolve() == called.resolve():
        return _NAME
    here = os.path.relpath(called)
    return shlex.quote(os.path.abspath(called) if here.startswith(os.pardir) else here)


def coloured(stream: TextIO) -> bool:
    """Whether `stream` is a terminal whose user wants colours."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, *, on: TextIO, colour: str | None = None, strong: bool = False, faint: bool = False) -> str:
    """`text` with colour where `on` shows it, else unchanged."""
    if not coloured(on):
        return text
    return click.style(text, fg=colour, bold=strong or None, dim=faint or None)


def note(text: str) -> None:
    """A remark beside the result, on standard error."""
    print(text, file=sys.stderr, flush=True)


def mark(ok: bool, *, on: TextIO) -> str:
    """The sign in front of a check's line."""
    plain = "✓" if ok else "✗"
    return paint(plain, on=on, colour="green" if ok else "red", strong=True)
