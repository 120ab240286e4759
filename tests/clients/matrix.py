"""What each official client makes of each operation, as found by trying: the clients of `versions.toml` with their API's story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checkstand.domain import ids
from tests.clients import dodo_story, polar_story
from tests.clients.receiver import receiving
from tests.clients.story import Outcome, Story
from tests.clients.versions import OfficialClient, refusals
from tests.server import RunningServer


@dataclass(frozen=True, slots=True)
class Trial:
    """What one client makes of everything that is served; `reasons`: of what fails."""

    client: OfficialClient
    outcomes: dict[str, Outcome]
    reasons: dict[str, str]

    @property
    def surprises(self) -> list[str]:
        """What fails and is not known to, and what is known to fail and works; a sentence each."""
        known = refusals(self.client)
        failing = {name for name, outcome in self.outcomes.items() if outcome == "fails"}
        lines = [f"{name} fails: {self.reasons[name]}" for name in self.outcomes if name in failing - known.keys()]
        return [*lines, *(f"{name} works now: take it out of versions.toml" for name in known if name not in failing)]

    def count(self, outcome: Outcome) -> int:
        return list(self.outcomes.values()).count(outcome)


def tried(server: RunningServer, client: OfficialClient) -> Trial:
    """The client's way through everything, in a shop of its own."""
    shop = server.new_shop()
    product = shop.products["one_time"].id
    with receiving() as receiver:
        key = shop.polar_token if client.api == "polar" else shop.dodo_key
        story = Story(client, server.url, key, receiver)
        if client.language == "adapters":
            story.go_ways(str(product) if client.api == "polar" else ids.short_id("pdt", product))
        (polar_story if client.api == "polar" else dodo_story).tell(story, shop)
    return Trial(client, story.outcomes, story.reasons)


HEAD = """\
# Official clients against this server

<!-- Written by `make matrix`, which tries every client with every operation. Not edited by hand. -->

Each client is installed as its vendor published it and only told another address. It calls each operation that is served and loads the
answer, then verifies and loads each event that came of it. Python clients of Dodo's do so with strict response validation.

* **yes**: the client makes the call and loads the answer
* **no**: it throws; the number says why, below
* **–**: this version has no such method, or no type of this event
"""
PARTS = (
    ("Polar", "polar", ("python", "javascript")),
    ("Polar's adapters", "polar", ("adapters",)),
    ("Dodo Payments", "dodo", ("python", "javascript")),
    ("Dodo Payments' adapters", "dodo", ("adapters",)),
)
_LANGUAGES = {"python": "Python", "javascript": "JavaScript", "adapters": ""}


def page(trials: Sequence[Trial]) -> str:
    """docs/conformance.md: operation by client, the same for the same outcomes."""
    notes: list[str] = []
    parts = [_part(title, [one for one in trials if _is_of(one, api, kinds)], notes) for title, api, kinds in PARTS]
    told = "\n".join(f"{number}. {note}" for number, note in enumerate(notes, 1))
    return "\n".join(
        [HEAD, *(part for part in parts if part), *([f"## Why a client throws\n\n{told}\n"] if notes else [])]
    )


def _is_of(trial: Trial, api: str, languages: tuple[str, ...]) -> bool:
    return trial.client.api == api and trial.client.language in languages


def _part(title: str, trials: Sequence[Trial], notes: list[str]) -> str:
    if not trials:
        return ""
    names = dict.fromkeys(name for one in trials for name in one.outcomes if not name.startswith("event "))
    events = dict.fromkeys(sorted(name for one in trials for name in one.outcomes if name.startswith("event ")))
    heads = [_LANGUAGES[one.client.language] + f" {one.client.version}" for one in trials]
    if trials[0].client.language == "adapters":
        heads = [f"`{one.client.package}` {one.client.version}" for one in trials]
    lines = [f"## {title}", "", f"| | {' | '.join(head.strip() for head in heads)} |", f"|---|{'---|' * len(trials)}"]
    lines += [f"| {name} | {' | '.join(_cell(one, name, notes) for one in trials)} |" for name in [*names, *events]]
    counts = [f"{one.count('works')} of {len(one.outcomes) - one.count('not offered')}" for one in trials]
    return "\n".join([*lines, f"| **works, of what it offers** | {' | '.join(counts)} |", ""])


def _cell(trial: Trial, name: str, notes: list[str]) -> str:
    outcome = trial.outcomes.get(name, "not offered")
    if outcome != "fails":
        return "yes" if outcome == "works" else "–"
    reason = refusals(trial.client).get(name, "not known yet: run `make matrix`")
    if reason not in notes:
        notes.append(reason)
    return f"no ({notes.index(reason) + 1})"
