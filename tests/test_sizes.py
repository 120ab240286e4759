"""Files and functions stay small enough to be read at once. What must break the rule is listed here with its reason."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1] / "src"
MOST_LINES_OF_FILE = 420
MOST_LINES_OF_FUNCTION = 70

# Each with its reason. Tables that are only read may be long; code is split by idea instead.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


def lines_of_files() -> dict[str, int]:
    """How long each module is, by its path below `src/`."""
    return {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in ROOT.rglob("*.py")}


def lines_of_functions() -> dict[str, int]:
    """How long the longest function of each name is, docstring and signature included: `path:name`."""
    found: dict[str, int] = {}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{path.relative_to(ROOT)}:{node.name}"
                found[name] = max(found.get(name, 0), (node.end_lineno or node.lineno) - node.lineno + 1)
    return found


def test_a_file_is_short_unless_it_says_why_not() -> None:
    found = lines_of_files()
    assert len(found) > 400
    assert {path for path, lines in found.items() if lines > MOST_LINES_OF_FILE} == set(LONG_FILES)


def test_a_function_is_short_unless_it_says_why_not() -> None:
    found = lines_of_functions()
    assert len(found) > 2_000
    assert {name for name, lines in found.items() if lines > MOST_LINES_OF_FUNCTION} == set(LONG_FUNCTIONS)
