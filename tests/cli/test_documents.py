"""The documents say what the code does: settings, commands, help texts; and help is quick."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click

from checkstand.cli import COMMANDS, commands
from checkstand.ops.settings import MEANING, PREFIX, Settings
from tests.tables import table

DOCS = Path(__file__).parents[2] / "docs"


def documented_settings() -> dict[str, tuple[str, str]]:
    """Name to (default, meaning), from the table of docs/settings.md."""
    rows = re.findall(
        r"^\| `CHECKSTAND_(\w+)` \| (.*?) ?\| (.+) \|$", (DOCS / "settings.md").read_text("utf-8"), re.MULTILINE
    )
    return {name: (default.strip("`"), meaning) for name, default, meaning in rows}


def test_every_setting_is_documented_with_its_meaning() -> None:
    assert {name: meaning for name, (_default, meaning) in documented_settings().items()} == MEANING
    assert {item.name.upper() for item in fields(Settings)} == set(MEANING)


def test_every_default_is_documented() -> None:
    shown = {True: "on", False: "off", (): ""}
    actual = {item.name.upper(): item.default for item in fields(Settings)}
    assert {name: default for name, (default, _meaning) in documented_settings().items()} == {
        name: shown.get(value, str(value)) if isinstance(value, bool | tuple) else str(value)
        for name, value in actual.items()
    }


def test_settings_in_the_text_exist() -> None:
    known = set(MEANING) | {"ENV_FILE", "DEBUG", "URL", "API_KEY"}
    for document in DOCS.glob("*.md"):
        named = set(re.findall(rf"{PREFIX}(\w+)", document.read_text("utf-8")))
        assert named <= known, f"{document.name} names {named - known}"


def test_every_command_is_documented() -> None:
    text = (DOCS / "cli.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"`checkstand {name}" not in text] == []


def all_commands() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    context = click.Context(commands)
    for name in COMMANDS:
        command = commands.get_command(context, name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {inner}", one) for inner, one in command.commands.items()]
    return found


@table(("name", "command"), all_commands())
def test_every_command_and_option_explains_itself(name: str, command: click.Command) -> None:
    assert command.help, name
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, f"{name} {parameter.opts}"


def test_a_commands_short_help_begins_its_long_one() -> None:
    for name in COMMANDS:
        command = commands.get_command(click.Context(commands), name)
        assert command is not None
        assert command.help is not None
        first = " ".join(command.help.split("\n\n")[0].split())
        assert first.split()[0] == COMMANDS[name].split()[0], name


def test_help_imports_neither_the_application_nor_the_database() -> None:
    script = (
        "import sys; from checkstand.cli import run; code = run(['--help']); "
        "heavy = {'asyncpg', 'starlette', 'pydantic', 'structlog', 'checkstand.app'} & set(sys.modules); "
        "sys.exit(f'{code} {heavy}' if code or heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in COMMANDS)


def test_starting_up_imports_nothing_that_a_start_does_not_need() -> None:
    """Seconds of a start and megabytes of a laptop: a gateway that is off, a browser, a printer of invoices."""
    script = (
        "import sys, checkstand.app, checkstand.cli.web, checkstand.cli.greeting; "
        "sys.exit(','.join({'stripe', 'playwright', 'fpdf', 'stdnum.eu.vat', 'hypothesis'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
