"""Parts of the command line that need no server: durations, ports, colours, the reading of pages."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest

from checkstand.cli.clock import iso_duration
from checkstand.cli.listening import bind, url_of
from checkstand.cli.terminal import Failure, own_name, paint
from checkstand.testing.browser_fill import CannotFulfil, Wishes, next_press
from checkstand.testing.browser_page import read
from tests.tables import table

PAGE = """
<script>document.write('<form>')</script>
<main data-page="checkout">
 <div role="alert" data-kind="declined"><h2>The payment did not go through</h2><p>You were not charged.</p></div>
 <form id="f" method="post" action="/pay">
  <input type="hidden" name="csrf" value="t">
  <input type="radio" name="product" value="a" checked><input type="radio" name="product" value="b">
  <fieldset disabled><input name="off" value="x"></fieldset>
  <select name="country" autocomplete="billing country"><option value="">Choose</option><option value="DE">Germany</option></select>
  <input name="email" type="email" autocomplete="email" required>
  <input name="note"><textarea name="text" required></textarea><input type="checkbox" name="terms" required>
  <button name="do" value="update" formaction="/update">Update</button>
  <button name="do" value="pay">Pay</button>
 </form>
 <input form="f" name="card" autocomplete="cc-number">
</main>
"""


@table(
    ("given", "expected"),
    [
        ("30d", "P30D"),
        ("12h", "PT12H"),
        ("45min", "PT45M"),
        ("2w", "P2W"),
        ("1mo", "P1M"),
        ("1y", "P1Y"),
        ("p14d", "P14D"),
    ],
)
def test_durations_may_be_written_short(given: str, expected: str) -> None:
    assert iso_duration(given) == expected


@table("text", ["", "d", "-3d", "P", "PT", "1.5d", "3 fortnights"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        iso_duration(text)


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("localhost", "127.0.0.1")]
)
def test_the_address_is_one_that_a_browser_here_reaches(host: str, shown: str) -> None:
    with bind(host, 0) as bound:
        assert url_of(bound) in (f"http://{shown}:{bound.getsockname()[1]}", f"http://[::1]:{bound.getsockname()[1]}")


def test_a_port_in_use_names_the_port() -> None:
    with bind("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(Failure, match=f"Port {port} is in use.*--port 0"):
            bind("127.0.0.1", port)


class Terminal:
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_whose_user_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" in paint("x", on=Terminal(), colour="red")  # type: ignore[arg-type]
    monkeypatch.setenv("NO_COLOR", "1")
    assert paint("x", on=Terminal(), colour="red") == "x"  # type: ignore[arg-type]


def test_a_page_is_read_as_a_browser_without_script_reads_it() -> None:
    page = read(PAGE)
    assert page.kind == "checkout"
    assert page.is_declined
    assert page.alerts == ["The payment did not go through. You were not charged."]
    assert len(page.forms) == 1
    assert "off" not in [field.name for field in page.forms[0].fields]
    assert page.forms[0].sent(page.forms[0].buttons[0]) == [
        ("csrf", "t"), ("product", "a"), ("country", ""), ("email", ""), ("note", ""), ("text", ""), ("card", ""), ("do", "update"),
    ]  # fmt: skip


def test_wishes_are_pressed_one_at_a_time_before_paying() -> None:
    wishes = Wishes(product="B", country="de", email="ada@example.com")
    first = next_press(read(PAGE), wishes, frozenset())
    assert first is not None
    assert (first.wish, first.button and first.button.value) == ("product", "update")
    assert dict(first.form.sent(first.button))["product"] == "b"
    second = next_press(read(PAGE), wishes, frozenset({"product"}))
    assert second is not None
    assert (second.wish, dict(second.form.sent(second.button))["country"]) == ("country", "DE")
    last = next_press(read(PAGE), wishes, frozenset({"product", "country"}))
    assert last is not None
    sent = dict(last.form.sent(last.button))
    assert (last.wish, sent["do"], sent["email"], sent["card"], sent["terms"]) == (
        "", "pay", "ada@example.com", "4242424242424242", "on",
    )  # fmt: skip
    assert (sent["note"], sent["text"]) == ("", "Test"), "only what must be filled is"


def test_a_wish_that_is_not_on_the_page_is_told() -> None:
    for wishes, said in (
        (Wishes(product="c"), "It offers: a, b"),
        (Wishes(country="US"), "country 'US'"),
        (Wishes(country="DE", discount="X"), "no discount code"),
    ):
        with pytest.raises(CannotFulfil, match=said):
            next_press(read(PAGE), wishes, frozenset({"country"} if wishes.discount else ()))


def test_a_refresh_is_read_with_and_without_an_address() -> None:
    assert read('<meta http-equiv="Refresh" content="5">').refresh == (5.0, "")
    assert read("<noscript><meta http-equiv=refresh content=\"0; URL='/next?a=1'\"></noscript>").refresh == (
        0.0,
        "/next?a=1",
    )


@table("html", ["", "<", "<form", "</form></main>", "<select><option value=1>", "<textarea name=a>"])
def test_no_page_is_too_broken_to_read(html: str) -> None:
    assert read(html).kind == ""


def test_the_command_is_called_by_its_name_only_where_that_finds_it(tmp_path: Path) -> None:
    installed, other = tmp_path / "a b" / "checkstand", tmp_path / "other" / "checkstand"
    for program in (installed, other):
        program.parent.mkdir()
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    assert own_name(str(installed), path=str(installed.parent)) == "checkstand"
    assert own_name(str(installed), path=str(other.parent)) == f"'{installed}'", "another one would be found"
    assert own_name(str(installed), path="/usr/bin") == f"'{installed}'"
    assert own_name(str(tmp_path / "__main__.py")) == f"{sys.executable} -m checkstand"
    here = Path(".venv/bin/checkstand")
    assert own_name(str(here.absolute()), path="/usr/bin") == str(here)
