"""`make matrix`: tries every official client, old and new, with every operation that is served, and writes docs/conformance.md.

    python -m tests.clients [--only REGEX]

The exit code is 1 when a client throws and `versions.toml` does not say that it must, or does not throw though it says so. Which clients
are tried is in `versions.toml`. With `--only` (clients whose name matches, as `dodopayments 1.53`) the page is left as it is.
"""

from __future__ import annotations

import argparse
import re
import sys
import time

from tests import answers
from tests.clients.matrix import Trial, page, tried
from tests.clients.versions import ROOT, OfficialClient, clients
from tests.conformance.__main__ import a_server
from tests.server import RunningServer

PAGE = ROOT / "docs" / "conformance.md"


def main() -> int:
    """Try what was asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="make matrix ARGS=...", description=__doc__)
    parser.add_argument("--only", default="", help="a regular expression that a client's name must match")
    asked = parser.parse_args()
    chosen = [one for one in clients() if re.search(asked.only, one.name)]
    print(f"{len(chosen)} clients, each with every operation and event of its API (a few seconds each):", flush=True)
    with a_server("matrix") as server:
        trials = [_try(server, client) for client in chosen]
    surprises = [f"{one.client.name} ({one.client.language}): {line}" for one in trials for line in one.surprises]
    if not asked.only:
        PAGE.write_text(page(trials), "utf-8")
        print(f"\nWritten: {PAGE.relative_to(ROOT)}")
    for line in surprises:
        print(f"\n{line}")
    print(f"\n{len(surprises)} surprises" if surprises else "\nEverything is as tests/clients/versions.toml says.")
    return 1 if surprises else 0


def _try(server: RunningServer, client: OfficialClient) -> Trial:
    began = time.monotonic()
    trial = tried(server, client)
    wrong = answers.taken()
    trial.reasons.update({f"answer {number}": line for number, line in enumerate(wrong)})
    trial.outcomes.update({f"answer {number}": "fails" for number in range(len(wrong))})
    counts = f"{trial.count('works'):3} work, {trial.count('fails'):2} fail, {trial.count('not offered'):2} not offered"
    print(f"  {client.name:32} {client.language:11} {counts} ({time.monotonic() - began:.0f} s)", flush=True)
    return trial


if __name__ == "__main__":
    sys.exit(main())
