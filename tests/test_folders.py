"""Folders point one way: one may use another, but never in a circle. No module of the product is named like a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1] / "src"
MODULES = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in ROOT.rglob("*.py")}
NAMES = {name.removesuffix(".__init__") for name in MODULES.values()}


@cache
def imported(path: Path) -> frozenset[str]:
    """The modules of the product that a file names in its imports, wherever in the file they stand."""
    return frozenset(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in NAMES)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in NAMES:
                    yield whole
                elif node.module in NAMES:
                    yield node.module


def uses_within(folder: str) -> dict[str, set[str]]:
    """What lies in a folder, modules and folders alike, and which of it each of them uses."""
    inside = f"{folder}."
    found: dict[str, set[str]] = {}
    for path, name in MODULES.items():
        if not name.startswith(inside) or name == f"{folder}.__init__":
            continue
        own = name.removeprefix(inside).partition(".")[0]
        used = {other.removeprefix(inside).partition(".")[0] for other in imported(path) if other.startswith(inside)}
        found.setdefault(own, set()).update(used - {own})
    return found


def circle(uses: Mapping[str, set[str]]) -> list[str]:
    """A way from something back to itself; empty when there is none."""
    done: set[str] = set()

    def walk(at: str, way: list[str]) -> list[str]:
        if at in way:
            return [*way[way.index(at) :], at]
        if at in done:
            return []
        for following in sorted(uses.get(at, ())):
            if found := walk(following, [*way, at]):
                return found
        done.add(at)
        return []

    return next((found for start in sorted(uses) if (found := walk(start, []))), [])


def test_no_folder_uses_another_that_uses_it() -> None:
    folders = sorted({name.removesuffix(".__init__") for name in MODULES.values() if name.endswith(".__init__")})
    assert len(folders) > 20
    circles = {folder: way for folder in folders if (way := circle(uses_within(folder)))}
    assert circles == {}


def test_a_circle_is_found_whatever_leads_into_it() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": {"b"}}) == ["b", "c", "d", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_module_of_the_product_is_named_like_a_test() -> None:
    named = [name for name in MODULES.values() if name.rpartition(".")[2].startswith("test")]
    assert named == ["checkstand.testing.__init__"] or named == []
