"""An API asks and shows; its changes are made by flows. The types hold it, unless code reaches past them."""

from __future__ import annotations

import ast
from pathlib import Path

DIALECTS = Path(__file__).parents[2] / "src" / "checkstand" / "dialects"
WRITING = {"db", "transaction", "execute", "executemany", "insert"}


def reached(path: Path) -> list[str]:
    """Where a file reaches for the database itself, or for what writes."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in WRITING and not isinstance(node.value, ast.Constant):
            found.append(f"{path.relative_to(DIALECTS)}:{node.lineno}: .{node.attr}")
    return found


def test_no_dialect_reaches_for_what_writes() -> None:
    files = sorted(DIALECTS.rglob("*.py"))
    assert len(files) > 50
    assert [place for path in files for place in reached(path)] == []
