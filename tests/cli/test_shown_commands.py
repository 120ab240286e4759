"""Nothing is shown that does not exist: commands with their options, API calls, and files that a document links to."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
from starlette.routing import Match

from checkstand.app import create_app
from checkstand.cli import commands
from checkstand.dialects import polar
from tests.server import RunningServer
from tests.tables import table

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
SOURCES = [*(ROOT / "src/checkstand").rglob("*.py"), *(ROOT / "src/checkstand/web/templates").rglob("*.html")]
# A command stands in code marks, at the start of a line of code, or in a text that tells what to type.
_COMMAND = re.compile(
    r"(?:(?<=`)|(?<![bB][\"'])(?<=[\"'])|(?<=^))(?:\$ )?checkstand ([a-z][^`\"'#\n{}…]*)", re.MULTILINE
)
_CALL = re.compile(r"`(?:Polar |Dodo )?(GET|POST|PATCH|PUT|DELETE) (/[^` ]*)`?")
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def shown_commands() -> Iterator[tuple[str, str]]:
    for path in [*DOCUMENTS, *SOURCES]:
        for match in _COMMAND.finditer(path.read_text("utf-8")):
            yield path.relative_to(ROOT).as_posix(), match[1].strip(" .,;:)\\")


def unknown_in(line: str) -> str | None:
    """What of a command line does not exist: the command, its part, or an option. None when all of it does."""
    words = shlex.split(line)
    name = words.pop(0)
    command = commands.get_command(click.Context(commands), name)
    if command is None:
        return f"no command {name}"
    if isinstance(command, click.Group) and words and re.fullmatch("[a-z-]+", words[0]):
        part = words.pop(0)
        if part not in command.commands:
            return f"no {name} {part}"
        command = command.commands[part]
    options = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
    gone = [word for word in words if word.startswith("--") and word.split("=")[0] not in options | {"--help"}]
    return f"no option {gone[0]} of {name}" if gone else None


def test_every_command_that_is_shown_exists() -> None:
    shown = list(shown_commands())
    assert len(shown) > 30, "the pattern finds them"
    assert {(where, line, wrong) for where, line in shown if (wrong := unknown_in(line))} == set()


def test_every_call_that_a_document_shows_is_served(server: RunningServer) -> None:
    routes = create_app(server.services).routes
    calls = {call for path in DOCUMENTS for call in _CALL.findall(path.read_text("utf-8")) if "..." not in call[1]}
    assert len(calls) > 10, "the pattern finds them"

    def is_served(method: str, path: str) -> bool:
        scope = {"type": "http", "method": method, "path": path, "headers": [], "root_path": ""}
        refused = any(route.matches(scope)[0] is Match.FULL for route in polar.PARTS.last_routes.all)
        return not refused and any(route.matches(scope)[0] is Match.FULL for route in routes)

    assert {(method, path) for method, path in calls if not is_served(method, path)} == set()


@table("path", DOCUMENTS)
def test_every_file_that_a_document_links_to_exists(path: Path) -> None:
    linked = _LINK.findall(path.read_text("utf-8"))
    assert [target for target in linked if not (path.parent / target).exists()] == []
