"""`make conformance`: replays every recorded conversation and prints shares and first differences.

    python -m tests.conformance [--only REGEX] [--file golden] [--verbose] [--write]

`--write` takes what passes now into `passing.txt`. The exit code is 1 when a scenario that is listed there does not pass.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from checkstand.embedded_postgres import cluster as embedded
from tests.conformance import recorded
from tests.conftest import new_database
from tests.server import RunningServer, running_server

HEAD = """\
# The recorded scenarios that this server answers as the original does, whole. `make conformance ARGS=--write` renews the list.
"""


def main() -> int:
    """Run what was asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="make conformance ARGS=...", description=__doc__)
    parser.add_argument("--only", default="", help="a regular expression that names of scenarios must match")
    parser.add_argument("--file", choices=recorded.FILES, action="append", help="one file instead of all")
    parser.add_argument("--verbose", action="store_true", help="every difference, not only the first of each scenario")
    parser.add_argument("--write", action="store_true", help="renew the list of scenarios that pass")
    asked = parser.parse_args()
    if not recorded.FOLDER.is_dir():
        print(f"The recordings are expected in {recorded.FOLDER}; that folder is missing.", file=sys.stderr)
        return 2
    known = recorded.listed()
    replays = []
    with a_server("conformance") as server, tempfile.TemporaryDirectory() as folder:
        tokens = recorded.write_tokens(server, server.new_shop(), Path(folder))
        for file in asked.file or recorded.FILES:
            print(f"{file} ...", flush=True)
            replays.append(recorded.replay(server, tokens, file, only=asked.only))
            _print(replays[-1], set(known[file]), verbose=asked.verbose)
    if asked.write:
        _write(known, replays)
    lost = [name for one in replays for name in known[one.file] if name in one.differences or name in one.skipped]
    _print_shares(replays, lost)
    return 1 if lost else 0


@contextlib.contextmanager
def a_server(name: str) -> Iterator[RunningServer]:
    """A server for a command, on a PostgreSQL of its own."""
    with tempfile.TemporaryDirectory(prefix=f"checkstand-{name}-") as folder:
        Path(folder).chmod(0o755)  # when run as root, PostgreSQL is another user's process and has to get in
        cluster = embedded.start(Path(folder), durable=False)
        try:
            with running_server(new_database(cluster.dsn, name)) as server:
                yield server
        finally:
            embedded.stop(cluster)


def _print(replay: recorded.Replay, known: set[str], *, verbose: bool) -> None:
    reasons = recorded.deviations(recorded.DEVIATIONS.read_text())
    for name, lines in replay.differences.items():
        why = next((why for one, why in reasons.items() if fnmatchcase(f"{replay.file} {name}", one)), "")
        print(
            f"  {'LOST' if name in known else 'differs'}  {name}{f' ({why[:100]})' if why else ': not in docs/deviations.md'}"
        )
        for line in lines if verbose else lines[:1]:
            print(f"      {line if verbose else line[:200]}")
    for name, reason in replay.skipped.items():
        if reason != "tag":
            print(f"  skipped  {name}: {reason}")


def _print_shares(replays: list[recorded.Replay], lost: list[str]) -> None:
    print(f"\n{'':20}{'scenarios':>22}{'steps':>24}")
    for one in replays:
        ran = len(one.passed) + len(one.differences)
        scenarios = f"{len(one.passed)} of {ran} ({_percent(len(one.passed), ran)})"
        steps = f"{one.steps_alike} of {one.steps} ({_percent(one.steps_alike, one.steps)})"
        print(f"{one.file:20}{scenarios:>22}{steps:>24}")
    if lost:
        print(f"\n{len(lost)} that passed before do not now: {', '.join(lost)}")


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"


def _write(known: dict[str, list[str]], replays: list[recorded.Replay]) -> None:
    for one in replays:
        ran = {*one.passed, *one.differences, *one.skipped}
        known[one.file] = [*(name for name in known[one.file] if name not in ran), *one.passed]
    lines = [f"{file} {name}" for file in recorded.FILES for name in sorted(known[file])]
    recorded.PASSING.write_text(HEAD + "\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
