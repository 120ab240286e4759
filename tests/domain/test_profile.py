"""What the APIs want differently is asked as a capability: outside of a dialect's folder nothing compares a dialect's name."""

from __future__ import annotations

import ast
import dataclasses
import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import checkstand
from checkstand.domain import profile, retries
from checkstand.domain.profile import DODO, POLAR, Profile, names_where, profile_of, register

SOURCE = Path(checkstand.__file__).parent
NAMES = {POLAR.name, DODO.name}
FOLDERS = tuple(SOURCE / "dialects" / name for name in NAMES)
IN_SQL = re.compile(r"dialect\s*(=|<>|!=|(NOT\s+)?IN\s*\()\s*'", re.IGNORECASE)
IN_TEMPLATE = re.compile(rf"[=!]=\s*[\"']({'|'.join(NAMES)})[\"']|[\"']({'|'.join(NAMES)})[\"']\s*[=!]=")


def _is_a_name(node: ast.expr) -> bool:
    """'polar', ('polar', ...), POLAR, POLAR.name"""
    match node:
        case ast.Constant(value=value):
            return value in NAMES
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return any(map(_is_a_name, parts))
        case ast.Attribute(value=ast.Name(id=name), attr="name") | ast.Name(id=name):
            return name in ("POLAR", "DODO")
    return False


def comparisons(source: str) -> Iterator[int]:
    """The lines on which Python code asks which API something is of."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare(left=left, comparators=others) if any(map(_is_a_name, (left, *others))):
                yield node.lineno
            case ast.MatchValue(value=value) if _is_a_name(value):
                yield value.lineno
            case ast.Constant(value=str(text)) if IN_SQL.search(text):
                yield node.lineno


@pytest.mark.parametrize(
    "code",
    [
        'if checkout.dialect == "dodo": pass',
        'found = "polar" != endpoint.dialect',
        'found = dialect in ("polar", "other")',
        "found = checkout.dialect == POLAR.name",
        "found = checkout.profile is DODO",
        'match dialect:\n    case "polar": pass',
        "db.fetch(\"SELECT 1 WHERE checkouts.dialect = 'polar'\")",
        "db.fetch(\"SELECT 1 WHERE dialect IN ('polar', 'dodo')\")",
    ],
)
def test_a_comparison_with_an_apis_name_is_seen(code: str) -> None:
    assert len(list(comparisons(code))) == 1


def test_outside_of_a_dialects_folder_no_code_compares_a_dialects_name() -> None:
    files = [file for file in SOURCE.rglob("*.py") if not any(file.is_relative_to(folder) for folder in FOLDERS)]
    assert len(files) > 300
    found = [f"{file.relative_to(SOURCE)}:{line}" for file in files for line in comparisons(file.read_text())]
    assert found == [], "ask a capability of the profile (domain/profile.py)"


def test_no_template_compares_a_dialects_name() -> None:
    assert IN_TEMPLATE.search('{% if checkout.dialect == "dodo" %}')
    templates = list(SOURCE.rglob("*.html"))
    assert len(templates) > 30
    assert [file.name for file in templates if IN_TEMPLATE.search(file.read_text())] == []


def test_the_examples_hold() -> None:
    assert doctest.testmod(profile).failed == 0
    assert doctest.testmod(retries).failed == 0


def test_each_capability_tells_the_two_apis_apart() -> None:
    """One that both have, or neither, is no question."""
    switches = [field.name for field in dataclasses.fields(Profile) if field.type == "bool"]
    assert len(switches) > 10
    assert [name for name in switches if getattr(POLAR, name) == getattr(DODO, name)] == []


def test_a_profile_is_found_by_its_name_and_by_what_holds_for_it() -> None:
    assert profile_of("polar") is POLAR
    assert "dodo" in names_where(lambda one: one.converts_currency)
    assert "polar" not in names_where(lambda one: one.converts_currency)
    with pytest.raises(KeyError):
        profile_of("nobody's")


def test_two_apis_cannot_have_one_name() -> None:
    assert register(POLAR) is POLAR
    with pytest.raises(AssertionError, match="two APIs are named polar"):
        register(dataclasses.replace(DODO, name="polar"))
    assert profile_of("polar") is POLAR
