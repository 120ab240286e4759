"""`checkstand clock`: the test organization's clock, over the running server's test controls (/_test/clock)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import click

from checkstand.cli.terminal import Failure

F = TypeVar("F", bound=Callable[..., object])

_UNITS = {"mo": "P{}M", "w": "P{}W", "d": "P{}D", "y": "P{}Y", "h": "PT{}H", "m": "PT{}M", "min": "PT{}M", "s": "PT{}S"}
_TIMEOUT_S = 120.0  # due work is done before the answer comes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    url: str
    key: str


def _reaching(function: F) -> F:
    """The options by which each subcommand finds its server."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the server's answer as one line of JSON."),
        click.option("--data", metavar="DIR", help="Data folder of the development server."),
        click.option("--key", envvar="CHECKSTAND_API_KEY", help="An access token of the organization."),
        click.option("--url", envvar="CHECKSTAND_URL", help="The server.  [default: the running `checkstand dev`]"),
    ):
        function = option(function)
    return function


@click.group("clock")
def command() -> None:
    """Show or move the test organization's clock.

    Expiry, trials, renewals and retries follow this clock. What becomes due by moving it is done before the command
    returns. Live organizations have no such clock.
    """


@command.command("show")
@_reaching
def show(url: str | None, key: str | None, data: str | None, as_json: bool) -> None:
    """Print the organization's time."""
    _print(_call(_server(url, key, data), None), as_json)


@command.command("advance")
@click.argument("duration")
@_reaching
def advance(duration: str, url: str | None, key: str | None, data: str | None, as_json: bool) -> None:
    """Move the clock forward by DURATION: 30d, 12h, 45min, 2w, 1mo, 1y, or ISO 8601 like P14D."""
    _print(_call(_server(url, key, data), {"advance": iso_duration(duration)}), as_json)


@command.command("set")
@click.argument("time")
@_reaching
def set_time(time: str, url: str | None, key: str | None, data: str | None, as_json: bool) -> None:
    """Set the clock to TIME, like 2027-01-01 or 2027-01-01T12:00:00Z (UTC where no zone is given)."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError as error:
        raise click.BadParameter(
            f"'{time}' is no time. Write it like 2027-01-01T12:00:00Z.", param_hint="TIME"
        ) from error
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    _print(_call(_server(url, key, data), {"now": moment.isoformat().replace("+00:00", "Z")}), as_json)


def iso_duration(text: str) -> str:
    """`30d` as `P30D`; ISO 8601 durations stay as they are. Raises BadParameter."""
    found = re.fullmatch(r"(\d{1,6})\s*(mo|min|[wdyhms])", text.strip().lower())
    if found:
        return _UNITS[found[2]].format(int(found[1]))
    if re.fullmatch(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?", text.strip().upper()):
        return text.strip().upper()
    raise click.BadParameter(f"'{text}' is no duration. Write it like 30d, 12h, 1mo or P14D.", param_hint="DURATION")


def _server(url: str | None, key: str | None, data: str | None) -> _Server:
    if url and key:
        return _Server(url=url.rstrip("/"), key=key)
    from checkstand.cli.data_folder import chosen_folder, read_note
    from checkstand.ops.settings import from_environment

    folder = chosen_folder(data, from_environment(os.environ).data_dir)
    running = read_note(folder)
    if running is None or (url and url.rstrip("/") != running.url):
        raise Failure(
            f"No development server runs on '{folder}'. Start `checkstand dev`, name its folder with --data, "
            "or name a server and one of its organization's keys: --url URL --key TOKEN."
        )
    return _Server(url=running.url, key=key or running.access_token)


def _call(server: _Server, body: dict[str, str] | None) -> dict[str, object]:
    import httpx2

    try:
        answer = httpx2.request(
            "GET" if body is None else "POST",
            f"{server.url}/_test/clock",
            json=body,
            headers={"Authorization": f"Bearer {server.key}"},
            timeout=_TIMEOUT_S,
        )
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Failure(f"The server at {server.url} does not answer ({error}). Check that it runs.") from error
    if answer.status_code in (401, 403):
        raise Failure("The server refuses the key. Give one of the organization's access tokens with --key.")
    if answer.status_code == 404:
        raise Failure(
            f"{server.url} has no test clock: either the organization is live, or this is no Checkstand server."
        )
    try:
        found: object = answer.json()
    except ValueError:
        found = None
    if answer.is_success and isinstance(found, dict):
        return found
    raise Failure(f"The server answered {answer.status_code}: {answer.text[:300]}")


def _print(found: dict[str, object], as_json: bool) -> None:
    print(json.dumps(found) if as_json else found.get("now", json.dumps(found)))
