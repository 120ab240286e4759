"""A new plain field costs few places, and CONTRIBUTING.md names them: counted at fields that stand where a new one would."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "checkstand"
GUIDE = (ROOT / "CONTRIBUTING.md").read_text()


def guided(noun: str) -> set[str]:
    """The files that the guide's table for a new field of this noun names, without the migration."""
    table = GUIDE.partition("## How a field is added")[2].partition(f"**{noun}**")[2].partition("| file |")[2]
    rows = table.partition("\n\n")[0]
    return {name for name in re.findall(r"^\| `([^`]+)`", rows, re.MULTILINE) if "migrations" not in name}


def places(noun: str, field: str) -> list[str]:
    """Lines that name a field in the modules of a noun, as `file:line`: the domain, flows, store and the first API."""
    found = []
    for folder in ("domain", "flows", "store", "dialects/polar"):
        for path in sorted((SOURCE / folder).rglob("*.py")):
            if noun not in path.stem:
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if re.search(rf"\b{field}\b", line):
                    found.append(f"{path.relative_to(SOURCE)}:{number}")
    return found


# What only follows a link that was opened: an address that somebody else made up, not the link's own fields.
OTHERS = ("dialects/polar/checkout/link_visits.py", "flows/links/open_link.py")


@pytest.mark.parametrize(
    ("noun", "field", "migrations", "most"), [("link", "label", 1, 6), ("checkout", "embed_origin", 0, 9)]
)
def test_a_plain_field_stands_in_the_places_that_the_guide_names_and_in_no_others(
    noun: str, field: str, migrations: int, most: int
) -> None:
    found = [place for place in places(noun, field) if not place.startswith(OTHERS)]
    assert {place.partition(":")[0] for place in found} == guided(noun)
    assert len(found) + migrations <= most, found
