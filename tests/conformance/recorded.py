"""Replays what Polar's own server once answered against this server, and says what agrees.

The recordings and the program that replays them lie in a folder of their own beside the repository, `shared/conformance/polar`; its
README says how a step is compared. `passing.txt` lists the scenarios that agree whole; none of them may stop.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from uuid import uuid4

from checkstand.domain.organization import ALL_SCOPES, Organization
from checkstand.flows.organizations.authenticate import create_token
from checkstand.store.organizations import ORGANIZATIONS
from checkstand.testing.demo import DemoShop
from tests import shared_folder
from tests.server import RunningServer

FOLDER = shared_folder.FOLDER / shared_folder.CONFORMANCE
# In this order: the later two move the organization's clock, and a moved clock stays moved.
FILES = ("golden", "golden-steered", "golden-recurring")
PASSING = Path(__file__).parent / "passing.txt"
DEVIATIONS = Path(__file__).parents[2] / "docs/deviations.md"
LONGEST_S = 900


@dataclass(frozen=True, slots=True)
class Replay:
    """What replaying one file came to; `differences` has the lines of each scenario that did not agree whole."""

    file: str
    passed: tuple[str, ...]
    differences: dict[str, list[str]]
    skipped: dict[str, str]
    steps: int
    steps_alike: int


def listed() -> dict[str, list[str]]:
    """The scenarios that agree, by file, as `passing.txt` has them: `file scenario` a line."""
    found: dict[str, list[str]] = {file: [] for file in FILES}
    for line in PASSING.read_text().splitlines():
        if line and not line.startswith("#"):
            file, name = line.split()
            found[file].append(name)
    return found


def deviations(text: str) -> dict[str, str]:
    """Why conversations differ, by `file pattern`, as the tables of `docs/deviations.md` have them: patterns first, the reason last."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("| `"):
            patterns, *_, reason = (cell.strip() for cell in line.strip("|").split(" | "))
            found.update(dict.fromkeys(re.findall(r"`([^`]+)`", patterns), reason))
    return found


def recorded_names() -> dict[str, list[str]]:
    """The names of all recorded conversations by file."""
    return {file: list(json.loads((FOLDER / f"{file}.json").read_text())["scenarios"]) for file in FILES}


def unexplained(
    recordings: Mapping[str, Sequence[str]], passing: Mapping[str, Sequence[str]], patterns: Sequence[str]
) -> tuple[list[str], list[str]]:
    """(conversations that neither pass nor are named among the deviations, deviations that no differing conversation needs)."""
    differing = [f"{file} {name}" for file, names in recordings.items() for name in names if name not in passing[file]]
    missing = [name for name in differing if not any(fnmatchcase(name, pattern) for pattern in patterns)]
    idle = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in differing)]
    return missing, idle


def replay(server: RunningServer, tokens: Path, file: str, *, only: Sequence[str] | str = "") -> Replay:
    """Replay one file. `only`: the names of scenarios, or a regular expression that theirs must match."""
    pattern = only if isinstance(only, str) else f"^({'|'.join(re.escape(name) for name in only)})$"
    command = [sys.executable, str(FOLDER / "golden.py"), "replay", "--base", server.url, "--tokens", str(tokens)]
    command += ["--golden", str(FOLDER / f"{file}.json"), "--skip-tag", "slash", "--json", "--min", "0"]
    command += ["--only", pattern] if pattern else []
    command += ["--adapter", "checkstand"] if file != "golden" else []
    key = json.loads(tokens.read_text())["token"]
    ran = subprocess.run(
        command,
        env={**os.environ, "GOLDEN_TEST_AUTH": f"Bearer {key}"},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    answer = json.loads(ran.stdout)
    scenarios = answer["scenarios"]
    return Replay(
        file=file,
        passed=tuple(one["name"] for one in scenarios if one["result"] == "passed"),
        differences={one["name"]: one["problems"] for one in scenarios if one["result"] == "failed"},
        skipped={one["name"]: one["problems"][0] for one in scenarios if one["result"] == "skipped"},
        steps=answer["steps"],
        steps_alike=answer["steps_passed"],
    )


def write_tokens(server: RunningServer, shop: DemoShop, folder: Path) -> Path:
    """A file with every key that the scenarios ask for: full, limited, expired, another organization's, one not ready to be paid."""
    ports, authenticator = server.services.ports, server.services.authenticator
    made = ports.real_now()
    unready = replace(
        shop.organization, id=ports.new_id(), slug=f"unready-{uuid4().hex[:12]}", name="Not Ready", mode="live"
    )
    server.run(ORGANIZATIONS.insert(ports.db, unready))

    def token(organization: Organization, scopes: Sequence[str], expires_at: datetime | None = None) -> str:
        create = create_token(
            ports,
            authenticator,
            organization.id,
            name="Conformance",
            dialect="polar",
            scopes=scopes,
            expires_at=expires_at,
        )
        return server.run(create)[1]

    tokens = {
        "token": shop.polar_token,
        "read_token": token(shop.organization, ["checkouts:read"]),
        "products_token": token(shop.organization, ["products:read", "products:write"]),
        "expired_token": token(shop.organization, ALL_SCOPES, made - timedelta(days=1)),
        "other_token": server.new_shop().polar_token,
        "notready_token": token(unready, ALL_SCOPES),
    }
    path = folder / f"tokens-{uuid4().hex[:8]}.json"
    path.write_text(json.dumps(tokens))
    return path
